//! One transaction of a source's log, as a person wants to see it before deciding about it.

use crate::locate::{LogReader, OpenedLog};
use crate::place::Place;
use crate::replication::{EventPart, RawEvent};
use replicator_binlog::{Decoder, Event, EventBody, EventHeader, RowsEvent, RowsKind, TableMap, Value, write_text};
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use std::collections::{BTreeMap, BTreeSet};

/// Most changes that are written out.
const SAMPLE_MAX: usize = 10;

/// Longest value, and longest statement, that is written out, in characters.
const VALUE_LENGTH_MAX: usize = 40;
const STATEMENT_LENGTH_MAX: usize = 400;

/// Most bytes of a transaction that are read.
const READ_BYTES_MAX: u64 = 64 << 20;

/// What a transaction holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownTransaction {
    /// `database.table` of the rows, of all of them, whether or not a task replicates them.
    pub tables: BTreeSet<String>,
    pub rows: u64,
    /// Its first changes: statements as they are, rows with their first values.
    pub sample: Vec<String>,
    pub commit_time_us: i64,
    /// More of it was there than is read.
    pub is_cut: bool,
}

impl LogReader {
    /// Reads the transaction that begins at a position.
    pub async fn transaction_at(&self, position: &Position) -> Result<ShownTransaction, Failure> {
        let OpenedLog { mut connection, decoder, .. } = self.open(position).await?;
        let mut reading = Reading::new(position, decoder);
        let mut read: u64 = 0;
        while !reading.is_complete {
            let event = connection.next().await?;
            read += event.bytes.len() as u64;
            if read > READ_BYTES_MAX {
                reading.shown.is_cut = true;
                break;
            }
            reading.take(&event);
        }
        Ok(reading.shown)
    }
}

/// A transaction that is being read. Without I/O.
struct Reading {
    decoder: Decoder,
    place: Place,
    begin: u64,
    shown: ShownTransaction,
    tables: BTreeMap<u64, TableMap>,
    has_begun: bool,
    /// BEGIN was read, or MariaDB's GTID, which implies it; otherwise the next statement is the whole of it.
    is_open: bool,
    is_complete: bool,
}

impl Reading {
    fn new(begin: &Position, decoder: Decoder) -> Self {
        Self {
            decoder,
            place: Place::new(&begin.file, begin.offset),
            begin: begin.offset,
            shown: ShownTransaction::default(),
            tables: BTreeMap::new(),
            has_begun: false,
            is_open: false,
            is_complete: false,
        }
    }

    /// What can't be read is no reason to show nothing: it may be why the transaction is looked at.
    fn take(&mut self, raw: &RawEvent) {
        let mut decoder = std::mem::take(&mut self.decoder);
        let decoded = match raw.part {
            EventPart::Inner => decoder.decode_inner(&raw.bytes),
            EventPart::Whole => decoder.decode(&raw.bytes),
            EventPart::Compressed => {
                if let Ok(header) = EventHeader::parse(&raw.bytes) {
                    self.place.pass(&header);
                }
                self.decoder = decoder;
                return;
            }
        };
        match decoded {
            Ok(event) => {
                let offset = if raw.part == EventPart::Inner { self.begin } else { self.place.pass(&event.header) };
                self.event(&event, offset, &decoder);
            }
            Err(error) => self.add(format!("(an event that can't be read: {error})")),
        }
        self.decoder = decoder;
    }

    fn event(&mut self, event: &Event<'_>, offset: u64, decoder: &Decoder) {
        let time_us = i64::from(event.header.timestamp) * 1_000_000;
        match &event.body {
            EventBody::Gtid(_) | EventBody::AnonymousGtid(_) | EventBody::MariaDbGtid(_) => {
                if self.has_begun && offset != self.begin {
                    self.is_complete = true;
                    return;
                }
                (self.has_begun, self.shown.commit_time_us) = (true, time_us);
                self.is_open = matches!(&event.body, EventBody::MariaDbGtid(gtid) if !gtid.is_standalone());
            }
            EventBody::Rotate { .. } if self.has_begun => self.is_complete = true,
            EventBody::Heartbeat { .. } if self.has_begun => self.is_complete = true,
            EventBody::Xid(_) | EventBody::XaPrepare(_) => self.is_complete = true,
            EventBody::Query(query) => {
                self.has_begun = true;
                self.shown.commit_time_us = self.shown.commit_time_us.max(time_us);
                self.statement(&String::from_utf8_lossy(&query.sql));
            }
            EventBody::TableMap(map) => {
                if let Ok(table) = TableMap::parse(map.body, decoder.format()) {
                    self.tables.insert(map.table_id, table);
                }
            }
            EventBody::Rows(rows) => self.rows(rows),
            _ => {}
        }
    }

    fn statement(&mut self, sql: &str) {
        let word = sql.trim().split([' ', ';']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "BEGIN" => self.is_open = true,
            "COMMIT" | "ROLLBACK" => self.is_complete = true,
            _ => {
                self.add(cut(sql, STATEMENT_LENGTH_MAX));
                self.is_complete = !self.is_open;
            }
        }
    }

    fn rows(&mut self, rows: &RowsEvent<'_>) {
        let Some(table) = self.tables.get(&rows.table_id()) else { return };
        let name = format!("{}.{}", table.database, table.table);
        let (mut before, mut after, mut count, mut lines) = (Vec::new(), Vec::new(), 0, Vec::new());
        let mut problem = None;
        match rows.rows(table) {
            Ok(mut walk) => loop {
                match walk.next_into(&mut before, &mut after) {
                    Ok(true) => {
                        count += 1;
                        if self.shown.sample.len() + lines.len() < SAMPLE_MAX {
                            lines.push(line(rows.kind(), &name, table, &before, &after));
                        }
                    }
                    Ok(false) => break,
                    Err(error) => {
                        problem = Some(error);
                        break;
                    }
                }
            },
            Err(error) => problem = Some(error),
        }
        self.shown.rows += count;
        lines.into_iter().for_each(|line| self.add(line));
        if let Some(error) = problem {
            self.add(format!("(rows of {name} that can't be read: {error})"));
        }
        self.shown.tables.insert(name);
    }

    fn add(&mut self, line: String) {
        if self.shown.sample.len() < SAMPLE_MAX {
            self.shown.sample.push(line);
        }
    }
}

fn line(kind: RowsKind, name: &str, table: &TableMap, before: &[Value<'_>], after: &[Value<'_>]) -> String {
    match kind {
        RowsKind::Insert => format!("INSERT {name} {}", values(table, after)),
        RowsKind::Update => format!("UPDATE {name} {} TO {}", values(table, before), values(table, after)),
        RowsKind::Delete => format!("DELETE {name} {}", values(table, before)),
    }
}

fn values(table: &TableMap, values: &[Value<'_>]) -> String {
    let shown = values.iter().zip(&table.columns).enumerate().map(|(index, (value, column))| {
        let mut text = Vec::new();
        let written = match value {
            Value::Null => "NULL".to_owned(),
            value => match write_text(value, column, &mut text) {
                Ok(()) => format!("'{}'", cut(&String::from_utf8_lossy(&text), VALUE_LENGTH_MAX)),
                Err(_) => "?".to_owned(),
            },
        };
        format!("{}={written}", table.column_label(index))
    });
    format!("({})", shown.collect::<Vec<_>>().join(", "))
}

fn cut(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}
