//! One alert in the ledger, and whether it is written down.

use super::{REFRESH, elapsed};
use crate::rules::{Finding, Verdict};
use replicator_model::alert::{Alert, AlertState, ResolvedAlert};
use std::time::Duration;

/// A pending condition that nobody saw hold for so long (no Monitor ran, or it was not known) begins anew: it can't be
/// said that it held all the while.
const UNSEEN_MAX: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Entry {
    pub alert: Alert,
    pub saved: Saved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saved {
    /// As it is, at this time.
    At(i64),
    /// An earlier form, at this time; what changed since is only a newer value.
    Older(i64),
    /// Never, and nothing is lost yet if it stays so.
    Not,
    /// Its state or what it owes changed: save it now.
    Due,
}

impl Entry {
    /// Takes in what was found about an alert that there is.
    pub(super) fn meet(&mut self, finding: &Finding, now_us: i64) {
        let Entry { alert, saved } = self;
        if finding.verdict == Verdict::Holds {
            match alert.state {
                AlertState::Resolved => {
                    let owed = std::mem::take(&mut alert.owed);
                    *alert = Alert { owed, ..pending(finding, now_us) };
                    *saved = Saved::Due;
                }
                AlertState::Pending if elapsed(alert.seen_us, now_us) > UNSEEN_MAX => alert.since_us = now_us,
                AlertState::Pending | AlertState::Firing => {}
            }
            alert.seen_us = now_us;
            alert.evidence = finding.evidence.clone();
            if let Saved::At(at) = *saved {
                *saved = Saved::Older(at);
            }
        }
        if alert.state == AlertState::Firing && alert.clear_since_us.take().is_some() {
            *saved = Saved::Due;
        }
    }

    pub(super) fn is_due(&self, now_us: i64) -> bool {
        match self.saved {
            Saved::Due => true,
            Saved::At(_) => false,
            Saved::Older(at) => elapsed(at, now_us) >= REFRESH,
            Saved::Not => elapsed(self.alert.since_us, now_us) >= REFRESH,
        }
    }

    /// As it is remembered once it is over.
    pub(super) fn ended(&self, now_us: i64) -> ResolvedAlert {
        let Alert { rule, subject, evidence, since_us, notices, .. } = self.alert.clone();
        ResolvedAlert { rule, subject, evidence, since_us, resolved_us: now_us, notices }
    }
}

pub(super) fn pending(finding: &Finding, now_us: i64) -> Alert {
    Alert {
        rule: finding.rule.to_owned(),
        subject: finding.subject.clone(),
        state: AlertState::Pending,
        evidence: finding.evidence.clone(),
        since_us: now_us,
        seen_us: now_us,
        clear_since_us: None,
        told_us: 0,
        notices: 0,
        acknowledged: None,
        silenced_by: Vec::new(),
        group_key: finding.id().to_string(),
        told_severity: None,
        owed: Vec::new(),
    }
}
