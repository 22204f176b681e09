//! Transactions of 2 GB and a log file of more than 4 GiB: by hand, for they take minutes and 12 GB of disk. The decoder
//! reads them with the little memory that it takes for any, and a task goes on behind 4 GiB.
//!
//! With release builds of `replicator`, `replicator-core` and the example `read_log` in `REPLICATOR_BIN_DIR` (a debug build's own
//! pages are most of its memory), this test with `--ignored --nocapture huge_logs`.

use crate::cluster::{Cluster, copy_task};
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::usage::peak_rss_kib;
use replicator_tests::{Flavor, MysqlServer, Process, Result, eventually};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

const GIB_4: u64 = 4 << 30;

/// Most memory the decoder may use, in KiB; and `replicator binlog`, whose own pages are most of what it has.
const PEAK_KIB_MAX: u64 = 32 << 10;
const PRINTED_KIB_MAX: u64 = 48 << 10;

/// In bytes; each row is a little more.
const TEXT: u64 = 8000;

/// What was read of `shop.big` and `shop.small`.
#[derive(Default)]
struct Counted {
    rows: u64,
    ids: u64,
    text_bytes: u64,
    /// Ids of the small table behind 4 GiB.
    small_behind: Vec<u64>,
    peak_kib: u64,
}

/// Rows that are in the log and nowhere else: 8 KB each, without storing them.
async fn make_tables(server: &MysqlServer) -> Result<()> {
    server
        .exec(
            "CREATE DATABASE shop; CREATE TABLE shop.big (id INT PRIMARY KEY, t MEDIUMTEXT) ENGINE=BLACKHOLE;
             CREATE TABLE shop.small (id INT AUTO_INCREMENT PRIMARY KEY, n INT) ENGINE=InnoDB",
        )
        .await
}

fn fill(rows: u64, compressed: bool) -> String {
    format!(
        "SET cte_max_recursion_depth = 10000000; SET binlog_transaction_compression = {};
         INSERT INTO shop.big WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {rows})
         SELECT id, RPAD(id, {TEXT}, 'all work and no play ') FROM n",
        if compressed { "ON" } else { "OFF" }
    )
}

async fn log_files(server: &MysqlServer) -> Result<Vec<(String, u64)>> {
    let rows = server.query_strings("SHOW BINARY LOGS").await?;
    let read = |row: &Vec<Option<String>>| (row[0].clone().unwrap(), row[1].clone().unwrap().parse().unwrap());
    Ok(rows.iter().map(read).collect())
}

