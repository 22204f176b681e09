//! What others see of a running task: its status, its checkpoint, its metrics.

use super::Supervisor;
use super::source::SourceAsked;
use crate::pipe::lag::{Lag, Observed, lag_by, missing};
use crate::pipe::progress::{PipeProgress, Points, with_rates};
use crate::producer::{KeptLogs, SourceHead};
use replicator_coordination::lease::Lease;
use replicator_coordination::standby::Candidate;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Once, OnceOrder, TransactionPlace};
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use replicator_model::status::{Progress, SourceLogs, Stage, TaskStatus};
use std::sync::Arc;
use tokio::time::Instant;

/// Writes the status and `lastCommit` of one lease. Trouble with that is logged and stops nothing: what counts is at
/// the target, and a lost lease is noticed by its own clock.
pub(super) struct Report<'a> {
    supervisor: &'a Supervisor,
    lease: &'a Lease,
    candidate: &'a Candidate,
    status: TaskStatus,
    pipe: Option<Arc<PipeProgress>>,
    /// Amounts of the pipes before this one under the same lease.
    before: Progress,
    looked: (Instant, Progress),
    lag: Lag,
    committed: Option<Checkpoint>,
    /// The transaction that is to be left out, and the order that says so, until that is recorded.
    skip: Option<(u64, TransactionPlace)>,
}

impl<'a> Report<'a> {
    pub(super) fn new(supervisor: &'a Supervisor, lease: &'a Lease, candidate: &'a Candidate) -> Self {
        let now = now_us(supervisor);
        let status = TaskStatus {
            core: supervisor.core.clone(),
            epoch: lease.epoch(),
            stage: Stage::Starting,
            spec_version: 0,
            desired_generation: 0,
            checkpoint: None,
            source_head: None,
            source_logs: None,
            lag_seconds: None,
            lag_by: None,
            gtid_missing: None,
            progress: Progress::default(),
            failure: None,
            warnings: Vec::new(),
            failed_transaction: None,
            skipped: 0,
            retries: 0,
            since_us: now,
            updated_us: now,
        };
        let looked = (Instant::now(), Progress::default());
        let (pipe, before, lag, committed) = (None, Progress::default(), Lag::default(), None);
        Self { supervisor, lease, candidate, status, pipe, before, looked, lag, committed, skip: None }
    }

    pub(super) fn order(&mut self, spec_version: u64, desired_generation: u64) {
        (self.status.spec_version, self.status.desired_generation) = (spec_version, desired_generation);
    }

    pub(super) fn retries(&mut self, retries: u32) {
        self.status.retries = retries;
    }

    /// A new pipe starts, with what was ordered to happen once before its first change.
    pub(super) async fn begin(&mut self, pipe: Arc<PipeProgress>, once: Option<&Once>) {
        self.before = self.totals();
        self.pipe = Some(pipe);
        if once.is_some_and(|once| matches!(once.what, OnceOrder::Rewind(_))) {
            // It goes back behind what was once caught up with.
            self.lag = Lag::default();
        }
        self.status.skipped = self.lease.carried_out().await.skipped;
        self.skip = once.and_then(|once| match &once.what {
            OnceOrder::Skip(transaction) => Some((once.generation, transaction.clone())),
            OnceOrder::Rewind(_) => None,
        });
        // Under retries the stage stays what it is until changes flow: flapping hides the trouble.
        if self.status.stage != Stage::Retrying {
            self.stage(Stage::Starting, None).await;
        }
    }

    /// Changes flow. The last failure stays visible, as one that a retry overcame.
    pub(super) async fn streaming(&mut self) {
        let overcome = self.status.failure.take();
        self.stage(Stage::Streaming, overcome).await;
    }

    pub(super) async fn stage(&mut self, stage: Stage, failure: Option<Failure>) {
        if self.status.stage != stage {
            self.status.since_us = now_us(self.supervisor);
        }
        self.supervisor.metrics.stage(stage, failure.as_ref());
        (self.status.stage, self.status.failure) = (stage, failure);
        let failed = self.pipe.as_ref().and_then(|pipe| pipe.failed_transaction());
        self.status.failed_transaction = failed.filter(|_| stage == Stage::Failed).cloned();
        if stage != Stage::Streaming {
            (self.status.lag_seconds, self.status.lag_by, self.status.gtid_missing) = (None, None, None);
            self.status.warnings.clear();
        }
        let rejections = self.supervisor.metrics.fence_rejections();
        self.candidate.update_info(Some(self.status.spec_version), stage, rejections).await;
        self.write().await;
    }

