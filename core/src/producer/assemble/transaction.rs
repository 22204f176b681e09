//! The transaction that is being read.

use super::prepared::Held;
use crate::change::{Trail, TransactionStart};
use replicator_model::gtid::Gtid;
use std::sync::Arc;

/// A transaction whose end has not come yet.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) start: TransactionStart,
    /// Rows may follow: BEGIN was read, or MariaDB's GTID, which implies it. Before that, the next statement is the
    /// whole transaction.
    pub(super) open: bool,
    /// Its `Begin` has been handed on.
    pub(super) begun: bool,
    /// It is left out by order: nothing of it is handed on but its beginning and its end.
    pub(super) skipped: bool,
    /// Rows handed on.
    pub(super) rows: u64,
    /// Its statement changes nothing: an ALTER in two phases of MariaDB's that only begins, or that failed.
    pub(super) without_effect: bool,
    /// Of a distributed transaction: the rows so far, which count only with its outcome.
    pub(super) held: Option<Held>,
    /// It wrote the task's heartbeat, at this time.
    pub(super) heartbeat_us: Option<i64>,
    /// A task applied it, and it goes no further.
    pub(super) left_out: bool,
    /// It has rows that tasks keep for themselves.
    pub(super) has_own_rows: bool,
    /// It has others, the task's or not.
    pub(super) has_rows: bool,
}

impl Transaction {
    pub(super) fn new(gtid: Option<Gtid>, file: Arc<str>, offset: u64, commit_time_us: i64, trail: Trail) -> Self {
        let start = TransactionStart { gtid, file, offset, commit_time_us, trail };
        Self {
            start,
            open: false,
            begun: false,
            skipped: false,
            rows: 0,
            without_effect: false,
            held: None,
            heartbeat_us: None,
            left_out: false,
            has_own_rows: false,
            has_rows: false,
        }
    }
}
