//! The targets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use replicator_binlog::{
    Decoder, Event, EventBody, EventKind, FileSplitter, InflateLimits, RowsEvent, TableMap, Value, apply_json_diffs,
    jsonb, write_text,
};

use crate::memory;
use crate::mutation::{Random, bend};
use crate::seeds::{self, Captured, FILES, captured, events_of, kept, with_own_size};

/// Inputs of each target, unless it is given a time.
const INPUTS: usize = 6_000;

const LIMITS: InflateLimits = InflateLimits { event_bytes: 1 << 20, total_bytes: 1 << 22 };

/// What is fuzzed and how its inputs are bent.
struct Fuzzed<'a> {
    name: &'a str,
    seeds: Vec<Vec<u8>>,
    /// Whole raw events: their headers stay what they are, except for the size.
    are_events: bool,
    run: &'a dyn Fn(&[u8], &mut Random),
}

impl Fuzzed<'_> {
    fn fuzz(mut self) {
        let variable = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
        let seed = variable("REPLICATOR_FUZZ_SEED").unwrap_or(1);
        let seconds = variable("REPLICATOR_FUZZ_SECONDS").map(Duration::from_secs);
        assert!(!self.seeds.is_empty(), "{} has no seed", self.name);
        let mut random = Random::of_seed(seed);
        if variable("REPLICATOR_BLESS").is_some() {
            seeds::keep_some(self.name, &self.seeds);
        }
        let kept = kept(self.name);
        assert!(!kept.is_empty(), "testdata/corpus/{} is empty: REPLICATOR_BLESS=1 fills it", self.name);
        kept.iter().chain(&self.seeds).for_each(|input| self.try_one(input, &mut random));
        self.seeds.extend(kept);
        let started = std::time::SystemTime::now();
        let mut inputs = 0;
        loop {
            let goes_on = match seconds {
                Some(seconds) => started.elapsed().is_ok_and(|elapsed| elapsed < seconds),
                None => inputs < INPUTS,
            };
            if !goes_on {
                break;
            }
            inputs += 1;
            let mut input = self.seeds[random.below(self.seeds.len())].clone();
            bend(&mut random, &mut input, if self.are_events { 19 } else { 0 }, &self.seeds);
            if self.are_events {
                input = with_own_size(input);
            }
            self.try_one(&input, &mut random);
        }
        println!("{}: {inputs} inputs from {} seeds", self.name, self.seeds.len());
    }

    fn try_one(&self, input: &[u8], random: &mut Random) {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            (self.run)(input, random);
            memory::check();
        }));
        if ran.is_err() {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join(format!("{}-{:016x}", self.name, crc32fast::hash(input)));
            std::fs::write(&file, input).unwrap();
            panic!("{} failed; the input is in {}", self.name, file.display());
        }
    }
}

/// Events of these kinds, decoded by the decoder of each captured log and read to the last byte.
fn fuzz_events(name: &str, kinds: &[EventKind]) {
    let logs = captured();
    let run = |input: &[u8], _: &mut Random| logs.iter().for_each(|log| decode(input, log));
    Fuzzed { name, seeds: events_of(kinds), are_events: true, run: &run }.fuzz();
}

fn decode(raw: &[u8], log: &Captured) {
    if let Ok(event) = log.decoder.decode_inner(raw) {
        exhaust(&event, log);
    }
    // The last bytes now say that they are no checksum.
    if let Ok(event) = log.decoder.clone().decode(raw) {
        exhaust(&event, log);
    }
}

/// Reads everything that an event has to give.
fn exhaust(event: &Event<'_>, log: &Captured) {
    match &event.body {
        EventBody::Query(query) => drop(query.status.parse()),
        EventBody::ExecuteLoadQuery(query) => drop(query.status.parse()),
        EventBody::TableMap(map) => {
            if let Ok(table) = TableMap::parse(map.body, log.format()) {
                table.has_full_metadata();
                (0..table.columns.len()).for_each(|index| drop(table.column_label(index)));
            }
        }
        EventBody::Rows(rows) => {
            log.tables.iter().chain(&log.told).for_each(|table| exhaust_rows(rows, table));
        }
        EventBody::PartialUpdate(update) => log.tables.iter().for_each(|table| {
            let Ok(whole) = update.expand(table, LIMITS.event_bytes) else { return };
            match log.decoder.decode_inner(&whole).unwrap().body {
                EventBody::Rows(rows) => rows.rows(table).unwrap().for_each(|row| drop(row.unwrap())),
                other => panic!("{other:?}"),
            }
        }),
        EventBody::TransactionPayload(payload) => {
            let Ok(mut inner) = payload.events(LIMITS) else { return };
            let mut total = 0;
            while let Some(Ok(raw)) = inner.next_event() {
                total += raw.len() as u64;
                assert!(raw.len() as u64 <= LIMITS.event_bytes && total <= LIMITS.total_bytes);
                if let Ok(event) = log.decoder.decode_inner(raw) {
                    exhaust(&event, log);
                }
            }
        }
        _ => {}
    }
}

