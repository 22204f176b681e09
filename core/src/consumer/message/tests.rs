//! Rows that real servers logged (`core/binlog/testdata`), as messages. `REPLICATOR_BLESS=1` writes the golden files.

use super::canal_json::{Envelope, RowImages, TableEncoding, write_statement, write_statement_key};
use crate::change::{Column, TableSchema};
use replicator_binlog::{
    ColumnDef, ColumnType, DecodeError, Decoder, EventBody, EventHeader, RowsKind, TableMap, TableMapCache, Value,
};
use replicator_model::failure::Failure;
use std::collections::BTreeMap;
use std::sync::Arc;

const ENVELOPE: Envelope<'_> =
    Envelope { id: 7, gtid: "u-u-i-d:5", committed_ms: 1_700_000_000_123, now_ms: 1_700_000_000_456 };

/// As a producer makes it from FULL metadata.
fn schema(map: &TableMap) -> TableSchema {
    let column = |(index, def): (usize, &ColumnDef)| Column {
        name: map.column_label(index),
        column_type: format!("{:?}", def.kind).to_lowercase(),
        charset: match def.collation {
            _ if def.kind == ColumnType::Geometry => None,
            Some(63) | None => None,
            Some(8) => Some("latin1".into()),
            Some(_) => Some("utf8mb4".into()),
        },
    };
    TableSchema {
        database: map.database.clone(),
        table: map.table.clone(),
        target_database: "elsewhere".into(),
        target_table: "other".into(),
        columns: map.columns.iter().enumerate().map(column).collect(),
        key: map.primary_key.as_ref().map(|key| key.iter().map(|(index, _)| *index).collect()),
        map: Arc::new(map.clone()),
    }
}

/// Calls `with` for each row outside compressed transactions.
fn each_row(file: &[u8], mut with: impl FnMut(&TableEncoding, RowsKind, RowImages<'_, '_>)) {
    let mut rest = file.strip_prefix(b"\xfebin").unwrap();
    let (mut decoder, mut maps, mut tables) = (Decoder::new(), TableMapCache::default(), BTreeMap::new());
    while !rest.is_empty() {
        let (raw, behind) = rest.split_at(EventHeader::parse(rest).unwrap().event_size as usize);
        rest = behind;
        let event = decoder.decode(raw).unwrap();
        match &event.body {
            EventBody::TableMap(map) => {
                let map = maps.resolve(map, decoder.format(), |_| Ok::<_, DecodeError>(())).unwrap();
                tables.insert(map.table_id, TableEncoding::new(Arc::new(schema(map))).unwrap());
            }
            EventBody::Rows(event) => {
                let Some(table) = tables.get(&event.table_id()) else { continue };
                let Ok(mut rows) = event.rows(&table.table().map) else { continue };
                let (mut before, mut after) = (Vec::new(), Vec::new());
                while rows.next_into(&mut before, &mut after).unwrap() {
                    with(table, event.kind(), RowImages { before: &before, after: &after });
                }
            }
            _ => {}
        }
    }
}

fn messages(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    each_row(file, |table, kind, row| {
        table.write_key(row, false, &mut out).unwrap();
        out.push(b'\t');
        table.write_row(&ENVELOPE, kind, row, &mut out).unwrap();
        out.push(b'\n');
    });
    out
}

