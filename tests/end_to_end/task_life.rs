//! Orders that happen once, given on the command line and carried out on real servers: rewind, skip, handover.

use crate::cluster::{Cluster, copy_task};
use crate::failures::Console;
use crate::workload::{self, Random};
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(60);

const ITEM: &str = "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB;";

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    console: Console,
    task: TaskName,
}

impl Field {
    async fn set_up(flavor: Flavor, cores: usize, schema: &str) -> Result<Field> {
        let (source, target) = tokio::try_join!(MysqlServer::start(flavor), MysqlServer::start(Flavor::MariaDb1011))?;
        let cluster = Cluster::start(1, cores).await?;
        let console = Console::start(&cluster).await?;
        source.exec(schema).await?;
        target.exec(schema).await?;
        let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
        let field = Field { source, target, cluster, console, task };
        field.stage(Stage::Streaming).await;
        Ok(field)
    }

    async fn stage(&self, stage: Stage) {
        let reached = self.cluster.wait_for_stage(&self.task, stage).await;
        reached.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
    }

    /// Runs `replicator`, which has to end with this code; answers what it wrote.
    async fn run(&self, arguments: &[&str], code: i32) -> String {
        let ran = self.console.run(arguments).await;
        let (out, error) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let text = format!("{out}{error}");
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {text}\n{}", self.cluster.logs());
        text
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.run(&[arguments, &["-o", "json"]].concat(), 0).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Each statement is a transaction.
    async fn write(&self, ids: impl IntoIterator<Item = u32>) -> Result<()> {
        for id in ids {
            self.source.exec(&format!("INSERT INTO shop.item VALUES ({id}, 'source');")).await?;
        }
        Ok(())
    }

    async fn target_has(&self, ids: &[u32]) {
        let what = format!("the target has {ids:?}");
        let arrived = eventually(&what, SOON, async || {
            let rows = self.target.query_strings("SELECT id FROM shop.item ORDER BY id").await;
            let rows = rows.map_err(|error| error.to_string())?;
            let found: Vec<u32> = rows.iter().map(|row| row[0].as_deref().unwrap().parse().unwrap()).collect();
            if found == ids { Ok(()) } else { Err(format!("{found:?}")) }
        });
        arrived.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
    }

    /// Where the source's log ends, as the command line wants it.
    async fn head(&self) -> Result<String> {
        let sql = match self.source.flavor().is_mariadb() {
            true => "SHOW MASTER STATUS",
            false => "SHOW BINARY LOG STATUS",
        };
        let rows = self.source.query_strings(sql).await?;
        Ok(format!("{}:{}", rows[0][0].as_deref().unwrap(), rows[0][1].as_deref().unwrap()))
    }
}

/// Several transactions are applied together; the one that fails is found, shown, and left out, and no other.
#[tokio::test]
async fn the_one_transaction_that_fails_is_shown_and_left_out() -> Result<()> {
    for flavor in [Flavor::MySql97, Flavor::MariaDb1011] {
        let field = Field::set_up(flavor, 1, ITEM).await?;
        let nothing = field.run(&["task", "skip", "copy", "--reason", "none", "--yes"], 5).await;
        assert!(nothing.contains("nothing_to_skip"), "{nothing}");
        field.run(&["task", "pause", "copy", "--wait"], 0).await;
        field.target.exec("INSERT INTO shop.item VALUES (5, 'by hand');").await?;
        field.write(1..=7).await?;
        field.run(&["task", "resume", "copy"], 0).await;
        field.stage(Stage::Failed).await;
        field.target_has(&[1, 2, 3, 4, 5]).await;

        let shown = field.run(&["task", "skip", "copy", "--dry-run"], 0).await;
        for part in ["duplicate_key", "INSERT shop.item (id='5', name='source')", "tables shop.item", "1 row"] {
            assert!(shown.contains(part), "no `{part}` in\n{shown}");
        }
        let (url, client) = (format!("{}/api/v1/tasks/copy/skip", field.console.address), reqwest::Client::new());
        let other = json!({"position": {"file": "bin.000001", "offset": 4}, "reason": "wrong"});
        let refused = client.post(url).bearer_auth(&field.console.token).json(&other).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 409, "{}", refused.text().await.unwrap());

        let skipped = field.run(&["task", "skip", "copy", "--reason", "by hand", "--yes", "--wait"], 0).await;
        assert!(skipped.contains("1 left out"), "{skipped}");
        field.target_has(&[1, 2, 3, 4, 5, 6, 7]).await;
        let kept = field.target.query_strings("SELECT name FROM shop.item WHERE id = 5").await?;
        assert_eq!(kept[0][0].as_deref(), Some("by hand"), "nothing of it was applied");
        field.run(&["task", "stop", "copy", "--wait"], 0).await;
        field.write([8]).await?;
        field.run(&["task", "start", "copy", "--wait"], 0).await;
        field.target_has(&[1, 2, 3, 4, 5, 6, 7, 8]).await;
        assert_eq!(field.json(&["task", "show", "copy"]).await["skipped"], 1, "the order was carried out once");
    }
    Ok(())
}