fn exhaust_rows(event: &RowsEvent<'_>, table: &TableMap) {
    let Ok(rows) = event.rows(table) else { return };
    let mut out = Vec::new();
    for row in rows {
        let Ok(row) = row else { return };
        for values in [row.before, row.after].into_iter().flatten() {
            assert_eq!(values.len(), table.columns.len());
            for (value, column) in values.iter().zip(&table.columns) {
                out.clear();
                drop(write_text(value, column, &mut out));
            }
        }
    }
}

#[test]
fn format_description() {
    let logs = captured();
    let run = |input: &[u8], _: &mut Random| {
        let mut decoder = Decoder::new();
        if decoder.decode(input).is_ok() {
            // What it announces is what the next events are read by.
            for raw in logs.iter().flat_map(|log| &log.events).take(20) {
                drop(decoder.decode(raw));
            }
        }
    };
    let seeds = events_of(&[EventKind::FORMAT_DESCRIPTION]);
    Fuzzed { name: "format_description", seeds, are_events: true, run: &run }.fuzz();
}

#[test]
fn gtid() {
    fuzz_events("gtid", &[EventKind::GTID, EventKind::ANONYMOUS_GTID]);
}

#[test]
fn gtid_tagged() {
    fuzz_events("gtid_tagged", &[EventKind::GTID_TAGGED]);
}

#[test]
fn previous_gtids() {
    fuzz_events("previous_gtids", &[EventKind::PREVIOUS_GTIDS]);
}

#[test]
fn query() {
    fuzz_events("query", &[EventKind::QUERY, EventKind::MARIADB_QUERY_COMPRESSED]);
}

#[test]
fn table_map() {
    fuzz_events("table_map", &[EventKind::TABLE_MAP]);
}

#[test]
fn rows() {
    let kinds = [
        EventKind::WRITE_ROWS,
        EventKind::UPDATE_ROWS,
        EventKind::DELETE_ROWS,
        EventKind::WRITE_ROWS_V1,
        EventKind::UPDATE_ROWS_V1,
        EventKind::DELETE_ROWS_V1,
    ];
    fuzz_events("rows", &kinds);
}

#[test]
fn compressed_rows() {
    let kinds = [
        EventKind::MARIADB_WRITE_ROWS_COMPRESSED_V1,
        EventKind::MARIADB_UPDATE_ROWS_COMPRESSED_V1,
        EventKind::MARIADB_DELETE_ROWS_COMPRESSED_V1,
    ];
    fuzz_events("compressed_rows", &kinds);
}

#[test]
fn partial_update() {
    fuzz_events("partial_update", &[EventKind::PARTIAL_UPDATE_ROWS]);
}

#[test]
fn payload() {
    fuzz_events("payload", &[EventKind::TRANSACTION_PAYLOAD]);
}

#[test]
fn mariadb_gtid() {
    let kinds = [EventKind::MARIADB_GTID, EventKind::MARIADB_GTID_LIST, EventKind::MARIADB_BINLOG_CHECKPOINT];
    fuzz_events("mariadb_gtid", &kinds);
}

#[test]
fn statement_context() {
    fuzz_events("statement_context", &[EventKind::USER_VAR, EventKind::INTVAR, EventKind::RAND, EventKind::ROWS_QUERY]);
}

#[test]
fn xa_prepare() {
    fuzz_events("xa_prepare", &[EventKind::XA_PREPARE]);
}

