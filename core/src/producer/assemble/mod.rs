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

mod applied;
mod heartbeat;
mod prepared;
mod refusal;
mod rows;
mod skipped;
mod statement_text;
mod statements;
mod transaction;
mod transactions;

use super::followed::{Followed, moment};
use super::meaning::Meaning;
use super::schema::SchemaCache;
use super::scope::Scope;
use super::statement::Statement;
use crate::change::{Change, TransactionStart};
pub(super) use applied::{Applied, OwnTable};
use bytes::Bytes;
pub(super) use heartbeat::OwnHeartbeat;
use prepared::PreparedTransactions;
pub(super) use prepared::WantedTransaction;
use refusal::{incomplete, lossy, not_decoded, unknown, utf8};
use replicator_binlog::{Decoder, Event, EventBody, EventHeader, TableMap, XaPrepare};
use replicator_model::desired::TransactionPlace;
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use replicator_mysql::place::{Place, nearest};
use replicator_mysql::replication::{EventPart, RawEvent};
use replicator_mysql::tables::Collations;
use replicator_schema::dialect::Dialect;
use replicator_schema::stored::StoredPart;
use std::collections::VecDeque;
use std::sync::Arc;
use transaction::Transaction;

/// Turns the events of one connection into changes.
#[derive(Debug)]
pub(super) struct Assembler {
    scope: Scope,
    dialect: Dialect,
    /// As in a checkpoint.
    server: Arc<str>,
    /// Whether points carry GTIDs. Not where the set of all transactions before the start is not known.
    track_gtids: bool,
    collations: Collations,
    decoder: Decoder,
    place: Place,
    floor: Position,
    /// `None` where a transaction is read again: only its rows matter.
    heartbeat: Option<OwnHeartbeat>,
    applied: Applied,
    /// The transaction to leave out; it has to be the first of the task's.
    skip: Option<TransactionPlace>,
    /// Where the last compressed transaction begins, to which inner events belong.
    payload: Option<u64>,
    transaction: Option<Transaction>,
    schemas: SchemaCache,
    followed: Option<Followed>,
    /// `None` where a transaction is read again.
    meaning: Option<Meaning>,
    /// Up to there the tables of a transaction that is read again have stayed what they were.
    unchanged_to: Option<u64>,
    /// A table whose definition is asked for.
    awaited: Option<Awaited>,
    prepared: PreparedTransactions,
    prepared_bytes_max: Option<usize>,
    /// The XA COMMIT of a transaction that is read again.
    awaited_outcome: Option<Seen>,
    ready: VecDeque<Change>,
}

#[derive(Debug)]
struct Awaited {
    table_id: u64,
    body: Box<[u8]>,
    map: TableMap,
}

/// What the assembler needs before it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A table's definition: [`Assembler::define`].
    Table { database: String, table: String },
    /// The rows of a distributed transaction: [`Assembler::add_prepared`], [`Assembler::end_prepared`].
    Transaction(WantedTransaction),
}

/// What is known when a connection begins.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) scope: Scope,
    pub(super) dialect: Dialect,
    pub(super) server: String,
    pub(super) track_gtids: bool,
    pub(super) collations: Collations,
    /// Behind the event that names the file.
    pub(super) decoder: Decoder,
    pub(super) place: Place,
    /// What has been applied; a source that looks for the first new transaction may begin to read before it.
    pub(super) floor: Position,
    pub(super) heartbeat: Option<OwnHeartbeat>,
    pub(super) applied: Applied,
    pub(super) skip: Option<TransactionPlace>,
    /// Most bytes of rows held for distributed transactions; beyond, they are left in the log. `None` where one is
    /// read again: its rows are handed on as they come.
    pub(super) prepared_bytes_max: Option<usize>,
}

/// An event besides its bytes.
#[derive(Debug, Clone, Copy)]
struct Seen {
    header: EventHeader,
    /// Where it begins; an event from a compressed transaction is where that begins.
    offset: u64,
}

impl Seen {
    fn time_us(&self) -> i64 {
        i64::from(self.header.timestamp) * 1_000_000
    }
}

impl Assembler {
    pub(super) fn new(beginning: Beginning) -> Self {
        let Beginning {
            scope,
            dialect,
            server,
            track_gtids,
            collations,
            decoder,
            place,
            floor,
            heartbeat,
            applied,
            skip,
            prepared_bytes_max,
        } = beginning;
        Self {
            scope,
            dialect,
            server: server.into(),
            track_gtids,
            collations,
            decoder,
            place,
            floor,
            heartbeat,
            applied,
            skip,
            payload: None,
            transaction: None,
            schemas: SchemaCache::default(),
            followed: None,
            meaning: None,
            unchanged_to: None,
            awaited: None,
            prepared: PreparedTransactions::default(),
            prepared_bytes_max,
            awaited_outcome: None,
            ready: VecDeque::new(),
        }
    }

