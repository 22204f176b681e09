//! What a Monitor found wrong and whom it told: kept in the tree so that another Monitor goes on where one ended, and
//! so that Servers can show it.

use crate::name::{CoreName, GroupName, TaskName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; nobody has to act.
    Info,
    /// Somebody should act in working hours.
    Warning,
    /// Somebody should act now.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        })
    }
}

/// What an alert is about. With the rule it makes the alert's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Task(TaskName),
    Core {
        group: GroupName,
        core: CoreName,
    },
    /// The coordination service as one Monitor sees it.
    Coordination,
}

/// Names an alert over its whole life and over restarts: `task_failed:copy`, `core_gone:group1:core7`. Readable, and
/// unique because neither rules nor names contain a colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(String);

impl AlertId {
    pub fn of(rule: &str, subject: &Subject) -> Self {
        Self(match subject {
            Subject::Task(task) => format!("{rule}:{task}"),
            Subject::Core { group, core } => format!("{rule}:{group}:{core}"),
            Subject::Coordination => rule.to_owned(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an alert is in its life; what is inactive has no [`Alert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// The condition holds, not yet for as long as its rule wants.
    Pending,
    /// Somebody is told.
    Firing,
    /// It is over, and kept only until everybody who is to be told has been.
    Resolved,
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
            AlertState::Resolved => "resolved",
        })
    }
}

/// What was seen, in words and numbers for an operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub severity: Severity,
    /// The group that the subject belongs to, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// The Core that it was seen on, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<CoreName>,
    /// What was measured, in the unit of the rule (seconds for all rules so far), if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    pub reason: String,
    pub hint: String,
}

/// One message about an alert, the same to every channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub id: AlertId,
    pub rule: String,
    pub subject: Subject,
    /// Firing or resolved.
    pub state: AlertState,
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Since when the condition has held.
    pub since_us: i64,
    /// When this message was made.
    pub at_us: i64,
    /// Counts the messages about one firing: 1 is the first, more are repetitions.
    pub number: u32,
}

impl Notice {
    /// The same for every attempt to deliver this message and for no other message: receivers drop what they have
    /// seen by it.
    pub fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.id, self.since_us, self.state, self.number)
    }
}

/// A message that has not reached every channel yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwedNotice {
    pub notice: Notice,
    /// The channels that have not taken it.
    pub channels: BTreeSet<String>,
}

/// The data of `alerts/…/<id>`, written by the leading Monitor alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub rule: String,
    pub subject: Subject,
    pub state: AlertState,
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Since when the condition has held.
    pub since_us: i64,
    /// When it was last seen to hold, give or take the ten seconds between two writes.
    pub seen_us: i64,
    /// While FIRING: since when the condition has been gone, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_since_us: Option<i64>,
    /// When the last message about it was made; 0 if none was.
    pub told_us: i64,
    /// How many messages about this firing were made.
    pub notices: u32,
    /// Messages that have not reached everybody, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<OwedNotice>,
}

impl Alert {
    pub fn id(&self) -> AlertId {
        AlertId::of(&self.rule, &self.subject)
    }
}

/// The Cores that Monitors have seen in their groups, and what they held when they were last seen: what was once there
/// can't be read from live nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CoreRoster {
    pub cores: Vec<KnownCore>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCore {
    pub group: GroupName,
    pub core: CoreName,
    pub host: String,
    /// How many tasks it was registered for when it was last seen.
    pub held: u32,
    /// Since when it has been gone; `None` while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_us: Option<i64>,
}
