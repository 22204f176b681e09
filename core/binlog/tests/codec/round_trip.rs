//! Rows written by a small encoder come back as they went in, whatever the mix of columns, NULLs and row images.

use proptest::prelude::*;
use replicator_binlog::{
    Bitmap, ChecksumAlg, ColumnType, Date, DateTime, DecodeError, Decoder, EventBody, EventKind, RowsEvent, RowsKind,
    RowsWriter, TableMap, Time, Value,
};
use std::io::Write;

/// A column type with a value of it, as bytes and as what they should decode to.
#[derive(Debug, Clone)]
struct Cell {
    code: u8,
    meta: Vec<u8>,
    unsigned: bool,
    stored: Vec<u8>,
    expected: Owned,
}

/// `Value` without the borrow.
#[derive(Debug, Clone, PartialEq)]
enum Owned {
    Int(i64),
    UInt(u64),
    Double(f64),
    Bytes(Vec<u8>),
    Text(String),
    Year(u16),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Timestamp(u32, u32),
    Bit(u64),
    Enum(u16),
    Set(u64),
}

fn owned(value: &Value<'_>) -> Owned {
    match *value {
        Value::Int(number) => Owned::Int(number),
        Value::UInt(number) => Owned::UInt(number),
        Value::Double(number) => Owned::Double(number),
        Value::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
        Value::Decimal(decimal) => Owned::Text(decimal.to_string()),
        Value::Year(year) => Owned::Year(year),
        Value::Date(date) => Owned::Date(date),
        Value::Time(time) => Owned::Time(time),
        Value::DateTime(datetime) => Owned::DateTime(datetime),
        Value::Timestamp { seconds, micros } => Owned::Timestamp(seconds, micros),
        Value::Bit(bits) => Owned::Bit(bits),
        Value::Enum(number) => Owned::Enum(number),
        Value::Set(bits) => Owned::Set(bits),
        ref other => panic!("{other:?}"),
    }
}

fn cell(code: u8, meta: &[u8], stored: Vec<u8>, expected: Owned) -> Cell {
    Cell { code, meta: meta.to_vec(), unsigned: false, stored, expected }
}

fn integers() -> impl Strategy<Value = Cell> {
    (any::<i64>(), any::<bool>(), prop::sample::select(vec![(1u8, 1usize), (2, 2), (9, 3), (3, 4), (8, 8)])).prop_map(
        |(number, unsigned, (code, bytes))| {
            let shift = 64 - 8 * bytes;
            let signed = (number << shift) >> shift;
            let expected = if unsigned { Owned::UInt(((number as u64) << shift) >> shift) } else { Owned::Int(signed) };
            let stored = number.to_le_bytes()[..bytes].to_vec();
            Cell { unsigned, ..cell(code, &[], stored, expected) }
        },
    )
}

fn texts() -> impl Strategy<Value = Cell> {
    prop_oneof![
        (prop::collection::vec(any::<u8>(), 0..40), any::<bool>()).prop_map(|(bytes, long)| {
            let declared: u16 = if long { 700 } else { 40 };
            let mut stored = (bytes.len() as u16).to_le_bytes()[..if long { 2 } else { 1 }].to_vec();
            stored.extend(&bytes);
            cell(15, &declared.to_le_bytes(), stored, Owned::Bytes(bytes))
        }),
        // CHAR of 600 bytes: 0x258, two bits of the length inverted in the type byte.
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| {
            let mut stored = (bytes.len() as u16).to_le_bytes().to_vec();
            stored.extend(&bytes);
            cell(254, &[254 ^ ((600u16 >> 8) << 4) as u8, 0x58], stored, Owned::Bytes(bytes))
        }),
        (prop::collection::vec(any::<u8>(), 0..40), 1u8..=4).prop_map(|(bytes, length)| {
            let mut stored = (bytes.len() as u32).to_le_bytes()[..length.into()].to_vec();
            stored.extend(&bytes);
            cell(252, &[length], stored, Owned::Bytes(bytes))
        }),
    ]
}

