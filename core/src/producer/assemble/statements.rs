//! Statements: those that bracket transactions, and those that change tables.

use super::prepared::{WantedTransaction, normal_xid};
use super::refusal::{incomplete, lossy, not_decoded, utf8};
use super::statement_text::statement_text;
use super::{Assembler, Seen};
use crate::change::{Change, SchemaChange};
use crate::producer::followed::moment;
use crate::producer::scope::{Carried, Judged, Verdict};
use crate::producer::statement::Statement;
use replicator_binlog::{Query, SessionContext};
use replicator_model::failure::Failure;
use std::sync::Arc;

impl Assembler {
    pub(super) fn query(&mut self, query: &Query<'_>, seen: &Seen) -> Result<Option<WantedTransaction>, Failure> {
        if self.transaction.as_ref().is_some_and(|transaction| transaction.without_effect) {
            self.finish(seen);
            return Ok(None);
        }
        let session = query.status.parse().map_err(not_decoded)?;
        let sql = &*statement_text(query, &session, &self.collations)?;
        let statement = Statement::read(sql, session.sql_mode.unwrap_or(0), self.dialect);
        match &statement {
            Statement::Begin => self.begin_statement(seen)?,
            Statement::Commit => self.end(seen)?,
            Statement::Rollback => self.roll_back(true, seen)?,
            Statement::RollbackToSavepoint => self.roll_back(false, seen)?,
            Statement::Savepoint => {}
            Statement::XaBracket => self.xa_bracket(seen)?,
            Statement::XaCommit(xid) => return self.xa_commit(&normal_xid(xid), seen),
            Statement::XaRollback(xid) => self.xa_rollback(&normal_xid(xid), seen),
            _ => self.change_statement(query, sql, &statement, &session, seen)?,
        }
        Ok(None)
    }

    /// A statement that stands for a change by itself.
    fn change_statement(
        &mut self,
        query: &Query<'_>,
        sql: &str,
        statement: &Statement,
        session: &SessionContext<'_>,
        seen: &Seen,
    ) -> Result<(), Failure> {
        if self.transaction.is_none() {
            self.open(None, seen.time_us(), seen)?;
            if self.is_skipping() {
                self.finish(seen);
                return Ok(());
            }
        }
        if let Some(fate) = self.applied.fate_of_statement(query.thread_id, seen.header.timestamp) {
            self.meet(fate);
        }
        let left_out = self.transaction.as_ref().is_some_and(|transaction| transaction.left_out);
        let database = utf8(query.database, "database name")?;
        if let (Some(meaning), Statement::Database(..)) = (&mut self.meaning, statement) {
            meaning.follow(sql, session, &self.collations, database);
        }
        let updated = session.updated_databases.as_ref().map(|names| names.iter().map(|name| lossy(name)).collect());
        let carried = if left_out { None } else { self.judge(statement, sql, database, updated)? };
        if let Some(Carried { sql, database, tables }) = carried {
            if query.error_code != 0 {
                tracing::warn!(code = query.error_code, "the statement ended with an error at the source");
            }
            self.begin()?;
            let about = tables.first().map_or("", |(database, _)| database);
            let source = self.meaning.as_ref().map(|meaning| Box::new(meaning.of(session, &self.collations, about)));
            let named = |number: u16| self.collations.get(number).map(|collation| collation.name.clone());
            let merged = self.scope.merges(&tables);
            let targets = tables.iter().map(|(database, table)| self.scope.target(database, table)).collect();
            self.ready.push_back(Change::Schema(SchemaChange {
                database,
                sql,
                file: Arc::clone(&self.place.file),
                offset: seen.offset,
                tables,
                targets,
                merged,
                kinds: statement.kinds(),
                sql_mode: session.sql_mode,
                connection_collation: session.charsets.and_then(|charsets| named(charsets.connection)),
                server_collation: session.charsets.and_then(|charsets| named(charsets.server)),
                time_zone: session.time_zone.map(lossy),
                foreign_key_checks: session.foreign_key_checks(),
                timestamp_us: seen.time_us() + i64::from(session.microseconds.unwrap_or(0)),
                source,
            }));
        }
        let goes_on = matches!(statement, Statement::Table(table) if table.start_transaction.is_some());
        match &mut self.transaction {
            Some(transaction) if goes_on => transaction.open = true,
            Some(transaction) if !transaction.open => self.finish(seen),
            _ => {}
        }
        Ok(())
    }

    /// Follows what a statement does to tables, carried or not: others may be renamed into the task's.
    pub(super) fn follow(&mut self, query: &Query<'_>, seen: &Seen) -> Result<(), Failure> {
        let Some(followed) = &mut self.followed else { return Ok(()) };
        if self.transaction.as_ref().is_some_and(|transaction| transaction.without_effect) {
            return Ok(());
        }
        if query.sql.eq_ignore_ascii_case(b"BEGIN") || query.sql.eq_ignore_ascii_case(b"COMMIT") {
            return Ok(());
        }
        let context = query.status.parse().map_err(not_decoded)?;
        let database = utf8(query.database, "database name")?;
        // What can't be read stops the task, unless it is to be left out by order.
        let text = statement_text(query, &context, &self.collations);
        let statement = text.as_deref().map_err(|_| String::from_utf8_lossy(&query.sql));
        let moment = moment(&self.place.file, seen.offset);
        if followed.follow(statement, database, &context, &self.collations, moment) {
            self.schemas.clear();
        }
        Ok(())
    }

    /// What is to be carried of a statement.
    pub(super) fn judge(
        &self,
        statement: &Statement,
        sql: &str,
        database: &str,
        updated: Option<Vec<String>>,
    ) -> Result<Option<Carried>, Failure> {
        let judged = Judged { statement, sql, database, updated_databases: updated.as_deref() };
        match self.scope.judge(judged) {
            Verdict::Ignore => Ok(None),
            Verdict::Carry(carried) => Ok(Some(carried)),
            Verdict::Refuse { code, problem, hint } => Err(Failure::definite(code, problem, hint)),
        }
    }

    pub(super) fn begin_statement(&mut self, seen: &Seen) -> Result<(), Failure> {
        match &mut self.transaction {
            Some(transaction) if !transaction.begun => transaction.open = true,
            Some(_) => return Err(incomplete("another one begins before its end")),
            None => self.open(None, seen.time_us(), seen)?.open = true,
        }
        Ok(())
    }
}
