//! Rows of a binary log file as text, in the form `testdata/*.select.sql` reads the same rows from the server.

use replicator_binlog::{
    ColumnDef, DecodeError, Decoder, Event, EventBody, EventHeader, InflateLimits, RowsKind, TableMap, TableMapCache,
    Value, write_text,
};

/// Raw events of a file, its four magic bytes skipped.
pub(crate) fn events(file: &[u8]) -> Vec<&[u8]> {
    let mut rest = file.strip_prefix(b"\xfebin").expect("a binary log file");
    let mut events = Vec::new();
    while !rest.is_empty() {
        let header = EventHeader::parse(rest).unwrap();
        let (event, behind) = rest.split_at(header.event_size as usize);
        events.push(event);
        rest = behind;
    }
    events
}

/// One line per row image: mark, table and values separated by tabs. Marks: `+` inserted, `-` deleted, `<` before and `>`
/// after an update. `complete` fills in what the table map lacks.
pub(crate) fn rows_as_text(file: &[u8], mut complete: impl FnMut(&mut TableMap)) -> Vec<String> {
    let mut decoder = Decoder::new();
    let mut tables = TableMapCache::default();
    let mut lines = Vec::new();
    for raw in events(file) {
        let event = decoder.decode(raw).unwrap();
        if let EventBody::TransactionPayload(payload) = &event.body {
            let mut inner = payload.events(InflateLimits { event_bytes: 1 << 20, total_bytes: 1 << 24 }).unwrap();
            while let Some(raw) = inner.next_event() {
                let event = decoder.decode_inner(raw.unwrap()).unwrap();
                row_lines(&event, &decoder, &mut tables, &mut complete, &mut lines);
            }
        }
        row_lines(&event, &decoder, &mut tables, &mut complete, &mut lines);
    }
    lines
}

fn row_lines(
    event: &Event<'_>,
    decoder: &Decoder,
    tables: &mut TableMapCache,
    complete: &mut impl FnMut(&mut TableMap),
    lines: &mut Vec<String>,
) {
    match &event.body {
        EventBody::TableMap(map) => {
            let filled = |table: &mut TableMap| -> Result<(), DecodeError> {
                complete(table);
                Ok(())
            };
            tables.resolve(map, decoder.format(), filled).unwrap();
        }
        EventBody::PartialUpdate(update) => {
            let table = tables.get(update.table_id).expect("a table map before its rows");
            let whole = update.expand(table, 1 << 24).unwrap();
            row_lines(&decoder.decode_inner(&whole).unwrap(), decoder, tables, complete, lines);
        }
        EventBody::Rows(rows) => {
            let table = tables.get(rows.table_id()).expect("a table map before its rows").clone();
            let (mut before, mut after) = (Vec::new(), Vec::new());
            let images = match rows.rows(&table) {
                Ok(images) => images,
                Err(error) => return lines.push(format!("! {error}")),
            };
            let mut images = images;
            loop {
                match images.next_into(&mut before, &mut after) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return lines.push(format!("! {error}")),
                }
                let (old, new) = match rows.kind() {
                    RowsKind::Update => ("<", ">"),
                    _ => ("-", "+"),
                };
                for (mark, values) in [(old, &before), (new, &after)] {
                    if !values.is_empty() {
                        lines.push(line(mark, &table, values));
                    }
                }
            }
        }
        _ => {}
    }
}

fn line(mark: &str, table: &TableMap, row: &[Value<'_>]) -> String {
    format!("{mark}{}\t{}", table.table, values(table, row))
}

/// The values, separated by tabs.
pub(crate) fn values(table: &TableMap, row: &[Value<'_>]) -> String {
    row.iter().zip(&table.columns).map(|(value, column)| text(value, column)).collect::<Vec<_>>().join("\t")
}

fn text(value: &Value<'_>, column: &ColumnDef) -> String {
    let mut out = Vec::new();
    match value {
        Value::Absent => return "ABSENT".to_owned(),
        Value::Null => return "NULL".to_owned(),
        Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Vector(bytes) => {
            let mut bytes = bytes.to_vec();
            if column.is_fixed_binary() == Some(true) {
                bytes.resize(column.declared_bytes().unwrap().into(), 0);
            }
            return bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        }
        Value::Compressed(value) => return text(&Value::Bytes(&value.bytes().unwrap()), column),
        Value::Enum(number) => return number.to_string(),
        Value::Set(bits) => return bits.to_string(),
        // `SELECT f+0e0`: the servers print a FLOAT itself with six digits only.
        Value::Float(number) => write_text(&Value::Double(f64::from(*number)), column, &mut out).unwrap(),
        value => write_text(value, column, &mut out).unwrap(),
    }
    String::from_utf8(out).unwrap()
}