#[tokio::test]
async fn a_rewind_is_counted_first_and_carried_out_once() -> Result<()> {
    for flavor in [Flavor::MySql97, Flavor::MariaDb1011] {
        let field = Field::set_up(flavor, 1, ITEM).await?;
        field.write([1]).await?;
        field.target_has(&[1]).await;
        let place = field.head().await?;
        field.write([2, 3]).await?;
        field.target_has(&[1, 2, 3]).await;
        field.run(&["task", "stop", "copy", "--wait"], 0).await;
        let preview = field.json(&["task", "rewind", "copy", "--to", &place, "--dry-run"]).await;
        let told = (&preview["direction"], &preview["transactions"], &preview["counted_by"]);
        assert_eq!(told, (&json!("back"), &json!(2), &json!("gtid")), "{preview}");
        let words = preview["explanation"].as_str().unwrap();
        assert!(words.contains("2 transactions of the source are applied again"), "{preview}");
        assert!(preview["warnings"].to_string().contains("duplicate_key"), "{preview}");

        field.target.exec("DELETE FROM shop.item WHERE id > 1;").await?;
        field.run(&["task", "rewind", "copy", "--to", &place], 2).await;
        field.run(&["task", "rewind", "copy", "--to", &place, "--yes"], 0).await;
        assert_eq!(field.json(&["task", "show", "copy"]).await["desired"]["owed"], "rewind");
        field.run(&["task", "start", "copy", "--wait"], 0).await;
        field.target_has(&[1, 2, 3]).await;
        assert!(field.json(&["task", "show", "copy"]).await["desired"]["owed"].is_null());
        // Once: after a crash the target's own memory counts again.
        let mut field = field;
        field.cluster.cores[0].kill9().await;
        field.cluster.cores[0].start_again()?;
        field.write([4]).await?;
        field.target_has(&[1, 2, 3, 4]).await;
        field.stage(Stage::Streaming).await;

        // Forward, while it runs: what lies between never comes.
        field.run(&["task", "pause", "copy", "--wait"], 0).await;
        field.write([5]).await?;
        let forward = field.run(&["task", "rewind", "copy", "--to", "latest", "--yes"], 0).await;
        assert!(forward.contains("1 transaction of the source is left out"), "{forward}");
        field.run(&["task", "resume", "copy", "--wait"], 0).await;
        field.write([6]).await?;
        field.target_has(&[1, 2, 3, 4, 6]).await;

        let missing = field.run(&["task", "rewind", "copy", "--to", "nosuch.000001:4", "--dry-run"], 5).await;
        assert!(missing.contains("rewind_impossible") && missing.contains("binlog_file_missing"), "{missing}");
    }
    Ok(())
}

