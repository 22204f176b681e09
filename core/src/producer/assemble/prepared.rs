//! Distributed transactions (XA): their rows are logged when they are prepared, and count only once a later XA COMMIT
//! says so. Until then they are held here; what is too large is left in the source's log, to be read again from there.

use super::{Assembler, Seen};
use crate::change::{Change, RowsChange};
use replicator_binlog::Xid;
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use std::collections::BTreeMap;

/// Distributed transactions remembered between their two parts. One that is not is looked for in the source's log.
const PREPARED_MAX: usize = 10_000;

/// Distributed transactions whose outcome has not come.
#[derive(Debug, Default)]
pub(super) struct PreparedTransactions {
    /// By their names as in [`Xid`].
    held: BTreeMap<String, Held>,
    bytes: usize,
}

/// The rows of one.
#[derive(Debug)]
pub(super) enum Held {
    Rows {
        rows: Vec<RowsChange>,
        bytes: usize,
    },
    /// Too many to keep: the transaction begins here.
    InLog(Position),
}

/// A prepared transaction that has to be read again: see [`Assembler::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::producer) struct WantedTransaction {
    /// As in [`Xid`].
    pub(in crate::producer) xid: String,
    /// Where it begins; unknown if it was prepared before this connection began.
    pub(in crate::producer) from: Option<Position>,
    /// It was prepared before this place.
    pub(in crate::producer) before: Position,
}

impl PreparedTransactions {
    fn insert(&mut self, xid: String, held: Held) {
        if self.held.len() < PREPARED_MAX || self.held.contains_key(&xid) {
            self.bytes += held.bytes();
            self.held.insert(xid, held);
        }
    }

    fn remove(&mut self, xid: &str) -> Option<Held> {
        let held = self.held.remove(xid)?;
        self.bytes -= held.bytes();
        Some(held)
    }
}

impl Held {
    pub(super) const fn nothing() -> Self {
        Held::Rows { rows: Vec::new(), bytes: 0 }
    }

    fn bytes(&self) -> usize {
        match self {
            Held::Rows { bytes, .. } => *bytes,
            Held::InLog(_) => 0,
        }
    }
}

impl Assembler {
    /// XA START opens a group like BEGIN, whose rows are held; XA END changes nothing.
    pub(super) fn xa_bracket(&mut self, seen: &Seen) -> Result<(), Failure> {
        let holds = self.prepared_bytes_max.is_some();
        if self.transaction.is_none() {
            self.open(None, seen.time_us(), seen)?;
        }
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        transaction.open = true;
        if holds {
            transaction.held.get_or_insert_with(Held::nothing);
        }
        Ok(())
    }

    /// Hands rows on, or holds them.
    pub(super) fn carry(&mut self, rows: RowsChange) -> Result<(), Failure> {
        let (limit, taken) = (self.prepared_bytes_max.unwrap_or(0), self.prepared.bytes);
        let transaction = self.current()?;
        transaction.rows += rows.row_count;
        match &mut transaction.held {
            None => {
                self.begin()?;
                self.ready.push_back(Change::Rows(rows));
            }
            Some(held) => {
                if let Held::Rows { rows: so_far, bytes } = held {
                    *bytes += rows.event.len();
                    so_far.push(rows);
                }
                if held.bytes() + taken > limit {
                    let start = &transaction.start;
                    *held = Held::InLog(Position::new(&*start.file, start.offset));
                }
            }
        }
        Ok(())
    }

    /// XA PREPARE. In one phase, it commits too.
    pub(super) fn prepare(
        &mut self,
        xid: &Xid<'_>,
        one_phase: bool,
        seen: &Seen,
    ) -> Result<Option<WantedTransaction>, Failure> {
        let Some(held) = self.current()?.held.take() else {
            // It is read again: its rows were handed on as they came.
            self.finish(seen);
            return Ok(None);
        };
        let xid = xid.to_string();
        if one_phase {
            return self.commit_held(xid, Some(held), seen);
        }
        self.prepared.insert(xid, held);
        self.finish(seen);
        Ok(None)
    }

    pub(super) fn xa_commit(&mut self, xid: &str, seen: &Seen) -> Result<Option<WantedTransaction>, Failure> {
        let held = self.prepared.remove(xid);
        self.commit_held(xid.to_owned(), held, seen)
    }

    pub(super) fn xa_rollback(&mut self, xid: &str, seen: &Seen) {
        self.prepared.remove(xid);
        self.finish(seen);
    }

    fn commit_held(
        &mut self,
        xid: String,
        held: Option<Held>,
        seen: &Seen,
    ) -> Result<Option<WantedTransaction>, Failure> {
        let from = match held {
            Some(Held::Rows { rows, .. }) => {
                if !rows.is_empty() {
                    self.begin()?;
                    self.ready.extend(rows.into_iter().map(Change::Rows));
                }
                self.finish(seen);
                return Ok(None);
            }
            Some(Held::InLog(position)) => Some(position),
            None => None,
        };
        self.awaited_outcome = Some(*seen);
        let before = Position::new(&*self.place.file, self.place.offset);
        Ok(Some(WantedTransaction { xid, from, before }))
    }

    /// Takes rows of the prepared transaction that was asked for.
    pub(in crate::producer) fn add_prepared(&mut self, rows: RowsChange) -> Result<(), Failure> {
        self.begin()?;
        self.ready.push_back(Change::Rows(rows));
        Ok(())
    }

    /// The prepared transaction that was asked for is complete.
    pub(in crate::producer) fn end_prepared(&mut self) {
        if let Some(seen) = self.awaited_outcome.take() {
            self.finish(&seen);
        }
    }
}

/// The name in a statement, as [`Xid`] is shown.
pub(super) fn normal_xid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}
