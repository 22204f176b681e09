//! `/metrics`: what was seen at the last evaluation, as one snapshot, and how telling people goes.

use crate::facts::{Facts, TaskFacts};
use crate::health::Health;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use replicator_model::alert::{AlertState, Severity};
use replicator_model::instance::Role;
use replicator_model::name::{GroupName, TaskName};
use replicator_model::status::Stage;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// In front of every name.
pub const PREFIX: &str = "mysql_replicator";

const STAGES: [Stage; 7] =
    [Stage::Standby, Stage::Starting, Stage::Streaming, Stage::Retrying, Stage::Paused, Stage::Failed, Stage::Stopping];

/// What is shown of one evaluation.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    pub tasks: BTreeMap<TaskName, TaskRow>,
    pub cores: BTreeMap<GroupName, usize>,
    pub alerts: BTreeMap<(String, Severity, AlertState), usize>,
    pub outbox: BTreeMap<String, usize>,
    /// Notices that were dropped because too many about one alert waited.
    pub dropped: u64,
    pub leads: bool,
    pub connected: bool,
    pub evaluations: u64,
    /// Of the last evaluation.
    pub evaluation_seconds: f64,
    pub evaluated_at_us: i64,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub struct TaskRow {
    pub group: String,
    pub wanted: Option<bool>,
    /// `None` while nobody runs it, or while its status is not believed.
    pub stage: Option<Stage>,
    /// `None`: not known, shown as NaN.
    pub lag_seconds: Option<f64>,
    pub epoch: u64,
    pub running: usize,
    pub standby: usize,
}

impl TaskRow {
    fn of(seen: &TaskFacts) -> Self {
        let instances = seen.instances.as_deref().unwrap_or_default();
        let count = |role| instances.iter().filter(|instance| instance.role == role).count();
        Self {
            group: seen.group.as_ref().map(ToString::to_string).unwrap_or_default(),
            wanted: seen.started(),
            stage: seen.fresh_status().map(|status| status.stage),
            lag_seconds: seen.lag_seconds(),
            epoch: seen.running().map_or(0, |running| running.epoch.get()),
            running: count(Role::Running),
            standby: count(Role::Standby),
        }
    }
}

impl Snapshot {
    pub fn see(&mut self, facts: &Facts) {
        self.tasks = facts.tasks.iter().map(|(task, seen)| (task.clone(), TaskRow::of(seen))).collect();
        self.cores = facts.cores.iter().map(|(group, cores)| (group.clone(), cores.len())).collect();
    }

    /// While nothing is seen, no old value is shown as if it were one of now.
    pub fn see_nothing(&mut self) {
        self.tasks.clear();
        self.cores.clear();
    }
}

/// How telling people goes, by channel.
#[derive(Debug, Default)]
pub struct Notifications {
    counts: Mutex<BTreeMap<(String, &'static str), u64>>,
}

impl Notifications {
    pub fn delivered(&self, channel: &str) {
        self.count(channel, "delivered");
    }

    /// One attempt that did not succeed.
    pub fn failed(&self, channel: &str) {
        self.count(channel, "failed");
    }

