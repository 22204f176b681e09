//! Whatever is killed, the target ends up equal, nothing is applied twice, and nothing goes backwards.

use crate::cluster::{Cluster, SESSION_TIMEOUT, copy_task};
use crate::workload::{self, Random, Writers};
use replicator_coordination::session::Session;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often the RUNNING Core is killed.
const KILLS: u64 = 20;

/// What is promised of a take-over: session timeout and 3 s. It is printed beside what was measured; a busy machine
/// must not fail a test, so what is demanded is only what tells one way of taking over from another.
const PROMISED: Duration = SESSION_TIMEOUT.saturating_add(Duration::from_secs(3));

/// The target's own witnesses: how often each account was updated, and which epoch wrote each marker.
const WITNESSES: &str = "
    CREATE DATABASE witness;
    CREATE TABLE witness.applied (account INT NOT NULL PRIMARY KEY, updates INT UNSIGNED NOT NULL) ENGINE=InnoDB;
    CREATE TABLE witness.epochs (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB;
    CREATE TRIGGER shop.count_updates AFTER UPDATE ON shop.account FOR EACH ROW
      INSERT INTO witness.applied VALUES (NEW.id, 1) ON DUPLICATE KEY UPDATE updates = updates + 1;
";

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    task: TaskName,
}

impl Field {
    async fn set_up() -> Result<Field> {
        let (source, target) =
            tokio::try_join!(MysqlServer::start(Flavor::MySql97), MysqlServer::start(Flavor::MariaDb1011))?;
        let cluster = Cluster::start(3, 3).await?;
        workload::create_schema(&source).await?;
        workload::create_schema(&target).await?;
        target.exec(WITNESSES).await?;
        let spec = copy_task("copy", &source, &target, "").replace("[producer]", "standby = { hot = 3 }\n[producer]");
        let task = cluster.create(&spec).await;
        cluster
            .wait_for_stage(&task, Stage::Streaming)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
        target
            .exec(
                "CREATE TRIGGER mysql_replicator.witness_epochs AFTER INSERT ON mysql_replicator.checkpoint FOR EACH ROW
                   INSERT INTO witness.epochs (epoch) VALUES (NEW.epoch)",
            )
            .await?;
        workload::fill(&source).await?;
        Ok(Field { source, target, cluster, task })
    }

    async fn epoch(&self) -> Epoch {
        self.cluster.session.epoch(&self.task).await.unwrap_or(Epoch::NONE)
    }

