//! One evaluation after another. All decisions are made elsewhere: by the rules, the ledger, the roster and the
//! election; here they meet the tree and the channels.

use crate::archive;
use crate::candidacy::Candidacy;
use crate::config::Config;
use crate::connection::Connection;
use crate::facts::{Facts, Orders, TaskFacts};
use crate::health::Health;
use crate::lead::{Lead, said};
use crate::ledger::{Ledger, Said};
use crate::metrics::{Metrics, Snapshot};
use crate::monitor::now_us;
use crate::notify::desk::Desk;
use crate::notify::log;
use crate::notify::outbox::Outcome;
use crate::observe::Observer;
use crate::rules::{coordination_away, monitor_late};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::{Coordination, Session};
use replicator_model::rule;
use replicator_model::rule_settings::{InForce, RuleSettings};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// An evaluation that takes longer has seen nothing that is still true.
const LOOK_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Watch {
    config: Config,
    connection: Connection,
    observer: Observer,
    candidacy: Candidacy,
    /// What the leading Monitor keeps in the tree; `None` while another one leads.
    lead: Option<Lead>,
    /// Whether this Monitor led when it last saw the tree, so that it is the one to say that the tree is away. One that
    /// never saw it says so too: twice is better than never.
    led: bool,
    away_since: Option<(i64, Instant)>,
    /// Alerts about the tree can't be kept in the tree, nor can those of a Monitor that does not lead.
    own: Ledger,
    /// What operators said when the tree was last seen.
    rules: RuleSettings,
    said: Said,
    desk: Desk,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    snapshot: Snapshot,
    unreadable: BTreeSet<String>,
}

impl Watch {
    pub(crate) fn new(config: Config, coordination: Coordination, health: Arc<Health>, metrics: Arc<Metrics>) -> Self {
        let desk = Desk::new(config.networks(), &metrics.notifications);
        let own = Ledger::new(RuleSettings::default(), desk.recipients());
        Self {
            config,
            connection: Connection::new(coordination),
            observer: Observer::default(),
            candidacy: Candidacy::default(),
            lead: None,
            led: true,
            away_since: None,
            own,
            rules: RuleSettings::default(),
            said: Said::default(),
            desk,
            health,
            metrics,
            snapshot: Snapshot::default(),
            unreadable: BTreeSet::new(),
        }
    }

    /// Looks at everything once.
    pub(crate) async fn evaluate(&mut self) {
        let (began, now) = (Instant::now(), now_us());
        let mut standing_by = None;
        let looked = match self.connection.session().await {
            Err(problem) => Err(problem),
            Ok(session) => match timeout(LOOK_MAX, self.look(&session, &mut standing_by, now)).await {
                Err(_) => Err(format!("the tree was not read within {} s", LOOK_MAX.as_secs())),
                Ok(Err(error)) => {
                    if error.is_expired() {
                        tracing::warn!(session = %session.id(), "the session has expired");
                        self.connection.forget();
                    }
                    Err(error.to_string())
                }
                Ok(Ok(())) => Ok(()),
            },
        };
        if self.connection.current().is_none() {
            self.step_down();
            self.candidacy = Candidacy::default();
        }
        let problem = looked.err();
        self.watch_others(problem.as_deref(), standing_by, now);
        self.hand_out();
        self.show(began, problem);
    }

    /// Reads, and if this Monitor leads: judges and keeps.
    async fn look(
        &mut self,
        session: &Session,
        standing_by: &mut Option<Facts>,
        now_us: i64,
    ) -> Result<(), CoordinationError> {
        let mut facts = self.observer.observe(session.store(), Instant::now()).await?;
        facts.failing_channels = self.desk.troubles();
        self.complain(&facts);
        self.snapshot.see(&facts);
        if self.desk.refresh(session).await? {
            self.own.set_channels(self.desk.recipients());
            if let Some(lead) = &mut self.lead {
                lead.ledger.set_channels(self.desk.recipients());
            }
        }
        self.obey(&facts.orders);
        let leads = self.candidacy.leads(session, &self.config.name, now_us).await?;
        self.candidacy.show(session, &self.config.name, leads, now_us).await?;
        if !leads {
            self.led = false;
            self.step_down();
            *standing_by = Some(facts);
            return Ok(());
        }
        let lead = match self.lead.take() {
            Some(lead) => lead,
            None => self.take_over(session).await?,
        };
        self.led = true;
        let lead = self.lead.insert(lead);
        lead.judge(&facts, &self.rules, now_us).iter().for_each(log::write);
        lead.keep(session, now_us).await?;
        lead.tidy(session, &facts.orders).await?;
        self.desk.tests(session).await
    }

    /// Settings that can't be read leave the former ones in force.
    fn obey(&mut self, orders: &Orders) {
        match &orders.rules {
            Some(Ok(rules)) => self.rules.clone_from(rules),
            Some(Err(_)) => {}
            None => self.rules = RuleSettings::default(),
        }
        self.said = said(orders);
    }