    fn count(&self, channel: &str, result: &'static str) {
        *self.counts.lock().entry((channel.to_owned(), result)).or_insert(0) += 1;
    }
}

/// What `/metrics` shows.
#[derive(Debug, Default)]
pub struct Metrics {
    snapshot: Mutex<Snapshot>,
    pub notifications: Arc<Notifications>,
}

impl Metrics {
    pub fn show(&self, snapshot: &Snapshot) {
        self.snapshot.lock().clone_from(snapshot);
    }
}

/// Everything in the text format of OpenMetrics 1.0.
pub fn render(metrics: &Arc<Metrics>, health: &Arc<Health>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Shown { metrics: Arc::clone(metrics), health: Arc::clone(health) }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Shown {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

type Labels = Vec<(&'static str, String)>;
type Rows<T> = Vec<(Labels, T)>;

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let snapshot = self.metrics.snapshot.lock().clone();
        encode_tasks(&mut encoder, &snapshot)?;
        encode_alerts(&mut encoder, &snapshot, &self.metrics.notifications)?;
        encode_monitor(&mut encoder, &snapshot, &self.health)
    }
}

fn encode_tasks(encoder: &mut DescriptorEncoder<'_>, snapshot: &Snapshot) -> Result<(), fmt::Error> {
    let labels = |task: &TaskName, row: &TaskRow| vec![("task", task.to_string()), ("group", row.group.clone())];
    let each = |value: fn(&TaskRow) -> f64| -> Rows<f64> {
        snapshot.tasks.iter().map(|(task, row)| (labels(task, row), value(row))).collect()
    };
    gauges(
        encoder,
        "task_lag_seconds",
        "How far the target is behind its source; NaN while that is not known",
        each(|row| row.lag_seconds.unwrap_or(f64::NAN)),
    )?;
    gauges(
        encoder,
        "task_started",
        "Whether an operator wants the task to run; NaN while that is not known",
        each(|row| row.wanted.map_or(f64::NAN, |wanted| f64::from(u8::from(wanted)))),
    )?;
    gauges(
        encoder,
        "task_leader_epoch",
        "The epoch of the lease that the RUNNING instance holds; 0 while there is none",
        each(|row| row.epoch as f64),
    )?;
    let with = |task, row: &TaskRow, name, value: &str| {
        let mut labels = labels(task, row);
        labels.push((name, value.to_owned()));
        labels
    };
    let mut states = Rows::new();
    let mut instances = Rows::new();
    for (task, row) in &snapshot.tasks {
        for stage in STAGES {
            let is = f64::from(u8::from(row.stage == Some(stage)));
            states.push((with(task, row, "state", &stage.to_string()), is));
        }
        instances.push((with(task, row, "role", "RUNNING"), row.running as f64));
        instances.push((with(task, row, "role", "STANDBY"), row.standby as f64));
    }
    gauges(encoder, "task_state", "1 for the stage that the task is in; all 0 while that is not known", states)?;
    gauges(encoder, "task_instances", "Instances registered for the task", instances)?;
    let cores = snapshot.cores.iter().map(|(group, count)| (vec![("group", group.to_string())], *count as f64));
    gauges(encoder, "cores", "Cores alive in the group", cores.collect())
}

fn encode_alerts(
    encoder: &mut DescriptorEncoder<'_>,
    snapshot: &Snapshot,
    notifications: &Notifications,
) -> Result<(), fmt::Error> {
    let alerts = snapshot.alerts.iter().map(|((rule, severity, state), count)| {
        let labels = vec![("rule", rule.clone()), ("severity", severity.to_string()), ("state", state.to_string())];
        (labels, *count as f64)
    });
    gauges(encoder, "alerts", "Alerts that this Monitor keeps; only the leading one keeps any", alerts.collect())?;
    let outbox = snapshot.outbox.iter().map(|(channel, count)| (vec![("channel", channel.clone())], *count as f64));
    gauges(encoder, "outbox_notices", "Notices on their way to the channel", outbox.collect())?;
    let mut counts: Rows<u64> = notifications
        .counts
        .lock()
        .iter()
        .map(|((channel, result), count)| {
            (vec![("channel", channel.clone()), ("result", (*result).to_owned())], *count)
        })
        .collect();
    counts.push((vec![("channel", "all".to_owned()), ("result", "dropped".to_owned())], snapshot.dropped));
    counters(encoder, "notifications", "Attempts to deliver a notice, by result", counts)
}

fn encode_monitor(encoder: &mut DescriptorEncoder<'_>, snapshot: &Snapshot, health: &Health) -> Result<(), fmt::Error> {
    let one = |value: f64| vec![(Labels::new(), value)];
    let flag = |value: bool| f64::from(u8::from(value));
    gauges(encoder, "monitor_leads", "Whether this Monitor is the one that tells people", one(flag(snapshot.leads)))?;
    gauges(
        encoder,
        "coordination_connected",
        "Whether the last evaluation saw the coordination tree",
        one(flag(snapshot.connected)),
    )?;
    gauges(encoder, "monitor_late", "Whether the evaluation is late", one(flag(health.late().is_some())))?;
    gauges(
        encoder,
        "monitor_evaluation_duration_seconds",
        "How long the last evaluation took",
        one(snapshot.evaluation_seconds),
    )?;
    gauges(
        encoder,
        "monitor_last_evaluation_timestamp_seconds",
        "When the last evaluation ended, in seconds since 1970 UTC",
        one(snapshot.evaluated_at_us as f64 / 1e6),
    )?;
    counters(encoder, "monitor_evaluations", "Evaluations so far", vec![(Labels::new(), snapshot.evaluations)])?;
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("program", "replicator-monitor".to_owned())];
    gauges(encoder, "build_info", "Which program this is", vec![(version, 1.0)])
}

fn gauges(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, rows: Rows<f64>) -> Result<(), fmt::Error> {
    each(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?, rows, ConstGauge::new)
}

fn counters(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, rows: Rows<u64>) -> Result<(), fmt::Error> {
    each(encoder.encode_descriptor(name, help, None, MetricType::Counter)?, rows, ConstCounter::new)
}

fn each<T, M: EncodeMetric>(
    mut encoder: MetricEncoder<'_>,
    rows: Rows<T>,
    metric: impl Fn(T) -> M,
) -> Result<(), fmt::Error> {
    for (labels, value) in rows {
        // A family without labels would show as `name{}`.
        if labels.is_empty() {
            return metric(value).encode(encoder);
        }
        metric(value).encode(encoder.encode_family(&labels)?)?;
    }
    Ok(())
}