    /// Waits until a lease newer than `old` streams, and answers how long that took.
    async fn take_over_after(&self, old: Epoch) -> Duration {
        let began = Instant::now();
        let taken = eventually("another instance streams", Duration::from_secs(90), async || {
            match self.cluster.status(&self.task).await {
                Some(status) if status.epoch > old && status.stage == Stage::Streaming => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        taken.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        began.elapsed()
    }

    async fn running(&self) -> usize {
        let running = eventually("a Core runs the task", Duration::from_secs(60), async || {
            self.cluster.running(&self.task).await
        });
        running.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()))
    }

    /// After the writers are done: equal, each update once, and no epoch wrote after a newer one.
    async fn check(&self) -> Result<()> {
        let equal = self.cluster.wait_for_equal(&self.source, &self.target, "shop").await;
        equal.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        let wrong = self
            .target
            .query_strings(
                "SELECT a.id, a.version, w.updates FROM shop.account a LEFT JOIN witness.applied w ON w.account = a.id
                 WHERE a.version <> COALESCE(w.updates, 0)",
            )
            .await?;
        assert!(wrong.is_empty(), "accounts updated another number of times than at the source: {wrong:?}");
        let backwards = self
            .target
            .query_strings("SELECT a.n, a.epoch, b.epoch FROM witness.epochs a JOIN witness.epochs b ON b.n = a.n + 1 WHERE b.epoch < a.epoch")
            .await?;
        assert!(backwards.is_empty(), "an older epoch wrote after a newer one: {backwards:?}");
        let written = self.target.query_strings("SELECT COUNT(*) FROM witness.epochs").await?;
        assert_ne!(written[0][0].as_deref(), Some("0"), "the witness saw markers");
        Ok(())
    }
}

/// Reads `lastCommit` again and again and remembers every step back.
struct LastCommitWatch {
    stop: Arc<AtomicBool>,
    worker: JoinHandle<(u64, Vec<String>)>,
}

impl LastCommitWatch {
    fn start(session: Session, task: TaskName) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let worker = tokio::spawn(async move {
            let (mut last, mut seen, mut backwards): (Option<Checkpoint>, u64, Vec<String>) = (None, 0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                if let Ok(Some(now)) = session.last_commit(&task).await {
                    if let Some(problem) = last.as_ref().and_then(|last| now.follows(last).err()) {
                        backwards.push(problem.to_string());
                    }
                    seen += u64::from(last.as_ref() != Some(&now));
                    last = Some(now);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (seen, backwards)
        });
        Self { stop, worker }
    }

    async fn check(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (seen, backwards) = self.worker.await.unwrap();
        assert!(backwards.is_empty(), "lastCommit moved back: {backwards:?}");
        assert!(seen > 3, "lastCommit was seen to move: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_twenty_times_under_load() -> Result<()> {
    let mut field = Field::set_up().await?;
    let watch = LastCommitWatch::start(field.cluster.session.clone(), field.task.clone());
    let writers = Writers::start(&field.source, 4, Duration::from_millis(5));
    let mut random = Random::new(20);
    let mut take_overs = Vec::new();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(random.below(1_500))).await;
        let running = field.running().await;
        let epoch = field.epoch().await;
        field.cluster.cores[running].kill9().await;
        take_overs.push(field.take_over_after(epoch).await);
        field.cluster.cores[running].start_again()?;
    }
    assert!(writers.stop().await > 100, "the writers wrote");
    field.check().await?;
    watch.check().await;
    take_overs.sort();
    let (median, slowest) = (take_overs[take_overs.len() / 2], take_overs[take_overs.len() - 1]);
    println!("{KILLS} take-overs after kill -9: median {median:?}, slowest {slowest:?}, promised {PROMISED:?}");
    assert!(median < SESSION_TIMEOUT * 2, "dead Cores are found by their sessions' end: {take_overs:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_hands_over_at_once() -> Result<()> {
    let field = Field::set_up().await?;
    let writers = Writers::start(&field.source, 2, Duration::from_millis(10));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let running = field.running().await;
    let epoch = field.epoch().await;
    field.cluster.cores[running].process.sigterm();
    let taken = field.take_over_after(epoch).await;
    assert!(writers.stop().await > 10, "the writers wrote");
    field.check().await?;
    println!("take-over after a clean stop: {taken:?}, promised 1s");
    assert!(taken < SESSION_TIMEOUT, "the Core handed over instead of being missed: {taken:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_paused_in_the_middle_of_its_commit_holds_nobody_up() -> Result<()> {
    let field = Field::set_up().await?;
    // Markers that take their time: whenever the Core is paused, it most likely holds the row of its epoch.
    let slow = "CREATE TRIGGER mysql_replicator.slow_markers BEFORE INSERT ON mysql_replicator.checkpoint
                  FOR EACH ROW DO SLEEP(0.5)";
    field.target.exec(slow).await?;
    let writers = Writers::start(&field.source, 2, Duration::from_millis(20));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (running, epoch) = (field.running().await, field.epoch().await);
    field.cluster.cores[running].process.sigstop();
    let taken = field.take_over_after(epoch).await;
    println!("take-over from a Core paused in its commit: {taken:?}, promised {PROMISED:?}");
    field.cluster.cores[running].process.sigcont();
    field.target.exec("DROP TRIGGER mysql_replicator.slow_markers").await?;
    assert!(writers.stop().await > 10, "the writers wrote");
    field.check().await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_that_can_be_killed() -> Result<()> {
    let mut field = Field::set_up().await?;
    let watch = LastCommitWatch::start(field.cluster.session.clone(), field.task.clone());
    let writers = Writers::start(&field.source, 3, Duration::from_millis(10));

    // A Core that is paused for three session timeouts wakes up and still believes that it runs the task.
    let (running, epoch) = (field.running().await, field.epoch().await);
    field.cluster.cores[running].process.sigstop();
    let taken = field.take_over_after(epoch).await;
    println!("take-over from a paused Core: {taken:?}, promised {PROMISED:?}");
    tokio::time::sleep((SESSION_TIMEOUT * 3).saturating_sub(taken)).await;
    field.cluster.cores[running].process.sigcont();

    let leader = field.cluster.zookeeper.leader().await?;
    field.cluster.zookeeper.kill9(leader).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    field.cluster.zookeeper.restart(leader).await?;
    field.cluster.wait_for_stage(&field.task, Stage::Streaming).await?;

    field.source.kill9().await;
    field.source.restart().await?;
    field.cluster.wait_for_stage(&field.task, Stage::Streaming).await?;

    field.target.stop().await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let status = field.cluster.wait_for_stage(&field.task, Stage::Retrying).await?;
    assert!(status.failure.is_some_and(|failure| failure.is_transient()), "the outage is shown with its reason");
    field.target.restart().await?;
    field.cluster.wait_for_stage(&field.task, Stage::Streaming).await?;

    assert!(writers.stop().await > 50, "the writers wrote");
    field.check().await?;
    watch.check().await;
    Ok(())
}
