//! Points of the stream, and adding them up to a checkpoint.

use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::gtid::{Gtid, GtidSet};
use replicator_model::position::Position;
use std::sync::Arc;

/// The end of a transaction, or a point between two: the difference to the point before it.
///
/// Transactions are millions and GTID sets may be long, so each point carries its own GTID and [`Progressed`] adds
/// them up.
#[derive(Debug, Clone)]
pub struct SourcePoint {
    /// Which server's binary log this is, as in [`Checkpoint::server`].
    pub server: Arc<str>,
    pub file: Arc<str>,
    pub offset: u64,
    /// The transaction that ended here, where the source gives identifiers.
    pub gtid: Option<Gtid>,
    /// When that was committed, in microseconds since 1970 UTC; where an idle source was reached, when that was read.
    pub commit_time_us: i64,
    /// The transaction that ended here was the task's own heartbeat, written at this time by the source's clock.
    pub heartbeat_us: Option<i64>,
    /// The transaction that ended here has only rows that tasks keep for themselves at the source.
    pub is_bookkeeping: bool,
}

/// Everything up to a point: what a checkpoint is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progressed {
    checkpoint: Checkpoint,
}

impl Progressed {
    /// Starts from what was applied before.
    pub fn from(checkpoint: Checkpoint) -> Self {
        Self { checkpoint }
    }

    /// Adds the next point. A GTID of another flavour than the set so far begins a new set only if there was none.
    pub fn advance(&mut self, point: &SourcePoint) {
        let checkpoint = &mut self.checkpoint;
        if checkpoint.server != *point.server {
            checkpoint.server = point.server.to_string();
        }
        if checkpoint.position.file != *point.file {
            checkpoint.position.file = point.file.to_string();
        }
        checkpoint.position.offset = point.offset;
        if let Some(gtid) = &point.gtid {
            let set = checkpoint.gtid_set.get_or_insert_with(|| GtidSet::empty_for(gtid));
            let added = set.insert(gtid);
            debug_assert!(added, "one server's stream has one flavour of GTIDs");
        }
        checkpoint.event_time_us = point.commit_time_us;
    }

    /// The checkpoint as of now, under a lease.
    pub fn checkpoint(&self, epoch: Epoch, now_us: i64) -> Checkpoint {
        Checkpoint { epoch, written_at_us: now_us, ..self.checkpoint.clone() }
    }

    pub fn position(&self) -> &Position {
        &self.checkpoint.position
    }

    pub fn gtid_set(&self) -> Option<&GtidSet> {
        self.checkpoint.gtid_set.as_ref()
    }

    pub fn event_time_us(&self) -> i64 {
        self.checkpoint.event_time_us
    }
}
