use super::*;
use crate::change::{Column, TableSchema};
use replicator_binlog::{
    ChecksumAlg, ColumnDef, ColumnType, Decoder, EventBody, RowsFlags, RowsKind, RowsWriter, TableMap, Value,
};
use replicator_model::failure::Failure;
use replicator_model::task::Route;
use std::sync::Arc;

/// `user (id int primary key, name varchar(20) latin1, status enum('draft','open'), email varchar(80) utf8mb4)`.
fn table() -> TableSchema {
    let column = |name: &str, column_type: &str, charset: Option<&str>| Column {
        name: name.into(),
        column_type: column_type.into(),
        charset: charset.map(Into::into),
    };
    let int = ColumnDef { unsigned: Some(false), ..ColumnDef::new(ColumnType::Int, 0, false) };
    let members: Box<[Box<[u8]>]> = [&b"draft"[..], b"open"].map(Into::into).into();
    let status = ColumnDef { members: Some(members), ..ColumnDef::new(ColumnType::Enum, 1, true) };
    let map = TableMap {
        table_id: 7,
        flags: 0,
        database: "shop".into(),
        table: "user".into(),
        columns: vec![
            int,
            ColumnDef::new(ColumnType::Varchar, 20, true),
            status,
            ColumnDef::new(ColumnType::Varchar, 320, true),
        ],
        primary_key: Some(vec![(0, 0)]),
    };
    TableSchema {
        database: "shop".into(),
        table: "user".into(),
        target_database: "shop".into(),
        target_table: "user".into(),
        columns: vec![
            column("id", "int", None),
            column("name", "varchar(20)", Some("latin1")),
            column("status", "enum('draft','open')", Some("utf8mb4")),
            column("email", "varchar(80)", Some("utf8mb4")),
        ],
        key: Some(vec![0]),
        map: Arc::new(map),
    }
}

/// An image as the source writes it; `None` is NULL.
type Row = (i32, Option<&'static [u8]>, u8, Option<&'static str>);

fn image(writer: &mut RowsWriter, (id, name, status, email): Row, present: &[bool; 4]) {
    writer.begin_image(present.iter().filter(|present| **present).count());
    if present[0] {
        writer.stored(&id.to_le_bytes());
    }
    if present[1] {
        text(writer, 20, name);
    }
    if present[2] {
        writer.stored(&[status]);
    }
    if present[3] {
        text(writer, 320, email.map(str::as_bytes));
    }
}

fn text(writer: &mut RowsWriter, declared: u16, text: Option<&[u8]>) {
    match text {
        Some(text) => assert!(writer.text(declared, text)),
        None => writer.null(),
    }
}

const ALL: [bool; 4] = [true; 4];

/// Rows of one event; each has its images.
fn event(kind: RowsKind, present: [[bool; 4]; 2], rows: &[&[Row]]) -> Vec<u8> {
    let images: Vec<&[bool]> = present.iter().map(|image| image.as_slice()).collect();
    let count = if kind == RowsKind::Update { 2 } else { 1 };
    let mut writer = RowsWriter::new(&[], 7, RowsFlags(1), kind, &images[..count]);
    for row in rows {
        row.iter().zip(&present).for_each(|(row, present)| image(&mut writer, *row, present));
    }
    writer.finish(1 << 20).unwrap().0
}

