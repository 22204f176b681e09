//! What is observed of a running task.

use crate::checkpoint::Checkpoint;
use crate::desired::TransactionPlace;
use crate::epoch::Epoch;
use crate::failure::Failure;
use crate::name::CoreName;
use crate::position::Position;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a pipe is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Warm, waiting for its turn.
    Standby,
    /// Connecting to the source and the target and finding the position.
    Starting,
    /// Rows move, or would if there were any.
    Streaming,
    /// A transient failure; it will be tried again.
    Retrying,
    /// The operator paused it.
    Paused,
    /// A definite failure; someone has to mend it.
    Failed,
    /// Draining before it lets go.
    Stopping,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Standby => "STANDBY",
            Stage::Starting => "STARTING",
            Stage::Streaming => "STREAMING",
            Stage::Retrying => "RETRYING",
            Stage::Paused => "PAUSED",
            Stage::Failed => "FAILED",
            Stage::Stopping => "STOPPING",
        })
    }
}

/// Amounts since the pipe was started, and per second over the last few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    pub transactions: u64,
    pub rows: u64,
    pub bytes: u64,
    pub transactions_per_second: f64,
    pub rows_per_second: f64,
    pub bytes_per_second: f64,
    /// Bytes read from the source and not yet taken by the consumer.
    pub queue_bytes: u64,
    /// Transactions of the target: fewer than those of the source under backlog. 0 where the target has none.
    #[serde(default)]
    pub commits: u64,
    /// Conflicts that are recorded at the target, also by earlier pipes.
    #[serde(default)]
    pub conflicts: u64,
    /// Schema changes that `consumer.ddl` left out.
    #[serde(default)]
    pub schema_changes_ignored: u64,
}

/// How long the source keeps what the task still has to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceLogs {
    /// The oldest file of the source's binary log that there is.
    pub oldest: String,
    /// After so many seconds the source purges a file that is no longer written; `None`: it keeps all.
    pub retention_seconds: Option<f64>,
    /// How old, by the source's clock, the oldest change is that the task has yet to read, in seconds at the most; 0 if
    /// it is in the file that the source writes, which is never purged; `None` while that is not known.
    pub checkpoint_age_seconds: Option<f64>,
}

/// What the lag of a task is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LagBy {
    /// The heartbeat rows that the task writes at the source.
    Heartbeat,
    /// The end of the source's binary log, and the oldest transaction that is not applied.
    Head,
}

/// The data of a task's `status` node: written by the RUNNING instance, gone with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskStatus {
    pub core: CoreName,
    pub epoch: Epoch,
    pub stage: Stage,
    pub spec_version: u64,
    /// The order of the operator that was carried out last.
    pub desired_generation: u64,
    /// What is durable at the target, if anything is.
    pub checkpoint: Option<Checkpoint>,
    /// Where the source's binary log ends, as last asked.
    pub source_head: Option<Position>,
    /// What the source still keeps of its binary log, as asked every minute or so; `None` while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_logs: Option<SourceLogs>,
    /// How far the target is behind the source in seconds: 0 when nothing is left to apply, `None` when it is not
    /// known.
    pub lag_seconds: Option<f64>,
    /// What `lag_seconds` is told by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_by: Option<LagBy>,
    /// The transactions that the source has and the target has not, as a GTID set: empty if that is none, `None` where it
    /// is not known. Of a MariaDB the domains that are ahead, with their last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid_missing: Option<String>,
    pub progress: Progress,
    /// Why it is RETRYING or FAILED; also the last failure that a retry overcame.
    pub failure: Option<Failure>,
    /// What does not stop it, and that somebody should mend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Failure>,
    /// The transaction that can't be carried, of a task that is FAILED: the one that may be skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_transaction: Option<TransactionPlace>,
    /// Transactions left out by order since the task was made.
    #[serde(default)]
    pub skipped: u64,
    /// How often it was tried again since it last streamed.
    pub retries: u32,
    pub since_us: i64,
    pub updated_us: i64,
}
