//! The rules: pure functions from what is known to what is wrong. A rule says nothing about how long or who is told;
//! that is the [`crate::ledger`]'s.
//!
//! A new rule = a file with `NAME`, a `Settings` with its defaults and `findings`, a field of [`Rules`], and a line in
//! [`Rules::policies`] and [`evaluate`].

pub mod coordination_away;
pub mod core_gone;
pub mod no_running_instance;
pub mod task_failed;
pub mod task_lag;

use crate::facts::Facts;
use crate::roster::Roster;
use replicator_model::alert::{AlertId, Evidence, Severity, Subject};
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One thing that a rule has to say about one subject now. What no rule mentions is clear.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub rule: &'static str,
    pub subject: Subject,
    pub verdict: Verdict,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Holds,
    /// Better than the threshold, not yet better than the threshold for clearing: what fires goes on, nothing begins.
    Between,
    /// It can't be told: what fires goes on, what is pending waits, nothing begins and nothing resolves.
    Unknown,
}

impl Finding {
    pub fn id(&self) -> AlertId {
        AlertId::of(self.rule, &self.subject)
    }
}

/// How a rule's findings become alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// How long the condition must hold before somebody is told.
    pub hold: Duration,
    /// How long it must have been gone before that is told.
    pub keep_firing: Duration,
}

/// The `[rules]` of `monitor.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    pub no_running_instance: no_running_instance::Settings,
    pub task_failed: task_failed::Settings,
    pub task_lag_warning: task_lag::Warning,
    pub task_lag_critical: task_lag::Critical,
    pub core_gone: core_gone::Settings,
    pub coordination_away: coordination_away::Settings,
}

/// What every rule can be told. A rule's own defaults stand in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Common {
    pub enabled: bool,
    pub severity: Severity,
    pub hold: Span,
    pub keep_firing: Span,
}

impl Common {
    fn policy(self) -> Policy {
        Policy { hold: self.hold.duration(), keep_firing: self.keep_firing.duration() }
    }
}

impl Rules {
    /// The policy of every rule that is enabled.
    pub fn policies(&self) -> BTreeMap<&'static str, Policy> {
        [
            (no_running_instance::NAME, self.no_running_instance.common()),
            (task_failed::NAME, self.task_failed.common()),
            (task_lag::WARNING, self.task_lag_warning.0.common()),
            (task_lag::CRITICAL, self.task_lag_critical.0.common()),
            (core_gone::NAME, self.core_gone.common()),
            (coordination_away::NAME, self.coordination_away.common()),
        ]
        .into_iter()
        .filter(|(_, common)| common.enabled)
        .map(|(name, common)| (name, common.policy()))
        .collect()
    }

    /// What is wrong with the settings, if anything.
    pub fn problem(&self) -> Option<String> {
        self.task_lag_warning
            .0
            .problem(task_lag::WARNING)
            .or_else(|| self.task_lag_critical.0.problem(task_lag::CRITICAL))
    }
}

/// What every enabled rule over the tree finds. `coordination_away` is not among them: it is about not seeing the tree.
pub fn evaluate(facts: &Facts, roster: &Roster, rules: &Rules, now_us: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    if rules.no_running_instance.enabled {
        findings.extend(no_running_instance::findings(facts, &rules.no_running_instance));
    }
    if rules.task_failed.enabled {
        findings.extend(task_failed::findings(facts, &rules.task_failed));
    }
    for (name, lag) in
        [(task_lag::WARNING, &rules.task_lag_warning.0), (task_lag::CRITICAL, &rules.task_lag_critical.0)]
    {
        if lag.enabled {
            findings.extend(task_lag::findings(name, facts, lag));
        }
    }
    if rules.core_gone.enabled {
        findings.extend(core_gone::findings(roster, &rules.core_gone, now_us));
    }
    findings
}

/// Whole tenths read better than what a clock measures.
pub(crate) fn tenths(seconds: f64) -> String {
    format!("{seconds:.1} s")
}
