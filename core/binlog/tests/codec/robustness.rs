//! Whatever the bytes, the answer is a value or an error: cut, flipped and made-up input never panics, never loops and
//! never makes the decoder reserve what is not there.

use crate::dump::events;
use proptest::prelude::*;
use replicator_binlog::{
    ChecksumAlg, Decoder, Event, EventBody, InflateLimits, RowsEvent, TableMap, TableMapCache, jsonb, write_text,
};

const FILES: [&[u8]; 5] = [
    include_bytes!("../../testdata/values_mysql97.binlog"),
    include_bytes!("../../testdata/values_mysql56.binlog"),
    include_bytes!("../../testdata/values_mariadb1011.binlog"),
    include_bytes!("../../testdata/kinds_mysql97.binlog"),
    include_bytes!("../../testdata/kinds_mariadb118.binlog"),
];

const LIMITS: InflateLimits = InflateLimits { event_bytes: 1 << 20, total_bytes: 1 << 22 };

/// Reads everything an event has to give. `tables` are the maps the rows may be read with.
fn exhaust(event: &Event<'_>, decoder: &Decoder, tables: &[TableMap]) {
    match &event.body {
        EventBody::Query(query) => drop(query.status.parse()),
        EventBody::ExecuteLoadQuery(query) => drop(query.status.parse()),
        EventBody::TableMap(map) => {
            drop(TableMap::parse(map.body, decoder.format()).map(|table| table.has_full_metadata()))
        }
        EventBody::Rows(rows) => tables.iter().for_each(|table| exhaust_rows(rows, table)),
        EventBody::PartialUpdate(update) => tables.iter().for_each(|table| {
            let Ok(whole) = update.expand(table, LIMITS.event_bytes) else { return };
            let Ok(event) = decoder.decode_inner(&whole) else { return };
            exhaust(&event, decoder, std::slice::from_ref(table));
        }),
        EventBody::TransactionPayload(payload) => {
            let Ok(mut inner) = payload.events(LIMITS) else { return };
            while let Some(raw) = inner.next_event() {
                let Ok(raw) = raw else { return };
                let Ok(event) = decoder.decode_inner(raw) else { continue };
                exhaust(&event, decoder, tables);
            }
        }
        _ => {}
    }
}

fn exhaust_rows(rows: &RowsEvent<'_>, table: &TableMap) {
    let Ok(rows) = rows.rows(table) else { return };
    let mut out = Vec::new();
    for row in rows {
        let Ok(row) = row else { return };
        for values in [row.before, row.after].into_iter().flatten() {
            for (value, column) in values.iter().zip(&table.columns) {
                out.clear();
                drop(write_text(value, column, &mut out));
            }
        }
    }
}

/// Table maps of a file, with signs where they are missing.
fn tables(file: &[u8]) -> Vec<TableMap> {
    let mut decoder = Decoder::new();
    let mut tables = Vec::new();
    for raw in events(file) {
        if let EventBody::TableMap(map) = decoder.decode(raw).unwrap().body {
            let mut table = TableMap::parse(map.body, decoder.format()).unwrap();
            table.columns.iter_mut().for_each(|column| column.unsigned = column.unsigned.or(Some(false)));
            tables.push(table);
        }
    }
    tables.dedup_by_key(|table| table.table_id);
    tables
}

/// Decodes with a checksum that fits, so that damage gets past it.
fn decode_damaged(raw: &mut [u8], decoder: &Decoder, tables: &[TableMap]) {
    let size = u32::try_from(raw.len()).unwrap();
    if let Some(field) = raw.get_mut(9..13) {
        field.copy_from_slice(&size.to_le_bytes());
    }
    if let Some((body, checksum)) = raw.split_last_chunk_mut::<4>() {
        *checksum = crc32fast::hash(body).to_le_bytes();
    }
    let mut decoder = decoder.clone();
    let mut own = decoder.clone();
    if let Ok(event) = own.decode(raw) {
        exhaust(&event, &decoder, tables);
    }
    if let Ok(event) = decoder.decode_inner(raw) {
        exhaust(&event, &own, tables);
    }
    // Behind the damaged event a sane one still decodes or is refused in a civil way.
    drop(decoder.decode(raw));
}

/// A decoder that has seen the file's FORMAT_DESCRIPTION.
fn decoder_for(file: &[u8]) -> Decoder {
    let mut decoder = Decoder::new();
    decoder.decode(events(file)[0]).unwrap();
    decoder
}

