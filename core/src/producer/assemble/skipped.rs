//! A transaction that is left out by order: only its borders are looked at.

use super::{Assembler, Seen};
use crate::producer::statement::Statement;
use bytes::Bytes;
use replicator_binlog::{Event, EventBody, EventHeader, EventKind, Query};
use replicator_model::desired::TransactionPlace;
use replicator_model::failure::Failure;
use replicator_model::position::Position;

impl Assembler {
    pub(super) fn is_skipping(&self) -> bool {
        self.transaction.as_ref().is_some_and(|transaction| transaction.skipped)
    }

    /// Whether the transaction that just began is the one to leave out.
    pub(super) fn skip_if_ordered(&mut self) {
        let (Some(wanted), Some(transaction)) = (&self.skip, &mut self.transaction) else { return };
        let gtid = transaction.start.gtid.as_ref().map(ToString::to_string);
        let is_it = match (&wanted.gtid, &gtid) {
            (Some(wanted), Some(gtid)) => wanted == gtid,
            _ => {
                let here = Position::new(&*transaction.start.file, transaction.start.offset);
                *wanted.server == *self.server && wanted.position == here
            }
        };
        if is_it {
            tracing::warn!(transaction = %wanted, "left out by order");
            transaction.skipped = true;
            self.skip = None;
            self.hand_on_begin();
        }
    }

    /// Takes an event of the transaction that is left out. Answers whether it is done with.
    pub(super) fn pass_over(&mut self, event: &Event<'_>, seen: &Seen) -> Result<bool, Failure> {
        match &event.body {
            EventBody::Xid(_) | EventBody::XaPrepare(_) => self.finish(seen),
            EventBody::Query(query) => self.pass_over_statement(query, seen),
            // What brackets it, and what must not be missed.
            EventBody::Gtid(_)
            | EventBody::AnonymousGtid(_)
            | EventBody::MariaDbGtid(_)
            | EventBody::Rotate { .. }
            | EventBody::Heartbeat { .. }
            | EventBody::Incident { .. }
            | EventBody::TransactionPayload(_) => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn pass_over_statement(&mut self, query: &Query<'_>, seen: &Seen) {
        let sql = String::from_utf8_lossy(&query.sql);
        let sql_mode = query.status.parse().ok().and_then(|session| session.sql_mode).unwrap_or(0);
        let statement = Statement::read(&sql, sql_mode, self.dialect);
        let Some(transaction) = &mut self.transaction else { return };
        match statement {
            Statement::Begin | Statement::XaBracket => transaction.open = true,
            Statement::Commit | Statement::Rollback | Statement::XaCommit(_) | Statement::XaRollback(_) => {
                self.finish(seen);
            }
            Statement::Table(table) if table.start_transaction.is_some() => transaction.open = true,
            _ if transaction.open => {}
            // Alone, it is the whole transaction.
            _ => self.finish(seen),
        }
    }

    /// Passes an event that can't be read, if it can't be a border. Answers whether it did.
    pub(super) fn pass_undecoded(&mut self, bytes: &Bytes, inner: bool) -> bool {
        const BORDERS: [EventKind; 8] = [
            EventKind::XID,
            EventKind::QUERY,
            EventKind::GTID,
            EventKind::ANONYMOUS_GTID,
            EventKind::MARIADB_GTID,
            EventKind::ROTATE,
            EventKind::XA_PREPARE,
            EventKind::TRANSACTION_PAYLOAD,
        ];
        match EventHeader::parse(bytes) {
            Ok(header) if !BORDERS.contains(&header.kind) => {
                if !inner {
                    self.place.pass(&header);
                }
                true
            }
            _ => false,
        }
    }

    /// A change of another transaction comes while the one to leave out is still to come.
    pub(super) fn refuse_other(&self) -> Result<(), Failure> {
        match &self.skip {
            Some(wanted) => Err(mismatch(wanted)),
            None => Ok(()),
        }
    }
}

fn mismatch(wanted: &TransactionPlace) -> Failure {
    Failure::definite(
        "skip_mismatch",
        format!("the order is to leave out {wanted}, but the task's next transaction is another one"),
        "look at what comes next with `replicator task skip`, and order again; or start the task without leaving out any",
    )
}
