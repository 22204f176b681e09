//! All tasks, Cores, alerts, Servers and Monitors at one moment.

use crate::status::{self, Observation};
use crate::view::{StatusView, TaskSummary};
use bytes::Bytes;
use replicator_coordination::store::Node;
use replicator_model::alert::{Alert, AlertState};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::instance::{CoreInfo, InstanceInfo};
use replicator_model::monitor::MonitorInfo;
use replicator_model::name::{GroupName, TaskName};
use replicator_model::status::TaskStatus;
use replicator_model::stored::{CarriedOut, Stored, StoredError};
use replicator_model::task::TaskSpec;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Never changed: the next moment is another one, and shares what stayed the same.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    pub(crate) at_us: i64,
    pub(crate) tasks: BTreeMap<TaskName, Arc<TaskMoment>>,
    /// Tasks that are there and can't be read, and why.
    pub(crate) unreadable: BTreeMap<TaskName, String>,
    pub(crate) cores: BTreeMap<GroupName, Vec<CoreInfo>>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) servers: usize,
    pub(crate) monitors: Vec<MonitorInfo>,
}

/// One task at one moment.
#[derive(Debug)]
pub(crate) struct TaskMoment {
    pub(crate) status: StatusView,
    pub(crate) summary: TaskSummary,
    json: OnceLock<String>,
}

/// The nodes of a task as they were read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TaskNodes {
    pub(crate) task: Node,
    pub(crate) desired: Option<Node>,
    /// In the order in which they take over.
    pub(crate) instances: Vec<(String, Node)>,
    pub(crate) status: Option<Node>,
    pub(crate) last_commit: Option<Node>,
    pub(crate) carried_out: Option<Node>,
}

/// A spec and what it was read from: reading its patterns again and again would be most of the work.
#[derive(Debug, Clone)]
pub(crate) struct ReadSpec {
    pub(crate) from: Bytes,
    pub(crate) spec: TaskSpec,
}

impl TaskMoment {
    /// The summary as an event shows it.
    pub(crate) fn json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(&self.summary).unwrap_or_default())
    }
}

impl TaskNodes {
    /// What the task does, told from its nodes.
    pub(crate) fn tell(&self, spec: &TaskSpec, cores: &[CoreInfo], alerts: u32) -> Result<TaskMoment, StoredError> {
        let (mut instances, mut unreadable) = (Vec::new(), Vec::new());
        for (name, node) in &self.instances {
            match InstanceInfo::from_stored(&node.data) {
                Ok(info) => instances.push((name.clone(), info)),
                Err(problem) => unreadable.push((name.clone(), problem.to_string())),
            }
        }
        let observed = Observation {
            version: u64::try_from(self.task.version.0).unwrap_or(0),
            spec: spec.clone(),
            desired: read::<Desired>(self.desired.as_ref())?.unwrap_or_else(Desired::stopped),
            instances,
            unreadable,
            status: read::<TaskStatus>(self.status.as_ref())?,
            last_commit: read::<Checkpoint>(self.last_commit.as_ref())?,
            carried_out: read::<CarriedOut>(self.carried_out.as_ref())?.unwrap_or_default(),
            cores: cores.to_vec(),
        };
        let status = status::view(&observed);
        let summary = TaskSummary { alerts, ..TaskSummary::from(status.clone()) };
        Ok(TaskMoment { status, summary, json: OnceLock::new() })
    }

    /// Whether the Cores of the group matter, because they say why nobody runs it.
    pub(crate) fn needs_cores(&self) -> bool {
        let desired = read::<Desired>(self.desired.as_ref()).ok().flatten();
        desired.is_some_and(|desired| desired.state != DesiredState::Stopped) && self.status.is_none()
    }
}

fn read<T: Stored>(node: Option<&Node>) -> Result<Option<T>, StoredError> {
    node.map(|node| T::from_stored(&node.data)).transpose()
}

/// How many alerts fire about each task.
pub(crate) fn alerts_by_task(alerts: &[Alert]) -> BTreeMap<TaskName, u32> {
    let mut counts = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.state == AlertState::Firing) {
        if let Some(task) = alert.subject.task() {
            *counts.entry(task.clone()).or_insert(0) += 1;
        }
    }
    counts
}

/// A task in a state, for tests of what is made of a picture.
#[cfg(test)]
pub(crate) fn sample(name: &str, state: crate::view::TaskState, lag_seconds: Option<f64>) -> TaskMoment {
    let text = format!(
        r#"{{"name":"{name}","group":"g1","producer":{{"host":"db1","user":"r"}},"consumer":{{"kind":"stdout"}}}}"#
    );
    let spec = TaskSpec::from_json(text.as_bytes()).unwrap();
    let observed = Observation {
        version: 0,
        spec,
        desired: Desired::stopped(),
        instances: Vec::new(),
        unreadable: Vec::new(),
        status: None,
        last_commit: None,
        carried_out: CarriedOut::default(),
        cores: Vec::new(),
    };
    let status = StatusView { state, lag_seconds, ..status::view(&observed) };
    TaskMoment { summary: TaskSummary::from(status.clone()), status, json: OnceLock::new() }
}
