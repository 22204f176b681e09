//! What the leading Monitor knows beyond what the tree shows now, and how it keeps that for the next one.

use crate::archive::{self, Kept};
use crate::causes::causes;
use crate::facts::{Facts, Orders};
use crate::leases::Leases;
use crate::ledger::{Ledger, Said};
use crate::roster::Roster;
use crate::rules::{self, World};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_model::alert::{AlertId, CoreRoster, Notice, ResolvedAlert, Severity};
use replicator_model::monitor::LeaseMemory;
use replicator_model::rule_settings::RuleSettings;
use std::collections::BTreeMap;

pub(crate) struct Lead {
    pub ledger: Ledger,
    roster: Roster,
    kept_roster: CoreRoster,
    leases: Leases,
    kept_leases: LeaseMemory,
    /// Ended alerts that are not in the history yet.
    ended: Vec<ResolvedAlert>,
}

impl Lead {
    /// Goes on with what another Monitor kept.
    pub(crate) fn new(kept: Kept, rules: RuleSettings, channels: BTreeMap<String, Severity>) -> Self {
        let mut ledger = Ledger::new(rules, channels);
        ledger.restore(kept.alerts);
        Self {
            ledger,
            roster: Roster::restore(kept.roster.clone()),
            kept_roster: kept.roster,
            leases: Leases::restore(kept.leases.clone()),
            kept_leases: kept.leases,
            ended: Vec::new(),
        }
    }

    /// What is wrong now and who is to be told.
    pub(crate) fn judge(&mut self, facts: &Facts, settings: &RuleSettings, now_us: i64) -> Vec<Notice> {
        self.roster.update(facts, now_us);
        self.leases.update(facts, &self.roster, now_us);
        self.ledger.set_rules(settings.clone());
        let world = World { facts, roster: &self.roster, leases: &self.leases, settings, now_us };
        let findings = rules::evaluate(world);
        let causes = causes(&findings, &self.roster, &self.leases, now_us);
        let notices = self.ledger.observe(now_us, &findings, &Said { causes, ..said(&facts.orders) });
        self.ended.extend(self.ledger.take_ended());
        notices
    }

    /// Writes down what the next Monitor has to know. What can't be kept for good reason (too large, refused) is told
    /// to people all the same; what can't be kept now is kept, and told, later.
    pub(crate) async fn keep(&mut self, session: &Session, now_us: i64) -> Result<(), CoordinationError> {
        for (id, alert) in self.ledger.unsaved(now_us) {
            match archive::save(session, &id, alert.as_ref()).await {
                Err(error) if error.is_passing() || error.is_expired() => return Err(error),
                Err(error) => tracing::error!(alert = %id, %error, "an alert can't be kept; it is told all the same"),
                Ok(()) => {}
            }
            self.ledger.saved(&id, now_us);
        }
        let roster = self.roster.to_stored();
        if roster != self.kept_roster {
            archive::save_roster(session, &roster).await?;
            self.kept_roster = roster;
        }
        let leases = self.leases.to_stored();
        if leases != self.kept_leases {
            archive::save_leases(session, &leases).await?;
            self.kept_leases = leases;
        }
        archive::remember(session, &self.ended, now_us).await?;
        self.ended.clear();
        Ok(())
    }

    /// What ended beside this ledger, for the history.
    pub(crate) fn also_ended(&mut self, ended: Vec<ResolvedAlert>) {
        self.ended.extend(ended);
    }

    /// Drops what operators said about firings that are over.
    pub(crate) async fn tidy(&self, session: &Session, orders: &Orders) -> Result<(), CoordinationError> {
        let is_over = |id: &AlertId, since_us| self.ledger.alert(id).is_none_or(|alert| alert.since_us != since_us);
        for (id, acknowledgement) in &orders.acknowledgements {
            if acknowledgement.as_ref().is_ok_and(|one| is_over(id, one.since_us)) {
                archive::forget_acknowledgement(session, id).await?;
            }
        }
        Ok(())
    }
}

/// What could be read of what operators said.
pub(crate) fn said(orders: &Orders) -> Said {
    let acknowledgements = orders.acknowledgements.iter();
    let silences = orders.silences.iter();
    Said {
        acknowledgements: acknowledgements.filter_map(|(id, one)| Some((id.clone(), one.clone().ok()?))).collect(),
        silences: silences.filter_map(|(id, one)| Some((id.clone(), one.clone().ok()?))).collect(),
        ..Said::default()
    }
}
