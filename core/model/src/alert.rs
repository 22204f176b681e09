//! What a Monitor found wrong and whom it told: kept in the tree so that another Monitor goes on where one ended, and
//! so that Servers can show it.

use crate::name::{ChannelName, CoreName, GroupName, TaskName};
use crate::rule::Unit;
use crate::silence::Acknowledgement;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Most characters of a Monitor's name in an alert's identity.
const NODE_PART_MAX: usize = 64;

/// Most alerts that one message names beside its own; the others are only counted.
pub const JOINED_MAX: usize = 20;

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
    /// A channel that people are told by.
    Channel(ChannelName),
    /// A Monitor, by the name in its settings.
    Monitor(String),
}

impl Subject {
    /// The task that it is about, if it is about one.
    pub fn task(&self) -> Option<&TaskName> {
        match self {
            Subject::Task(task) => Some(task),
            Subject::Core { .. } | Subject::Coordination | Subject::Channel(_) | Subject::Monitor(_) => None,
        }
    }
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
            Subject::Channel(channel) => format!("{rule}:{channel}"),
            Subject::Monitor(monitor) => format!("{rule}:{}", node_part(monitor)),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A free name as part of an identity, which is a node of the tree too.
fn node_part(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.chars().take(NODE_PART_MAX).map(|c| if allowed(c) { c } else { '_' }).collect()
}

impl From<String> for AlertId {
    /// An identity as somebody wrote it; whether there is such an alert is another question.
    fn from(text: String) -> Self {
        Self(text)
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
    /// What was measured, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Of `value` and `threshold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    pub reason: String,
    pub hint: String,
}

/// An alert that is told by the message about another one, because that one is its cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    pub id: AlertId,
    pub rule: String,
    pub subject: Subject,
    pub severity: Severity,
    pub reason: String,
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
    /// The same for alerts that belong together; see [`Alert::group_key`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group_key: String,
    /// What this alert is the cause of, the worst first, at most [`JOINED_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<Joined>,
    /// How many more than `joined` there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub joined_more: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
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
    /// What an operator said about this firing. Nobody is told again, only of its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// The silences that keep it quiet now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silenced_by: Vec<String>,
    /// The identity of the alert that this one belongs to: its cause's, or its own. Whoever is told of the cause is
    /// told of this one by the same message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group_key: String,
    /// How bad the worst was that a message of this group told, if any was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_severity: Option<Severity>,
    /// Messages that have not reached everybody, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<OwedNotice>,
}

impl Alert {
    pub fn id(&self) -> AlertId {
        AlertId::of(&self.rule, &self.subject)
    }
}

/// An alert that is over, for people who look back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedAlert {
    pub rule: String,
    pub subject: Subject,
    #[serde(flatten)]
    pub evidence: Evidence,
    pub since_us: i64,
    pub resolved_us: i64,
    pub notices: u32,
}

/// The data of `alerts/history/<day>`: what fired and ended on one day of UTC, oldest first, written by the leading
/// Monitor.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AlertHistory {
    pub alerts: Vec<ResolvedAlert>,
    /// How many older ones of the day were dropped because there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u32,
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
