//! One evaluation after another. All decisions are made elsewhere: by the rules, the ledger, the roster and the
//! election; here they meet the tree and the channels.

use crate::archive;
use crate::candidacy::Candidacy;
use crate::config::Config;
use crate::connection::Connection;
use crate::facts::{Facts, TaskFacts};
use crate::health::Health;
use crate::ledger::Ledger;
use crate::metrics::{Metrics, Snapshot};
use crate::monitor::now_us;
use crate::notify::desk::Desk;
use crate::notify::log;
use crate::notify::outbox::Outcome;
use crate::observe::Observer;
use crate::roster::Roster;
use crate::rules::{self, coordination_away};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::{Coordination, Session};
use replicator_model::alert::CoreRoster;
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
    /// Alerts about the tree can't be kept in the tree.
    own: Ledger,
    desk: Desk,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    snapshot: Snapshot,
    unreadable: BTreeSet<String>,
}

struct Lead {
    ledger: Ledger,
    roster: Roster,
    kept_roster: CoreRoster,
}

impl Watch {
    pub(crate) fn new(config: Config, coordination: Coordination, health: Arc<Health>, metrics: Arc<Metrics>) -> Self {
        let desk = Desk::new(config.networks(), &metrics.notifications);
        let own = new_ledger(&config, &desk);
        Self {
            config,
            connection: Connection::new(coordination),
            observer: Observer::default(),
            candidacy: Candidacy::default(),
            lead: None,
            led: true,
            away_since: None,
            own,
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
        let looked = match self.connection.session().await {
            Err(problem) => Err(problem),
            Ok(session) => match timeout(LOOK_MAX, self.look(&session, now)).await {
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
        self.watch_coordination(problem.as_deref(), now);
        self.hand_out();
        self.show(began, problem);
    }

    /// Reads, and if this Monitor leads: judges and keeps.
    async fn look(&mut self, session: &Session, now_us: i64) -> Result<(), CoordinationError> {
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
        if !self.candidacy.leads(session, &self.config.name, now_us).await? {
            self.led = false;
            self.step_down();
            return Ok(());
        }
        let lead = match self.lead.take() {
            Some(lead) => lead,
            None => self.take_over(session).await?,
        };
        self.led = true;
        let lead = self.lead.insert(lead);
        lead.roster.update(&facts, now_us, self.config.rules.core_gone.forget_after.duration());
        let findings = rules::evaluate(&facts, &lead.roster, &self.config.rules, now_us);
        lead.ledger.observe(now_us, &findings).iter().for_each(log::write);
        keep(session, lead, now_us).await?;
        self.desk.tests(session).await
    }

    async fn take_over(&mut self, session: &Session) -> Result<Lead, CoordinationError> {
        let (alerts, kept_roster) = archive::load(session).await?;
        tracing::info!(monitor = %self.config.name, alerts = alerts.len(), "this monitor leads: it tells people");
        let mut ledger = new_ledger(&self.config, &self.desk);
        ledger.restore(alerts);
        self.desk.take_the_lead();
        Ok(Lead { ledger, roster: Roster::restore(kept_roster.clone()), kept_roster })
    }

    /// Another Monitor tells from now on.
    fn step_down(&mut self) {
        if self.lead.take().is_some() {
            self.desk.step_down();
            tracing::info!(monitor = %self.config.name, "this monitor no longer leads");
        }
    }

    /// The one rule about not seeing anything.
    fn watch_coordination(&mut self, problem: Option<&str>, now_us: i64) {
        let settings = self.config.rules.coordination_away;
        let mut findings = Vec::new();
        match problem {
            None => self.away_since = None,
            Some(problem) => {
                let (_, since) = *self.away_since.get_or_insert((now_us, Instant::now()));
                if self.led && settings.enabled {
                    let away = since.elapsed().as_secs_f64();
                    findings.push(coordination_away::finding(&self.config.name, away, problem, &settings));
                }
            }
        }
        self.own.observe(now_us, &findings).iter().for_each(log::write);
        for (id, _) in self.own.unsaved(now_us) {
            self.own.saved(&id, now_us);
        }
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
                if let Err(error) = keep(session, lead, now).await {
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
            let TaskFacts { desired, instances, status, .. } = task;
            [desired.as_ref().err(), instances.as_ref().err(), status.as_ref().err()]
        });
        let cores = facts.cores.values().flat_map(BTreeMap::values).map(|core| core.as_ref().err());
        let unreadable: BTreeSet<String> = tasks.chain(cores).flatten().cloned().collect();
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

fn new_ledger(config: &Config, desk: &Desk) -> Ledger {
    Ledger::new(config.rules.policies(), config.notify.repeat_interval.duration(), desk.recipients())
}

/// Writes down what the next Monitor has to know. What can't be kept for good reason (too large, refused) is told to
/// people all the same; what can't be kept now is kept, and told, later.
async fn keep(session: &Session, lead: &mut Lead, now_us: i64) -> Result<(), CoordinationError> {
    for (id, alert) in lead.ledger.unsaved(now_us) {
        match archive::save(session, &id, alert.as_ref()).await {
            Err(error) if error.is_passing() || error.is_expired() => return Err(error),
            Err(error) => tracing::error!(alert = %id, %error, "an alert can't be kept; it is told all the same"),
            Ok(()) => {}
        }
        lead.ledger.saved(&id, now_us);
    }
    let roster = lead.roster.to_stored();
    if roster != lead.kept_roster {
        archive::save_roster(session, &roster).await?;
        lead.kept_roster = roster;
    }
    Ok(())
}
