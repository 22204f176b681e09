//! The coordination service does not answer this Monitor: it sees nothing, and says so instead of staying silent.

use super::{Common, Finding, Verdict, tenths};
use replicator_model::alert::{Evidence, Severity, Subject};
use replicator_model::rule::Unit;
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "coordination_away";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub enabled: bool,
    pub severity: Severity,
    /// Long enough for ZooKeeper to elect a leader.
    #[serde(rename = "for")]
    pub hold: Span,
    pub keep_firing_for: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Critical,
            hold: Span::from_secs(10),
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

/// `away_seconds` is how long the Monitor `monitor` has seen nothing, because of `problem`.
pub fn finding(monitor: &str, away_seconds: f64, problem: &str, settings: &Settings) -> Finding {
    let evidence = Evidence {
        severity: settings.severity,
        group: None,
        core: None,
        value: Some(away_seconds),
        threshold: Some(settings.hold.duration().as_secs_f64()),
        unit: Some(Unit::Seconds),
        reason: format!(
            "Monitor {monitor} has seen nothing of the coordination service for {}: {problem}",
            tenths(away_seconds)
        ),
        hint: "look at the ZooKeeper servers and at the network between; until then nothing else is watched".to_owned(),
    };
    Finding { rule: NAME, subject: Subject::Coordination, verdict: Verdict::Holds, evidence }
}
