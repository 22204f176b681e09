//! Where a Monitor's messages are handed over: the channels as the tree has them, a worker for each, and what becomes
//! of it. What a Monitor owes about the tree itself goes out even while the tree is away; everything else goes out only
//! while this Monitor leads.

use super::directory::Directory;
use super::journal::Journal;
use super::outbox::{Outbox, Outcome, Trouble};
use crate::metrics::Notifications;
use crate::monitor::now_us;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_model::alert::{Notice, Severity};
use replicator_model::name::ChannelName;
use replicator_model::networks::Networks;
use std::collections::BTreeMap;
use std::sync::Arc;

type Owed<'a> = (&'a str, &'a Notice);

pub(crate) struct Desk {
    directory: Directory,
    own: Outbox,
    /// Goes with the lead: what is under way is left to the next leader.
    lead: Option<Lead>,
    metrics: Arc<Notifications>,
}

struct Lead {
    outbox: Outbox,
    journal: Journal,
}

impl Desk {
    pub(crate) fn new(networks: Networks, metrics: &Arc<Notifications>) -> Self {
        let own = Outbox::new(metrics, now_us);
        Self { directory: Directory::new(networks), own, lead: None, metrics: Arc::clone(metrics) }
    }

    /// Reads the channels anew. Answers whether whom notices are owed to may have changed.
    pub(crate) async fn refresh(&mut self, session: &Session) -> Result<bool, CoordinationError> {
        let changed = self.directory.refresh(session, now_us()).await?;
        if changed {
            self.own.set_channels(self.directory.channels());
            if let Some(lead) = &mut self.lead {
                lead.outbox.set_channels(self.directory.channels());
            }
        }
        Ok(changed)
    }

    /// Whom notices are owed to, and from which severity on.
    pub(crate) fn recipients(&self) -> BTreeMap<String, Severity> {
        self.directory.recipients()
    }

    /// From now on this Monitor tells of everything.
    pub(crate) fn take_the_lead(&mut self) {
        let mut outbox = Outbox::new(&self.metrics, now_us);
        outbox.set_channels(self.directory.channels());
        self.lead = Some(Lead { outbox, journal: Journal::new() });
    }

    pub(crate) fn step_down(&mut self) {
        self.lead = None;
    }

    /// Hands over what this Monitor owes about the tree itself.
    pub(crate) fn submit_own<'a>(&mut self, owed: impl IntoIterator<Item = Owed<'a>>) {
        self.own.submit(owed);
    }

    /// Hands over what the leading Monitor owes; `standing` is what fires now and is not silenced.
    pub(crate) fn submit<'a>(&mut self, owed: impl IntoIterator<Item = Owed<'a>>, standing: Vec<Notice>) {
        if let Some(lead) = &mut self.lead {
            lead.outbox.submit(owed);
            lead.outbox.stand(standing);
        }
    }

    /// Waits for what became of an attempt. Cancel-safe.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        match &mut self.lead {
            None => self.own.outcome().await,
            Some(lead) => tokio::select! {
                biased;
                outcome = self.own.outcome() => outcome,
                outcome = lead.outbox.outcome() => outcome,
            },
        }
    }

    /// Writes down what became of an attempt, for people who ask whether they would be told.
    pub(crate) async fn note(&mut self, session: &Session, outcome: &Outcome) {
        let Some(lead) = &mut self.lead else { return };
        let noted = lead.journal.note(session, &outcome.channel, outcome.delivery.clone()).await;
        if let Err(error) = noted {
            tracing::warn!(channel = %outcome.channel, %error, "could not write down what became of a message yet");
        }
    }

    /// Makes and answers the tests that were asked for.
    pub(crate) async fn tests(&mut self, session: &Session) -> Result<(), CoordinationError> {
        match &mut self.lead {
            Some(lead) => lead.journal.tests(session, &self.directory, now_us()).await,
            None => Ok(()),
        }
    }

    /// The channels that do not deliver, since when and why.
    pub(crate) fn troubles(&self) -> BTreeMap<ChannelName, Trouble> {
        let refused = self.lead.iter().flat_map(|lead| lead.outbox.troubles()).chain(self.own.troubles());
        refused.chain(self.directory.troubles()).map(|(name, trouble)| (name.clone(), trouble.clone())).collect()
    }

    /// How many notices are under way, by channel.
    pub(crate) fn under_way(&self) -> BTreeMap<String, usize> {
        let mut all = self.own.under_way();
        for (channel, count) in self.lead.iter().flat_map(|lead| lead.outbox.under_way()) {
            *all.entry(channel).or_insert(0) += count;
        }
        all
    }
}