#[tokio::test]
async fn a_time_is_found_in_the_log() -> Result<()> {
    for flavor in [Flavor::MySql97, Flavor::MariaDb1011] {
        let field = Field::set_up(flavor, 1, ITEM).await?;
        field.write([1, 2]).await?;
        field.source.exec("FLUSH BINARY LOGS;").await?;
        field.write([3]).await?;
        // MariaDB's log knows whole seconds.
        let rows = field
            .source
            .query_strings("SELECT SLEEP(2), DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')")
            .await?;
        let asked = field
            .source
            .query_strings("SELECT SLEEP(1.1), DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')")
            .await?;
        drop(rows);
        let time = format!("time:{}", asked[0][1].as_deref().unwrap());
        let place = field.head().await?;
        field.source.exec("DO SLEEP(1.1);").await?;
        field.write([4]).await?;
        field.source.exec("FLUSH BINARY LOGS;").await?;
        field.write([5]).await?;
        field.target_has(&[1, 2, 3, 4, 5]).await;
        field.run(&["task", "stop", "copy", "--wait"], 0).await;
        let preview = field.json(&["task", "rewind", "copy", "--to", &time, "--dry-run"]).await;
        let found = format!("{}:{}", preview["to"]["file"].as_str().unwrap(), preview["to"]["offset"]);
        assert_eq!((found.as_str(), &preview["transactions"]), (place.as_str(), &json!(2)), "{preview}");
        let later = field.json(&["task", "rewind", "copy", "--to", "time:2100-01-01T00:00:00Z", "--dry-run"]).await;
        assert_eq!((&later["direction"], &later["transactions"]), (&json!("same"), &json!(0)), "{later}");
        let nonsense = field.run(&["task", "rewind", "copy", "--to", "time:yesterday", "--dry-run"], 1).await;
        assert!(nonsense.contains("body_invalid"), "{nonsense}");
    }
    Ok(())
}

#[tokio::test]
async fn a_task_is_handed_over_at_a_transactions_border() -> Result<()> {
    let field = Field::set_up(Flavor::MySql97, 2, workload::SCHEMA).await?;
    workload::fill(&field.source).await?;
    let writing = {
        let mut conn = field.source.connect().await?;
        tokio::spawn(async move {
            use mysql_async::prelude::Queryable;
            let mut random = Random::new(11);
            for _ in 0..1500 {
                conn.query_drop("BEGIN").await?;
                for statement in workload::transaction(&mut random) {
                    conn.query_drop(statement).await?;
                }
                conn.query_drop("COMMIT").await?;
            }
            Ok::<(), mysql_async::Error>(())
        })
    };
    let mut before = field.json(&["task", "show", "copy"]).await["running"].clone();
    for _ in 0..3 {
        let instances = eventually("two instances are in the line", SOON, async || {
            let line = field.cluster.session.instances(&field.task).await.ok()?;
            (line.len() == 2).then_some(line)
        });
        instances.await?;
        let own = before["core"].as_str().unwrap();
        let refused = field.run(&["task", "handover", "copy", "--to", own], 5).await;
        assert!(refused.contains("handover_impossible"), "{refused}");
        let began = Instant::now();
        field.run(&["task", "handover", "copy", "--wait", "--timeout", "60s"], 0).await;
        println!("handed over in {:?}", began.elapsed());
        let now = field.json(&["task", "show", "copy"]).await["running"].clone();
        assert_ne!(now["core"], before["core"]);
        assert_eq!(now["epoch"].as_u64(), before["epoch"].as_u64().map(|epoch| epoch + 1), "{before} then {now}");
        before = now;
    }
    writing.await.unwrap().unwrap();
    field.cluster.wait_for_equal(&field.source, &field.target, "shop").await.unwrap_or_else(|error| {
        panic!("{error}\n{}", field.cluster.logs());
    });
    Ok(())
}