/// DECIMAL as the servers store it: nine-digit groups from the point outwards.
fn stored_decimal(negative: bool, whole: &str, fraction: &str) -> Vec<u8> {
    const BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
    let mut stored = Vec::new();
    let (lead, groups) = whole.split_at(whole.len() % 9);
    let (full, tail) = fraction.split_at(fraction.len() / 9 * 9);
    let nines = groups.as_bytes().chunks(9).chain(full.as_bytes().chunks(9));
    for digits in std::iter::once(lead.as_bytes()).chain(nines).chain([tail.as_bytes()]) {
        let value: u32 = std::str::from_utf8(digits).unwrap().parse().unwrap_or(0);
        stored.extend(&value.to_be_bytes()[4 - BYTES[digits.len()]..]);
    }
    stored[0] ^= 0x80;
    if negative {
        stored.iter_mut().for_each(|byte: &mut u8| *byte = !*byte);
    }
    stored
}

fn decimals() -> impl Strategy<Value = Cell> {
    (any::<bool>(), "[0-9]{0,35}", "[0-9]{0,30}").prop_filter_map("a digit", |(negative, whole, fraction)| {
        let precision = (whole.len() + fraction.len()) as u8;
        if precision == 0 {
            return None;
        }
        let digits = whole.trim_start_matches('0');
        let mut text = format!("{}{}", if negative { "-" } else { "" }, if digits.is_empty() { "0" } else { digits });
        if !fraction.is_empty() {
            text = format!("{text}.{fraction}");
        }
        let meta = [precision, fraction.len() as u8];
        Some(cell(246, &meta, stored_decimal(negative, &whole, &fraction), Owned::Text(text)))
    })
}

/// Microseconds with `digits` digits that count.
fn fractions() -> impl Strategy<Value = (u8, u32)> {
    (0u8..=6, 0u32..1_000_000).prop_map(|(digits, micros)| {
        let unit = 10u32.pow(6 - u32::from(digits));
        (digits, micros / unit * unit)
    })
}

fn stored_fraction(digits: u8, micros: u32) -> Vec<u8> {
    match digits.div_ceil(2) {
        0 => vec![],
        1 => vec![(micros / 10_000) as u8],
        2 => ((micros / 100) as u16).to_be_bytes().to_vec(),
        _ => micros.to_be_bytes()[1..].to_vec(),
    }
}

fn temporals() -> impl Strategy<Value = Cell> {
    let clock = (0u8..24, 0u8..60, 0u8..60);
    let date = (0u16..=9999, 0u8..=12, 0u8..=31);
    prop_oneof![
        (any::<bool>(), 0u16..=838, 0u8..60, 0u8..60, fractions()).prop_map(
            |(negative, hours, minutes, seconds, (digits, micros))| {
                let whole = (i64::from(hours) << 12) | (i64::from(minutes) << 6) | i64::from(seconds);
                let bytes = usize::from(digits.div_ceil(2));
                let scale = [1_000_000, 10_000, 100, 1][bytes];
                let magnitude = (whole << (8 * bytes)) + i64::from(micros / scale);
                let stored = (0x80_0000i64 << (8 * bytes)) + if negative { -magnitude } else { magnitude };
                let negative = negative && magnitude != 0;
                let expected = Owned::Time(Time { negative, hours, minutes, seconds, micros });
                cell(19, &[digits], stored.to_be_bytes()[5 - bytes..].to_vec(), expected)
            },
        ),
        (date.clone(), clock, fractions()).prop_map(
            |((year, month, day), (hour, minute, second), (digits, micros))| {
                let date = ((u64::from(year) * 13 + u64::from(month)) << 5) | u64::from(day);
                let clock = (u64::from(hour) << 12) | (u64::from(minute) << 6) | u64::from(second);
                let mut stored = (0x80_0000_0000 + (date << 17) + clock).to_be_bytes()[3..].to_vec();
                stored.extend(stored_fraction(digits, micros));
                let expected = DateTime { year, month, day, hour, minute, second, micros };
                cell(18, &[digits], stored, Owned::DateTime(expected))
            },
        ),
        (any::<u32>(), fractions()).prop_map(|(seconds, (digits, micros))| {
            let mut stored = seconds.to_be_bytes().to_vec();
            stored.extend(stored_fraction(digits, micros));
            cell(17, &[digits], stored, Owned::Timestamp(seconds, micros))
        }),
        date.prop_map(|(year, month, day)| {
            let packed = (u32::from(year) << 9) | (u32::from(month) << 5) | u32::from(day);
            cell(10, &[], packed.to_le_bytes()[..3].to_vec(), Owned::Date(Date { year, month, day }))
        }),
        any::<u8>().prop_map(|years| {
            let expected = if years == 0 { 0 } else { 1900 + u16::from(years) };
            cell(13, &[], vec![years], Owned::Year(expected))
        }),
    ]
}

