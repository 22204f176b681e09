//! A real MySQL's changes in a real Kafka.

use crate::kafka_reader::{Read, Row, Tables, assert_order, read_all, without_repeats};
use crate::workload::{self, Writers};
use mysql_async::prelude::Queryable;
use replicator_core::pipe::Pipe;
use replicator_core::pipe::fence::Fence;
use replicator_core::pipe::progress::PipeProgress;
use replicator_core::{consumer, producer};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::task::TaskSpec;
use replicator_tests::{Flavor, Kafka, MysqlServer, Result, free_port};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(120);

/// A pipe at work.
struct Running {
    progress: Arc<PipeProgress>,
    stop: CancellationToken,
    worker: JoinHandle<std::result::Result<(), Failure>>,
}

fn task(source: &MysqlServer, brokers: &str, more: &str) -> TaskSpec {
    TaskSpec::from_toml(&format!(
        "name = 'notify'\ngroup = 'g'\n\
         [producer]\nkind = 'mysql'\nhost = '127.0.0.1'\nport = {}\nuser = '{}'\npassword = '{}'\nstart = 'latest'\ntables = ['shop.*']\n\
         [consumer]\nkind = 'kafka'\nbrokers = ['{brokers}']\ndelivery_timeout = '2m'\n{more}",
        source.port(),
        source.user(),
        source.password()
    ))
    .unwrap()
}

/// Starts the pipe and waits until changes can flow.
async fn start(task: &TaskSpec, resume: Option<Checkpoint>, epoch: u64, held: &Arc<AtomicBool>) -> Running {
    let (progress, stop, held) = (Arc::new(PipeProgress::default()), CancellationToken::new(), held.clone());
    let pipe = Pipe {
        producer: producer::build(&task.name, &task.producer, &task.routes, &task.pipe).unwrap(),
        consumer: consumer::build(&task.name, &task.consumer).unwrap(),
        fence: Fence::new(Epoch::new(epoch), move || held.load(Ordering::Relaxed)),
        spec: task.pipe.clone(),
        progress: progress.clone(),
        once: None,
    };
    let (started, has_started) = tokio::sync::oneshot::channel();
    let stopping = stop.clone();
    let start_at = async move |_| {
        started.send(()).unwrap_or_default();
        Ok(())
    };
    let worker = tokio::spawn(async move { pipe.run(resume, stopping, start_at).await });
    // Without a word if it fails at once: then its result says why.
    drop(has_started.await);
    Running { progress, stop, worker }
}

impl Running {
    fn durable(&self) -> Option<Checkpoint> {
        self.progress.points().borrow().durable.clone()
    }

    /// Waits until what is durable is as wanted; panics with the pipe's failure if it ends before.
    async fn until(&mut self, what: &str, wanted: impl Fn(Option<&Checkpoint>) -> bool) {
        let mut points = self.progress.points();
        let reached = points.wait_for(|points| wanted(points.durable.as_ref()));
        tokio::select! {
            biased;
            reached = tokio::time::timeout(PATIENCE, reached) => drop(reached.expect(what).unwrap()),
            ended = &mut self.worker => panic!("waited until {what}: {ended:?}"),
        }
    }

    /// Waits until everything that the source has committed by now is durable.
    async fn drain(&mut self, source: &MysqlServer) -> Result<()> {
        let executed = source.query_strings("SELECT @@gtid_executed").await?[0][0].clone().unwrap();
        let executed = GtidSet::parse(&executed).unwrap();
        let all = |durable: Option<&Checkpoint>| {
            durable.and_then(|durable| durable.gtid_set.as_ref()).is_some_and(|set| set.contains(&executed))
        };
        self.until("all is durable", all).await;
        Ok(())
    }

    async fn stop(self) {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
    }

    async fn failure(self) -> Failure {
        tokio::time::timeout(PATIENCE, self.worker).await.unwrap().unwrap().unwrap_err()
    }
}

fn held() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(true))
}

async fn source() -> Result<MysqlServer> {
    MysqlServer::start_with(Flavor::MySql97, &["--default-time-zone=+00:00"]).await
}

/// The tables of the workload, each column as it reads in messages; bytes and numbers are brought to one form by `same`.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("account", &["id", "name", "balance", "version", "note", "changed"]),
    ("orders", &["id", "account", "total", "state+0", "marks+0", "HEX(raw)", "made", "span"]),
    ("event", &["kind", "what", "amount"]),
    ("pair", &["HEX(a)", "b", "n+0", "y", "d"]),
];