    /// Takes a look at the pipe and writes the status.
    pub(super) async fn status(&mut self, source: &SourceAsked) {
        let (then, before) = self.looked;
        let totals = self.totals();
        self.looked = (Instant::now(), totals);
        self.status.progress = with_rates(&before, totals, then.elapsed());
        let points = self.points();
        let head = source.head();
        let durable = points.durable.as_ref();
        self.status.source_head = head.as_ref().map(|head| known_head(&head.at, durable).clone());
        self.status.lag_seconds = head.as_ref().and_then(|head| {
            let age_us = i64::try_from(head.answered.elapsed().as_micros()).unwrap_or(i64::MAX);
            self.lag.observe(Observed { points: &points, head: &head.at, age_us })
        });
        self.status.lag_by = head.is_some().then(|| lag_by(&points, &source.heartbeats()));
        self.status.gtid_missing = head.as_ref().and_then(|head| missing(&points, &head.at)).map(|set| set.to_string());
        self.status.warnings = source.heartbeats().err().into_iter().collect();
        self.status.checkpoint = points.durable.map(|durable| self.stamped(durable));
        if let Some(kept) = source.kept() {
            let head = head.as_ref().map(|head| &head.at);
            self.status.source_logs = Some(source_logs(kept, head, self.status.checkpoint.as_ref()));
        }
        self.supervisor.metrics.progress(&self.status);
        self.write().await;
    }

    /// Writes `lastCommit` if something new is durable.
    pub(super) async fn checkpoint(&mut self) {
        let Some(durable) = self.points().durable else { return };
        // Also what became durable after the last look, as when a pipe ends.
        self.status.checkpoint = Some(self.stamped(durable.clone()));
        if self.committed.as_ref() != Some(&durable) {
            match self.lease.commit(&self.stamped(durable.clone())).await {
                Ok(()) => self.committed = Some(durable.clone()),
                Err(error) => tracing::warn!(task = %self.supervisor.task, %error, "lastCommit was not written"),
            }
        }
        self.record_skip(&durable).await;
    }

    /// Once the target is behind the transaction that was to be left out, the order is done.
    async fn record_skip(&mut self, durable: &Checkpoint) {
        let Some((generation, transaction)) = self.skip.take_if(|(_, skip)| durable.has_passed(skip)) else { return };
        match self.lease.skipped(generation).await {
            Ok(()) => {
                tracing::warn!(task = %self.supervisor.task, %transaction, "a transaction was left out by order");
                self.status.skipped = self.lease.carried_out().await.skipped;
                self.supervisor.metrics.skipped();
            }
            Err(error) => {
                tracing::warn!(task = %self.supervisor.task, %error, "that a transaction was left out was not recorded");
                self.skip = Some((generation, transaction));
            }
        }
    }

    /// Whether everything up to a point is durable at the target.
    pub(super) fn is_durable(&self, point: &Checkpoint) -> bool {
        self.points().durable.is_some_and(|durable| durable.follows(point).is_ok())
    }

    /// How far the last pipe got, if it handed over a whole transaction: those may have been applied together.
    pub(super) fn reached_together(&self) -> Option<Checkpoint> {
        let pipe = self.pipe.as_ref().filter(|pipe| pipe.totals().transactions > 0)?;
        pipe.points().borrow().reached.clone()
    }

    fn points(&self) -> Points {
        self.pipe.as_ref().map(|pipe| pipe.points().borrow().clone()).unwrap_or_default()
    }

    fn totals(&self) -> Progress {
        let now = self.pipe.as_ref().map(|pipe| pipe.totals()).unwrap_or_default();
        Progress {
            transactions: self.before.transactions + now.transactions,
            rows: self.before.rows + now.rows,
            bytes: self.before.bytes + now.bytes,
            commits: self.before.commits + now.commits,
            schema_changes_ignored: self.before.schema_changes_ignored + now.schema_changes_ignored,
            ..now
        }
    }

    /// Under this lease and at this time.
    fn stamped(&self, checkpoint: Checkpoint) -> Checkpoint {
        Checkpoint { epoch: self.lease.epoch(), written_at_us: now_us(self.supervisor), ..checkpoint }
    }

    async fn write(&mut self) {
        self.status.updated_us = now_us(self.supervisor);
        if let Err(error) = self.lease.write_status(&self.status).await {
            tracing::warn!(task = %self.supervisor.task, %error, "the status was not written");
        }
    }
}

/// Where the log ends at least: it is asked now and then only, and what is applied since was in it.
fn known_head<'a>(head: &'a SourceHead, durable: Option<&'a Checkpoint>) -> &'a Position {
    match durable {
        Some(durable) if durable.position > head.position => &durable.position,
        _ => &head.position,
    }
}

/// What is kept, seen from the checkpoint. Everything that is not applied yet was committed after the last applied
/// transaction was.
fn source_logs(kept: KeptLogs, head: Option<&SourceHead>, checkpoint: Option<&Checkpoint>) -> SourceLogs {
    let age = |head: &SourceHead, checkpoint: &Checkpoint| match checkpoint.event_time_us {
        _ if head.position.file == checkpoint.position.file => Some(0.0),
        0 => None,
        last => Some(head.now_us.saturating_sub(last).max(0) as f64 / 1e6),
    };
    SourceLogs {
        oldest: kept.oldest,
        retention_seconds: kept.retention_seconds.map(|seconds| seconds as f64),
        checkpoint_age_seconds: head.zip(checkpoint).and_then(|(head, checkpoint)| age(head, checkpoint)),
    }
}

fn now_us(supervisor: &Supervisor) -> i64 {
    (supervisor.session.surroundings().wall_clock_us)()
}
