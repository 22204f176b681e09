//! A started task that nobody runs: its changes wait at the source, and the source purges its log one day.

use super::{Common, Finding, Verdict};
use crate::facts::{Facts, TaskFacts};
use replicator_model::alert::{Evidence, Severity, Subject};
use replicator_model::instance::Role;
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "no_running_instance";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub enabled: bool,
    pub severity: Severity,
    /// Long enough for a standby to take over after a lost session, so that a takeover wakes nobody.
    #[serde(rename = "for")]
    pub hold: Span,
    pub keep_firing_for: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Critical,
            hold: Span::from_secs(30),
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
    let mut findings = Vec::new();
    for (task, seen) in &facts.tasks {
        let verdict = match (seen.started(), &seen.instances) {
            (Some(false), _) => continue,
            (None, _) | (_, Err(_)) => Verdict::Unknown,
            (Some(true), Ok(instances)) if instances.iter().any(|one| one.role == Role::Running) => continue,
            (Some(true), Ok(_)) => Verdict::Holds,
        };
        let (reason, hint) = words(task.as_str(), seen, facts);
        let evidence = Evidence {
            severity: settings.severity,
            group: seen.group.clone(),
            core: None,
            value: None,
            threshold: None,
            unit: None,
            reason,
            hint,
        };
        findings.push(Finding { rule: NAME, subject: Subject::Task(task.clone()), verdict, evidence });
    }
    findings
}

fn words(task: &str, seen: &TaskFacts, facts: &Facts) -> (String, String) {
    let group = seen.group.as_ref().map_or("?", |group| group.as_str());
    let alive = seen.group.as_ref().and_then(|group| facts.cores.get(group)).map_or(0, |cores| cores.len());
    let standbys = seen.instances.as_ref().map_or(0, Vec::len);
    let reason = format!(
        "task {task} is started and no Core runs it; {standbys} stand by, {alive} Core(s) are alive in group {group}"
    );
    let hint = if alive == 0 {
        format!("start a Core of group {group}, or bring its hosts' way to the coordination service back")
    } else {
        format!("see `replicator task show {task}`, the free capacity in `replicator cores`, and the Cores' logs")
    };
    (reason, hint)
}
