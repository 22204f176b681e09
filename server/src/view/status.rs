//! Tasks as they are observed.

use super::task::DesiredView;
use super::time;
use super::words::{InstanceRoleWord, LagByWord, StageWord};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::instance::{InstanceInfo, Role};
use replicator_model::position::Position;
use replicator_model::status::{LagBy, Progress, Stage};
use replicator_model::task::TaskSpec;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// What a task does, in one word. Read from live nodes, never from a stored flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// A definite failure: someone has to mend it.
    Failed,
    /// It is wanted, and no instance is RUNNING; `explanation` says why.
    NotRunning,
    /// A transient failure that is being tried again.
    Retrying,
    /// It connects and finds its position, or has not yet heard the last order.
    Starting,
    /// Rows move, or would if there were any.
    Running,
    /// It is to pause and still moves rows.
    Pausing,
    Paused,
    /// It is to stop and instances are still there.
    Stopping,
    Stopped,
}

/// Everything that is known of a task at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    pub name: String,
    pub group: String,
    /// Of the spec.
    pub version: u64,
    pub source: EndView,
    pub target: EndView,
    pub desired: DesiredView,
    pub state: TaskState,
    /// Why `state` is not what is wanted, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<FailureView>,
    /// The instance that holds the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<RunningOn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StageWord>)]
    pub stage: Option<Stage>,
    /// Seconds that the target is behind the source: 0 when nothing is left to apply, absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
    /// What `lag_seconds` is told by; absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LagByWord>)]
    pub lag_by: Option<LagBy>,
    /// The transactions that the source has and the target has not, as a GTID set: empty if that is none, absent where it
    /// is not known. Of a MariaDB the domains that are ahead, with their last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_gtid_missing: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressView>,
    /// What holds the others up, while the target is behind; absent where nothing does, or it can't be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<BlockedWord>,
    /// The failure it is in, or the last one that a retry overcame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    /// What does not stop it, and that somebody should mend.
    #[serde(default)]
    pub warnings: Vec<FailureView>,
    /// Transactions left out by order since the task was made.
    #[serde(default)]
    pub skipped: u64,
    /// How often it was tried again since it last streamed.
    pub retries: u32,
    /// The end of the source's binary log, as last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_head: Option<PositionView>,
    /// What is durable at the target, as the RUNNING instance says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointView>,
    /// What is recorded of it in the coordination tree: where a successor begins to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_commit: Option<CheckpointView>,
    /// How many instances the spec asks for.
    pub instances_wanted: u32,
    /// In the order in which they take over.
    pub instances: Vec<InstanceView>,
    /// Which version of the spec each instance has in force. Whoever is not in it has not read the task yet.
    #[serde(default)]
    pub acknowledged: Vec<AcknowledgedVersion>,
    /// When the RUNNING instance last wrote its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// Where a task that is behind is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockedWord {
    /// The queue is all but empty: changes do not come faster from the source.
    Source,
    /// Neither end alone: the queue is neither empty nor full.
    Queue,
    /// The queue is all but full: the target does not take changes faster.
    Target,
}

/// A version of the spec that an instance has in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"core": "core1", "version": 2}))]
pub struct AcknowledgedVersion {
    pub core: String,
    pub version: u64,
}

/// One end of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kind": "mysql", "address": "db1.example:3306"}))]
pub struct EndView {
    pub kind: String,
    pub address: String,
}

/// Who runs a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"core": "core1", "host": "db-host-1", "epoch": 7, "since": "2026-11-22T08:00:00Z"}))]
pub struct RunningOn {
    pub core: String,
    pub host: String,
    pub epoch: u64,
    pub since: Option<String>,
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "access_denied",
    "reason": "db1.example:3306: user `replicator` was refused",
    "hint": "check the user's name and password",
}))]
pub struct FailureView {
    /// Stable: programs may depend on it.
    pub code: String,
    pub reason: String,
    pub hint: String,
}

/// Amounts since the pipe was started, and per second over the last few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressView {
    pub transactions: u64,
    pub rows: u64,
    pub bytes: u64,
    pub transactions_per_second: f64,
    pub rows_per_second: f64,
    pub bytes_per_second: f64,
    /// Bytes read from the source and not yet taken by the consumer.
    pub queue_bytes: u64,
    /// Transactions of the target: fewer than those of the source under backlog. 0 where the target has none.
    pub commits: u64,
    /// Conflicts that are recorded at the target in `mysql_replicator.conflict`, also by earlier runs.
    pub conflicts: u64,
    /// Schema changes that `consumer.ddl` left out.
    pub schema_changes_ignored: u64,
}

