//! Events of a file to lines, written as they come: a compressed transaction is one event, and may have any size.

use super::arguments::Binlog;
use super::row::{self, RowLine};
use crate::exit::{Exit, Failed};
use replicator_binlog::{
    DecodeError, Decoder, Event, EventBody, InflateLimits, MariaDbGtid, MysqlGtid, Query, RowsEvent, TableMap,
    TableMapCache,
};
use replicator_model::table_pattern::{PatternError, TablePattern};
use std::collections::HashSet;
use std::io::Write;

/// Bounds on compressed transactions: one event as large as the servers write any, and as many as they like.
const INFLATE: InflateLimits = InflateLimits { event_bytes: 1 << 30, total_bytes: u64::MAX };

/// Most bytes of an UPDATE whose changes inside of JSON values were replaced by whole values.
const EXPANDED_BYTES_MAX: u64 = 1 << 30;

/// Bytes of lines that are held before they are written.
const LINES_BYTES: usize = 64 << 10;

/// Why an event could not be shown.
#[derive(Debug)]
pub(super) enum Unshown {
    Undecoded(DecodeError),
    Unwritten(std::io::Error),
}

impl From<DecodeError> for Unshown {
    fn from(error: DecodeError) -> Self {
        Unshown::Undecoded(error)
    }
}

/// What is to be shown.
pub(super) struct Wanted {
    tables: Vec<TablePattern>,
    exclude: Vec<TablePattern>,
    start: u64,
    pub(super) stop: Option<u64>,
    statements: bool,
    signed: bool,
}

impl Wanted {
    pub(super) fn new(asked: &Binlog) -> Result<Self, Failed> {
        let patterns = |texts: &[String]| {
            let patterns: Result<Vec<_>, PatternError> = texts.iter().map(TablePattern::new).collect();
            patterns.map_err(|error| {
                Failed::new(Exit::Usage, "pattern_invalid", error.to_string(), "see `replicator binlog --help`")
            })
        };
        Ok(Self {
            tables: patterns(&asked.tables)?,
            exclude: patterns(&asked.exclude)?,
            start: asked.start,
            stop: asked.stop,
            statements: !asked.rows_only,
            signed: asked.signed,
        })
    }

    fn has(&self, database: &str, table: &str) -> bool {
        let any = |patterns: &[TablePattern]| patterns.iter().any(|pattern| pattern.matches(database, table));
        any(&self.tables) && !any(&self.exclude)
    }
}

/// A file that is being read.
pub(super) struct Reading<'w, W> {
    file: String,
    wanted: &'w Wanted,
    decoder: Decoder,
    tables: TableMapCache,
    /// Tables that are not wanted: their rows are never decoded.
    outside: HashSet<u64>,
    gtid: Option<String>,
    /// What is to be written next.
    lines: Vec<u8>,
    out: &'w mut W,
}

impl<'w, W: Write> Reading<'w, W> {
    pub(super) fn new(file: &str, wanted: &'w Wanted, out: &'w mut W) -> Self {
        let (decoder, tables) = (Decoder::new(), TableMapCache::default());
        let (outside, lines) = (HashSet::new(), Vec::new());
        Self { file: file.to_owned(), wanted, decoder, tables, outside, gtid: None, lines, out }
    }

    /// Writes what the event at `offset` says, also of one that can't be read to its end.
    pub(super) fn take(&mut self, offset: u64, raw: &[u8]) -> Result<(), Unshown> {
        let mut decoder = std::mem::take(&mut self.decoder);
        let taken = match decoder.decode(raw) {
            Ok(event) => self.event(offset, &event, &decoder),
            Err(error) => Err(error.into()),
        };
        self.decoder = decoder;
        self.write()?;
        taken
    }

    fn write(&mut self) -> Result<(), Unshown> {
        let written = self.out.write_all(&self.lines);
        self.lines.clear();
        written.map_err(Unshown::Unwritten)
    }