    /// Says with statements what the source takes for granted in them.
    pub(super) fn meaning(self, meaning: Meaning) -> Self {
        Self { meaning: Some(meaning), ..self }
    }

    /// Follows the tables' statements from here on.
    pub(super) fn following(self, followed: Option<Followed>) -> Self {
        Self { followed, ..self }
    }

    /// Reads a prepared transaction again with what is known where its outcome stands. Until then it locks its tables: if
    /// the history does not reach back to its rows, what it says there holds for them.
    pub(super) fn reading_again(self, followed: Option<Followed>, outcome: &Position) -> Self {
        Self { followed, unchanged_to: Some(moment(&outcome.file, outcome.offset)), ..self }
    }

    pub(super) fn followed(&self) -> Option<&Followed> {
        self.followed.as_ref()
    }

    /// What has to be durable before the changes that are ready are handed on.
    pub(super) fn take_unsaved(&mut self) -> Option<Vec<StoredPart>> {
        self.followed.as_mut().and_then(|followed| followed.take_unsaved(&self.scope))
    }

    /// The next change that is complete.
    pub(super) fn pop(&mut self) -> Option<Change> {
        self.ready.pop_front()
    }

    /// Where the next event begins.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Takes the next event. If it answers something that is wanted, that has to come before the next event.
    /// `now_us`: when it was read, in microseconds since 1970 UTC.
    pub(super) fn take(&mut self, raw: &RawEvent, now_us: i64) -> Result<Option<Wanted>, Failure> {
        let (bytes, inner) = (&raw.bytes, raw.part == EventPart::Inner);
        if inner && self.payload.is_none() {
            // They belong to a transaction before the start.
            return Ok(None);
        }
        let before = self.place.clone();
        if raw.part == EventPart::Compressed {
            let header = EventHeader::parse(bytes).map_err(|error| not_decoded(error).at(self.describe(&before)))?;
            self.payload = Some(self.place.pass(&header));
            return Ok(None);
        }
        let decoded = if inner { self.decoder.decode_inner(bytes) } else { self.decoder.decode(bytes) };
        if self.is_skipping() && decoded.is_err() && self.pass_undecoded(bytes, inner) {
            return Ok(None);
        }
        let result = decoded.map_err(not_decoded).and_then(|event| {
            let offset = match self.payload {
                Some(start) if inner => start,
                _ => self.place.pass(&event.header),
            };
            self.event(event, offset, bytes, now_us)
        });
        result.map_err(|failure| failure.at(self.describe(&before)))
    }

    /// The transaction that is being read.
    pub(super) fn transaction(&self) -> Option<&TransactionStart> {
        self.transaction.as_ref().map(|transaction| &transaction.start)
    }

    /// Where a failure happened: the file, the offset and the transaction.
    fn describe(&self, place: &Place) -> String {
        match self.transaction.as_ref().and_then(|transaction| transaction.start.gtid.as_ref()) {
            Some(gtid) => format!("{place} (transaction {gtid})"),
            None => place.to_string(),
        }
    }

    fn event(&mut self, event: Event<'_>, offset: u64, bytes: &Bytes, now_us: i64) -> Result<Option<Wanted>, Failure> {
        let seen = Seen { header: event.header, offset };
        if let EventBody::Query(query) = &event.body {
            self.follow(query, &seen)?;
        }
        if self.is_skipping() && self.pass_over(&event, &seen)? {
            return Ok(None);
        }
        match event.body {
            EventBody::Rows(rows) => self.rows(&rows, &seen, bytes)?,
            EventBody::TableMap(map) => return self.table_map(&map),
            EventBody::Xid(_) => self.end(&seen)?,
            EventBody::Gtid(gtid) => self.open_mysql(&gtid, &seen)?,
            EventBody::AnonymousGtid(gtid) => self.open_anonymous(&gtid, &seen)?,
            EventBody::MariaDbGtid(gtid) => self.open_mariadb(&gtid, &seen)?,
            EventBody::Query(query) => return Ok(self.query(&query, &seen)?.map(Wanted::Transaction)),
            EventBody::Rotate { position, file } => self.rotate(position, file, &seen, now_us)?,
            EventBody::Heartbeat { file, position } => self.heartbeat(file, position, now_us),
            EventBody::XaPrepare(XaPrepare { xid, one_phase }) => {
                return Ok(self.prepare(&xid, one_phase, &seen)?.map(Wanted::Transaction));
            }
            EventBody::PartialUpdate(update) => self.partial_update(&update, &seen)?,
            EventBody::ExecuteLoadQuery(load) => {
                let database = utf8(load.database, "database name")?;
                let sql = utf8(load.sql, "LOAD DATA statement")?;
                self.judge(&Statement::read(sql, 0, self.dialect), sql, database, None)?;
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
            // Compressed transactions come unpacked.
            EventBody::TransactionPayload(_) | EventBody::Unknown(_) => unknown(&event.header)?,
        }
        Ok(None)
    }

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

#[cfg(test)]
mod tests;
