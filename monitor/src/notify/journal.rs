//! What the leading Monitor writes down about channels: what became of deliveries, and answers to those who want to
//! see that a channel works.

use super::Message;
use super::outbox::attempt_delivery;
use crate::monitor::now_us;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::mirror::Mirror;
use replicator_coordination::session::Session;
use replicator_model::channel::{ChannelTest, Deliveries, Delivery, TestAnswer};
use replicator_model::name::ChannelName;
use replicator_model::stored::Stored;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;

/// A test is forgotten so long after it was asked for.
const TEST_KEPT_US: i64 = 600_000_000;

/// Most tests that are made at a time; the others wait.
const TESTS_MAX: usize = 8;

pub(super) struct Journal {
    mirror: Mirror,
    rings: BTreeMap<ChannelName, Deliveries>,
    /// Rings that changed since they were written.
    due: BTreeSet<ChannelName>,
    under_way: BTreeSet<String>,
    told: mpsc::Sender<Tested>,
    tested: mpsc::Receiver<Tested>,
}

struct Tested {
    id: String,
    test: ChannelTest,
    delivery: Delivery,
}

impl Journal {
    pub(super) fn new() -> Self {
        let (told, tested) = mpsc::channel(TESTS_MAX);
        let (rings, due, under_way) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { mirror: Mirror::default(), rings, due, under_way, told, tested }
    }

    /// Takes in what became of an attempt.
    pub(super) async fn note(
        &mut self,
        session: &Session,
        channel: &ChannelName,
        delivery: Delivery,
    ) -> Result<(), CoordinationError> {
        if !self.rings.contains_key(channel) {
            let kept = session.deliveries(channel).await.unwrap_or_default();
            self.rings.insert(channel.clone(), kept);
        }
        if let Some(ring) = self.rings.get_mut(channel) {
            ring.add(delivery);
            self.due.insert(channel.clone());
        }
        self.write(session).await
    }

    async fn write(&mut self, session: &Session) -> Result<(), CoordinationError> {
        while let Some(channel) = self.due.first().cloned() {
            if let Some(ring) = self.rings.get(&channel) {
                session.keep_deliveries(&channel, ring).await?;
            }
            self.due.remove(&channel);
        }
        Ok(())
    }

    /// Begins the tests that were asked for, answers those that are made, and forgets old ones.
    pub(super) async fn tests(
        &mut self,
        session: &Session,
        directory: &super::directory::Directory,
        now_us: i64,
    ) -> Result<(), CoordinationError> {
        self.write(session).await?;
        while let Ok(Tested { id, mut test, delivery }) = self.tested.try_recv() {
            let Delivery { delivered, detail, took_ms, .. } = delivery.clone();
            test.answer = Some(TestAnswer { delivered, detail, took_ms });
            // Whoever reads the answer finds it in the journal too.
            self.note(session, &test.channel, delivery).await?;
            session.answer_channel_test(&id, &test).await?;
            self.under_way.remove(&id);
        }
        self.mirror.begin(session.store());
        for id in self.mirror.list(session.store(), &layout::alert_tests()).await? {
            let Ok(path) = layout::alert_tests().child(&id) else { continue };
            let Some(node) = self.mirror.read(session.store(), &path).await? else { continue };
            let Ok(test) = ChannelTest::from_stored(&node.data) else { continue };
            if now_us.saturating_sub(test.at_us) > TEST_KEPT_US {
                session.forget_channel_test(&id).await?;
            } else if test.answer.is_none() && self.under_way.len() < TESTS_MAX && self.under_way.insert(id.clone()) {
                self.begin(id, test, directory);
            }
        }
        Ok(())
    }

    fn begin(&self, id: String, test: ChannelTest, directory: &super::directory::Directory) {
        let told = self.told.clone();
        let Some(channel) = directory.channels().get(&test.channel).cloned() else {
            let detail = match directory.troubles().find(|(name, _)| **name == test.channel) {
                Some((_, trouble)) => format!("it can't be used: {}", trouble.problem),
                None => "it is switched off, or gone".to_owned(),
            };
            let (subject, alerts) = (String::new(), Vec::new());
            let at_us = now_us();
            let delivery = Delivery { at_us, alerts, subject, delivered: false, detail, took_ms: 0, attempt: 1 };
            told.try_send(Tested { id, test, delivery }).ok();
            return;
        };
        tokio::spawn(async move {
            let ChannelTest { channel: name, by, at_us, .. } = test.clone();
            let message = Message::Test { channel: name, id: id.clone(), by, at_us };
            let (delivery, _) = attempt_delivery(&channel, &message, 1, now_us).await;
            told.send(Tested { id, test, delivery }).await.ok();
        });
    }
}
