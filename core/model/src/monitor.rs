//! A Monitor among those that watch, and what it remembers of tasks.

use crate::epoch::Epoch;
use crate::name::{CoreName, TaskName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The data of `monitors/<name>-<sequence>`, written by that Monitor alone every few seconds, so that others see whether
/// it does its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorInfo {
    pub monitor: String,
    pub version: String,
    pub since_us: i64,
    /// When it last saw the whole tree, by its own clock.
    pub evaluated_us: i64,
    /// Whether it is the one that keeps alerts and tells people.
    pub leads: bool,
}

/// The data of `alerts/leases`: what live nodes do not tell, because it is past. Written by the leading Monitor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeaseMemory {
    pub tasks: BTreeMap<TaskName, LeasesOfTask>,
}

/// Who ran a task, and what was refused to those who no longer do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeasesOfTask {
    /// The Core that was last seen RUNNING, and its epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<CoreName>,
    #[serde(default)]
    pub epoch: Epoch,
    /// The order under which it was: a lease under another order is what an operator wanted.
    #[serde(default)]
    pub generation: u64,
    /// When the lease was last seen under an order that may be about to end it: what comes then is what an operator
    /// wanted too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_end_us: Option<i64>,
    /// When new leases under the same order were seen, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leases_us: Vec<i64>,
    /// When another Core was last seen to have taken over, and from whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<TakenOver>,
    /// The Cores that are registered for it, and those that were when they were lost.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cores: BTreeSet<CoreName>,
    /// How many refusals each Core has told of, and when that last grew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<CoreName, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_us: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    pub from: CoreName,
    pub at_us: i64,
}
