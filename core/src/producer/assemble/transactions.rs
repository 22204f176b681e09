//! Transactions: how they begin, and how they end.

use super::prepared::Held;
use super::refusal::incomplete;
use super::transaction::Transaction;
use super::{Assembler, Seen};
use crate::change::{Change, SourcePoint};
use replicator_binlog::{MariaDbGtid as LoggedMariaDbGtid, MysqlGtid};
use replicator_model::failure::Failure;
use replicator_model::gtid::{Gtid, MariaDbGtid, MySqlGtid};
use std::sync::Arc;
use uuid::Uuid;

impl Assembler {
    pub(super) fn open(
        &mut self,
        gtid: Option<Gtid>,
        commit_time_us: i64,
        seen: &Seen,
    ) -> Result<&mut Transaction, Failure> {
        if let Some(unfinished) = &self.transaction {
            if unfinished.begun {
                return Err(incomplete("another transaction begins before its end"));
            }
            if !unfinished.open {
                // A GTID with nothing behind it.
                self.reach(seen.offset, commit_time_us);
            }
        }
        self.schemas.trim();
        let (file, trail) = (Arc::clone(&self.place.file), self.applied.own_trail());
        let transaction = Transaction::new(gtid, file, seen.offset, commit_time_us, trail);
        self.transaction = Some(transaction);
        self.skip_if_ordered();
        self.transaction.as_mut().ok_or_else(|| incomplete("it did not begin"))
    }

    pub(super) fn open_mysql(&mut self, gtid: &MysqlGtid<'_>, seen: &Seen) -> Result<(), Failure> {
        let time = commit_time_us(gtid, seen);
        let name = MySqlGtid { uuid: Uuid::from_bytes(gtid.uuid), tag: gtid.tag.to_owned(), number: gtid.gno };
        self.open(Some(Gtid::MySql(name)), time, seen).map(drop)
    }

    pub(super) fn open_anonymous(&mut self, gtid: &MysqlGtid<'_>, seen: &Seen) -> Result<(), Failure> {
        if self.track_gtids {
            return Err(Failure::definite(
                "transaction_without_gtid",
                "a transaction has no GTID, but the task follows the source by GTIDs",
                "set gtid_mode = ON on the source, or start the task at a file and offset",
            ));
        }
        let time = commit_time_us(gtid, seen);
        self.open(None, time, seen).map(drop)
    }

    pub(super) fn open_mariadb(&mut self, gtid: &LoggedMariaDbGtid<'_>, seen: &Seen) -> Result<(), Failure> {
        let name = MariaDbGtid { domain: gtid.domain_id, server: gtid.server_id, sequence: gtid.sequence };
        let holds = self.prepared_bytes_max.is_some();
        let transaction = self.open(Some(Gtid::MariaDb(name)), seen.time_us(), seen)?;
        transaction.open = !gtid.is_standalone();
        if holds && gtid.flags & LoggedMariaDbGtid::PREPARED_XA != 0 {
            transaction.held = Some(Held::nothing());
        }
        transaction.without_effect = gtid.is_without_effect();
        Ok(())
    }

    /// The transaction rows and commits belong to.
    pub(super) fn current(&mut self) -> Result<&mut Transaction, Failure> {
        self.transaction.as_mut().filter(|transaction| transaction.open).ok_or_else(|| {
            Failure::definite(
                "position_inside_transaction",
                "rows or a commit come without the beginning of their transaction",
                "the position lies inside of a transaction: choose a start at the border of one, or rewind the task",
            )
        })
    }

    /// The end of the transaction that is open.
    pub(super) fn end(&mut self, seen: &Seen) -> Result<(), Failure> {
        self.current()?;
        self.finish(seen);
        Ok(())
    }

    /// Ends the transaction at the current place: `Commit` if something of it was handed on, else `Reached`.
    pub(super) fn finish(&mut self, seen: &Seen) {
        let Some(transaction) = &self.transaction else { return };
        let (begun, time) = (transaction.begun, transaction.start.commit_time_us);
        if begun {
            let point = self.point(self.place.offset, time);
            self.ready.push_back(Change::Commit(point));
            self.transaction = None;
        } else {
            self.reach(self.place.offset, time.max(seen.time_us()));
        }
    }

    /// Nothing of what was read is the task's.
    pub(super) fn reach(&mut self, offset: u64, time_us: i64) {
        let point = self.point(offset, time_us);
        self.ready.push_back(Change::Reached(point));
        self.transaction = None;
    }

    pub(super) fn point(&self, offset: u64, commit_time_us: i64) -> SourcePoint {
        let transaction = self.transaction.as_ref();
        let gtid = transaction.and_then(|transaction| transaction.start.gtid.clone());
        SourcePoint {
            server: Arc::clone(&self.server),
            file: Arc::clone(&self.place.file),
            offset,
            gtid: gtid.filter(|_| self.track_gtids),
            commit_time_us,
            heartbeat_us: transaction.and_then(|transaction| transaction.heartbeat_us),
            is_bookkeeping: transaction.is_some_and(|transaction| transaction.has_own_rows && !transaction.has_rows),
        }
    }

    /// Hands on that the transaction begins, unless that has been done.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.refuse_other()?;
        self.hand_on_begin();
        Ok(())
    }

    pub(super) fn hand_on_begin(&mut self) {
        if let Some(transaction) = self.transaction.as_mut().filter(|transaction| !transaction.begun) {
            transaction.begun = true;
            self.ready.push_back(Change::Begin(transaction.start.clone()));
        }
    }

    /// Undone work is not in the log, except where tables without transactions were changed too.
    pub(super) fn roll_back(&mut self, whole: bool, seen: &Seen) -> Result<(), Failure> {
        let Some(transaction) = &self.transaction else { return Ok(()) };
        if transaction.begun {
            return Err(Failure::definite(
                "rollback_in_binlog",
                "the binary log takes back rows that tables without transactions keep",
                "the target can't tell which: copy the tables again; use InnoDB for replicated tables",
            ));
        }
        if whole {
            self.finish(seen);
        }
        Ok(())
    }
}

fn commit_time_us(gtid: &MysqlGtid<'_>, seen: &Seen) -> i64 {
    gtid.immediate_commit_timestamp_us.and_then(|time| i64::try_from(time).ok()).unwrap_or_else(|| seen.time_us())
}
