//! Alerts, acknowledgements and silences.

use super::time;
use super::words::{AlertStateWord, SeverityWord, UnitWord};
use replicator_model::alert::{Alert, AlertState, ResolvedAlert, Severity, Subject};
use replicator_model::rule::Unit;
use replicator_model::silence::{Acknowledgement, Silence, SilenceMatcher};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Alerts, the worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertList {
    pub alerts: Vec<AlertView>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "task_lag_warning:copy_hot_item", "rule": "task_lag_warning", "severity": "warning", "state": "firing",
    "subject": {"kind": "task", "task": "copy_hot_item"}, "value": 31.5, "threshold": 30.0, "unit": "seconds",
    "since": "2026-11-22T08:00:00Z", "seen_at": "2026-11-22T08:05:00Z",
    "reason": "task copy_hot_item is 31.5 s behind its source", "hint": "look at the target's load and locks",
    "acknowledged": null, "silenced_by": [], "notices": 1, "group_key": "task_lag_warning:copy_hot_item",
}))]
pub struct AlertView {
    pub id: String,
    pub rule: String,
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    #[schema(value_type = AlertStateWord)]
    pub state: AlertState,
    pub subject: SubjectView,
    /// What was measured; `null` if nothing was.
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    /// Of `value` and `threshold`.
    #[schema(value_type = Option<UnitWord>)]
    pub unit: Option<Unit>,
    /// Since when the condition has held.
    pub since: Option<String>,
    /// When it was last seen to hold.
    pub seen_at: Option<String>,
    pub reason: String,
    pub hint: String,
    /// What somebody said about this firing.
    pub acknowledged: Option<AcknowledgedView>,
    /// The silences that keep it quiet now.
    pub silenced_by: Vec<String>,
    /// How many messages about this firing were made.
    pub notices: u32,
    /// The same for alerts that are told by one message.
    pub group_key: String,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectView {
    pub kind: SubjectKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    Task,
    Core,
    Coordination,
    Channel,
    Monitor,
}

/// Somebody is at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"by": "alice", "at": "2026-11-22T08:06:00Z", "note": "the target is being repaired"}))]
pub struct AcknowledgedView {
    pub by: String,
    pub at: Option<String>,
    pub note: String,
}

/// Says that somebody is at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeRequest {
    /// For the others.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: String,
}

/// What fired and ended in the last days, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertHistoryView {
    pub alerts: Vec<ResolvedView>,
    /// Older ones that were too many to be kept.
    pub dropped: u32,
}

/// An alert that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedView {
    pub id: String,
    pub rule: String,
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    /// Resolved.
    #[schema(value_type = AlertStateWord)]
    pub state: AlertState,
    pub subject: SubjectView,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    #[schema(value_type = Option<UnitWord>)]
    pub unit: Option<Unit>,
    pub since: Option<String>,
    pub resolved_at: Option<String>,
    pub reason: String,
    pub hint: String,
    pub notices: u32,
}

/// Silences: those that hold, those to come, and for a while those that are over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SilenceList {
    pub silences: Vec<SilenceView>,
}

/// Nobody is told of what matches until it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0b0e7c1e-6f0c-4b0e-9a52-3d7f3c1f6c55", "matcher": {"task": "copy_hot_item"}, "state": "active",
    "from": "2026-11-22T08:00:00Z", "until": "2026-11-22T10:00:00Z", "by": "alice", "reason": "the target moves",
    "alerts": ["task_lag_warning:copy_hot_item"],
}))]
pub struct SilenceView {
    pub id: String,
    pub matcher: MatcherView,
    pub state: SilenceState,
    pub from: Option<String>,
    pub until: Option<String>,
    pub by: String,
    pub reason: String,
    /// The alerts that it keeps quiet now.
    pub alerts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SilenceState {
    Active,
    Pending,
    Over,
}

/// Which alerts: those for which all that is given is so. At least one is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatcherView {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SeverityWord>)]
    pub severity: Option<Severity>,
}

