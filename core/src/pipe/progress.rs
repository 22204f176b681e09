//! What can be seen of a pipe from outside while it runs.

use crate::consumer::Applied;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::TransactionPlace;
use replicator_model::status::Progress;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// Counters and points of one run of a pipe. Cheap to write, read by whoever reports.
#[derive(Debug)]
pub struct PipeProgress {
    transactions: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    commits: AtomicU64,
    conflicts: AtomicU64,
    schema_changes_ignored: AtomicU64,
    queue_bytes: OnceLock<Arc<AtomicU64>>,
    points: watch::Sender<Points>,
    failed_transaction: OnceLock<TransactionPlace>,
}

/// How far a pipe is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Points {
    /// What is durable at the target.
    pub durable: Option<Checkpoint>,
    /// What was handed to the consumer, durable or not.
    pub reached: Option<Checkpoint>,
    /// When the oldest transaction was committed at the source that is handed over and not durable.
    pub oldest_unapplied_us: Option<i64>,
    /// When the last transaction was committed at the source that was handed over as a whole, or left out; `None` if this
    /// pipe has seen none.
    pub last_commit_us: Option<i64>,
    /// When the newest of the task's heartbeats was written at the source before which everything is durable.
    pub heartbeat_us: Option<i64>,
}

impl Default for PipeProgress {
    fn default() -> Self {
        Self {
            transactions: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            schema_changes_ignored: AtomicU64::new(0),
            queue_bytes: OnceLock::new(),
            points: watch::Sender::new(Points::default()),
            failed_transaction: OnceLock::new(),
        }
    }
}

impl PipeProgress {
    pub(super) fn queue(&self, bytes: Arc<AtomicU64>) {
        // A pipe has one queue and runs once.
        let _already = self.queue_bytes.set(bytes);
    }

    pub(super) fn count_rows(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn count_transaction(&self) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn applied(&self, applied: Applied) {
        self.commits.store(applied.commits, Ordering::Relaxed);
        self.conflicts.store(applied.conflicts, Ordering::Relaxed);
        self.schema_changes_ignored.store(applied.schema_changes_ignored, Ordering::Relaxed);
    }

    pub(super) fn publish(&self, points: Points) {
        self.points.send_replace(points);
    }

    pub(super) fn failed_in(&self, transaction: TransactionPlace) {
        // The first failure ends a pipe.
        let _already = self.failed_transaction.set(transaction);
    }

    /// The transaction in which it failed, if it was in one.
    pub fn failed_transaction(&self) -> Option<&TransactionPlace> {
        self.failed_transaction.get()
    }

    /// Follows how far it is.
    pub fn points(&self) -> watch::Receiver<Points> {
        self.points.subscribe()
    }

    /// The amounts so far; rates are 0.
    pub fn totals(&self) -> Progress {
        Progress {
            transactions: self.transactions.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            conflicts: self.conflicts.load(Ordering::Relaxed),
            schema_changes_ignored: self.schema_changes_ignored.load(Ordering::Relaxed),
            queue_bytes: self.queue_bytes.get().map_or(0, |bytes| bytes.load(Ordering::Relaxed)),
            ..Progress::default()
        }
    }
}

/// Rates between two looks at the totals.
pub fn with_rates(before: &Progress, now: Progress, elapsed: Duration) -> Progress {
    let seconds = elapsed.as_secs_f64().max(1e-3);
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
    Progress {
        transactions_per_second: rate(now.transactions, before.transactions),
        rows_per_second: rate(now.rows, before.rows),
        bytes_per_second: rate(now.bytes, before.bytes),
        ..now
    }
}