fn same(expression: &str, value: &str) -> String {
    let hex = |text: &str| text.chars().map(|c| format!("{:02X}", u32::from(c))).collect();
    match expression {
        "total" => value.parse::<f64>().unwrap().to_string(),
        "amount" => value.parse::<f32>().unwrap().to_string(),
        _ if expression.starts_with("HEX(") => hex(value),
        _ => value.to_owned(),
    }
}

/// The source's tables and those a reader has built are equal.
async fn assert_tables_equal(source: &MysqlServer, tables: &Tables) -> Result<()> {
    for (table, expressions) in COLUMNS {
        let selected = source.query_strings(&format!("SELECT {} FROM shop.{table}", expressions.join(","))).await?;
        let names: Vec<&str> =
            expressions.iter().map(|text| text.trim_start_matches("HEX(").trim_end_matches([')', '0', '+'])).collect();
        let text = |expression: &str, value: &str| {
            if expression.starts_with("HEX(") { value.to_owned() } else { same(expression, value) }
        };
        let row = |values: &Vec<Option<String>>| -> Row {
            let cells = names.iter().zip(expressions).zip(values);
            cells.map(|((name, e), v)| ((*name).to_owned(), v.as_deref().map(|v| text(e, v)))).collect()
        };
        let mut expected: Vec<Row> = selected.iter().map(row).collect();
        expected.sort();
        let in_one_form = |row: Row| -> Row {
            let expression = |name: &String| expressions[names.iter().position(|n| n == name).unwrap()];
            row.into_iter().map(|(name, v)| (name.clone(), v.map(|v| same(expression(&name), &v)))).collect()
        };
        let mut found: Vec<Row> = tables.rows(table).into_iter().map(in_one_form).collect();
        found.sort();
        assert!(!expected.is_empty(), "{table} has rows");
        assert_eq!(found.len(), expected.len(), "rows of {table}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{table}");
        }
    }
    Ok(())
}

/// Each account's `version` counts its updates: the messages have every one of them, once.
fn assert_no_gaps(messages: &[&Read]) {
    let mut versions: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for message in messages.iter().filter(|message| message.topic == "shop.account" && message.json["isDdl"] == false) {
        let version = message.json["data"][0]["version"].as_str().unwrap().parse().unwrap();
        versions.entry(&message.key).or_default().push(version);
    }
    assert_eq!(versions.len() as u64, workload::ACCOUNTS);
    for (key, versions) in versions {
        assert!(versions.iter().copied().eq(0..versions.len() as u64), "{key}: {versions:?}");
    }
}