fn assert_golden(name: &str, found: &[u8]) {
    let path = format!("{}/testdata/canal_json/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("REPLICATOR_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let (found, golden) = (String::from_utf8(found.to_vec()).unwrap(), std::fs::read_to_string(&path).unwrap());
    for (found, golden) in found.lines().zip(golden.lines()) {
        assert_eq!(found, golden, "{path}");
        for json in found.split('\t') {
            serde_json::from_str::<serde_json::Value>(json).unwrap();
        }
    }
    assert_eq!(found.lines().count(), golden.lines().count());
}

#[test]
fn values_of_all_types_are_as_the_golden_files_show() {
    assert_golden("values_mysql97.tsv", &messages(include_bytes!("../../../binlog/testdata/values_mysql97.binlog")));
    assert_golden(
        "values_mariadb1011.tsv",
        &messages(include_bytes!("../../../binlog/testdata/values_mariadb1011.binlog")),
    );
}

#[test]
fn updates_deletes_and_partial_images_are_as_the_golden_file_shows() {
    assert_golden("kinds_mysql97.tsv", &messages(include_bytes!("../../../binlog/testdata/kinds_mysql97.binlog")));
}

/// `data` of a message says the same as what the server answered to SELECT, for the columns that read alike.
#[test]
fn integers_decimals_and_times_are_what_the_server_selects() {
    let expected = include_str!("../../../binlog/testdata/values_mysql97.expected");
    let mut compared = 0;
    let mut lines = expected.lines();
    each_row(include_bytes!("../../../binlog/testdata/values_mysql97.binlog"), |table, kind, row| {
        let mut out = Vec::new();
        table.write_row(&ENVELOPE, kind, row, &mut out).unwrap();
        let message: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let selected: Vec<_> = lines.next().unwrap().split('\t').collect();
        assert_eq!(selected[0], table.table().table);
        for ((column, def), selected) in
            table.table().columns.iter().zip(&table.table().map.columns).zip(&selected[1..])
        {
            let other_form =
                matches!(def.kind, ColumnType::Float | ColumnType::Double | ColumnType::Char | ColumnType::Varchar)
                    || matches!(def.kind, ColumnType::Blob | ColumnType::Geometry | ColumnType::Vector);
            let value = message["data"][0][&column.name].as_str().unwrap_or("NULL");
            if !other_form {
                assert_eq!(value, *selected, "{}.{}", table.table().table, column.name);
                compared += 1;
            }
        }
    });
    assert!(compared > 300, "{compared}");
}

fn column(name: &str, kind: ColumnType, meta: u16, charset: Option<&str>) -> (Column, ColumnDef) {
    let def = ColumnDef { unsigned: Some(false), ..ColumnDef::new(kind, meta, true) };
    (Column { name: name.into(), column_type: "any".into(), charset: charset.map(Into::into) }, def)
}

fn table(columns: Vec<(Column, ColumnDef)>, key: Option<Vec<usize>>) -> Result<TableEncoding, Failure> {
    let (columns, defs): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let map =
        TableMap { table_id: 1, flags: 0, database: "d".into(), table: "t".into(), columns: defs, primary_key: None };
    let (database, table) = ("d".to_owned(), "t\"1".to_owned());
    let (target_database, target_table) = (database.clone(), table.clone());
    TableEncoding::new(Arc::new(TableSchema {
        database,
        table,
        target_database,
        target_table,
        columns,
        key,
        map: Arc::new(map),
    }))
}

#[test]
fn a_key_is_its_values_and_a_table_without_one_has_a_single_key() {
    let columns =
        || vec![column("id", ColumnType::BigInt, 0, None), column("name", ColumnType::Varchar, 20, Some("latin1"))];
    let (before, after) = ([Value::Int(-1), Value::Bytes(b"a\"")], [Value::Int(-1), Value::Bytes(b"\xfc")]);
    let row = RowImages { before: &before, after: &after };
    let key = |key, before| {
        let (table, mut out) = (table(columns(), key).unwrap(), Vec::new());
        table.write_key(row, before, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), table.moves(row))
    };
    assert_eq!(key(Some(vec![0]), true), (r#"["d","t\"1","-1"]"#.into(), false));
    assert_eq!(key(Some(vec![1, 0]), true), (r#"["d","t\"1","a\"","-1"]"#.into(), true));
    assert_eq!(key(Some(vec![1, 0]), false), (r#"["d","t\"1","ü","-1"]"#.into(), true));
    assert_eq!(key(None, false), (r#"["d","t\"1"]"#.into(), false));
    let (mut statement, mut rows) = (Vec::new(), Vec::new());
    write_statement_key("d", "t\"1", &mut statement);
    table(columns(), None).unwrap().write_table_key(&mut rows);
    assert_eq!(statement, rows);
}

#[test]
fn a_column_that_cannot_be_carried_is_named() {
    let failure = table(vec![column("title", ColumnType::Blob, 2, Some("big5"))], None).unwrap_err();
    assert!(!failure.is_transient() && failure.reason.contains("`title` of d.t"), "{failure}");
    let table = table(vec![column("title", ColumnType::Blob, 2, Some("utf8mb4"))], None).unwrap();
    let row = RowImages { before: &[], after: &[Value::Bytes(b"\xff")] };
    let failure = table.write_row(&ENVELOPE, RowsKind::Insert, row, &mut Vec::new()).unwrap_err();
    assert!(!failure.is_transient() && failure.reason.contains("`title` of d.t"), "{failure}");
}

#[test]
fn a_statement_is_a_message() {
    let mut out = Vec::new();
    write_statement(&ENVELOPE, "shop", "item", "ALTER TABLE item COMMENT 'a \"b\"\n'", &mut out);
    let expected = concat!(
        r#"{"data":null,"database":"shop","es":1700000000123,"gtid":"u-u-i-d:5","id":7,"isDdl":true,"mysqlType":null,"#,
        r#""old":null,"pkNames":null,"sql":"ALTER TABLE item COMMENT 'a \"b\"\n'","sqlType":null,"table":"item","#,
        r#""ts":1700000000456,"type":"ALTER"}"#
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

proptest::proptest! {
    /// Whatever bytes stand in columns, and whatever their names, a message is valid JSON or an error.
    #[test]
    fn a_message_is_always_json(
        name in ".{0,8}",
        text: Vec<u8>,
        blob: Vec<u8>,
        float in proptest::num::f32::ANY,
        number: i64,
        charset in 0..6usize,
        update: bool,
    ) {
        let charset = ["utf8mb4", "latin1", "gbk", "sjis", "utf16", "ascii"][charset];
        let columns = vec![
            column(&name, ColumnType::Varchar, 400, Some(charset)),
            column("b", ColumnType::Char, 20, None),
            column("f", ColumnType::Float, 4, None),
            column("n", ColumnType::BigInt, 0, None),
            column("j", ColumnType::Json, 4, None),
        ];
        let table = table(columns, Some(vec![0, 1])).unwrap();
        let json: &[u8] = if update { &blob } else { b"\x04\x00" };
        let after = [Value::Bytes(&text), Value::Bytes(&blob), Value::Float(float), Value::Int(number), Value::Json(json)];
        let before = [Value::Null, Value::Absent, Value::Float(0.0), Value::Int(number), Value::Null];
        let row = RowImages { before: if update { &before } else { &[] }, after: &after };
        let kind = if update { RowsKind::Update } else { RowsKind::Insert };
        let mut out = Vec::new();
        if table.write_row(&ENVELOPE, kind, row, &mut out).is_ok() {
            let message: serde_json::Value = serde_json::from_slice(&out).unwrap();
            proptest::prop_assert!(message["data"][0].is_object());
            let mut key = Vec::new();
            table.write_key(row, false, &mut key).unwrap();
            proptest::prop_assert!(serde_json::from_slice::<Vec<Option<String>>>(&key).is_ok());
        }
    }
}