/// `replicator binlog FILE`, counted.
fn printed(server: &MysqlServer, file: &str) -> Result<Counted> {
    let file = server.data_dir().join(file);
    let mut child = Command::new(Process::program("replicator")?)
        .args(["binlog", "--rows-only", &file.display().to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::with_capacity(1 << 20, child.stdout.take().unwrap());
    let (mut read, mut line) = (Counted::default(), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        let row: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let (id, after) = (row["after"]["id"].as_u64().unwrap(), &row["after"]);
        match row["table"].as_str() {
            Some("big") => {
                let text = after["t"].as_str().unwrap();
                assert!(text.starts_with(&format!("{id}all work")), "{id}");
                (read.rows, read.ids, read.text_bytes) =
                    (read.rows + 1, read.ids + id, read.text_bytes + text.len() as u64);
            }
            _ if row["offset"].as_u64().unwrap() > GIB_4 => read.small_behind.push(id),
            _ => {}
        }
        if read.rows % 4096 == 0 {
            read.peak_kib = read.peak_kib.max(peak_rss_kib(child.id()).unwrap_or(0));
        }
        line.clear();
    }
    assert!(child.wait()?.success());
    Ok(read)
}

/// The connection and the decoder, over the network: the whole file, every value. What it says, and its peak memory.
async fn received(server: &MysqlServer, file: &str, end: u64) -> Result<(String, u64)> {
    let (port, end) = (server.port().to_string(), end.to_string());
    let mut child = tokio::process::Command::new(Process::program("examples/read_log")?)
        .args(["127.0.0.1", &port, server.user(), server.password(), file, "4", &end, "decode"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut peak_kib = 0;
    while child.try_wait()?.is_none() {
        peak_kib = child.id().and_then(|pid| peak_rss_kib(pid).ok()).unwrap_or(0).max(peak_kib);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let output = child.wait_with_output().await?;
    assert!(output.status.success());
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), peak_kib))
}

/// Reads one file both ways and holds it against what was written.
async fn read_and_check(server: &MysqlServer, what: &str, file: &str, size: u64, rows: u64) -> Result<Counted> {
    let read = printed(server, file)?;
    let (said, received_kib) = received(server, file, size).await?;
    let printed_kib = read.peak_kib;
    println!(
        "{what}: {file}, {size} bytes, {} rows, sum of ids {}, {} bytes of text; replicator binlog {printed_kib} KiB, \
         over the network {received_kib} KiB: {said}",
        read.rows, read.ids, read.text_bytes
    );
    assert_eq!((read.rows, read.ids, read.text_bytes), (rows, rows * (rows + 1) / 2, rows * TEXT), "{what}");
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(told["rows"].as_u64().unwrap() >= rows, "{what}: {said}");
    assert!(printed_kib < PRINTED_KIB_MAX && received_kib < PEAK_KIB_MAX, "{what}");
    Ok(read)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "by hand: it writes 4 GB and takes minutes"]
async fn transactions_of_2_gb() -> Result<()> {
    const ROWS: u64 = 270_000;
    let server = MysqlServer::start(Flavor::MySql97).await?;
    make_tables(&server).await?;
    for (what, compressed) in [("2 GB", false), ("2 GB, compressed", true)] {
        server.exec("FLUSH BINARY LOGS").await?;
        let (file, _) = log_files(&server).await?.pop().unwrap();
        server.exec(&fill(ROWS, compressed)).await?;
        server.exec("FLUSH BINARY LOGS").await?;
        let size = log_files(&server).await?.into_iter().find(|(name, _)| *name == file).unwrap().1;
        assert_eq!(size > 2 << 30, !compressed, "{what}: {size}");
        read_and_check(&server, what, &file, size, ROWS).await?;
        server.exec("PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "by hand: it writes 9 GB and takes minutes"]
async fn a_file_of_more_than_4_gib() -> Result<()> {
    const ROWS: u64 = 545_000;
    // Without GTIDs a task goes on by its position alone. Each sync takes a while, in which others write behind.
    let source = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--sync-binlog=1"];
    let source = MysqlServer::start_with(Flavor::MySql97, &source).await?;
    let target = MysqlServer::start_with(Flavor::MySql97, &["--skip-log-bin"]).await?;
    make_tables(&source).await?;
    make_tables(&target).await?;
    source.exec("FLUSH BINARY LOGS").await?;
    let (file, _) = log_files(&source).await?.pop().unwrap();
    let (done, is_done) = tokio::sync::watch::channel(false);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (mut conn, is_done) = (source.connect().await?, is_done.clone());
        writers.spawn(async move {
            while !*is_done.borrow() {
                let insert = format!("INSERT INTO shop.small (n) VALUES ({n})");
                mysql_async::prelude::Queryable::query_drop(&mut conn, insert).await.unwrap();
            }
        });
    }
    source.exec(&fill(ROWS, false)).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    done.send_replace(true);
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    source.exec("FLUSH BINARY LOGS").await?;
    let size = log_files(&source).await?.into_iter().find(|(name, _)| *name == file).unwrap().1;
    assert!(size > GIB_4, "{size}");
    let read = read_and_check(&source, "4 GiB", &file, size, ROWS).await?;
    let behind = &read.small_behind;
    println!("{} small transactions behind 4 GiB", behind.len());
    assert!(behind.len() >= 3, "nobody wrote behind it in the same file: try again");

    // One of them can't be applied, so that the task stops behind 4 GiB.
    let stop_at = behind[behind.len() / 2];
    target.exec(&format!("INSERT INTO shop.small VALUES ({stop_at}, 77)")).await?;
    let cluster = Cluster::start(1, 1).await?;
    let more = "exclude = [\"shop.big\"]";
    let start = format!("start = {{ file = \"{file}\", offset = 4 }}");
    let spec = copy_task("huge", &source, &target, more).replace("start = \"latest\"", &start);
    let spec = spec.replace("[pipe]", "commit_rows_max = 1\n[pipe]");
    let task = cluster.create(&spec).await;
    let failed = eventually("the task fails at the row", Duration::from_secs(600), async || {
        let status = cluster.status(&task).await;
        status.clone().filter(|status| status.stage == Stage::Failed).ok_or(format!("{status:?}"))
    });
    let failed = failed.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    assert_eq!(failed.failure.unwrap().code, "duplicate_key");
    target.exec(&format!("DELETE FROM shop.small WHERE id = {stop_at}")).await?;
    cluster.order(&task, DesiredState::Stopped).await;
    cluster.order(&task, DesiredState::Running).await;
    let peak = || cluster.cores[0].process.peak_rss_kib();
    let count = source.query_strings("SELECT COUNT(*), SUM(id), SUM(n) FROM shop.small").await?;
    let equal = eventually("the small table is equal", Duration::from_secs(600), async || {
        let there = target.query_strings("SELECT COUNT(*), SUM(id), SUM(n) FROM shop.small").await?;
        if there == count { Ok(()) } else { Err(replicator_tests::Error::new(format!("{there:?}, not {count:?}"))) }
    });
    equal.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    // What the target remembers beats `lastCommit`, so the log says where it went on.
    let log = std::fs::read_to_string(&cluster.cores[0].log)?;
    let flows = log.lines().filter(|line| line.contains("changes flow"));
    let mut offsets = flows.filter_map(|line| line.split(&format!("{file}:")).nth(1));
    let offset = offsets.next_back().map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let offset: u64 = offset.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    assert!(offset > GIB_4, "it went on at {offset}\n{}", cluster.logs());
    println!("went on at {offset}; the Core used {} MiB", peak()? >> 10);
    Ok(())
}
