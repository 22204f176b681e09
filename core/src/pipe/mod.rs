//! A task running: producer → queue → consumer.
//!
//! The producer reads ahead on a worker of its own until the queue is full; the consumer takes what waits and settles
//! whenever nothing does. Nothing is retried here: the first failure ends the pipe, and the supervisor starts another
//! one from what is durable.

pub mod fence;
pub(crate) mod held;
pub mod lag;
pub mod progress;
mod queue;
mod unapplied;

use crate::change::{Change, Progressed, TransactionStart};
use crate::consumer::Consumer;
use crate::producer::Producer;
use fence::Fence;
use held::Held;
use progress::{PipeProgress, Points};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{OnceOrder, TransactionPlace};
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use replicator_model::task::PipeSpec;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use unapplied::Unapplied;

/// How often an idle consumer is asked to settle, and how often points are published under load.
const TICK: Duration = Duration::from_millis(100);

/// The two ends of a task and what holds between them.
pub struct Pipe {
    pub producer: Box<dyn Producer>,
    pub consumer: Box<dyn Consumer>,
    pub fence: Fence,
    pub spec: PipeSpec,
    pub progress: Arc<PipeProgress>,
    /// What an operator ordered to happen before the first change flows. For a rewind, the producer's own start is where.
    pub once: Option<OnceOrder>,
}

impl Pipe {
    /// Runs until `stop`, then closes the consumer with everything complete made durable. `last_commit` is where to go
    /// on if the target remembers nothing. `start_at` is told where the stream begins, and has to record that before
    /// the first change flows: a task that began at the end of the log and failed before its first commit would
    /// otherwise begin at a later end, and lose what came between.
    ///
    /// Dropping the future ends both ends at once, as a lost lease must.
    pub async fn run<F>(
        mut self,
        last_commit: Option<Checkpoint>,
        stop: CancellationToken,
        start_at: impl FnOnce(Checkpoint) -> F + Send,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>> + Send,
    {
        let remembered = self.consumer.open(self.fence.clone()).await?;
        let is_rewind = matches!(self.once, Some(OnceOrder::Rewind(_)));
        let resume = if is_rewind { None } else { remembered.or(last_commit) };
        let skip = match self.once.take() {
            Some(OnceOrder::Skip(transaction)) => Some(transaction),
            _ => None,
        };
        if let Some(transaction) = &skip {
            self.producer.skip(transaction.clone());
        }
        if let Some(site) = self.consumer.site() {
            self.producer.goes_to(site);
        }
        let start = self.producer.open(resume.as_ref()).await?;
        match is_rewind {
            true => self.consumer.rewind(&start).await?,
            false => self.consumer.begin(&start).await?,
        }
        start_at(start.clone()).await?;
        let (sender, receiver) = queue::queue(self.spec.queue_bytes_max.get());
        self.progress.queue(receiver.bytes());
        let mut reading = Held::start(read(self.producer, sender));
        let mut draining = Draining {
            consumer: self.consumer,
            progress: self.progress,
            taken: Progressed::from(start),
            epoch: self.fence.epoch(),
            unapplied: Unapplied::default(),
            last_commit_us: None,
            transaction: None,
            skip,
            published: Instant::now(),
        };
        draining.publish();
        if let Err(failure) = draining.run(receiver, &stop).await {
            let transaction = draining.transaction.take();
            draining.failed_in(transaction);
            return Err(failure);
        }
        if stop.is_cancelled() {
            draining.consumer.close().await?;
            draining.publish();
            return Ok(());
        }
        let (failure, transaction) =
            reading.ended().await.unwrap_or_else(|error| (panicked("the producer", &error), None));
        draining.failed_in(transaction);
        Err(failure)
    }
}

/// Moves changes from the producer into the queue until one of them ends.
async fn read(mut producer: Box<dyn Producer>, sender: queue::Sender) -> (Failure, Option<TransactionStart>) {
    loop {
        match producer.next().await {
            Ok(change) => {
                if sender.send(change).await == Err(queue::Closed) {
                    return (Failure::transient("stopped", "the consumer ended", "it is started again"), None);
                }
            }
            Err(failure) => return (failure, producer.transaction()),
        }
    }
}

/// The failure of a worker that panicked: a bug, kept away from the other tasks of the process.
pub(crate) fn panicked(who: &str, error: &tokio::task::JoinError) -> Failure {
    Failure::transient(
        "panicked",
        format!("{who} broke off: {error}"),
        "report it with the log of this moment; it is tried again",
    )
}

/// The consumer's half of a pipe.
struct Draining {
    consumer: Box<dyn Consumer>,
    progress: Arc<PipeProgress>,
    /// Everything handed to the consumer.
    taken: Progressed,
    epoch: Epoch,
    unapplied: Unapplied,
    /// When the last transaction was committed that was taken as a whole, the task's or not.
    last_commit_us: Option<i64>,
    /// The one that has begun and is not complete.
    transaction: Option<TransactionStart>,
    /// The transaction to leave out, until it is.
    skip: Option<TransactionPlace>,
    published: Instant,
}

impl Draining {
    /// Takes until the producer ends or `stop`.
    async fn run(&mut self, mut queue: queue::Receiver, stop: &CancellationToken) -> Result<(), Failure> {
        while !stop.is_cancelled() {
            if let Some(change) = queue.take_now() {
                self.take(change).await?;
                if self.published.elapsed() >= TICK {
                    self.publish();
                }
                continue;
            }
            self.consumer.settle().await?;
            self.publish_settled();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                change = queue.take() => match change {
                    Some(change) => self.take(change).await?,
                    None => break,
                },
                () = tokio::time::sleep(TICK) => {}
            }
        }
        Ok(())
    }