/// A place in a server's binary log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"file": "bin.000042", "offset": 5_000_000_000_u64}))]
pub struct PositionView {
    pub file: String,
    pub offset: u64,
}

/// What is durably applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "epoch": 7, "server": "3e11fa47-71ca-11e1-9e33-c80aa9429562",
    "position": {"file": "bin.000042", "offset": 5_000_000_000_u64},
    "gtid_set": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-99",
    "event_time": "2026-11-22T08:00:00Z", "written_at": "2026-11-22T08:00:00.5Z",
}))]
pub struct CheckpointView {
    pub epoch: u64,
    /// Which server's binary log `position` is in.
    pub server: String,
    pub position: PositionView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid_set: Option<String>,
    /// When the last applied transaction was committed at the source; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<String>,
}

/// The instances of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InstanceList {
    /// In the order in which they take over.
    pub instances: Vec<InstanceView>,
}

/// One Core registered for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "node": "db-host-1-0000000004", "core": "core1", "host": "db-host-1", "role": "RUNNING", "epoch": 7,
    "spec_version": 2, "stage": "streaming", "since": "2026-11-22T08:00:00Z",
}))]
pub struct InstanceView {
    /// Its node under `instances`.
    pub node: String,
    pub core: String,
    pub host: String,
    #[schema(value_type = InstanceRoleWord)]
    pub role: Role,
    /// The lease it runs under; 0 as a STANDBY.
    pub epoch: u64,
    /// The version of the spec that it has in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_version: Option<u64>,
    #[schema(value_type = StageWord)]
    pub stage: Stage,
    pub since: Option<String>,
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TaskState::Failed => "FAILED",
            TaskState::NotRunning => "NOT RUNNING",
            TaskState::Retrying => "RETRYING",
            TaskState::Starting => "STARTING",
            TaskState::Running => "RUNNING",
            TaskState::Pausing => "PAUSING",
            TaskState::Paused => "PAUSED",
            TaskState::Stopping => "STOPPING",
            TaskState::Stopped => "STOPPED",
        })
    }
}

impl EndView {
    pub(crate) fn source(spec: &TaskSpec) -> Self {
        Self { kind: "mysql".to_owned(), address: spec.producer.address() }
    }

    pub(crate) fn target(spec: &TaskSpec) -> Self {
        Self { kind: spec.consumer.kind().to_owned(), address: spec.consumer.address() }
    }
}

impl From<&Failure> for FailureView {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code.clone(), reason: failure.reason.clone(), hint: failure.hint.clone() }
    }
}

impl From<&Progress> for ProgressView {
    fn from(progress: &Progress) -> Self {
        Self {
            transactions: progress.transactions,
            rows: progress.rows,
            bytes: progress.bytes,
            transactions_per_second: progress.transactions_per_second,
            rows_per_second: progress.rows_per_second,
            bytes_per_second: progress.bytes_per_second,
            queue_bytes: progress.queue_bytes,
            commits: progress.commits,
            conflicts: progress.conflicts,
            schema_changes_ignored: progress.schema_changes_ignored,
        }
    }
}

impl From<&Position> for PositionView {
    fn from(position: &Position) -> Self {
        Self { file: position.file.clone(), offset: position.offset }
    }
}

impl From<&Checkpoint> for CheckpointView {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            epoch: checkpoint.epoch.get(),
            server: checkpoint.server.clone(),
            position: (&checkpoint.position).into(),
            gtid_set: checkpoint.gtid_set.as_ref().map(ToString::to_string),
            event_time: time(checkpoint.event_time_us),
            written_at: time(checkpoint.written_at_us),
        }
    }
}

impl InstanceView {
    pub(crate) fn new(node: &str, instance: &InstanceInfo) -> Self {
        Self {
            node: node.to_owned(),
            core: instance.core.to_string(),
            host: instance.host.clone(),
            role: instance.role,
            epoch: instance.epoch.get(),
            spec_version: instance.spec_version,
            stage: instance.stage,
            since: time(instance.since_us),
        }
    }
}
