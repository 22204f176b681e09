//! What a task did over time.

use super::status::TaskState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A task over time, as this Server saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryView {
    /// How much time each point stands for.
    pub step_seconds: u64,
    pub series: HistorySeries,
    /// What it was doing, oldest first. Where no segment is, nobody looked.
    pub states: Vec<StateSegment>,
}

/// Points as `[seconds since 1970, value]`; `null` where nobody looked or nothing was known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistorySeries {
    /// The largest of each step.
    pub lag_seconds: Vec<(i64, Option<f64>)>,
    /// The mean of each step, as the others.
    pub rows_per_second: Vec<(i64, Option<f64>)>,
    pub transactions_per_second: Vec<(i64, Option<f64>)>,
    pub bytes_per_second: Vec<(i64, Option<f64>)>,
    /// The largest of each step.
    pub queue_bytes: Vec<(i64, Option<f64>)>,
}

/// A time in which a task was in one state on one Core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "from": "2026-11-22T08:00:00Z", "to": "2026-11-22T09:00:00Z", "state": "running", "core": "core1",
}))]
pub struct StateSegment {
    pub from: Option<String>,
    /// When it was last seen so.
    pub to: Option<String>,
    pub state: TaskState,
    /// The Core of the RUNNING instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
}