    async fn take(&mut self, change: Change) -> Result<(), Failure> {
        let mut passed = None;
        match &change {
            Change::Begin(start) => {
                self.unapplied.begin(start.commit_time_us);
                self.transaction = Some(start.clone());
            }
            Change::Rows(rows) => self.progress.count_rows(rows.row_count, rows.event.len() as u64),
            Change::Schema(_) => {}
            Change::Commit(point) => {
                self.progress.count_transaction();
                passed = Some(point.clone());
            }
            Change::Reached(point) => passed = Some(point.clone()),
        }
        let is_complete = matches!(change, Change::Commit(_));
        self.consumer.take(change).await?;
        if is_complete {
            self.transaction = None;
        }
        if let Some(point) = passed {
            self.taken.advance(&point);
            self.unapplied.pass(&point);
            // Without a GTID it may be a moment of the idle source, told by our own clock.
            if is_complete || point.gtid.is_some() {
                self.last_commit_us = Some(point.commit_time_us);
            }
            self.settle_skip().await?;
        }
        Ok(())
    }

    /// That a transaction was left out is durable before the next one begins: should that fail too, the order is done.
    async fn settle_skip(&mut self) -> Result<(), Failure> {
        let taken = self.skip.as_ref().map(|skip| self.taken.checkpoint(self.epoch, 0).has_passed(skip));
        if taken == Some(true) {
            self.skip = None;
            self.consumer.settle().await?;
            self.publish();
        }
        Ok(())
    }

    fn failed_in(&self, transaction: Option<TransactionStart>) {
        if let Some(TransactionStart { gtid, file, offset, .. }) = transaction {
            let server = self.taken.checkpoint(self.epoch, 0).server;
            let gtid = gtid.map(|gtid| gtid.to_string());
            self.progress.failed_in(TransactionPlace { server, position: Position::new(&*file, offset), gtid });
        }
    }

    /// Nothing waits and nothing failed: unless a transaction is under way, everything taken is durable.
    fn publish_settled(&mut self) {
        if self.transaction.is_none() {
            self.unapplied.settled();
        }
        self.publish();
    }

    fn publish(&mut self) {
        self.published = Instant::now();
        let (durable, reached) = (self.consumer.durable(), self.taken.checkpoint(self.epoch, 0));
        // What is remembered from before the source was another server says nothing of this one's positions.
        if let Some(durable) = durable.as_ref().filter(|durable| durable.server == reached.server) {
            self.unapplied.durable(&durable.position);
        }
        self.progress.applied(self.consumer.applied());
        self.progress.publish(Points {
            durable,
            reached: Some(reached),
            oldest_unapplied_us: self.unapplied.oldest_us(),
            last_commit_us: self.last_commit_us,
            heartbeat_us: self.unapplied.heartbeat_us(),
        });
    }
}
