//! Events to changes: the decisions of the producer, without I/O.
//!
//! ```text
//! raw event ─▶ decode ─▶ where it stands ─▶ ┬ opens a transaction      (GTID, BEGIN)
//!                                           ├ describes a table        (TABLE_MAP; may need the server's definition)
//!                                           ├ carries rows             (Begin before the first of them, Rows)
//!                                           ├ carries a statement      (Begin, Schema, Commit)
//!                                           ├ ends a transaction       (Commit, or Reached if nothing of it was ours)
//!                                           └ is known to mean nothing, or stops the task
//! ```
//!
//! A GTID counts as reached only with the end of its transaction. Nothing is held back until then: parts are handed on
//! as they come.

use super::place::{Place, nearest};
use super::schema::{self, Known, SchemaCache};
use super::scope::{Carried, Judged, Scope, Verdict};
use super::statement::{Statement, first_words};
use super::transaction::Transaction;
use crate::change::{Change, RowsChange, SchemaChange, SourcePoint};
use bytes::Bytes;
use replicator_binlog::{
    DecodeError, Decoder, Event, EventBody, EventHeader, EventKind, MariaDbGtid as LoggedMariaDbGtid, MysqlGtid, Query,
    RowsEvent, TableMap, TableMapEvent,
};
use replicator_model::failure::Failure;
use replicator_model::gtid::{Gtid, MariaDbGtid, MySqlGtid};
use replicator_model::position::Position;
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::tables::{Collations, TableDefinition};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// Distributed transactions remembered between their two parts.
const PREPARED_MAX: usize = 10_000;

/// Turns the events of one connection into changes.
#[derive(Debug)]
pub(super) struct Assembler {
    scope: Scope,
    flavor: ServerFlavor,
    /// As in a checkpoint.
    server: Arc<str>,
    /// Whether points carry GTIDs. Not where the set of all transactions before the start is not known.
    track_gtids: bool,
    collations: Collations,
    decoder: Decoder,
    place: Place,
    floor: Position,
    /// A compressed transaction has been read on this connection: inner events belong to it.
    in_payload: bool,
    transaction: Option<Transaction>,
    schemas: SchemaCache,
    /// A table whose definition is asked for.
    awaited: Option<Awaited>,
    /// Distributed transactions whose first part held nothing of the task's.
    prepared_elsewhere: BTreeSet<String>,
    ready: VecDeque<Change>,
}

#[derive(Debug)]
struct Awaited {
    table_id: u64,
    body: Box<[u8]>,
    map: TableMap,
}

/// A table whose definition the assembler needs before it goes on: see [`Assembler::define`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedTable {
    pub(super) database: String,
    pub(super) table: String,
}

/// What is known when a connection begins.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) scope: Scope,
    pub(super) flavor: ServerFlavor,
    pub(super) server: String,
    pub(super) track_gtids: bool,
    pub(super) collations: Collations,
    /// Behind the event that names the file.
    pub(super) decoder: Decoder,
    pub(super) place: Place,
    /// What has been applied; a source that looks for the first new transaction may begin to read before it.
    pub(super) floor: Position,
}

/// An event besides its bytes.
#[derive(Debug, Clone, Copy)]
struct Seen {
    header: EventHeader,
    /// Where it begins; an event from a compressed transaction is where that ends.
    offset: u64,
}

impl Seen {
    fn time_us(&self) -> i64 {
        i64::from(self.header.timestamp) * 1_000_000
    }
}