/// What arrives: each row's kind and values.
fn arriving(route: &str, raw: &[u8]) -> Result<Vec<String>, Failure> {
    let route: Route = serde_json::from_str(&format!(r#"{{"from": "shop.*", {route}}}"#)).unwrap();
    let table = ShapedTable::new(table(), &route)?;
    let mut decoder = Decoder::with_checksum(ChecksumAlg::Off);
    let EventBody::Rows(rows) = decoder.decode(raw).unwrap().body else { panic!() };
    let shaped = table.shape(&rows, raw).map_err(|error| match error {
        ShapeError::Failed(failure) => failure,
        ShapeError::Decode(error) => panic!("{error}"),
    })?;
    let mut arriving = Vec::new();
    for rows in shaped {
        let view = rows.layout.view(&rows.event).unwrap();
        let changes: Vec<_> = view.rows(&table.arriving().map).unwrap().map(Result::unwrap).collect();
        assert_eq!(changes.len() as u64, rows.row_count);
        for change in changes {
            let images = [&change.before, &change.after].into_iter().flatten();
            let images: Vec<String> =
                images.map(|image| image.iter().map(shown).collect::<Vec<_>>().join(",")).collect();
            arriving.push(format!("{:?} {}", rows.kind, images.join(" > ")));
        }
    }
    Ok(arriving)
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Absent => "-".into(),
        Value::Null => "NULL".into(),
        Value::Bytes(bytes) => bytes.escape_ascii().to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Enum(number) => format!("#{number}"),
        other => panic!("{other:?}"),
    }
}

const GRUEN: Option<&[u8]> = Some(b"gr\xfcn");

#[test]
fn columns_are_cut_added_and_masked() {
    let raw = event(RowsKind::Insert, [ALL, ALL], &[&[(1, GRUEN, 2, Some("a@x"))], &[(-2, None, 1, None)]]);
    let all = r#""rename": {"name": "title"}, "cast": {"status": "char"}, "mask": {"email": {"keep": 1}},
                 "add": {"region": "eu", "n": -3}, "source_column": "origin""#;
    assert_eq!(
        arriving(all, &raw).unwrap(),
        ["Insert 1,gr\\xfcn,open,a,-3,eu,shop.user", "Insert -2,NULL,draft,NULL,-3,eu,shop.user"]
    );
    assert_eq!(arriving(r#""mask": {"name": {"keep": 3}}"#, &raw).unwrap()[0], "Insert 1,gr\\xc3\\xbc,#2,a@x");
    assert_eq!(arriving(r#""drop": ["name", "status"]"#, &raw).unwrap(), ["Insert 1,a@x", "Insert -2,NULL"]);
    let hashed = arriving(r#""mask": {"id": {"hash": "s"}}, "drop": ["name", "status", "email"]"#, &raw).unwrap();
    assert!(hashed[0].len() == "Insert ".len() + 64 && hashed[0] != hashed[1], "{hashed:?}");
}

#[test]
fn a_change_across_the_filter_is_an_insert_or_a_delete() {
    let row = |id: i32, status: u8| -> Row { (id, None, status, None) };
    let change = |id: i32, from: u8, to: u8| vec![row(id, from), row(id, to)];
    let changes = [change(1, 2, 2), change(2, 2, 1), change(3, 1, 2), change(4, 1, 1), change(5, 2, 2)];
    let changes: Vec<&[Row]> = changes.iter().map(Vec::as_slice).collect();
    let raw = event(RowsKind::Update, [ALL, ALL], &changes);
    let filter = r#""where": "status <> 'draft'", "drop": ["name", "email"]"#;
    assert_eq!(
        arriving(filter, &raw).unwrap(),
        ["Update 1,#2 > 1,#2", "Delete 2,#2", "Insert 3,#2", "Update 5,#2 > 5,#2"]
    );
    let raw = event(RowsKind::Delete, [ALL, ALL], &[&[row(1, 1)], &[row(2, 2)]]);
    assert_eq!(arriving(filter, &raw).unwrap(), ["Delete 2,#2"]);
    let raw = event(RowsKind::Insert, [ALL, ALL], &[&[row(1, 1)]]);
    assert_eq!(arriving(filter, &raw).unwrap(), [""; 0]);
}

#[test]
fn images_that_lack_columns_stay_so_or_stop() {
    let (key, changed) = ([true, false, false, false], [true, true, false, false]);
    let update: &[Row] = &[(1, None, 1, None), (1, GRUEN, 1, None)];
    let raw = event(RowsKind::Update, [key, changed], &[update]);
    assert_eq!(
        arriving(r#""mask": {"name": {"keep": 2}}, "add": {"n": 1}"#, &raw).unwrap(),
        ["Update 1,-,-,-,1 > 1,gr,-,-,1"]
    );
    for (route, expected) in [
        (r#""where": "status = 'open'""#, "`status`|image_lacks_column"),
        (r#""where": "name is not null""#, "`name`|image_lacks_column"),
    ] {
        let failure = arriving(route, &raw).unwrap_err();
        let (column, code) = expected.split_once('|').unwrap();
        assert!(failure.code == code && failure.reason.contains(column), "{route}: {failure}");
    }
    // New to the target, and not all of it is known.
    let narrow = event(RowsKind::Update, [changed, changed], &[&[(1, None, 1, None), (1, GRUEN, 1, None)]]);
    let failure = arriving(r#""where": "name is not null""#, &narrow).unwrap_err();
    assert!(failure.code == "image_lacks_column" && failure.reason.contains("`status`"), "{failure}");
    // Only a column changed that does not arrive.
    let only_name =
        event(RowsKind::Update, [key, [false, true, false, false]], &[&[(1, None, 1, None), (1, GRUEN, 1, None)]]);
    assert_eq!(arriving(r#""drop": ["name"]"#, &only_name).unwrap(), [""; 0]);
}

#[test]
fn the_key_moves_with_its_columns() {
    let route = r#"{"from": "shop.*", "drop": ["name"], "source_column": "origin", "mask": {"id": {"hash": "s"}}}"#;
    let table = ShapedTable::new(table(), &serde_json::from_str(route).unwrap()).unwrap();
    let arriving = table.arriving();
    let names: Vec<&str> = arriving.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "status", "email", "origin"]);
    assert_eq!(arriving.key, Some(vec![0, 3]));
    assert_eq!(arriving.map.primary_key, Some(vec![(0, 0), (3, 0)]));
    assert_eq!(arriving.columns[0].column_type, "varchar(64)");
}

#[test]
fn values_that_can_not_arrive_stop_without_being_told() {
    let raw = event(RowsKind::Insert, [ALL, ALL], &[&[(1, Some(b"x1"), 1, None)]]);
    let failure = arriving(r#""cast": {"name": "signed"}"#, &raw).unwrap_err();
    assert_eq!(failure.code, "value_not_shaped");
    assert!(failure.reason.contains("`name`") && !failure.to_string().contains("x1"), "{failure}");
}