/// The broker is killed twice: once the pipe goes down with it, once it waits for the broker to come back.
#[tokio::test(flavor = "multi_thread")]
async fn every_committed_row_arrives_in_order_of_its_key_through_kill_9_of_the_broker() -> Result<()> {
    let (source, mut kafka) = (source().await?, Kafka::start().await?);
    let task = task(&source, &kafka.bootstrap(), "");
    let mut first = start(&task, None, 1, &held()).await;
    workload::create_schema(&source).await?;
    workload::fill(&source).await?;
    let writers = Writers::start(&source, 3, Duration::from_millis(1));

    first.until("some transactions are durable", |durable| durable.is_some()).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    kafka.kill9().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let durable = first.durable().expect("some of four seconds' transactions are durable");
    first.worker.abort();
    drop(first.worker.await);
    kafka.restart().await?;

    let mut second = start(&task, Some(durable.clone()), 2, &held()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    kafka.kill9().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    kafka.restart().await?;
    let committed = writers.stop().await;
    source.exec("UPDATE shop.pair SET a = x'ff' LIMIT 1; ALTER TABLE shop.pair COMMENT 'done'").await?;
    second.drain(&source).await?;
    second.stop().await;

    let messages = read_all(kafka.bootstrap(), "shop.").await;
    let unique = without_repeats(&messages);
    println!("{committed} transactions, {} messages, {} repeated", messages.len(), messages.len() - unique.len());
    assert_order(&unique);
    assert_no_gaps(&unique);
    assert_tables_equal(&source, &Tables::of(&unique)).await?;

    let durable = (durable.server, durable.position.file, durable.position.offset);
    let mut places = BTreeMap::new();
    for message in &messages {
        let (server, file, offset, _) = &message.place;
        let begin = (server.clone(), file.clone(), *offset);
        assert!(message.epoch == 1 || begin >= durable, "what was durable does not come again: {message:?}");
        let epochs: &mut Vec<u64> = places.entry(&message.place).or_default();
        epochs.push(message.epoch);
    }
    let twice_in_a_run = places.values().filter(|epochs| epochs.len() > epochs.iter().collect::<BTreeSet<_>>().len());
    assert_eq!(twice_in_a_run.count(), 0, "the producer is idempotent");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_the_key_is_a_delete_and_an_insert_and_statements_are_messages() -> Result<()> {
    let (source, kafka) = (source().await?, Kafka::start().await?);
    source.exec("CREATE DATABASE shop; CREATE TABLE shop.`größe` (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO shop.`größe` VALUES (1,'a'),(2,'b')").await?;
    let mut running = start(&task(&source, &kafka.bootstrap(), ""), None, 7, &held()).await;
    source.exec("UPDATE shop.`größe` SET id = id + 10, v = 'ü' WHERE id < 3; TRUNCATE TABLE shop.`größe`").await?;
    running.drain(&source).await?;
    running.stop().await;

    let mut messages = read_all(kafka.bootstrap(), "shop.").await;
    messages.sort_by(|a, b| a.place.cmp(&b.place));
    let line = |m: &Read| {
        let data = &m.json["data"][0];
        let header = |name: &str| m.headers.get(name).cloned().unwrap_or_default();
        format!(
            "{} {} {} {} [{}{}]",
            m.json["type"].as_str().unwrap(),
            m.key,
            data["id"],
            data["v"],
            header("old_key"),
            header("new_key")
        )
    };
    let lines: Vec<String> = messages.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            r#"DELETE ["shop","größe","1"] "1" "a" [["shop","größe","11"]]"#,
            r#"INSERT ["shop","größe","11"] "11" "ü" [["shop","größe","1"]]"#,
            r#"DELETE ["shop","größe","2"] "2" "b" [["shop","größe","12"]]"#,
            r#"INSERT ["shop","größe","12"] "12" "ü" [["shop","größe","2"]]"#,
            r#"TRUNCATE ["shop","größe"] null null []"#,
        ]
    );
    assert!(messages.iter().all(|m| m.topic == "shop.gr__e" && m.epoch == 7 && m.headers["gtid"] == m.json["gtid"]));
    assert_eq!(messages.iter().map(|m| m.place.3).collect::<Vec<_>>(), [0, 1, 2, 3, 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_arrives_after_the_lease_is_lost() -> Result<()> {
    let (source, kafka) = (source().await?, Kafka::start().await?);
    source.exec("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY)").await?;
    let lease = held();
    let mut running = start(&task(&source, &kafka.bootstrap(), ""), None, 1, &lease).await;
    source.exec("INSERT INTO shop.item VALUES (1)").await?;
    running.drain(&source).await?;
    lease.store(false, Ordering::Relaxed);
    source.exec("INSERT INTO shop.item VALUES (2)").await?;
    assert_eq!(running.failure().await.code, "lease_lost");
    assert_eq!(read_all(kafka.bootstrap(), "shop.").await.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_does_not_take_is_one_clear_failure() -> Result<()> {
    let (source, kafka) = (source().await?, Kafka::start().await?);
    source
        .exec(
            "CREATE DATABASE shop; CREATE TABLE shop.big (id INT PRIMARY KEY, t LONGTEXT);
             CREATE TABLE shop.old (id INT PRIMARY KEY, t VARCHAR(9) CHARACTER SET big5)",
        )
        .await?;
    let insert = "INSERT INTO shop.big VALUES (1, REPEAT('x', 2000000))";
    let nobody = format!("127.0.0.1:{}", free_port());
    for (brokers, more, sql, code, transient, named) in [
        (nobody.as_str(), "", "DO 0", "kafka_unreachable", true, nobody.as_str()),
        ("", "topic = 'my topic'", "DO 0", "topic_invalid", false, "`my topic`"),
        ("", "properties = { 'no.such' = '1' }", "DO 0", "kafka_settings", false, "`consumer.properties.no.such`"),
        ("", "", insert, "message_too_large", false, "shop.big"),
        ("", "message_bytes_max = '8 MiB'\ncompression = 'none'", insert, "message_too_large", false, "shop.big"),
        (
            "",
            "topic = '{table}.x'",
            "INSERT INTO shop.old VALUES (1, 'a')",
            "charset_not_carried",
            false,
            "`t` of shop.old",
        ),
    ] {
        source.exec("DELETE FROM shop.big; DELETE FROM shop.old").await?;
        let bootstrap = kafka.bootstrap();
        let running =
            start(&task(&source, if brokers.is_empty() { &bootstrap } else { brokers }, more), None, 1, &held()).await;
        source.exec(sql).await?;
        let failure = running.failure().await;
        println!("{failure}");
        assert_eq!((failure.code.as_str(), failure.is_transient()), (code, transient), "{failure}");
        assert!(failure.reason.contains(named), "{failure}");
    }
    Ok(())
}

/// Every character that MySQL can convert arrives as it converts it. Left out: the areas of ujis and eucjpms for
/// characters of one's own, which are refused.
#[tokio::test(flavor = "multi_thread")]
async fn text_of_every_character_set_arrives_as_the_server_converts_it() -> Result<()> {
    let (source, kafka) = (source().await?, Kafka::start().await?);
    let one_byte = "armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u \
                    latin1 latin2 latin5 latin7 macce macroman tis620";
    let sets = one_byte.split_whitespace().map(|set| (set, 0x20, 0xff));
    let two_bytes = ["cp932", "sjis", "euckr", "gb2312", "gbk", "gb18030"].map(|set| (set, 0x8000, 0xffff));
    let three_bytes = ["ujis", "eucjpms"].map(|set| (set, 0x8fa000, 0x8ff2ff));
    let euc = ["ujis", "eucjpms"].map(|set| (set, 0x8000, 0xf4ff));
    source.exec("CREATE DATABASE shop; CREATE TABLE shop.codes (n INT PRIMARY KEY)").await?;
    let mut running = start(&task(&source, &kafka.bootstrap(), ""), None, 1, &held()).await;
    let mut conn = source.connect().await?;
    conn.query_drop("SET SESSION cte_max_recursion_depth = 100000, group_concat_max_len = 10000000").await?;
    let numbers = "WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 65535) SELECT i FROM s";
    conn.query_drop(format!("CREATE TEMPORARY TABLE shop.numbers {numbers}")).await?;
    for (index, (set, first, last)) in sets.chain(two_bytes).chain(three_bytes).chain(euc).enumerate() {
        let table = format!("shop.`{set}_{index}`");
        let text = format!("CONVERT(CONVERT(x USING {set}) USING utf8mb4)");
        conn.query_drop(format!(
            "CREATE TABLE {table} (id INT PRIMARY KEY, t LONGTEXT CHARACTER SET {set});
             INSERT INTO {table} SELECT n DIV 256, CONVERT(GROUP_CONCAT(x ORDER BY n SEPARATOR '') USING {set})
             FROM (SELECT {first} + i AS n, UNHEX(HEX({first} + i)) AS x FROM shop.numbers WHERE {first} + i <= {last}) codes
             WHERE {text} IS NOT NULL AND CHAR_LENGTH({text}) = 1 AND HEX({text}) NOT IN ('3F', 'EFBFBD') GROUP BY 1"
        ))
        .await?;
    }
    running.drain(&source).await?;
    running.stop().await;
    let messages = read_all(kafka.bootstrap(), "shop.").await;
    let mut characters = 0;
    for message in messages.iter().filter(|message| message.json["type"] == "INSERT") {
        let (table, data) = (message.json["table"].as_str().unwrap(), &message.json["data"][0]);
        let id = data["id"].as_str().unwrap();
        let selected = source.query_strings(&format!("SELECT t FROM shop.`{table}` WHERE id = {id}")).await?;
        let (found, expected) = (data["t"].as_str().unwrap(), selected[0][0].as_deref().unwrap());
        let different = found.chars().zip(expected.chars()).find(|(found, expected)| found != expected);
        assert_eq!((different, found.len()), (None, expected.len()), "{table}");
        characters += found.chars().count();
    }
    println!("{characters} characters");
    assert!(characters > 100_000, "{characters}");
    Ok(())
}