/// A silence to begin. It ends: `until` or `lasts` is given, and it lasts at most 30 days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"matcher": {"task": "copy_hot_item"}, "lasts": "2h", "reason": "the target moves"}))]
pub struct SilenceRequest {
    pub matcher: MatcherView,
    /// Default: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Such as `30m`, `2h`, `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
}

impl AlertView {
    pub(crate) fn new(alert: Alert, said: Option<&Acknowledgement>, silenced_by: Vec<String>) -> Self {
        Self {
            id: alert.id().to_string(),
            subject: (&alert.subject).into(),
            severity: alert.evidence.severity,
            state: alert.state,
            value: alert.evidence.value,
            threshold: alert.evidence.threshold,
            unit: alert.evidence.unit,
            since: time(alert.since_us),
            seen_at: time(alert.seen_us),
            reason: alert.evidence.reason,
            hint: alert.evidence.hint,
            acknowledged: said.filter(|said| said.since_us == alert.since_us).map(AcknowledgedView::from),
            silenced_by,
            notices: alert.notices,
            group_key: alert.group_key,
            rule: alert.rule,
        }
    }
}

impl From<&Acknowledgement> for AcknowledgedView {
    fn from(said: &Acknowledgement) -> Self {
        Self { by: said.by.clone(), at: time(said.at_us), note: said.note.clone() }
    }
}

impl From<ResolvedAlert> for ResolvedView {
    fn from(alert: ResolvedAlert) -> Self {
        let id = replicator_model::alert::AlertId::of(&alert.rule, &alert.subject).to_string();
        Self {
            id,
            subject: (&alert.subject).into(),
            severity: alert.evidence.severity,
            state: AlertState::Resolved,
            value: alert.evidence.value,
            threshold: alert.evidence.threshold,
            unit: alert.evidence.unit,
            since: time(alert.since_us),
            resolved_at: time(alert.resolved_us),
            reason: alert.evidence.reason,
            hint: alert.evidence.hint,
            notices: alert.notices,
            rule: alert.rule,
        }
    }
}

impl From<&Subject> for SubjectView {
    fn from(subject: &Subject) -> Self {
        let of = |kind| Self { kind, task: None, group: None, core: None, channel: None, monitor: None };
        match subject {
            Subject::Task(task) => Self { task: Some(task.to_string()), ..of(SubjectKind::Task) },
            Subject::Core { group, core } => {
                Self { group: Some(group.to_string()), core: Some(core.to_string()), ..of(SubjectKind::Core) }
            }
            Subject::Coordination => of(SubjectKind::Coordination),
            Subject::Channel(channel) => Self { channel: Some(channel.to_string()), ..of(SubjectKind::Channel) },
            Subject::Monitor(monitor) => Self { monitor: Some(monitor.clone()), ..of(SubjectKind::Monitor) },
        }
    }
}

impl From<&SilenceMatcher> for MatcherView {
    fn from(matcher: &SilenceMatcher) -> Self {
        Self {
            rule: matcher.rule.clone(),
            task: matcher.task.as_ref().map(ToString::to_string),
            group: matcher.group.as_ref().map(ToString::to_string),
            core: matcher.core.as_ref().map(ToString::to_string),
            severity: matcher.severity,
        }
    }
}

impl SilenceView {
    pub(crate) fn new(id: String, silence: &Silence, now_us: i64, alerts: Vec<String>) -> Self {
        let state = match silence {
            _ if silence.is_active(now_us) => SilenceState::Active,
            _ if now_us < silence.from_us => SilenceState::Pending,
            _ => SilenceState::Over,
        };
        Self {
            id,
            matcher: (&silence.matcher).into(),
            state,
            from: time(silence.from_us),
            until: time(silence.until_us),
            by: silence.by.clone(),
            reason: silence.reason.clone(),
            alerts,
        }
    }
}
