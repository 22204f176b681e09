//! The lag that a task shows against the lag that it has. A witness writes a row every 50 ms at the source and looks at the
//! target: what is missing there is the truth, between what was seen before a moment and what was seen after it.

use crate::cluster::{Cluster, GROUP, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::name::TaskName;
use replicator_model::status::{LagBy, Stage, TaskStatus};
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinHandle;

/// The largest error that is promised: the interval of heartbeats, and of asking for the log's end, and 0.2 s.
const PROMISED_S: f64 = 1.2;

/// What a machine that is busy with other tests may add: a Core that does not get to run measures late.
const BUSY_MACHINE_S: f64 = 2.5;

/// How long the target takes nothing.
const STALL: Duration = Duration::from_secs(6);

/// How long the other phases last.
const PHASE: Duration = Duration::from_secs(6);

const TABLES: &str = "
    CREATE DATABASE shop; CREATE DATABASE hr;
    CREATE TABLE shop.witness (n BIGINT NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL) ENGINE=InnoDB;
    CREATE TABLE shop.bulk (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, text VARCHAR(200) NOT NULL) ENGINE=InnoDB;
    CREATE TABLE hr.noise (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, text VARCHAR(200) NOT NULL) ENGINE=InnoDB;
";

/// What is written at the source, as a set.
const WITNESS: u8 = 1;
const BULK: u8 = 2;
const NOISE: u8 = 4;

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// Everything that was seen of one task and of its copy of the witness.
#[derive(Default)]
struct Seen {
    /// The last row at the target, and when it was asked for and answered.
    rows: Vec<(i64, i64, i64)>,
    statuses: Vec<TaskStatus>,
}

/// The least and the most that the task may have been behind at a moment. `written`: when each row was, from number 0 on.
fn truth(written: &[i64], rows: &[(i64, i64, i64)], at_us: i64) -> (f64, f64) {
    let lag = |last: Option<i64>| {
        let missing = usize::try_from(last.map_or(0, |last| last + 1)).ok().and_then(|next| written.get(next));
        missing.map_or(0.0, |written| (at_us - written).max(0) as f64 / 1e6)
    };
    let there = rows.iter().rfind(|(_, answered, _)| *answered <= at_us).map(|(_, _, last)| *last);
    let later = rows.iter().find(|(asked, _, _)| *asked >= at_us).map(|(_, _, last)| *last);
    (lag(later.or(Some(i64::MAX - 1))), lag(there))
}

#[test]
fn the_truth_lies_between_what_was_seen_before_and_after() {
    let written = [1_000_000, 2_000_000, 3_000_000];
    let rows = [(1_400_000, 1_500_000, 0), (3_400_000, 3_500_000, 1), (4_400_000, 4_500_000, 2)];
    for (at_us, least, most) in [
        (1_600_000, 0.0, 0.0),
        (2_600_000, 0.0, 0.6),
        (4_000_000, 0.0, 1.0),
        (3_300_000, 0.3, 1.3),
        (5_000_000, 0.0, 0.0),
    ] {
        assert_eq!(truth(&written, &rows, at_us), (least, most), "{at_us}");
    }
}

struct Field {
    source: Arc<MysqlServer>,
    target: Arc<MysqlServer>,
    cluster: Cluster,
    tasks: [(TaskName, &'static str); 2],
    writes: Arc<AtomicU8>,
    workers: Vec<JoinHandle<Result<()>>>,
}

impl Field {
    /// Two tasks of the same rows: one measures by heartbeat rows, one by the log's end.
    async fn set_up(source: Flavor, target: Flavor) -> Result<Field> {
        let (source, target) = tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target))?;
        let cluster = Cluster::start(1, 2).await?;
        source.exec(TABLES).await?;
        target.exec(TABLES).await?;
        target
            .exec(&TABLES.replace("shop", "copy").replace("CREATE DATABASE hr;", "").replace("hr.noise", "copy.noise"))
            .await?;
        let by_heartbeat = copy_task("by_heartbeat", &source, &target, "lag_heartbeat = \"1s\"");
        let routed = "[[route]]\nfrom = \"shop.*\"\nto = \"copy.{table}\"";
        let by_head = copy_task("by_head", &source, &target, routed);
        let tasks = [(cluster.create(&by_heartbeat).await, "shop"), (cluster.create(&by_head).await, "copy")];
        for (task, _) in &tasks {
            let streams = cluster.wait_for_stage(task, Stage::Streaming).await;
            streams.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
        }
        let (source, target, writes) = (Arc::new(source), Arc::new(target), Arc::new(AtomicU8::new(0)));
        let workers = vec![
            tokio::spawn(write(Arc::clone(&source), Arc::clone(&writes), WITNESS)),
            tokio::spawn(write(Arc::clone(&source), Arc::clone(&writes), BULK)),
            tokio::spawn(write(Arc::clone(&source), Arc::clone(&writes), NOISE)),
        ];
        Ok(Field { source, target, cluster, tasks, writes, workers })
    }

    fn write(&self, what: u8) {
        self.writes.store(what, Ordering::SeqCst);
    }

    /// Everything that was written is there, and shown as no lag.
    async fn settle(&self) -> Result<()> {
        self.write(0);
        for (task, _) in &self.tasks {
            let level = eventually("nothing is left", Duration::from_secs(60), async || {
                match self.cluster.status(task).await {
                    Some(status) if status.lag_seconds == Some(0.0) => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            });
            level.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        }
        // What is shown next was measured after the writing ended.
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    }

    /// Looks at both tasks while `act` lasts.
    async fn watch(&self, act: impl Future<Output = ()>) -> Result<[Seen; 2]> {
        let done = tokio_util::sync::CancellationToken::new();
        let looks = self.tasks.iter().map(|(task, database)| self.look(task, database, done.clone()));
        let acting = async {
            act.await;
            done.cancel();
        };
        let (seen, ()) = tokio::join!(futures_util::future::try_join_all(looks), acting);
        let [one, two] = <[Seen; 2]>::try_from(seen?).unwrap_or_else(|_| unreachable!("two tasks"));
        Ok([one, two])
    }

    async fn look(&self, task: &TaskName, database: &str, done: tokio_util::sync::CancellationToken) -> Result<Seen> {
        let mut conn = self.target.connect().await?;
        let mut seen = Seen::default();
        while !done.is_cancelled() {
            let asked = now_us();
            let last: Option<Option<i64>> = conn.query_first(format!("SELECT MAX(n) FROM {database}.witness")).await?;
            if let Some(Some(last)) = last {
                seen.rows.push((asked, now_us(), last));
            }
            if let Some(status) = self.cluster.status(task).await
                && seen.statuses.last().is_none_or(|last| last.updated_us < status.updated_us)
            {
                seen.statuses.push(status);
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        Ok(seen)
    }

    /// Compares what was shown with what was, and prints the largest error.
    async fn judge(&self, phase: &str, seen: &[Seen; 2]) -> Result<()> {
        let rows = self.source.query_strings("SELECT at_us FROM shop.witness ORDER BY n").await?;
        let written: Vec<i64> = rows.iter().map(|row| row[0].as_deref().unwrap().parse().unwrap()).collect();
        for ((task, _), seen) in self.tasks.iter().zip(seen) {
            let (mut worst, mut count, mut most) = ((0.0_f64, String::new()), 0, 0.0_f64);
            let mut story = Vec::new();
            for status in &seen.statuses {
                let Some(lag) = status.lag_seconds else { continue };
                let (least_true, most_true) = truth(&written, &seen.rows, status.updated_us);
                let error = (least_true - lag).max(lag - most_true).max(0.0);
                story.push(format!("{lag:.2} for {least_true:.2} to {most_true:.2}"));
                if error > worst.0 {
                    worst = (error, story[story.len() - 1].clone());
                }
                (most, count) = (most.max(lag), count + 1);
            }
            println!(
                "{:?} → {:?}, {phase}, {task}: {count} looks, largest lag {most:.2} s, largest error {:.2} s ({}), promised {PROMISED_S} s",
                self.source.flavor(),
                self.target.flavor(),
                worst.0,
                worst.1
            );
            assert!(count > 0, "{phase}, {task}: no lag was shown: {:?}", seen.statuses);
            assert!(worst.0 <= PROMISED_S + BUSY_MACHINE_S, "{phase}, {task}: shown and true: {story:?}");
        }
        Ok(())
    }

    async fn load(&self) -> Result<()> {
        let seen = self
            .watch(async {
                self.write(WITNESS | BULK);
                tokio::time::sleep(PHASE).await;
            })
            .await?;
        self.judge("load", &seen).await?;
        let last = seen[0].statuses.last().unwrap();
        assert_eq!(last.lag_by, Some(LagBy::Heartbeat), "{last:?}\n{}", self.cluster.logs());
        assert_eq!(seen[1].statuses.last().unwrap().lag_by, Some(LagBy::Head));
        self.settle().await
    }

    async fn stalled_target(&self) -> Result<()> {
        let mut lock = self.target.connect().await?;
        let seen = self
            .watch(async {
                self.write(WITNESS);
                tokio::time::sleep(Duration::from_secs(1)).await;
                lock.query_drop("FLUSH TABLES WITH READ LOCK").await.unwrap();
                tokio::time::sleep(STALL).await;
                lock.query_drop("UNLOCK TABLES").await.unwrap();
                tokio::time::sleep(Duration::from_secs(2)).await;
            })
            .await?;
        self.judge("stalled target", &seen).await?;
        for ((task, _), seen) in self.tasks.iter().zip(&seen) {
            let shown = seen.statuses.iter().filter_map(|status| status.lag_seconds);
            assert!(shown.fold(0.0, f64::max) > STALL.as_secs_f64() / 2.0, "{task} showed that the target stood still");
        }
        self.settle().await
    }

    /// Nothing that is written is a task's: what is shown is 0, and nothing counts as traffic.
    async fn nothing_to_do(&self, phase: &str, writes: u8) -> Result<()> {
        let seen = self
            .watch(async {
                self.write(writes);
                tokio::time::sleep(PHASE).await;
            })
            .await?;
        self.judge(phase, &seen).await?;
        for ((task, _), seen) in self.tasks.iter().zip(&seen) {
            let lags: Vec<_> = seen.statuses.iter().map(|status| status.lag_seconds).collect();
            let zeros = lags.iter().filter(|lag| **lag == Some(0.0)).count();
            assert!(zeros * 2 > lags.len(), "{phase}, {task}: {lags:?}");
            let counts = |status: &TaskStatus| (status.progress.transactions, status.progress.rows);
            assert_eq!(counts(&seen.statuses[0]), counts(seen.statuses.last().unwrap()), "{phase}, {task}");
            assert!(seen.statuses.iter().any(|status| status.gtid_missing.as_deref() == Some("")), "{phase}, {task}");
        }
        self.settle().await
    }

    async fn failover(&mut self) -> Result<()> {
        let (task, _) = &self.tasks[0];
        let running = self.cluster.running(task).await.expect("a Core runs it");
        let before = self.cluster.session.epoch(task).await.unwrap();
        self.cluster.cores[running].process.sigstop();
        let seen = self
            .watch(async {
                self.write(WITNESS);
                let taken = eventually("the other Core streams", Duration::from_secs(60), async || {
                    let status = self.cluster.status(task).await;
                    status.filter(|status| status.epoch > before && status.lag_seconds.is_some())
                });
                taken.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
                tokio::time::sleep(Duration::from_secs(4)).await;
            })
            .await?;
        self.cluster.cores[running].kill9().await;
        // A status that was written before the Core stood still is no measurement of now.
        self.judge("failover", &seen).await?;
        self.settle().await
    }

    async fn end(self) -> Result<()> {
        let copied = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql_replicator' AND TABLE_NAME = 'heartbeat'";
        assert_eq!(self.target.query_strings(copied).await?, Vec::<Vec<_>>::new(), "heartbeats are not copied");
        let beats = self.source.query_strings("SELECT task FROM mysql_replicator.heartbeat").await?;
        assert_eq!(beats, [[Some("by_heartbeat".to_owned())]], "only the task that wants them writes any");
        self.workers.iter().for_each(JoinHandle::abort);
        Ok(())
    }
}

/// Writes one kind of row whenever it is wanted.
async fn write(source: Arc<MysqlServer>, wanted: Arc<AtomicU8>, what: u8) -> Result<()> {
    let mut conn = source.connect().await?;
    let (mut number, text) = (0_i64, "x".repeat(100));
    let pause = Duration::from_millis(if what == BULK { 20 } else { 50 });
    loop {
        if wanted.load(Ordering::SeqCst) & what != 0 {
            let sql = match what {
                WITNESS => format!(
                    "INSERT INTO shop.witness VALUES ({number}, CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED))"
                ),
                BULK => format!("INSERT INTO shop.bulk (text) VALUES {}", vec![format!("('{text}')"); 50].join(",")),
                _ => format!("INSERT INTO hr.noise (text) VALUES ('{text}')"),
            };
            conn.query_drop(sql).await?;
            number += 1;
        }
        tokio::time::sleep(pause).await;
    }
}

async fn all_phases(source: Flavor, target: Flavor) -> Result<()> {
    let mut field = Field::set_up(source, target).await?;
    field.load().await?;
    field.stalled_target().await?;
    field.nothing_to_do("filtered traffic", NOISE).await?;
    field.nothing_to_do("idle", 0).await?;
    field.failover().await?;
    field.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_true_from_mysql_to_mariadb() -> Result<()> {
    all_phases(Flavor::MySql97, Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_true_from_mariadb_to_mysql() -> Result<()> {
    all_phases(Flavor::MariaDb118, Flavor::MySql97).await
}

/// A user who may only read: the task runs, its lag is told by the log's end, and the status says what is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_takes_no_heartbeats_is_a_warning() -> Result<()> {
    let (source, target) =
        tokio::try_join!(MysqlServer::start(Flavor::MariaDb118), MysqlServer::start(Flavor::MySql97))?;
    let cluster = Cluster::start(1, 1).await?;
    source.exec(TABLES).await?;
    target.exec(TABLES).await?;
    let reader = "CREATE USER reader@'%' IDENTIFIED BY 'reads';
                  GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO reader@'%'";
    source.exec(reader).await?;
    let spec = copy_task("reads", &source, &target, "lag_heartbeat = \"200ms\"")
        .replacen(&format!("user = \"{}\"", source.user()), "user = \"reader\"", 1)
        .replacen(&format!("password = \"{}\"", source.password()), "password = \"reads\"", 1)
        .replace(&format!("group = \"{GROUP}\""), &format!("group = \"{GROUP}\"\nstandby = \"cold\""));
    let task = cluster.create(&spec).await;
    source.exec("INSERT INTO shop.witness VALUES (0, 0)").await?;
    let warned = eventually("the status warns", Duration::from_secs(60), async || {
        let status = cluster.status(&task).await;
        let warned = status.as_ref().filter(|status| {
            status.stage == Stage::Streaming
                && status.lag_seconds == Some(0.0)
                && status.warnings.iter().any(|warning| warning.code == "heartbeat_not_written")
        });
        warned.cloned().ok_or_else(|| format!("{status:?}"))
    });
    let status = warned.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    assert_eq!(status.lag_by, Some(LagBy::Head));
    let warning = &status.warnings[0];
    assert!(warning.reason.contains("reader") && warning.hint.contains("GRANT CREATE"), "{warning:?}");
    Ok(())
}
