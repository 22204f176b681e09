//! Everything at a glance.

use super::audit::AuditEntryView;
use super::status::TaskState;
use super::task::TaskSummary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is there, and what needs somebody now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverviewView {
    pub tasks: OverviewTasks,
    /// What needs somebody, the worst first, at most 50.
    pub attention: Vec<Attention>,
    pub alerts: AlertCounts,
    pub cores: CoreCounts,
    /// Servers that are alive, this one included.
    pub servers: u64,
    pub monitors: MonitorCounts,
    /// The last ten changes that were made; none for whoever may not see the audit.
    pub changes: Vec<AuditEntryView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverviewTasks {
    pub total: u64,
    pub by_state: BTreeMap<TaskState, u64>,
    /// The ten that are furthest behind, of those that are behind.
    pub worst_lag: Vec<TaskSummary>,
}

/// Something that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "kind": "task_failed", "subject": "copy_hot_item", "since": "2026-11-22T08:00:00Z",
    "text": "db1.example:3306: user `replicator` was refused", "link": "/tasks/copy_hot_item",
}))]
pub struct Attention {
    pub kind: AttentionKind,
    /// The task, Core or alert that it is about; empty where it is about everything.
    pub subject: String,
    /// Since when, as far as it is known.
    pub since: Option<String>,
    pub text: String,
    /// The console's page.
    pub link: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// No Monitor has looked at anything for a while: nobody is told of anything.
    MonitorMissing,
    TaskFailed,
    TaskNotRunning,
    TaskUnreadable,
    /// An alert fires that nobody has acknowledged and nothing silences.
    AlertFiring,
    TaskRetrying,
}

/// How many alerts there are; each counts once, under the first that is true of it from the right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertCounts {
    pub firing: u64,
    pub acknowledged: u64,
    pub silenced: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoreCounts {
    pub alive: u64,
    pub groups: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonitorCounts {
    pub alive: u64,
    /// The one that keeps alerts and tells people.
    pub leader: Option<String>,
    /// Since it last saw the whole tree.
    pub last_evaluation_age_seconds: Option<f64>,
}