    async fn take_over(&mut self, session: &Session) -> Result<Lead, CoordinationError> {
        let kept = archive::load(session).await?;
        tracing::info!(monitor = %self.config.name, alerts = kept.alerts.len(), "this monitor leads: it tells people");
        self.desk.take_the_lead();
        Ok(Lead::new(kept, self.rules.clone(), self.desk.recipients()))
    }

    /// Another Monitor tells from now on.
    fn step_down(&mut self) {
        if self.lead.take().is_some() {
            self.desk.step_down();
            tracing::info!(monitor = %self.config.name, "this monitor no longer leads");
        }
    }

    /// What has to be said whoever leads: that nothing is seen, and that the one who leads does not look. `standing_by`
    /// is what was seen while another one leads.
    fn watch_others(&mut self, problem: Option<&str>, standing_by: Option<Facts>, now_us: i64) {
        let mut findings = Vec::new();
        if let (Some(facts), Some(rule)) = (standing_by, self.in_force(monitor_late::CODE)) {
            findings.extend(monitor_late::findings_of_leader(&facts, &rule));
        }
        match problem {
            None => self.away_since = None,
            Some(problem) => {
                let (_, since) = *self.away_since.get_or_insert((now_us, Instant::now()));
                if let Some(rule) = self.in_force(coordination_away::CODE).filter(|_| self.led) {
                    let away = since.elapsed().as_secs_f64();
                    findings.push(coordination_away::finding(&self.config.name, away, problem, &rule));
                }
            }
        }
        self.own.set_rules(self.rules.clone());
        self.own.observe(now_us, &findings, &self.said).iter().for_each(log::write);
        let ended = self.own.take_ended();
        if let Some(lead) = &mut self.lead {
            lead.also_ended(ended);
        }
        for (id, _) in self.own.unsaved(now_us) {
            self.own.saved(&id, now_us);
        }
    }

    /// A rule about no task, if it is enabled.
    fn in_force(&self, code: &str) -> Option<InForce> {
        Some(self.rules.in_force(rule::rule(code)?, None)).filter(|rule| rule.enabled)
    }

    fn hand_out(&mut self) {
        self.desk.submit_own(self.own.outbox());
        if let Some(lead) = &self.lead {
            self.desk.submit(lead.ledger.outbox(), lead.ledger.standing());
        }
    }

    /// Waits for what became of a message. Cancel-safe.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        self.desk.outcome().await
    }

    /// Keeps at once that a message is delivered, so that a Monitor that dies does not repeat it.
    pub(crate) async fn settle(&mut self, outcome: Outcome) {
        let now = now_us();
        let session = self.connection.current().cloned();
        if outcome.delivery.delivered {
            for (id, key) in &outcome.notices {
                self.own.delivered(id, key, outcome.channel.as_str());
            }
            if let (Some(lead), Some(session)) = (&mut self.lead, &session) {
                for (id, key) in &outcome.notices {
                    lead.ledger.delivered(id, key, outcome.channel.as_str());
                }
                if let Err(error) = lead.keep(session, now).await {
                    tracing::warn!(%error, "could not keep that a message is delivered yet");
                }
            }
        }
        if let Some(session) = &session {
            self.desk.note(session, &outcome).await;
        }
    }

    /// Says once what can't be read.
    fn complain(&mut self, facts: &Facts) {
        let tasks = facts.tasks.values().flat_map(|task| {
            let TaskFacts { spec, desired, instances, status, .. } = task;
            [spec.as_ref().err(), desired.as_ref().err(), instances.as_ref().err(), status.as_ref().err()]
        });
        let cores = facts.cores.values().flat_map(BTreeMap::values).map(|core| core.as_ref().err());
        let unreadable: BTreeSet<String> = tasks.chain(cores).flatten().chain(facts.problems()).cloned().collect();
        for problem in unreadable.difference(&self.unreadable) {
            tracing::error!(%problem, "can't be read; what depends on it is unknown");
        }
        self.unreadable = unreadable;
    }

    fn show(&mut self, began: Instant, problem: Option<String>) {
        let snapshot = &mut self.snapshot;
        if problem.is_some() {
            snapshot.see_nothing();
        }
        snapshot.alerts.clear();
        let lead = self.lead.as_ref().map(|lead| &lead.ledger);
        for alert in lead.into_iter().chain([&self.own]).flat_map(Ledger::alerts) {
            let kind = (alert.rule.clone(), alert.evidence.severity, alert.state);
            *snapshot.alerts.entry(kind).or_insert(0) += 1;
        }
        snapshot.outbox = self.desk.under_way();
        snapshot.dropped = self.own.dropped() + lead.map_or(0, Ledger::dropped);
        (snapshot.leads, snapshot.connected) = (self.lead.is_some(), problem.is_none());
        snapshot.evaluations += 1;
        snapshot.evaluation_seconds = began.elapsed().as_secs_f64();
        snapshot.evaluated_at_us = now_us();
        self.metrics.show(snapshot);
        self.health.evaluated(problem);
    }

    /// Lets the next Monitor go on.
    pub(crate) async fn close(&mut self) {
        self.connection.close().await;
    }
}
