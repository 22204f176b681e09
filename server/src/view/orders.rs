//! Orders that happen once: where a task goes on, what it leaves out, who runs it.

use super::status::{FailureView, PositionView};
use super::task::OrderView;
use super::words::StartWord;
use replicator_model::name::CoreName;
use replicator_model::position::Position;
use replicator_model::task::Start;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a task is to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": {"file": "bin.000042", "offset": 4}}))]
pub struct RewindRequest {
    #[schema(value_type = RewindStart)]
    pub to: Start,
}

/// `"latest"`, `"earliest"`, after a GTID set, at a file and an offset, or at a time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RewindStart {
    Word(StartWord),
    Gtid {
        /// After these transactions.
        gtid: String,
    },
    Position {
        file: String,
        #[schema(minimum = 4)]
        offset: u64,
    },
    Time {
        /// RFC 3339: at the first transaction that was committed then or later.
        time: String,
    },
}

/// Which way a rewind goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Transactions are applied again.
    Back,
    /// Transactions are left out.
    Forward,
    Same,
}

/// How transactions were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CountedBy {
    Gtid,
    Log,
}

/// What a rewind means. Absent is not known; `explanation` says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RewindView {
    /// What is applied now.
    pub from: Option<PositionView>,
    pub from_gtid_set: Option<String>,
    pub to: Option<PositionView>,
    pub to_gtid_set: Option<String>,
    pub direction: Option<Direction>,
    /// Transactions of the source, of whatever tables, that are applied again or left out.
    pub transactions: Option<u64>,
    /// Bytes of the source's log between the two.
    pub bytes: Option<u64>,
    pub counted_by: Option<CountedBy>,
    /// What happens, in words.
    pub explanation: String,
    pub warnings: Vec<String>,
}

/// A rewind that was ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RewoundView {
    #[serde(flatten)]
    pub order: OrderView,
    pub preview: RewindView,
}

/// What can be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkipView {
    /// Why the task stands still.
    pub failure: Option<FailureView>,
    /// The transaction that can't be carried; absent if none is known.
    pub transaction: Option<SkippableTransaction>,
    pub explanation: String,
}

/// A transaction of the source, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "position": {"file": "bin.000042", "offset": 1234}, "gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:100",
    "committed_at": "2026-11-22T08:00:00Z", "tables": ["shop.item"], "rows": 1,
    "sample": ["INSERT shop.item (id='1', name='one')"],
}))]
pub struct SkippableTransaction {
    pub position: PositionView,
    pub gtid: Option<String>,
    pub committed_at: Option<String>,
    /// Tables of its rows, also those that the task does not replicate.
    pub tables: Vec<String>,
    /// Absent if it could not be read, or not to its end.
    pub rows: Option<u64>,
    /// Its first changes. Long values are cut.
    pub sample: Vec<String>,
}

/// Which transaction to leave out: the one that was shown, by its GTID or its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:100", "reason": "applied by hand"}))]
pub struct SkipRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PositionView>)]
    pub position: Option<Position>,
    /// Why, in your words.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Who is to run the task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "core2"}))]
pub struct HandoverRequest {
    /// The Core that is expected to take over: the next in line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub to: Option<CoreName>,
}
