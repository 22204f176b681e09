//! Conflicts, as a target recorded them.

use super::PositionView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows that were not what a change of them expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConflictList {
    /// How many the target has recorded; absent where it could not be asked.
    pub recorded: Option<u64>,
    /// Newest first.
    pub conflicts: Vec<ConflictView>,
    /// To be given as `before` for those that are older; absent if there are no more.
    pub next: Option<u64>,
    /// Why nothing is known.
    pub explanation: Option<String>,
}

/// A change that did not find its row as the source had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": 7, "found_at": "2026-11-22T08:00:00Z", "position": {"file": "bin.000042", "offset": 1234}, "table": "shop.item",
    "reason": "row_not_found", "action": "skipped",
    "change": {"type": "UPDATE", "data": [{"id": "1", "name": "one"}], "old": [{"name": "two"}], "pkNames": ["id"]},
}))]
pub struct ConflictView {
    pub id: u64,
    pub found_at: Option<String>,
    /// Where the change stands in the source's log.
    pub position: PositionView,
    /// At the target.
    pub table: String,
    /// `row_not_found`, `row_differs` or `duplicate_key`.
    pub reason: String,
    /// `overwritten` or `skipped`.
    pub action: String,
    /// The change in the form of messages in Kafka.
    #[schema(value_type = Object)]
    pub change: serde_json::Value,
}