fn others() -> impl Strategy<Value = Cell> {
    prop_oneof![
        (-1e300f64..1e300).prop_map(|number| cell(5, &[8], number.to_le_bytes().to_vec(), Owned::Double(number))),
        (1u8..=64, any::<u64>()).prop_map(|(bits, value)| {
            let value = value >> (64 - bits);
            let bytes = usize::from(bits.div_ceil(8));
            cell(16, &[bits % 8, bits / 8], value.to_be_bytes()[8 - bytes..].to_vec(), Owned::Bit(value))
        }),
        (1u8..=2, any::<u16>()).prop_map(|(bytes, number)| {
            let number = if bytes == 1 { number & 0xff } else { number };
            cell(254, &[247, bytes], number.to_le_bytes()[..bytes.into()].to_vec(), Owned::Enum(number))
        }),
        (1u8..=8, any::<u64>()).prop_map(|(bytes, bits)| {
            let bits = bits >> (64 - 8 * u32::from(bytes));
            cell(254, &[248, bytes], bits.to_le_bytes()[..bytes.into()].to_vec(), Owned::Set(bits))
        }),
    ]
}

fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![integers(), texts(), decimals(), temporals(), others()]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Absent,
    Null,
    Set,
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![1 => Just(State::Absent), 1 => Just(State::Null), 4 => Just(State::Set)]
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let flags: Vec<_> = flags.collect();
    flags.chunks(8).map(|byte| byte.iter().rev().fold(0, |value, flag| (value << 1) | u8::from(*flag))).collect()
}

fn event(kind: EventKind, body: &[u8]) -> Vec<u8> {
    let mut raw = vec![0; 19];
    raw[4] = kind.0;
    raw.extend(body);
    let size = raw.len() as u32 + 4;
    raw[9..13].copy_from_slice(&size.to_le_bytes());
    let checksum = crc32fast::hash(&raw);
    raw.extend(checksum.to_le_bytes());
    raw
}

fn table_map(cells: &[Cell]) -> Vec<u8> {
    let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0, 4, b's', b'h', b'o', b'p', 0, 4, b'i', b't', b'e', b'm', 0];
    body.push(cells.len() as u8);
    body.extend(cells.iter().map(|cell| cell.code));
    let metadata: Vec<u8> = cells.iter().flat_map(|cell| cell.meta.clone()).collect();
    body.push(metadata.len() as u8);
    body.extend(metadata);
    body.extend(bits(cells.iter().map(|_| true)));
    event(EventKind::TABLE_MAP, &body)
}

/// Images of one update: `states[0]` before, `states[1]` after.
fn image(cells: &[Cell], states: &[State]) -> Vec<u8> {
    let present = states.iter().filter(|state| **state != State::Absent);
    let mut row = bits(present.map(|state| *state == State::Null));
    for (cell, state) in cells.iter().zip(states) {
        if *state == State::Set {
            row.extend(&cell.stored);
        }
    }
    row
}

