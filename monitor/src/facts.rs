//! What a Monitor knows at one moment: plain data, read from the tree by [`crate::observe`] and judged by
//! [`crate::rules`].

use crate::notify::outbox::Trouble;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName};
use replicator_model::status::TaskStatus;
use std::collections::BTreeMap;

/// A node's data, or why it can't be told: one broken node must not hide the others, nor pass for an empty one.
pub type Reading<T> = Result<T, String>;

/// Everything that the rules look at, as of one evaluation.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub tasks: BTreeMap<TaskName, TaskFacts>,
    /// The Cores alive, by group.
    pub cores: BTreeMap<GroupName, BTreeMap<CoreName, Reading<CoreInfo>>>,
    /// The channels that do not take what they are given, or can't be used.
    pub failing_channels: BTreeMap<ChannelName, Trouble>,
}

/// One task: what is wanted, and what its live nodes say.
#[derive(Debug, Clone)]
pub struct TaskFacts {
    /// `None` while no group's list has it.
    pub group: Option<GroupName>,
    /// `None` where nothing was ever ordered: the same as stopped.
    pub desired: Reading<Option<Desired>>,
    /// The registered instances in the order of their sequence.
    pub instances: Reading<Vec<InstanceInfo>>,
    /// `None` where no instance runs, for the node goes with it.
    pub status: Reading<Option<TaskStatus>>,
    /// How long the status has not changed by this Monitor's own clock, in seconds. A pipe writes it every second; one
    /// that hangs does not.
    pub status_age_seconds: f64,
}

/// A status that has not changed for so long is no longer believed, in seconds.
pub const STATUS_AGE_SECONDS_MAX: f64 = 15.0;

impl TaskFacts {
    /// Whether an operator wants its rows to move; `None` if that can't be told.
    pub fn started(&self) -> Option<bool> {
        let desired = self.desired.as_ref().ok()?;
        Some(desired.as_ref().is_some_and(|desired| desired.state == DesiredState::Running))
    }

    /// The status, as long as it is believed.
    pub fn fresh_status(&self) -> Option<&TaskStatus> {
        let status = self.status.as_ref().ok()?.as_ref()?;
        (self.status_age_seconds <= STATUS_AGE_SECONDS_MAX).then_some(status)
    }

    /// Seconds behind the source; `None` if it is not known, which is not zero.
    pub fn lag_seconds(&self) -> Option<f64> {
        self.fresh_status()?.lag_seconds.filter(|lag| lag.is_finite())
    }

    /// The instance that says it is RUNNING; `None` if there is none or it can't be told.
    pub fn running(&self) -> Option<&InstanceInfo> {
        self.instances.as_ref().ok()?.iter().find(|instance| instance.role == Role::Running)
    }
}