/// A document as text; read as a tree and written again, it says the same.
#[test]
fn json() {
    let run = |input: &[u8], _: &mut Random| {
        let (mut text, mut copy, mut again) = (Vec::new(), Vec::new(), Vec::new());
        let as_text = jsonb::to_text(input, &mut text);
        if apply_json_diffs(input, &[], &mut copy).is_ok() && as_text.is_ok() {
            jsonb::to_text(&copy, &mut again).unwrap();
            assert_eq!(text, again);
        }
    };
    let seeds = seeds::values(|value| match value {
        Value::Json(document) => Some(document.to_vec()),
        _ => None,
    });
    Fuzzed { name: "json", seeds, are_events: false, run: &run }.fuzz();
}

/// The first two bytes say how long the document is; changes follow.
#[test]
fn json_diff() {
    let run = |input: &[u8], _: &mut Random| {
        let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
        let (document, diffs) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        let mut out = b"kept".to_vec();
        if apply_json_diffs(document, diffs, &mut out).is_err() {
            assert_eq!(out, b"kept");
        }
    };
    Fuzzed { name: "json_diff", seeds: json_diffs(), are_events: false, run: &run }.fuzz();
}

/// Documents with changes at paths that some of them have.
fn json_diffs() -> Vec<Vec<u8>> {
    let documents = seeds::values(|value| match value {
        Value::Json(document) if document.len() < 500 => Some(document.to_vec()),
        _ => None,
    });
    let mut seeds = Vec::new();
    for document in documents {
        for (operation, path) in [(0u8, "$"), (0, "$.a"), (1, "$[0]"), (1, "$.z"), (2, "$.a[1]"), (2, "$.\"b\"")] {
            let mut seed = (document.len() as u16).to_le_bytes().to_vec();
            seed.extend(&document);
            seed.extend([operation, path.len() as u8]);
            seed.extend(path.as_bytes());
            if operation < 2 {
                seed.extend([2, 4, 1]);
            }
            seeds.push(seed);
        }
    }
    seeds
}

#[test]
fn compressed_column() {
    use replicator_binlog::{ChecksumAlg, EventHeader};
    let logs = captured();
    let log = &logs[4];
    let table = log.tables.iter().find(|table| table.table == "comp").expect("a table with compressed columns");
    let is_of_table = |raw: &&Vec<u8>| matches!(log.decoder.decode_inner(raw).map(|event| event.body), Ok(EventBody::Rows(rows)) if rows.table_id() == table.table_id);
    let seeds: Vec<_> = log.events.iter().filter(is_of_table).cloned().collect();
    assert_eq!(EventHeader::parse(&seeds[0]).unwrap().event_size as usize, seeds[0].len());
    let plain = Decoder::with_checksum(ChecksumAlg::Off);
    let run = |input: &[u8], _: &mut Random| {
        if let Ok(Event { body: EventBody::Rows(rows), .. }) = plain.decode_inner(input) {
            exhaust_rows(&rows, table);
        }
    };
    Fuzzed { name: "compressed_column", seeds, are_events: true, run: &run }.fuzz();
}

/// A file that comes in pieces of any size gives the events that it gives in one piece.
#[test]
fn file_in_pieces() {
    let run = |input: &[u8], random: &mut Random| {
        let whole = split(input, &mut || input.len());
        let mut pieces = || 1 + random.below(40);
        assert_eq!(split(input, &mut pieces), whole);
    };
    let seeds = FILES.iter().map(|file| file[..file.len().min(6_000)].to_vec()).collect();
    Fuzzed { name: "file_in_pieces", seeds, are_events: false, run: &run }.fuzz();
}

/// Offsets and sums of the events, and how it ended.
fn split(input: &[u8], piece: &mut dyn FnMut() -> usize) -> (Vec<(u64, u32)>, String) {
    let mut splitter = FileSplitter::new(1 << 16);
    let (mut rest, mut events) = (input, Vec::new());
    while !rest.is_empty() {
        let (pushed, behind) = rest.split_at(piece().clamp(1, rest.len()));
        splitter.push(pushed);
        rest = behind;
        loop {
            match splitter.next_event() {
                Ok(Some((offset, raw))) => events.push((offset, crc32fast::hash(raw))),
                Ok(None) => break,
                Err(error) => return (events, error.to_string()),
            }
        }
    }
    let end = format!("{} and {}", splitter.offset(), splitter.unfinished());
    (events, end)
}