fn check_image(values: &[Value<'_>], cells: &[Cell], states: &[State]) -> Result<(), TestCaseError> {
    prop_assert_eq!(values.len(), cells.len());
    for ((value, cell), state) in values.iter().zip(cells).zip(states) {
        match state {
            State::Absent => prop_assert!(value.is_absent()),
            State::Null => prop_assert!(value.is_null()),
            State::Set => prop_assert_eq!(&owned(value), &cell.expected),
        }
    }
    Ok(())
}

/// The same rows written anew with the last column first are the same values.
fn check_rewritten(
    raw: &[u8],
    event: &RowsEvent<'_>,
    table: &TableMap,
    columns: &[(Cell, State, State)],
) -> Result<(), TestCaseError> {
    let mut reversed = table.clone();
    reversed.columns.reverse();
    let has = |bitmap: Bitmap<'_>| (0..columns.len()).rev().map(|index| bitmap.contains(index)).collect::<Vec<_>>();
    let images = [has(event.columns_before().unwrap()), has(event.columns_after().unwrap())];
    let images = [images[0].as_slice(), images[1].as_slice()];
    let mut writer = RowsWriter::new(raw, event.table_id(), event.flags(), event.kind(), &images);
    let mut decoded = event.rows(table).unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    while decoded.next_stored(&mut before, &mut after).unwrap() {
        for (image, present) in [(&before, images[0]), (&after, images[1])] {
            writer.begin_image(present.iter().filter(|present| **present).count());
            for stored in image.iter().rev() {
                match stored.value {
                    Value::Absent => {}
                    Value::Null => writer.null(),
                    _ => writer.stored(stored.bytes),
                }
            }
            expected.push(image.iter().rev().map(|stored| format!("{:?}", stored.value)).collect::<Vec<_>>());
        }
    }
    let (rewritten, layout) = writer.finish(1 << 20).unwrap();
    let again = Decoder::with_checksum(ChecksumAlg::Off).decode(&rewritten).map(|event| match event.body {
        EventBody::Rows(rows) => rows.layout(),
        other => panic!("{other:?}"),
    });
    prop_assert_eq!(again.unwrap().width(), layout.width());
    for row in layout.view(&rewritten).unwrap().rows(&reversed).unwrap() {
        let row = row.unwrap();
        let images = [row.before.unwrap(), row.after.unwrap()];
        found.extend(images.iter().map(|image| image.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>()));
    }
    prop_assert_eq!(found, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn updates(columns in prop::collection::vec((cells(), states(), states()), 1..20), rows in 1usize..4) {
        let cells: Vec<_> = columns.iter().map(|(cell, _, _)| cell.clone()).collect();
        let before: Vec<_> = columns.iter().map(|(_, state, _)| *state).collect();
        let mut after: Vec<_> = columns.iter().map(|(_, _, state)| *state).collect();
        // An image without any column cannot be told from none.
        after[0] = State::Set;

        let mut decoder = Decoder::with_checksum(ChecksumAlg::Crc32);
        let raw = table_map(&cells);
        let EventBody::TableMap(map) = decoder.decode(&raw).unwrap().body else { panic!() };
        let mut table = TableMap::parse(map.body, decoder.format()).unwrap();
        for (column, cell) in table.columns.iter_mut().zip(&cells) {
            column.unsigned = column.kind.is_integer().then_some(cell.unsigned);
        }

        let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0, 2, 0, cells.len() as u8];
        body.extend(bits(before.iter().map(|state| *state != State::Absent)));
        body.extend(bits(after.iter().map(|state| *state != State::Absent)));
        for _ in 0..rows {
            body.extend(image(&cells, &before));
            body.extend(image(&cells, &after));
        }
        let raw = event(EventKind::UPDATE_ROWS, &body);
        let EventBody::Rows(event) = decoder.decode(&raw).unwrap().body else { panic!() };
        prop_assert_eq!(event.kind(), RowsKind::Update);
        let mut decoded = event.rows(&table).unwrap();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            prop_assert!(decoded.next_into(&mut old, &mut new).unwrap());
            check_image(&old, &cells, &before)?;
            check_image(&new, &cells, &after)?;
        }
        prop_assert!(!decoded.next_into(&mut old, &mut new).unwrap());

        prop_assert_eq!(event.rows(&table).unwrap().filter(Result::is_ok).count(), rows);

        check_rewritten(&raw, &event, &table, &columns)?;
    }
}