#[test]
fn events_cut_at_every_byte() {
    for file in FILES {
        let (decoder, tables) = (decoder_for(file), tables(file));
        for raw in events(file) {
            for length in 0..raw.len() {
                // As it arrives: too short for its own header.
                assert!(decoder.clone().decode(&raw[..length]).is_err());
                decode_damaged(&mut raw[..length].to_vec(), &decoder, &tables);
            }
        }
    }
}

#[test]
fn rows_cut_at_every_byte_are_errors_or_fewer_rows() {
    let file = FILES[0];
    let mut decoder = decoder_for(file);
    let mut cache = TableMapCache::default();
    for raw in events(file) {
        match decoder.decode(raw).unwrap().body {
            EventBody::TableMap(map) => {
                cache.resolve::<replicator_binlog::DecodeError>(&map, decoder.format(), |_| Ok(())).unwrap();
            }
            EventBody::Rows(rows) => {
                let table = cache.get(rows.table_id()).unwrap();
                let whole = rows.rows(table).unwrap().filter(Result::is_ok).count();
                let layout = rows.layout();
                for length in 0..raw.len() - 4 {
                    assert!(layout.view(&raw[..length]).is_err(), "{length}");
                }
                assert!(whole > 0);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes(file in 0..FILES.len(), which: prop::sample::Index, at: prop::sample::Index, byte: u8, second: prop::sample::Index, other: u8) {
        let file = FILES[file];
        let events = events(file);
        let mut raw = which.get(&events).to_vec();
        let length = raw.len();
        raw[at.index(length)] = byte;
        raw[second.index(length)] ^= other;
        decode_damaged(&mut raw, &decoder_for(file), &tables(file));
    }

    #[test]
    fn made_up_events(kind: u8, body in prop::collection::vec(any::<u8>(), 0..200), file in 0..FILES.len()) {
        let mut raw = vec![0; 19];
        raw[4] = kind;
        raw.extend(body);
        decode_damaged(&mut raw, &decoder_for(FILES[file]), &tables(FILES[file]));
        let mut unknown = Decoder::with_checksum(ChecksumAlg::Off);
        drop(unknown.decode(&raw));
    }

    #[test]
    fn bytes(raw in prop::collection::vec(any::<u8>(), 0..100)) {
        drop(Decoder::new().decode(&raw));
        drop(Decoder::new().decode_inner(&raw));
    }

    #[test]
    fn made_up_table_maps(body in prop::collection::vec(any::<u8>(), 0..60), columns in 0u8..6) {
        let mut map = vec![1, 0, 0, 0, 0, 0, 0, 0, 1, b'd', 0, 1, b't', 0, columns];
        map.extend(body);
        for file in [0, 2] {
            drop(TableMap::parse(&map, decoder_for(FILES[file]).format()));
        }
    }

    #[test]
    fn made_up_json(kind in 0u8..17, bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..20], 0..80)) {
        let mut document = vec![kind];
        document.extend(bytes);
        let mut out = b"kept".to_vec();
        match jsonb::to_text(&document, &mut out) {
            Ok(()) => prop_assert!(out.len() <= document.len() * 8 + 300),
            Err(_) => prop_assert_eq!(out, b"kept"),
        }
    }
}

/// Containers whose parts overlap would grow exponentially.
#[test]
fn json_bombs_are_refused() {
    // 60 levels of arrays whose 8 entries all point to the next level.
    let level = 4 + 8 * 3;
    let mut bomb = vec![2];
    for depth in 0..60u16 {
        let mut array = Vec::new();
        array.extend(8u16.to_le_bytes());
        array.extend((level * (60 - depth) + 4).to_le_bytes());
        for _ in 0..8 {
            array.push(2);
            array.extend(level.to_le_bytes());
        }
        bomb.extend(array);
    }
    bomb.extend([0, 0, 4, 0]);
    let error = jsonb::to_text(&bomb, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("overlapping"), "{error}");
}

#[test]
fn a_payload_larger_than_the_limit_is_refused() {
    let file = FILES[3];
    let mut decoder = decoder_for(file);
    let mut refused = 0;
    for raw in events(file) {
        if let EventBody::TransactionPayload(payload) = decoder.decode(raw).unwrap().body {
            for limits in [
                InflateLimits { event_bytes: 1000, total_bytes: 1 << 22 },
                InflateLimits { event_bytes: 1 << 20, total_bytes: 100_000 },
            ] {
                let mut inner = payload.events(limits).unwrap();
                while let Some(raw) = inner.next_event() {
                    if let Err(error) = raw {
                        assert!(error.to_string().contains("the limit is"), "{error}");
                        refused += 1;
                    }
                }
                assert!(inner.next_event().is_none());
            }
        }
    }
    assert_eq!(refused, 2);
}