    fn event(&mut self, offset: u64, event: &Event<'_>, decoder: &Decoder) -> Result<(), Unshown> {
        let is_before = offset < self.wanted.start;
        match &event.body {
            EventBody::Gtid(gtid) => self.gtid = Some(mysql_gtid(gtid)),
            EventBody::MariaDbGtid(gtid) => self.gtid = Some(mariadb_gtid(gtid)),
            EventBody::AnonymousGtid(_) => self.gtid = None,
            // Also of those before the start, which may lie between a table and its rows.
            EventBody::TableMap(map) => {
                let signed = self.wanted.signed;
                let complete = |table: &mut TableMap| {
                    table.columns.iter_mut().filter(|_| signed).for_each(|column| {
                        column.unsigned.get_or_insert(false);
                    });
                    Ok::<_, DecodeError>(())
                };
                let table = self.tables.resolve(map, decoder.format(), complete)?;
                match self.wanted.has(&table.database, &table.table) {
                    true => self.outside.remove(&map.table_id),
                    false => self.outside.insert(map.table_id),
                };
            }
            EventBody::MariaDbStartEncryption { .. } => return Err(unsupported(event, "an encrypted log file").into()),
            EventBody::Unknown(_) if event.header.flags & replicator_binlog::EventHeader::IGNORABLE == 0 => {
                return Err(unsupported(event, "an event of unknown type").into());
            }
            _ if is_before => {}
            EventBody::Rows(rows) => self.rows(offset, event, rows)?,
            EventBody::PartialUpdate(update) if !self.outside.contains(&update.table_id) => {
                let table = self.tables.get(update.table_id).ok_or_else(|| no_table(event))?.clone();
                let whole = update.expand(&table, EXPANDED_BYTES_MAX)?;
                let event = decoder.decode_inner(&whole)?;
                self.event(offset, &event, decoder)?;
            }
            EventBody::TransactionPayload(payload) => {
                let mut inner = payload.events(INFLATE)?;
                while let Some(raw) = inner.next_event() {
                    self.event(offset, &decoder.decode_inner(raw?)?, decoder)?;
                }
            }
            EventBody::Query(query) if self.wanted.statements => self.statement(offset, event, query),
            _ => {}
        }
        Ok(())
    }

    fn rows(&mut self, offset: u64, event: &Event<'_>, rows: &RowsEvent<'_>) -> Result<(), Unshown> {
        if rows.is_dummy() || self.outside.contains(&rows.table_id()) {
            return Ok(());
        }
        let table = self.tables.get(rows.table_id()).ok_or_else(|| no_table(event))?.clone();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut walk = rows.rows(&table)?;
        let mut index = 0;
        while walk.next_into(&mut before, &mut after)? {
            let gtid = self.gtid.as_deref();
            let place = row::Place { file: &self.file, offset, time: event.header.timestamp, gtid };
            RowLine { place, kind: rows.kind(), table: &table, index, before: &before, after: &after }
                .write(&mut self.lines)?;
            index += 1;
            if self.lines.len() >= LINES_BYTES {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Not those that only say where a transaction begins and ends.
    fn statement(&mut self, offset: u64, event: &Event<'_>, query: &Query<'_>) {
        if [&b"BEGIN"[..], b"COMMIT", b"ROLLBACK"].contains(&&*query.sql) {
            return;
        }
        let gtid = self.gtid.as_deref();
        let place = row::Place { file: &self.file, offset, time: event.header.timestamp, gtid };
        row::write_statement(&place, query.database, &query.sql, &mut self.lines);
    }
}

fn unsupported(event: &Event<'_>, what: &str) -> DecodeError {
    DecodeError::Unsupported { kind: event.header.kind, what: what.to_owned() }
}

fn no_table(event: &Event<'_>) -> DecodeError {
    let (kind, expected) = (event.header.kind, "the table's description before its rows");
    DecodeError::Malformed { kind, offset: 19, expected, found: "none".to_owned() }
}

fn mysql_gtid(gtid: &MysqlGtid<'_>) -> String {
    let hex: String = gtid.uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    match gtid.tag {
        "" => format!("{uuid}:{}", gtid.gno),
        tag => format!("{uuid}:{tag}:{}", gtid.gno),
    }
}

fn mariadb_gtid(gtid: &MariaDbGtid<'_>) -> String {
    format!("{}-{}-{}", gtid.domain_id, gtid.server_id, gtid.sequence)
}
