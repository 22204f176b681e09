//! Every metric of a Core: names and labels, once. Base units; counters end in `_total`.

use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::status::{Progress, SourceLogs, Stage, TaskStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabel {
    task: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    task: String,
    stage: StageValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum StageValue {
    Standby,
    Starting,
    Streaming,
    Retrying,
    Paused,
    Failed,
    Stopping,
}

const STAGES: [(Stage, StageValue); 7] = [
    (Stage::Standby, StageValue::Standby),
    (Stage::Starting, StageValue::Starting),
    (Stage::Streaming, StageValue::Streaming),
    (Stage::Retrying, StageValue::Retrying),
    (Stage::Paused, StageValue::Paused),
    (Stage::Failed, StageValue::Failed),
    (Stage::Stopping, StageValue::Stopping),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabel {
    task: String,
    code: String,
    class: String,
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// The metrics of one process.
#[derive(Clone)]
pub struct CoreMetrics {
    registry: Arc<Mutex<Registry>>,
    transactions: Family<TaskLabel, Counter>,
    rows: Family<TaskLabel, Counter>,
    bytes: Family<TaskLabel, Counter>,
    commits: Family<TaskLabel, Counter>,
    conflicts: Family<TaskLabel, Gauge>,
    skipped: Family<TaskLabel, Counter>,
    schema_changes_ignored: Family<TaskLabel, Counter>,
    queue_bytes: Family<TaskLabel, Gauge>,
    schema_history_bytes: Family<TaskLabel, Gauge>,
    schema_history_versions: Family<TaskLabel, Gauge>,
    lag: Family<TaskLabel, FloatGauge>,
    binlog_margin: Family<TaskLabel, FloatGauge>,
    epoch: Family<TaskLabel, Gauge>,
    running: Family<TaskLabel, Gauge>,
    stage: Family<StageLabel, Gauge>,
    failures: Family<FailureLabel, Counter>,
    fence_rejections: Family<TaskLabel, Counter>,
    coordination_connected: Gauge,
    tasks: Gauge,
}

impl Default for CoreMetrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Arc::default(),
            transactions: Family::default(),
            rows: Family::default(),
            bytes: Family::default(),
            commits: Family::default(),
            conflicts: Family::default(),
            skipped: Family::default(),
            schema_changes_ignored: Family::default(),
            queue_bytes: Family::default(),
            schema_history_bytes: Family::default(),
            schema_history_versions: Family::default(),
            lag: Family::default(),
            binlog_margin: Family::default(),
            epoch: Family::default(),
            running: Family::default(),
            stage: Family::default(),
            failures: Family::default(),
            fence_rejections: Family::default(),
            coordination_connected: Gauge::default(),
            tasks: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl CoreMetrics {
    fn register(&self) {
        let mut registry = self.registry.lock();
        let r = registry.sub_registry_with_prefix("mysql_replicator");
        r.register("task_transactions", "Source transactions handed to the consumer", self.transactions.clone());
        r.register("task_rows", "Rows handed to the consumer", self.rows.clone());
        r.register("task_bytes", "Bytes of row events handed to the consumer", self.bytes.clone());
        r.register("task_commits", "Target transactions that became durable", self.commits.clone());
        r.register("task_conflicts", "Conflicts that are recorded at the target", self.conflicts.clone());
        r.register("task_skipped_transactions", "Transactions left out by order", self.skipped.clone());
        let help = "Schema changes that consumer.ddl left out";
        r.register("task_schema_changes_ignored", help, self.schema_changes_ignored.clone());
        r.register("task_queue_bytes", "Bytes read from the source and not yet taken", self.queue_bytes.clone());
        let help = "Bytes of the history of the source's tables, as kept in the tree";
        r.register("task_schema_history_bytes", help, self.schema_history_bytes.clone());
        let help = "Versions of tables in that history";
        r.register("task_schema_history_versions", help, self.schema_history_versions.clone());
        let margin = "Until the source purges what the task has yet to read; +Inf if never, NaN if unknown";
        r.register("task_binlog_margin_seconds", margin, self.binlog_margin.clone());
        r.register("task_lag_seconds", "How far the target is behind the source; NaN if unknown", self.lag.clone());
        r.register("task_epoch", "The epoch of the lease held here", self.epoch.clone());
        r.register("task_running", "1 if this Core runs the task, 0 if it stands by", self.running.clone());
        r.register("task_stage", "1 for the stage the task is in here", self.stage.clone());
        r.register("task_failures", "Failures, by what they were", self.failures.clone());
        let help = "How often this Core was refused because another one had taken the task over";
        r.register("task_fence_rejections", help, self.fence_rejections.clone());
        r.register(
            "coordination_connected",
            "1 while the coordination service is heard",
            self.coordination_connected.clone(),
        );
        r.register("tasks", "Tasks this Core is registered for", self.tasks.clone());
        let build: Family<BuildLabel, Gauge> = Family::default();
        build.get_or_create(&BuildLabel { version: env!("CARGO_PKG_VERSION"), program: "replicator-core" }).set(1);
        r.register("build_info", "The program's version", build);
    }

    /// In the text form that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry.lock()) {
            Ok(()) => text,
            Err(error) => format!("# the metrics could not be written: {error}\n"),
        }
    }

    pub fn task(&self, task: &TaskName) -> TaskMetrics {
        TaskMetrics { all: self.clone(), task: task.to_string(), seen: Arc::default() }
    }

    pub fn session(&self, connected: bool) {
        self.coordination_connected.set(i64::from(connected));
    }

    pub fn tasks(&self, count: usize) {
        self.tasks.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabel {
    version: &'static str,
    program: &'static str,
}

/// The metrics of one task.
#[derive(Clone)]
pub struct TaskMetrics {
    all: CoreMetrics,
    task: String,
    seen: Arc<Mutex<Progress>>,
}

impl TaskMetrics {
    fn label(&self) -> TaskLabel {
        TaskLabel { task: self.task.clone() }
    }

    pub fn role(&self, running: bool, epoch: u64) {
        self.all.running.get_or_create(&self.label()).set(i64::from(running));
        self.all.epoch.get_or_create(&self.label()).set(i64::try_from(epoch).unwrap_or(i64::MAX));
        if running {
            *self.seen.lock() = Progress::default();
        } else {
            self.stage(Stage::Standby, None);
        }
    }

    pub fn stage(&self, stage: Stage, failure: Option<&Failure>) {
        for (candidate, value) in STAGES {
            let label = StageLabel { task: self.task.clone(), stage: value };
            self.all.stage.get_or_create(&label).set(i64::from(candidate == stage));
        }
        if stage != Stage::Streaming {
            self.all.lag.get_or_create(&self.label()).set(f64::NAN);
            self.all.binlog_margin.get_or_create(&self.label()).set(f64::NAN);
        }
        if let (Stage::Retrying | Stage::Failed, Some(failure)) = (stage, failure) {
            let class = if failure.is_transient() { "transient" } else { "definite" };
            let label = FailureLabel { task: self.task.clone(), code: failure.code.clone(), class: class.into() };
            self.all.failures.get_or_create(&label).inc();
        }
    }

    pub fn skipped(&self) {
        self.all.skipped.get_or_create(&self.label()).inc();
    }

    pub fn progress(&self, status: &TaskStatus) {
        let mut seen = self.seen.lock();
        let (label, now) = (self.label(), &status.progress);
        self.all.transactions.get_or_create(&label).inc_by(now.transactions.saturating_sub(seen.transactions));
        self.all.rows.get_or_create(&label).inc_by(now.rows.saturating_sub(seen.rows));
        self.all.bytes.get_or_create(&label).inc_by(now.bytes.saturating_sub(seen.bytes));
        self.all.commits.get_or_create(&label).inc_by(now.commits.saturating_sub(seen.commits));
        self.all.conflicts.get_or_create(&label).set(i64::try_from(now.conflicts).unwrap_or(i64::MAX));
        let ignored = now.schema_changes_ignored.saturating_sub(seen.schema_changes_ignored);
        self.all.schema_changes_ignored.get_or_create(&label).inc_by(ignored);
        self.all.queue_bytes.get_or_create(&label).set(i64::try_from(now.queue_bytes).unwrap_or(i64::MAX));
        self.all.lag.get_or_create(&label).set(status.lag_seconds.unwrap_or(f64::NAN));
        self.all.binlog_margin.get_or_create(&label).set(status.source_logs.as_ref().map_or(f64::NAN, binlog_margin));
        *seen = *now;
    }

    pub fn schema_history_bytes(&self, bytes: usize) {
        self.all.schema_history_bytes.get_or_create(&self.label()).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub fn schema_history_versions(&self, versions: usize) {
        self.all.schema_history_versions.get_or_create(&self.label()).set(i64::try_from(versions).unwrap_or(i64::MAX));
    }

    pub fn fence_refused(&self) {
        self.all.fence_rejections.get_or_create(&self.label()).inc();
    }

    /// So often, since the process began. Outlives [`TaskMetrics::forget`]: it is told when the Core registers again.
    pub fn fence_rejections(&self) -> u64 {
        self.all.fence_rejections.get(&self.label()).map_or(0, |count| count.get())
    }

    /// Takes the task out of the metrics once this Core has nothing to do with it.
    pub fn forget(&self) {
        let label = self.label();
        self.all.transactions.remove(&label);
        self.all.rows.remove(&label);
        self.all.bytes.remove(&label);
        self.all.commits.remove(&label);
        self.all.conflicts.remove(&label);
        self.all.skipped.remove(&label);
        self.all.schema_changes_ignored.remove(&label);
        self.all.queue_bytes.remove(&label);
        self.all.schema_history_bytes.remove(&label);
        self.all.schema_history_versions.remove(&label);
        self.all.lag.remove(&label);
        self.all.binlog_margin.remove(&label);
        self.all.epoch.remove(&label);
        self.all.running.remove(&label);
        for (_, stage) in STAGES {
            self.all.stage.remove(&StageLabel { task: self.task.clone(), stage });
        }
    }
}

/// Seconds until the source purges what is next.
fn binlog_margin(logs: &SourceLogs) -> f64 {
    match (logs.retention_seconds, logs.checkpoint_age_seconds) {
        (None, _) => f64::INFINITY,
        (Some(retention), Some(age)) => (retention - age).max(0.0),
        (Some(_), None) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_what_is_left_of_the_time_that_logs_are_kept() {
        for (retention_seconds, checkpoint_age_seconds, margin) in [
            (Some(100.0), Some(30.0), 70.0),
            (Some(100.0), Some(130.0), 0.0),
            (None, None, f64::INFINITY),
            (Some(100.0), None, f64::NAN),
        ] {
            let logs = SourceLogs { oldest: "b.1".into(), retention_seconds, checkpoint_age_seconds };
            assert_eq!(binlog_margin(&logs).total_cmp(&margin), std::cmp::Ordering::Equal, "{logs:?}");
        }
    }

    #[test]
    fn names_and_labels_are_these() {
        let metrics = CoreMetrics::default();
        let task = metrics.task(&TaskName::new("copy").unwrap());
        task.role(true, 7);
        task.stage(Stage::Failed, Some(&Failure::definite("access_denied", "r", "h")));
        let text = metrics.text();
        for line in [
            "mysql_replicator_task_epoch{task=\"copy\"} 7",
            "mysql_replicator_task_stage{task=\"copy\",stage=\"Failed\"} 1",
            "mysql_replicator_task_failures_total{task=\"copy\",code=\"access_denied\",class=\"definite\"} 1",
            "mysql_replicator_task_lag_seconds{task=\"copy\"} NaN",
        ] {
            assert!(text.contains(line), "no `{line}` in\n{text}");
        }
        task.forget();
        assert!(!metrics.text().contains("task_epoch{task=\"copy\"}"));
    }
}