/// MariaDB writes version 1 alone; version 2 has room for extra data in front.
#[test]
fn compressed_rows_of_both_versions() {
    let number = cell(3, &[], vec![1, 0, 0, 0], Owned::Int(1));
    let mut decoder = Decoder::with_checksum(ChecksumAlg::Crc32);
    let raw = table_map(std::slice::from_ref(&number));
    let EventBody::TableMap(map) = decoder.decode(&raw).unwrap().body else { panic!() };
    let mut table = TableMap::parse(map.body, decoder.format()).unwrap();
    table.columns[0].unsigned = Some(false);
    for (kind, images, extra) in [
        (EventKind::MARIADB_WRITE_ROWS_COMPRESSED_V1, 1, &[][..]),
        (EventKind::MARIADB_UPDATE_ROWS_COMPRESSED_V1, 2, &[]),
        (EventKind::MARIADB_DELETE_ROWS_COMPRESSED_V1, 1, &[]),
        (EventKind::MARIADB_WRITE_ROWS_COMPRESSED, 1, &[2, 0]),
        (EventKind::MARIADB_UPDATE_ROWS_COMPRESSED, 2, &[5, 0, 1, 2, 3]),
        (EventKind::MARIADB_DELETE_ROWS_COMPRESSED, 1, &[2, 0]),
    ] {
        let rows = [[0, 1, 0, 0, 0], [0, 2, 0, 0, 0]].concat().repeat(50);
        let mut body = [&[7, 0, 0, 0, 0, 0, 1, 0], extra, &[1], &[1].repeat(images)].concat();
        body.extend([0x82, (rows.len() >> 8) as u8, rows.len() as u8]);
        let mut deflated = flate2::write::ZlibEncoder::new(body, flate2::Compression::best());
        deflated.write_all(&rows).unwrap();
        let raw = event(kind, &deflated.finish().unwrap());
        let EventBody::Rows(event) = decoder.decode(&raw).unwrap().body else { panic!() };
        let decoded: Vec<_> = event.rows(&table).unwrap().map(Result::unwrap).collect();
        assert_eq!(decoded.len(), 100 / images, "{kind}");
        for change in &decoded {
            let images = [&change.before, &change.after].into_iter().flatten().map(|values| owned(&values[0]));
            let images: Vec<_> = images.collect();
            assert!(images == [Owned::Int(1), Owned::Int(2)] || images == [Owned::Int(1)] || images == [Owned::Int(2)]);
        }
    }
}

#[test]
fn a_row_cut_short_is_an_error_that_names_the_column() {
    let number = cell(3, &[], vec![1, 0, 0, 0], Owned::Int(1));
    let mut decoder = Decoder::with_checksum(ChecksumAlg::Crc32);
    let raw = table_map(&[number.clone(), number]);
    let EventBody::TableMap(map) = decoder.decode(&raw).unwrap().body else { panic!() };
    let mut table = TableMap::parse(map.body, decoder.format()).unwrap();
    assert_eq!(table.columns[0].kind, ColumnType::Int);
    table.columns.iter_mut().for_each(|column| column.unsigned = Some(false));

    let body = [7, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 3, 0, 9, 0, 0, 0, 5, 0];
    let raw = event(EventKind::WRITE_ROWS, &body);
    let EventBody::Rows(rows) = decoder.decode(&raw).unwrap().body else { panic!() };
    let results: Vec<_> = rows.rows(&table).unwrap().collect();
    assert_eq!(results.len(), 1);
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(
        error.to_string(),
        "table shop.item, column #2: WRITE_ROWS event is cut short: INT needs 4 bytes at byte 36, 2 are left"
    );

    table.columns.pop();
    let error = rows.rows(&table).unwrap_err();
    assert!(matches!(error, DecodeError::ColumnCount { event: 2, columns: 1, .. }), "{error}");
}
