//! Tasks as they are wanted.

use super::status::{EndView, FailureView, StatusView, TaskState};
use super::task_spec::TaskDocument;
use super::words::DesiredWord;
use replicator_model::desired::{Desired, DesiredState, OnceOrder};
use replicator_model::stored::CarriedOut;
use replicator_model::task::TaskSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use utoipa::ToSchema;

/// A page of tasks, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    pub tasks: Vec<TaskSummary>,
    /// Give it as `after` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Tasks whose nodes can't be read; on the first page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableTask>,
    /// How many tasks there are of what was asked for, on all pages.
    #[serde(default)]
    pub total: u64,
    /// How many are in each state, of those asked for but for `state`.
    #[serde(default)]
    pub counts: BTreeMap<TaskState, u64>,
}

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskSort {
    #[default]
    Name,
    /// The worst first.
    State,
    /// The largest first, what is not known last.
    Lag,
}

/// A task that is there and can't be read: damaged, or written by a newer program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadableTask {
    pub name: String,
    pub reason: String,
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskSummary {
    pub name: String,
    pub group: String,
    pub version: u64,
    pub source: EndView,
    pub target: EndView,
    pub desired: DesiredView,
    pub state: TaskState,
    /// Why `state` is not what is wanted, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<FailureView>,
    /// The Core of the RUNNING instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_on: Option<String>,
    pub standbys: u32,
    /// Seconds that the target is behind; absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_per_second: Option<f64>,
    /// How many alerts fire about it.
    #[serde(default)]
    pub alerts: u32,
    /// Lag in seconds, a number for each of the last 30 minutes, if it was asked for; `null` where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_history: Option<Vec<Option<f64>>>,
}

/// One task: its spec, which version it is, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    /// Also the ETag.
    pub version: u64,
    pub desired: DesiredView,
    /// Secrets read `********`; sent back so, they stay what they are.
    #[schema(value_type = TaskDocument)]
    pub spec: TaskSpec,
}

/// What is wanted of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"state": "running", "generation": 3}))]
pub struct DesiredView {
    #[schema(value_type = DesiredWord)]
    pub state: DesiredState,
    /// Grows with every order.
    pub generation: u64,
    /// What was ordered to happen once, and has not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<OwedWord>,
}

/// Something that is carried out once, before the next change flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwedWord {
    Rewind,
    Skip,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"desired": {"state": "running", "generation": 3}, "changed": true}))]
pub struct OrderView {
    pub desired: DesiredView,
    /// Whether anything had to be ordered: `false` if it was wanted already.
    pub changed: bool,
}

impl fmt::Display for OwedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OwedWord::Rewind => "a rewind, when it runs",
            OwedWord::Skip => "a transaction to leave out, when it runs",
        })
    }
}

impl From<&Desired> for DesiredView {
    fn from(desired: &Desired) -> Self {
        Self { state: desired.state, generation: desired.generation, owed: None }
    }
}

impl DesiredView {
    pub(crate) fn with_owed(desired: &Desired, carried_out: CarriedOut) -> Self {
        let owed = desired.owed(carried_out.generation).map(|once| match once.what {
            OnceOrder::Rewind(_) => OwedWord::Rewind,
            OnceOrder::Skip(_) => OwedWord::Skip,
        });
        Self { owed, ..desired.into() }
    }
}

impl From<StatusView> for TaskSummary {
    fn from(status: StatusView) -> Self {
        let standbys = status.instances.len() - usize::from(status.running.is_some());
        Self {
            name: status.name,
            group: status.group,
            version: status.version,
            source: status.source,
            target: status.target,
            desired: status.desired,
            state: status.state,
            explanation: status.explanation,
            running_on: status.running.map(|running| running.core),
            standbys: u32::try_from(standbys).unwrap_or(u32::MAX),
            lag_seconds: status.lag_seconds,
            rows_per_second: status.progress.map(|progress| progress.rows_per_second),
            alerts: 0,
            lag_history: None,
        }
    }
}
