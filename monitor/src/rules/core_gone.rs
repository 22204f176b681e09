//! A Core that was alive in its group, and held tasks, and is not there any more.
//!
//! A Core that held nothing when it was last seen may go without a word: that is how one is stopped cleanly, and
//! nothing that runs or stands by went with it. One that is stopped while it holds tasks has the rule's `for` to come
//! back, which is enough for a restart or an upgrade.

use super::{Common, Finding, Verdict, tenths};
use crate::roster::Roster;
use replicator_model::alert::{Evidence, KnownCore, Severity, Subject};
use replicator_model::rule::Unit;
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "core_gone";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub enabled: bool,
    pub severity: Severity,
    #[serde(rename = "for")]
    pub hold: Span,
    pub keep_firing_for: Span,
    /// A Core gone for so long is not expected back; its alert resolves.
    pub forget_after: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Warning,
            hold: Span::from_secs(30),
            keep_firing_for: Span::from_secs(0),
            forget_after: Span::from_secs(24 * 3600),
        }
    }
}

impl Settings {
    pub(crate) fn common(&self) -> Common {
        let Self { enabled, severity, hold, keep_firing_for, .. } = *self;
        Common { enabled, severity, hold, keep_firing: keep_firing_for }
    }
}

pub fn findings(roster: &Roster, settings: &Settings, now_us: i64) -> Vec<Finding> {
    let judge = |(core, gone_us): (&KnownCore, i64)| {
        let KnownCore { group, core, host, held, .. } = core.clone();
        let gone = now_us.saturating_sub(gone_us).max(0) as f64 / 1e6;
        let evidence = Evidence {
            severity: settings.severity,
            group: Some(group.clone()),
            core: Some(core.clone()),
            value: Some(gone),
            threshold: Some(settings.hold.duration().as_secs_f64()),
            unit: Some(Unit::Seconds),
            reason: format!(
                "Core {core} on {host} has been gone from group {group} for {}; it held {held} task(s)",
                tenths(gone)
            ),
            hint: format!(
                "look at the host {host} and at the Core's log; if it was meant to go, this ends by itself after {}",
                settings.forget_after
            ),
        };
        Finding { rule: NAME, subject: Subject::Core { group, core }, verdict: Verdict::Holds, evidence }
    };
    roster.missed().map(judge).collect()
}
