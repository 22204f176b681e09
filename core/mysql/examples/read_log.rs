//! Reads a part of a server's binary log: what `replicator-bench decode` measures, and the shortest program over
//! [`BinlogConnection`].
//!
//! `HOST PORT USER PASSWORD FILE OFFSET END MODE`: up to the event that ends at `END`. Modes: `receive` takes the events
//! off the connection, `decode` decodes every value of every row, `text` also writes each value as the server prints it,
//! `skip` has a filter that wants none of the tables.

use replicator_binlog::{DecodeError, Decoder, EventBody, EventHeader, RowsEvent, TableMap, TableMapCache, write_text};
use replicator_model::secret::Secret;
use replicator_model::task::{Tls, TlsMode};
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::place::Place;
use replicator_mysql::replication::{BinlogConnection, Dump, DumpFrom, EventPart, ReplicaIdentity};
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

const EVENT_BYTES_MAX: u64 = 1 << 30;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Receive,
    Skip,
    Decode,
    Text,
}

#[derive(Default)]
struct Seen {
    events: u64,
    rows: u64,
    values: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, password, file, offset, end, mode] = arguments.as_slice() else {
        return Err("usage: HOST PORT USER PASSWORD FILE OFFSET END receive|skip|decode|text".into());
    };
    let mode = match mode.as_str() {
        "receive" => Mode::Receive,
        "skip" => Mode::Skip,
        "decode" => Mode::Decode,
        "text" => Mode::Text,
        other => return Err(format!("there is no mode {other}").into()),
    };
    let endpoint = Endpoint {
        host: host.clone(),
        port: port.parse()?,
        user: user.clone(),
        password: Secret::new(password.as_str()),
        tls: Tls { mode: TlsMode::Off, ..Tls::default() },
        connect_timeout: Duration::from_secs(10),
        addresses: Vec::new(),
    };
    let dump = Dump {
        flavor: ServerFlavor::MySql,
        identity: ReplicaIdentity::of_task("read_log", None),
        heartbeat: Duration::from_secs(1),
        event_bytes_max: EVENT_BYTES_MAX,
        from: DumpFrom::Position { file: file.clone(), offset: offset.parse()? },
    };
    let mut connection = BinlogConnection::open(&endpoint, dump).await.map_err(|failure| failure.to_string())?;
    let end: u64 = end.parse()?;
    let mut place = Place::new(file, offset.parse()?);
    let mut reading = Reading::default();
    loop {
        let event = connection.next().await.map_err(|failure| failure.to_string())?;
        reading.seen.events += 1;
        if mode != Mode::Receive {
            reading.take(&event.bytes, event.part, mode)?;
        }
        // What a compressed transaction has inside has no place of its own.
        if event.part != EventPart::Inner {
            place.pass(&EventHeader::parse(&event.bytes)?);
        }
        if place.offset >= end {
            break;
        }
    }
    let Seen { events, rows, values } = reading.seen;
    println!("{{\"events\":{events},\"rows\":{rows},\"values\":{values}}}");
    Ok(())
}

#[derive(Default)]
struct Reading {
    decoder: Decoder,
    tables: TableMapCache,
    text: Vec<u8>,
    seen: Seen,
}

impl Reading {
    fn take(&mut self, raw: &[u8], part: EventPart, mode: Mode) -> Result<(), DecodeError> {
        let event = match part {
            EventPart::Whole => self.decoder.decode(raw)?,
            EventPart::Inner => self.decoder.decode_inner(raw)?,
            EventPart::Compressed => return Ok(()),
        };
        match &event.body {
            EventBody::TableMap(map) if mode != Mode::Skip => {
                self.tables.resolve(map, self.decoder.format(), |_| Ok::<_, DecodeError>(()))?;
            }
            EventBody::Rows(rows) => {
                if let Some(table) = self.tables.get(rows.table_id()) {
                    let text = (mode == Mode::Text).then_some(&mut self.text);
                    read_rows(rows, table, &mut self.seen, text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn read_rows(
    event: &RowsEvent<'_>,
    table: &TableMap,
    seen: &mut Seen,
    mut text: Option<&mut Vec<u8>>,
) -> Result<(), DecodeError> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut rows = event.rows(table)?;
    while rows.next_into(&mut before, &mut after)? {
        seen.rows += 1;
        for image in [&before, &after] {
            seen.values += image.len() as u64;
            for (value, column) in image.iter().zip(&table.columns) {
                black_box(value);
                if let Some(text) = &mut text {
                    text.clear();
                    write_text(value, column, text)?;
                    black_box(text.as_slice());
                }
            }
        }
    }
    Ok(())
}
