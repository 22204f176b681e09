//! Messages on their way: handing them to librdkafka, waiting for room and for acknowledgements.

use super::delivery::{self, Deliveries};
use super::settings;
use crate::change::{Progressed, SourcePoint};
use crate::pipe::fence::Fence;
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig, ThreadedProducer};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use std::time::Duration;

/// The first answer of a broker may take ten seconds: so many steps of this length.
const OPEN_STEPS: u32 = 50;
const OPEN_STEP: Duration = Duration::from_millis(200);

/// How often a wait looks at the lease.
const FENCE_INTERVAL: Duration = Duration::from_millis(100);

/// Transactions that may wait for acknowledgements; empty ones take no room in librdkafka's queue, but some here.
const OPEN_TRANSACTIONS_MAX: usize = 100_000;

/// A message that is ready to be sent.
pub(super) struct Message<'a> {
    pub(super) topic: &'a str,
    pub(super) key: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) headers: OwnedHeaders,
    /// Its transaction's number in the ledger.
    pub(super) transaction: u64,
}

/// A producer of Kafka's and the ledger of what it has delivered.
pub(super) struct Outbox {
    producer: ThreadedProducer<Deliveries>,
    brokers: String,
    fence: Fence,
}

impl Outbox {
    /// Connects and waits until a broker has told who the cluster is.
    pub(super) async fn open(config: &ClientConfig, brokers: String, fence: Fence) -> Result<Self, Failure> {
        let producer = ThreadedProducer::from_config_and_context(config, Deliveries::default())
            .map_err(|error| settings::refused(&error))?;
        let outbox = Self { producer, brokers, fence };
        let producer = outbox.producer.clone();
        let cluster = tokio::task::spawn_blocking(move || find_cluster(&producer)).await;
        match cluster {
            Ok(Some(cluster)) => {
                tracing::info!(brokers = outbox.brokers, cluster, "connected to kafka");
                Ok(outbox)
            }
            _ => {
                Err(delivery::unreachable(&outbox.brokers, "no broker answers", outbox.deliveries().trouble().as_ref()))
            }
        }
    }

    /// The stream begins here.
    pub(super) fn start(&self, start: Progressed) {
        self.deliveries().ledger(|ledger| ledger.start(start));
    }

    /// Hands a message over; waits while as many as allowed are on their way.
    pub(super) async fn send(&self, message: Message<'_>) -> Result<(), Failure> {
        self.check()?;
        let mut record = BaseRecord::with_opaque_to(message.topic, message.transaction as usize)
            .key(message.key)
            .payload(message.payload)
            .headers(message.headers);
        while let Err((error, returned)) = self.producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(self.not_sent(&error, message.topic, message.payload.len()));
            }
            record = returned;
            self.wait().await?;
        }
        self.deliveries().ledger(|ledger| ledger.sent(message.transaction));
        Ok(())
    }

    /// A transaction begins; its number in the ledger.
    pub(super) async fn begin(&self) -> Result<u64, Failure> {
        while self.deliveries().ledger(|ledger| ledger.len()) >= OPEN_TRANSACTIONS_MAX {
            self.wait().await?;
        }
        self.check()?;
        Ok(self.deliveries().ledger(|ledger| ledger.begin()))
    }

    pub(super) fn end(&self, transaction: u64, point: SourcePoint) {
        self.deliveries().ledger(|ledger| ledger.end(transaction, point));
    }

    /// Waits until every message of a complete transaction is acknowledged.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        loop {
            self.check()?;
            if self.deliveries().ledger(|ledger| ledger.is_settled()) {
                return Ok(());
            }
            self.wait().await?;
        }
    }

    pub(super) fn durable(&self, now_us: i64) -> Option<Checkpoint> {
        let epoch = self.fence.epoch();
        self.deliveries().ledger(|ledger| ledger.durable().map(|durable| durable.checkpoint(epoch, now_us)))
    }

    /// Refuses once the lease is in doubt or a message could not be delivered.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.fence.check()?;
        match self.deliveries().refusal() {
            None => Ok(()),
            Some(mut refusal) => {
                // The message's own error may only be that the producer had failed before.
                if refusal.code == RDKafkaErrorCode::Fatal
                    && let Some((code, _)) = self.producer.client().fatal_error()
                {
                    refusal.code = code;
                }
                Err(delivery::failure(&refusal, &self.brokers, self.deliveries().trouble().as_ref()))
            }
        }
    }

    fn not_sent(&self, error: &KafkaError, topic: &str, bytes: usize) -> Failure {
        if let Err(earlier) = self.check() {
            return earlier;
        }
        let mut code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        if let (RDKafkaErrorCode::Fatal, Some((cause, _))) = (code, self.producer.client().fatal_error()) {
            code = cause;
        }
        let refusal = delivery::Refusal { code, topic: topic.into(), bytes };
        delivery::failure(&refusal, &self.brokers, self.deliveries().trouble().as_ref())
    }

    /// Until something was acknowledged or refused, or the lease is to be looked at again.
    async fn wait(&self) -> Result<(), Failure> {
        tokio::select! {
            () = self.deliveries().changed.notified() => {}
            () = tokio::time::sleep(FENCE_INTERVAL) => {}
        }
        self.check()
    }

    fn deliveries(&self) -> &Deliveries {
        self.producer.client().context()
    }
}

impl Drop for Outbox {
    /// What is still on its way must not arrive any more: the lease may be lost, or the supervisor begins again.
    fn drop(&mut self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }
}

/// Blocks. `None` if no broker answers in time or the login is refused.
fn find_cluster(producer: &ThreadedProducer<Deliveries>) -> Option<String> {
    for _ in 0..OPEN_STEPS {
        if let Some(cluster) = producer.client().fetch_cluster_id(OPEN_STEP) {
            return Some(cluster);
        }
        let trouble = producer.client().context().trouble();
        let hopeless = trouble.is_some_and(|trouble| {
            matches!(trouble.code, RDKafkaErrorCode::Authentication | RDKafkaErrorCode::AllBrokersDown)
        });
        if hopeless {
            return None;
        }
    }
    None
}
