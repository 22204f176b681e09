//! A task that stopped for a reason that does not go away by itself.

use super::{Common, Finding, Verdict};
use crate::facts::{Facts, TaskFacts};
use replicator_model::alert::{Evidence, Severity, Subject};
use replicator_model::desired::DesiredState;
use replicator_model::span::Span;
use replicator_model::status::Stage;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "task_failed";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub enabled: bool,
    pub severity: Severity,
    /// No waiting: the Core has already found that trying again does not help.
    #[serde(rename = "for")]
    pub hold: Span,
    pub keep_firing_for: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Critical,
            hold: Span::from_secs(0),
            keep_firing_for: Span::from_secs(0),
        }
    }
}

impl Settings {
    pub(crate) fn common(&self) -> Common {
        let Self { enabled, severity, hold, keep_firing_for } = *self;
        Common { enabled, severity, hold, keep_firing: keep_firing_for }
    }
}

pub fn findings(facts: &Facts, settings: &Settings) -> Vec<Finding> {
    let judge = |(task, seen): (&_, &TaskFacts)| {
        let verdict = verdict(seen)?;
        let evidence = evidence(task, seen, settings);
        Some(Finding { rule: NAME, subject: Subject::Task(Clone::clone(task)), verdict, evidence })
    };
    facts.tasks.iter().filter_map(judge).collect()
}

/// While a task that is wanted has no status, or only begins, it is not known whether it would fail again: so that a
/// takeover of a failed task, or starting it in vain, is one alert and not many.
fn verdict(seen: &TaskFacts) -> Option<Verdict> {
    match &seen.desired {
        Ok(desired) if desired.as_ref().is_none_or(|desired| desired.state == DesiredState::Stopped) => return None,
        _ => {}
    }
    match &seen.status {
        Ok(Some(status)) => match status.stage {
            Stage::Failed => Some(Verdict::Holds),
            Stage::Standby | Stage::Starting | Stage::Stopping => Some(Verdict::Unknown),
            Stage::Streaming | Stage::Retrying | Stage::Paused => None,
        },
        Ok(None) | Err(_) => Some(Verdict::Unknown),
    }
}

fn evidence(task: &impl std::fmt::Display, seen: &TaskFacts, settings: &Settings) -> Evidence {
    let status = seen.status.as_ref().ok().and_then(Option::as_ref);
    let (reason, hint) = match status.and_then(|status| status.failure.as_ref()) {
        Some(failure) => (format!("task {task} FAILED [{}]: {}", failure.code, failure.reason), failure.hint.clone()),
        None => (format!("task {task} FAILED"), format!("see `replicator task show {task}`")),
    };
    Evidence {
        severity: settings.severity,
        group: seen.group.clone(),
        core: status.map(|status| status.core.clone()),
        value: None,
        threshold: None,
        unit: None,
        reason,
        hint,
    }
}