impl Assembler {
    pub(super) fn new(beginning: Beginning) -> Self {
        let Beginning { scope, flavor, server, track_gtids, collations, decoder, place, floor } = beginning;
        Self {
            scope,
            flavor,
            server: server.into(),
            track_gtids,
            collations,
            decoder,
            place,
            floor,
            in_payload: false,
            transaction: None,
            schemas: SchemaCache::default(),
            awaited: None,
            prepared_elsewhere: BTreeSet::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next change that is complete.
    pub(super) fn pop(&mut self) -> Option<Change> {
        self.ready.pop_front()
    }

    /// Where the next event begins.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Takes the next event. If it answers a table, [`Assembler::define`] has to come before the next event.
    /// `inner`: from a compressed transaction. `now_us`: when it was read, in microseconds since 1970 UTC.
    pub(super) fn take(&mut self, bytes: &Bytes, inner: bool, now_us: i64) -> Result<Option<WantedTable>, Failure> {
        if inner && !self.in_payload {
            // They belong to a transaction before the start.
            return Ok(None);
        }
        let before = self.place.clone();
        let decoded = if inner { self.decoder.decode_inner(bytes) } else { self.decoder.decode(bytes) };
        let result = decoded.map_err(not_decoded).and_then(|event| {
            let offset = if inner { self.place.offset } else { self.place.pass(&event.header) };
            self.event(event, offset, bytes, now_us)
        });
        result.map_err(|failure| failure.at(self.describe(&before)))
    }

    /// Where a failure happened: the file, the offset and the transaction.
    fn describe(&self, place: &Place) -> String {
        match self.transaction.as_ref().and_then(|transaction| transaction.start.gtid.as_ref()) {
            Some(gtid) => format!("{place} (transaction {gtid})"),
            None => place.to_string(),
        }
    }

    fn event(
        &mut self,
        event: Event<'_>,
        offset: u64,
        bytes: &Bytes,
        now_us: i64,
    ) -> Result<Option<WantedTable>, Failure> {
        let seen = Seen { header: event.header, offset };
        match event.body {
            EventBody::Rows(rows) => self.rows(&rows, &seen, bytes)?,
            EventBody::TableMap(map) => return self.table_map(&map),
            EventBody::Xid(_) => self.end(&seen)?,
            EventBody::Gtid(gtid) => self.open_mysql(&gtid, &seen)?,
            EventBody::AnonymousGtid(gtid) => self.open_anonymous(&gtid, &seen)?,
            EventBody::MariaDbGtid(gtid) => self.open_mariadb(&gtid, &seen)?,
            EventBody::Query(query) => self.query(&query, &seen)?,
            EventBody::Rotate { position, file } => self.rotate(position, file, &seen, now_us)?,
            EventBody::Heartbeat { file, position } => self.heartbeat(file, position, now_us),
            EventBody::XaPrepare(prepare) if prepare.one_phase => self.end(&seen)?,
            EventBody::XaPrepare(prepare) => {
                let xid = format!("{}", XidText(&prepare.xid));
                self.prepared(xid, &seen)?;
            }
            EventBody::PartialUpdateRows(body) => self.partial_update(body)?,
            EventBody::ExecuteLoadQuery(load) => {
                let database = utf8(load.database, "database name")?;
                let sql = utf8(load.sql, "LOAD DATA statement")?;
                self.judge(&Statement::read(sql, 0), sql, database, None)?;
            }
            EventBody::Incident { number, message } => {
                return Err(Failure::definite(
                    "source_lost_events",
                    format!("the source says that events are missing here: incident {number}, {}", lossy(message)),
                    "copy the tables again and start from a position after this one",
                ));
            }
            // Context of a statement, which itself decides; what the decoder has taken over; bookkeeping of the source.
            EventBody::Intvar(_)
            | EventBody::Rand(_)
            | EventBody::UserVar(_)
            | EventBody::BeginLoadQuery(_)
            | EventBody::RowsQuery(_)
            | EventBody::FormatDescription(_)
            | EventBody::Stop
            | EventBody::PreviousGtids(_)
            | EventBody::TransactionContext(_)
            | EventBody::ViewChange(_)
            | EventBody::Ignorable(_)
            | EventBody::MariaDbGtidList(_)
            | EventBody::MariaDbBinlogCheckpoint(_)
            | EventBody::MariaDbAnnotateRows(_)
            | EventBody::MariaDbStartEncryption { .. } => {}
            // Its events follow, unpacked.
            EventBody::TransactionPayload(_) => self.in_payload = true,
            EventBody::Unknown(_) => unknown(&event.header)?,
        }
        Ok(None)
    }

    // ── transactions ────────────────────────────────────────────────────────────────────────────────────────────────

    fn open(&mut self, gtid: Option<Gtid>, commit_time_us: i64, seen: &Seen) -> Result<&mut Transaction, Failure> {
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
        let transaction = Transaction::new(gtid, Arc::clone(&self.place.file), seen.offset, commit_time_us);
        Ok(self.transaction.insert(transaction))
    }

    fn open_mysql(&mut self, gtid: &MysqlGtid<'_>, seen: &Seen) -> Result<(), Failure> {
        let time = commit_time_us(gtid, seen);
        let name = MySqlGtid { uuid: Uuid::from_bytes(gtid.uuid), tag: gtid.tag.to_owned(), number: gtid.gno };
        self.open(Some(Gtid::MySql(name)), time, seen).map(drop)
    }

    fn open_anonymous(&mut self, gtid: &MysqlGtid<'_>, seen: &Seen) -> Result<(), Failure> {
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

    fn open_mariadb(&mut self, gtid: &LoggedMariaDbGtid<'_>, seen: &Seen) -> Result<(), Failure> {
        /// START, COMMIT and ROLLBACK of an ALTER in two phases (`binlog_alter_two_phase`).
        const TWO_PHASE_ALTER: u8 = 2 | 4 | 8;
        let name = MariaDbGtid { domain: gtid.domain_id, server: gtid.server_id, sequence: gtid.sequence };
        let transaction = self.open(Some(Gtid::MariaDb(name)), seen.time_us(), seen)?;
        transaction.open = !gtid.is_standalone();
        transaction.two_phase_alter = gtid.extra_flags & TWO_PHASE_ALTER != 0;
        Ok(())
    }

    /// The transaction rows and commits belong to.
    fn current(&mut self) -> Result<&mut Transaction, Failure> {
        self.transaction.as_mut().filter(|transaction| transaction.open).ok_or_else(|| {
            Failure::definite(
                "position_inside_transaction",
                "rows or a commit come without the beginning of their transaction",
                "the position lies inside of a transaction: choose a start at the border of one, or rewind the task",
            )
        })
    }

    /// The end of the transaction that is open.
    fn end(&mut self, seen: &Seen) -> Result<(), Failure> {
        self.current()?;
        self.finish(seen);
        Ok(())
    }

    /// Ends the transaction at the current place: `Commit` if something of it was handed on, else `Reached`.
    fn finish(&mut self, seen: &Seen) {
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
    fn reach(&mut self, offset: u64, time_us: i64) {
        let point = self.point(offset, time_us);
        self.ready.push_back(Change::Reached(point));
        self.transaction = None;
    }

    fn point(&self, offset: u64, commit_time_us: i64) -> SourcePoint {
        let gtid = self.transaction.as_ref().and_then(|transaction| transaction.start.gtid.clone());
        SourcePoint {
            server: Arc::clone(&self.server),
            file: Arc::clone(&self.place.file),
            offset,
            gtid: gtid.filter(|_| self.track_gtids),
            commit_time_us,
        }
    }

    /// Hands on that the transaction begins, unless that has been done.
    fn begin(&mut self) {
        if let Some(transaction) = self.transaction.as_mut().filter(|transaction| !transaction.begun) {
            transaction.begun = true;
            self.ready.push_back(Change::Begin(transaction.start.clone()));
        }
    }

    /// Undone work is not in the log, except where tables without transactions were changed too.
    fn roll_back(&mut self, whole: bool, seen: &Seen) -> Result<(), Failure> {
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

    fn prepared(&mut self, xid: String, seen: &Seen) -> Result<(), Failure> {
        if self.current()?.begun {
            return Err(Failure::definite(
                "xa_transaction",
                format!("the rows of a distributed transaction (XA {xid}) come before its outcome"),
                "XA transactions on replicated tables are not carried yet; apply it to the target by hand and skip it",
            ));
        }
        if self.prepared_elsewhere.len() < PREPARED_MAX {
            self.prepared_elsewhere.insert(xid);
        }
        self.finish(seen);
        Ok(())
    }

    fn xa_commit(&mut self, xid: &str, seen: &Seen) -> Result<(), Failure> {
        if !self.prepared_elsewhere.remove(xid) {
            return Err(Failure::definite(
                "xa_transaction",
                format!("XA COMMIT {xid}, whose rows came before the start of the task or of this connection"),
                "XA transactions on replicated tables are not carried yet; if it changed some, apply it to the target by \
                 hand; then skip it",
            ));
        }
        self.finish(seen);
        Ok(())
    }

    // ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

    fn table_map(&mut self, event: &TableMapEvent<'_>) -> Result<Option<WantedTable>, Failure> {
        if self.schemas.holds(event.table_id, event.body) {
            return Ok(None);
        }
        let map = TableMap::parse(event.body, self.decoder.format()).map_err(not_decoded)?;
        let body: Box<[u8]> = event.body.into();
        if !self.scope.has(&map.database, &map.table) {
            self.schemas.insert(event.table_id, body, Known::Outside);
            return Ok(None);
        }
        let awaited = Awaited { table_id: event.table_id, body, map };
        if schema::needs_definition(&awaited.map, self.flavor) {
            let (database, table) = (awaited.map.database.clone(), awaited.map.table.clone());
            self.awaited = Some(awaited);
            return Ok(Some(WantedTable { database, table }));
        }
        self.learn(awaited, None)?;
        Ok(None)
    }

    /// Answers for the table that [`Assembler::take`] asked for: `None` if the server has no such table.
    pub(super) fn define(&mut self, definition: Option<&TableDefinition>) -> Result<(), Failure> {
        match self.awaited.take() {
            Some(awaited) => {
                let place = self.describe(&self.place);
                self.learn(awaited, definition).map_err(|failure| failure.at(place))
            }
            None => Ok(()),
        }
    }

    fn learn(&mut self, awaited: Awaited, definition: Option<&TableDefinition>) -> Result<(), Failure> {
        let schema = schema::complete(awaited.map, definition, &self.scope, &self.collations)?;
        self.schemas.insert(awaited.table_id, awaited.body, Known::Table(Arc::new(schema)));
        Ok(())
    }

    fn rows(&mut self, rows: &RowsEvent<'_>, seen: &Seen, bytes: &Bytes) -> Result<(), Failure> {
        let first_row = self.current()?.rows;
        if rows.is_dummy() {
            return Ok(());
        }
        let table = match self.schemas.get(rows.table_id()) {
            Some(Known::Table(table)) => Arc::clone(table),
            Some(Known::Outside) => return Ok(()),
            None => return Err(no_table_map()),
        };
        let row_count = count_rows(rows, &table.map).map_err(not_decoded)?;
        if row_count == 0 {
            return Ok(());
        }
        self.begin();
        self.current()?.rows += row_count;
        self.ready.push_back(Change::Rows(RowsChange {
            table,
            kind: rows.kind(),
            no_foreign_key_checks: rows.flags().no_foreign_key_checks(),
            event: bytes.clone(),
            layout: rows.layout(),
            file: Arc::clone(&self.place.file),
            offset: seen.offset,
            first_row,
            row_count,
        }));
        Ok(())
    }

    fn partial_update(&mut self, body: &[u8]) -> Result<(), Failure> {
        let table_id = body.get(..6).unwrap_or_default().iter().rev().fold(0, |id, byte| id << 8 | u64::from(*byte));
        match self.schemas.get(table_id) {
            Some(Known::Outside) => Ok(()),
            Some(Known::Table(table)) => Err(Failure::definite(
                "partial_json",
                format!("an UPDATE of {} was logged as changes inside of JSON values", table.source_name()),
                "SET GLOBAL binlog_row_value_options = '' on the source, have its clients connect anew, and copy the \
                 table again",
            )),
            None => Err(no_table_map()),
        }
    }

    // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn query(&mut self, query: &Query<'_>, seen: &Seen) -> Result<(), Failure> {
        let sql = std::str::from_utf8(&query.sql).map_err(|_| {
            Failure::definite(
                "statement_charset",
                format!("the statement `{} …` is not in UTF-8", first_words(&String::from_utf8_lossy(&query.sql))),
                "apply it to the target by hand and skip it; let clients of the source use utf8mb4",
            )
        })?;
        let session = query.status.parse().map_err(not_decoded)?;
        let statement = Statement::read(sql, session.sql_mode.unwrap_or(0));
        match &statement {
            Statement::Begin => return self.begin_statement(seen),
            Statement::Commit => return self.end(seen),
            Statement::Rollback => return self.roll_back(true, seen),
            Statement::RollbackToSavepoint => return self.roll_back(false, seen),
            Statement::Savepoint => return Ok(()),
            Statement::XaBracket => return self.xa_bracket(seen),
            Statement::XaCommit(xid) => return self.xa_commit(&normal_xid(xid), seen),
            Statement::XaRollback(xid) => {
                self.prepared_elsewhere.remove(&normal_xid(xid));
                self.finish(seen);
                return Ok(());
            }
            _ => {}
        }
        if self.transaction.is_none() {
            self.open(None, seen.time_us(), seen)?;
        }
        let database = utf8(query.database, "database name")?;
        let updated = session.updated_databases.as_ref().map(|names| names.iter().map(|name| lossy(name)).collect());
        if let Some(Carried { sql, database, tables }) = self.judge(&statement, sql, database, updated)? {
            if query.error_code != 0 {
                tracing::warn!(code = query.error_code, "the statement ended with an error at the source");
            }
            self.begin();
            self.ready.push_back(Change::Schema(SchemaChange {
                database,
                sql,
                file: Arc::clone(&self.place.file),
                offset: seen.offset,
                tables,
                sql_mode: session.sql_mode,
                charsets: session.charsets.map(|c| (c.client, c.connection, c.server)),
                time_zone: session.time_zone.map(lossy),
                foreign_key_checks: session.foreign_key_checks(),
                timestamp_us: seen.time_us() + i64::from(session.microseconds.unwrap_or(0)),
            }));
        }
        let goes_on = matches!(&statement, Statement::Table(table) if table.start_transaction.is_some());
        match &mut self.transaction {
            Some(transaction) if goes_on => transaction.open = true,
            Some(transaction) if !transaction.open => self.finish(seen),
            _ => {}
        }
        Ok(())
    }

    /// What is to be carried of a statement.
    fn judge(
        &self,
        statement: &Statement,
        sql: &str,
        database: &str,
        updated: Option<Vec<String>>,
    ) -> Result<Option<Carried>, Failure> {
        let judged = Judged { statement, sql, database, updated_databases: updated.as_deref() };
        match self.scope.judge(judged) {
            Verdict::Ignore => Ok(None),
            Verdict::Carry(_) if self.transaction.as_ref().is_some_and(|open| open.two_phase_alter) => {
                Err(Failure::definite(
                    "statement_not_understood",
                    "an ALTER in two phases (binlog_alter_two_phase) is not carried yet",
                    "SET GLOBAL binlog_alter_two_phase = OFF on the source; apply this one to the target by hand and \
                     skip it",
                ))
            }
            Verdict::Carry(carried) => Ok(Some(carried)),
            Verdict::Refuse { code, problem, hint } => Err(Failure::definite(code, problem, hint)),
        }
    }

    fn begin_statement(&mut self, seen: &Seen) -> Result<(), Failure> {
        match &mut self.transaction {
            Some(transaction) if !transaction.begun => transaction.open = true,
            Some(_) => return Err(incomplete("another one begins before its end")),
            None => self.open(None, seen.time_us(), seen)?.open = true,
        }
        Ok(())
    }

    /// XA START opens a group like BEGIN; XA END changes nothing.
    fn xa_bracket(&mut self, seen: &Seen) -> Result<(), Failure> {
        match &mut self.transaction {
            Some(transaction) => transaction.open = true,
            None => self.open(None, seen.time_us(), seen)?.open = true,
        }
        Ok(())
    }

    // ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The log goes on in another file. Sources announce it twice: at the end of a file, and before the next begins.
    fn rotate(&mut self, position: u64, file: &[u8], seen: &Seen, now_us: i64) -> Result<(), Failure> {
        let file = utf8(file, "file name")?;
        if self.transaction.as_ref().is_some_and(|transaction| transaction.begun) {
            return Err(incomplete("the file ends before it"));
        }
        let was_open = self.transaction.take();
        self.place = Place::new(file, position);
        if seen.header.timestamp != 0 && was_open.is_none() {
            self.idle(now_us);
        }
        Ok(())
    }

    /// An idle source. Version 1 of the event has the low 32 bits of the position.
    fn heartbeat(&mut self, file: &[u8], position: u64, now_us: i64) {
        if self.transaction.is_some() || *file != *self.place.file.as_bytes() {
            return;
        }
        let offset = match u32::try_from(position) {
            Ok(low) => nearest(self.place.offset, low),
            Err(_) => position,
        };
        self.place.offset = self.place.offset.max(offset);
        self.idle(now_us);
    }

    /// Between two transactions: everything up to here is known, unless the source still looks for the start.
    fn idle(&mut self, now_us: i64) {
        let here = Position::new(&*self.place.file, self.place.offset);
        if here.partial_cmp(&self.floor).is_none_or(|order| order.is_ge()) {
            self.reach(self.place.offset, now_us);
        }
    }
}

fn commit_time_us(gtid: &MysqlGtid<'_>, seen: &Seen) -> i64 {
    gtid.immediate_commit_timestamp_us.and_then(|time| i64::try_from(time).ok()).unwrap_or_else(|| seen.time_us())
}

fn count_rows(rows: &RowsEvent<'_>, map: &TableMap) -> Result<u64, DecodeError> {
    let (mut before, mut after, mut count) = (Vec::new(), Vec::new(), 0);
    let mut rows = rows.rows(map)?;
    while rows.next_into(&mut before, &mut after)? {
        count += 1;
    }
    Ok(count)
}

/// A type of event that nobody has told us about: harmless only if the source says so.
fn unknown(header: &EventHeader) -> Result<(), Failure> {
    if header.flags & EventHeader::IGNORABLE != 0 {
        return Ok(());
    }
    // The blocks of a LOAD DATA, whose last event decides.
    if matches!(header.kind, EventKind::APPEND_BLOCK | EventKind::DELETE_FILE) {
        return Ok(());
    }
    Err(Failure::definite(
        "event_not_understood",
        format!("an event of type {} is not understood", header.kind),
        "the source is newer than this program, or uses a feature that is not carried yet: report it",
    ))
}

fn not_decoded(error: DecodeError) -> Failure {
    let code = match &error {
        DecodeError::Checksum { .. } => "event_damaged",
        error if error.is_unsupported() => "event_not_carried",
        _ => "event_malformed",
    };
    Failure::definite(
        code,
        error.to_string(),
        "check the source's binary log with mysqlbinlog; keep the file and report it",
    )
}

fn no_table_map() -> Failure {
    Failure::definite(
        "position_inside_transaction",
        "rows come without a description of their table",
        "the position lies inside of a transaction: choose a start at the border of one, or rewind the task",
    )
}

fn incomplete(why: &str) -> Failure {
    Failure::definite(
        "transaction_incomplete",
        format!("the end of a transaction is missing from the binary log: {why}"),
        "the source has lost the end of a file, most likely in a crash: compare the tables, then start after it",
    )
}

fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|_| {
        Failure::definite("event_malformed", format!("a {what} is not in UTF-8"), "report it with the source's version")
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A distributed transaction's name as the servers write it in XA COMMIT: `X'…',X'…',1`.
struct XidText<'a>(&'a replicator_binlog::Xid<'a>);

impl std::fmt::Display for XidText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        write!(f, "x'{}',x'{}',{}", hex(self.0.gtrid), hex(self.0.bqual), self.0.format_id)
    }
}

fn normal_xid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
