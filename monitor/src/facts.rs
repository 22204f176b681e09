//! What a Monitor knows at one moment: plain data, read from the tree by [`crate::observe`] and judged by
//! [`crate::rules`].

use crate::advance::Advance;
use crate::notify::outbox::Trouble;
use replicator_model::alert::AlertId;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::monitor::MonitorInfo;
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName};
use replicator_model::rule_settings::RuleSettings;
use replicator_model::silence::{Acknowledgement, Silence};
use replicator_model::status::{Stage, TaskStatus};
use replicator_model::task::Standby;
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
    /// The Monitors registered, by the name of their node.
    pub monitors: BTreeMap<String, MonitorFacts>,
    pub orders: Orders,
}

/// What operators said about rules and alerts.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// `None` where nobody ever set anything.
    pub rules: Option<Reading<RuleSettings>>,
    pub acknowledgements: BTreeMap<AlertId, Reading<Acknowledgement>>,
    pub silences: BTreeMap<String, Reading<Silence>>,
}

/// One task: what is wanted, and what its live nodes say.
#[derive(Debug, Clone)]
pub struct TaskFacts {
    /// `None` while no group's list has it.
    pub group: Option<GroupName>,
    /// What its spec says of concern here; nothing else of it is kept.
    pub spec: Reading<SpecFacts>,
    /// `None` where nothing was ever ordered: the same as stopped.
    pub desired: Reading<Option<Desired>>,
    /// The registered instances in the order of their sequence.
    pub instances: Reading<Vec<InstanceInfo>>,
    /// `None` where no instance runs, for the node goes with it.
    pub status: Reading<Option<TaskStatus>>,
    /// How long the status has not changed by this Monitor's own clock, in seconds. A pipe writes it every second; one
    /// that hangs does not.
    pub status_age_seconds: f64,
    /// Whether its checkpoint moves.
    pub advance: Advance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecFacts {
    pub version: u64,
    pub standby: Standby,
}

/// A registered Monitor, and how long its node has not changed by this Monitor's clock.
#[derive(Debug, Clone)]
pub struct MonitorFacts {
    pub info: Reading<MonitorInfo>,
    pub age_seconds: f64,
    /// Whether it is this one: nobody can judge its own lateness.
    pub own: bool,
}

/// A status that has not changed for so long is no longer believed, in seconds.
pub const STATUS_AGE_SECONDS_MAX: f64 = 15.0;

impl Facts {
    /// What can't be read beside tasks and Cores.
    pub fn problems(&self) -> impl Iterator<Item = &String> {
        let Orders { rules, acknowledgements, silences } = &self.orders;
        let rules = rules.iter().filter_map(|one| one.as_ref().err());
        let acknowledgements = acknowledgements.values().filter_map(|one| one.as_ref().err());
        let silences = silences.values().filter_map(|one| one.as_ref().err());
        let monitors = self.monitors.values().filter_map(|one| one.info.as_ref().err());
        rules.chain(acknowledgements).chain(silences).chain(monitors)
    }
}

impl TaskFacts {
    /// What an operator wants; `None` if that can't be told. What was never ordered is stopped.
    pub fn wanted(&self) -> Option<DesiredState> {
        let desired = self.desired.as_ref().ok()?;
        Some(desired.as_ref().map_or(DesiredState::Stopped, |desired| desired.state))
    }

    /// Whether an operator wants its rows to move; `None` if that can't be told.
    pub fn started(&self) -> Option<bool> {
        Some(self.wanted()? == DesiredState::Running)
    }

    /// The status, if it was written lately.
    pub fn fresh_status(&self) -> Option<&TaskStatus> {
        let status = self.status.as_ref().ok()?.as_ref()?;
        (self.status_age_seconds <= STATUS_AGE_SECONDS_MAX).then_some(status)
    }

    /// The status, as long as it is believed: one that streams is written every second, any other only when it changes.
    pub fn believed_status(&self) -> Option<&TaskStatus> {
        let status = self.status.as_ref().ok()?.as_ref()?;
        if status.stage == Stage::Streaming { self.fresh_status() } else { Some(status) }
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
