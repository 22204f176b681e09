//! Groups of rows of tables with two INT columns, made by hand.

use super::group::Group;
use super::plans::Planned;
use super::program::{Image, Program, Step};
use super::write_set::{Reach, Writers};
use crate::change::{Column, RowsChange, TableSchema};
use bytes::Bytes;
use replicator_binlog::{ColumnDef, ColumnType, Decoder, EventBody, EventKind, TableMap};
use replicator_mysql::tables::Ties;
use replicator_schema::table::{ColumnDefinition, Key, PRIMARY, TableSchema as TargetSchema};
use std::sync::Arc;

fn column(name: &str) -> ColumnDefinition {
    ColumnDefinition::new(name, "int")
}

/// `(id INT PRIMARY KEY, v INT)`, with a unique key of `v` too if asked for.
fn table(name: &str, is_v_unique: bool, ties: Ties) -> Table {
    let column_def = || ColumnDef { unsigned: Some(false), ..ColumnDef::new(ColumnType::Int, 0, true) };
    let map = TableMap {
        table_id: 1,
        flags: 0,
        database: "shop".into(),
        table: name.into(),
        columns: vec![column_def(), column_def()],
        primary_key: None,
    };
    let source_column = |name: &str| Column { name: name.into(), column_type: "int".into(), charset: None };
    let schema = Arc::new(TableSchema {
        database: "shop".into(),
        table: name.into(),
        target_database: "shop".into(),
        target_table: name.into(),
        columns: vec![source_column("id"), source_column("v")],
        key: Some(vec![0]),
        map: Arc::new(map),
    });
    let key = |name: &str, part: &str| Key {
        name: name.into(),
        unique: true,
        partial: false,
        parts: vec![Some(part.to_owned())],
    };
    let mut keys = vec![key(PRIMARY, "id")];
    if is_v_unique {
        keys.insert(0, key("a_v", "v"));
    }
    let target = TargetSchema { columns: vec![column("id"), column("v")], keys, collation: None };
    let planned = Planned::new(Arc::clone(&schema), &target, ties).unwrap();
    (schema, Arc::new(planned))
}

/// An event with rows of two columns; of an update each has two images.
fn rows(schema: &Arc<TableSchema>, kind: EventKind, images: &[[i32; 2]]) -> RowsChange {
    let mut body = vec![1, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 3];
    body.extend((kind == EventKind::UPDATE_ROWS).then_some(3));
    for image in images {
        body.push(0);
        body.extend(image.iter().flat_map(|value| value.to_le_bytes()));
    }
    let mut event = vec![0; 19];
    event[4] = kind.0;
    event[9..13].copy_from_slice(&(19 + body.len() as u32).to_le_bytes());
    event.extend(body);
    let decoder = Decoder::default();
    let EventBody::Rows(view) = decoder.decode_inner(&event).unwrap().body else { panic!("no rows") };
    RowsChange {
        table: Arc::clone(schema),
        kind: view.kind(),
        no_foreign_key_checks: false,
        layout: view.layout(),
        file: "bin.000001".into(),
        offset: 4,
        first_row: 0,
        row_count: (images.len() / if kind == EventKind::UPDATE_ROWS { 2 } else { 1 }) as u64,
        event: Bytes::from(event),
    }
}

type Table = (Arc<TableSchema>, Arc<Planned>);

fn of(events: &[(&Table, EventKind, &[[i32; 2]])]) -> Group {
    let mut group = Group::default();
    for ((schema, planned), kind, images) in events {
        group.push(rows(schema, *kind, images), Arc::clone(planned));
    }
    group
}

/// The steps in words.
fn told(steps: &[Step]) -> Vec<String> {
    let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
    let keys = |images: &[Image]| images.iter().map(|image| text(&image.text.key)).collect::<Vec<_>>().join(",");
    let ids = |images: &[Image]| -> String {
        let id = |image: &Image| text(&image.text.values)[1..].split(',').next().unwrap().to_owned();
        images.iter().map(id).collect::<Vec<_>>().join(",")
    };
    let tell = |step: &Step| match step {
        Step::Folded(_, folded) => {
            format!("-{} ={} +{}", keys(&folded.deletes), keys(&folded.updates), ids(&folded.inserts))
        }
        Step::One(_, _, values) => {
            format!("one {}", values.iter().map(|value| value.as_sql(true)).collect::<Vec<_>>().join(","))
        }
        Step::Event(index) => format!("event {index}"),
    };
    steps.iter().map(tell).collect()
}

const INSERT: EventKind = EventKind::WRITE_ROWS;
const UPDATE: EventKind = EventKind::UPDATE_ROWS;
const DELETE: EventKind = EventKind::DELETE_ROWS;

#[test]
fn only_rows_that_are_under_way_wait() {
    let item = table("item", false, Ties::default());
    let mut writers = Writers::default();
    let first = of(&[(&item, INSERT, &[[1, 10], [2, 20]])]);
    let first = Program::behind(&first, 1, &mut writers).unwrap();
    assert_eq!((told(&first.early), first.late.len(), first.after), (vec!["- = +1,2".to_owned()], 0, 0));

    let second = of(&[(&item, UPDATE, &[[2, 20], [2, 21]]), (&item, INSERT, &[[3, 30]])]);
    let second = Program::behind(&second, 2, &mut writers).unwrap();
    assert_eq!((told(&second.early), told(&second.late)), (vec!["- = +3".into()], vec!["- =2 +".into()]));
    assert_eq!(second.after, 1);

    writers.are_durable(2);
    let third = of(&[(&item, DELETE, &[[2, 21]])]);
    let third = Program::behind(&third, 3, &mut writers).unwrap();
    assert_eq!((told(&third.early), third.late.len(), third.after), (vec!["-2 = +".to_owned()], 0, 0));
}

#[test]
fn a_table_with_another_unique_key_waits_as_a_whole() {
    let seat = table("seat", true, Ties::default());
    let mut writers = Writers::default();
    Program::behind(&of(&[(&seat, UPDATE, &[[1, 10], [1, 11]])]), 1, &mut writers).unwrap();
    // 10 was free only after the first group.
    let second = of(&[(&seat, INSERT, &[[5, 50], [6, 10]])]);
    let second = Program::behind(&second, 2, &mut writers).unwrap();
    assert_eq!((second.early.len(), told(&second.late), second.after), (0, vec!["- = +5,6".to_owned()], 1));
    // Neither key is under way.
    let third = Program::behind(&of(&[(&seat, INSERT, &[[7, 70]])]), 3, &mut writers).unwrap();
    assert_eq!((told(&third.early), third.after), (vec!["- = +7".to_owned()], 0));
}

#[test]
fn a_row_that_gets_another_key_keeps_its_place_between_the_others() {
    let item = table("item", false, Ties::default());
    let group = of(&[(&item, INSERT, &[[1, 10]]), (&item, UPDATE, &[[1, 10], [2, 10]]), (&item, INSERT, &[[1, 30]])]);
    let mut writers = Writers::default();
    let program = Program::behind(&group, 1, &mut writers).unwrap();
    assert_eq!(told(&program.early), ["- = +1", "one 2,10,1", "- = +1"]);
    // Both keys are written.
    let (one, two) = (of(&[(&item, DELETE, &[[1, 30]])]), of(&[(&item, DELETE, &[[2, 10]])]));
    assert_eq!(Program::behind(&one, 2, &mut writers).unwrap().after, 1);
    assert_eq!(Program::behind(&two, 3, &mut writers).unwrap().after, 1);
}

#[test]
fn linked_tables_wait_for_each_other_and_for_no_other() {
    let linked = Ties { foreign_keys: true, ..Ties::default() };
    let (parent, child, item) =
        (table("parent", false, linked), table("child", false, linked), table("item", false, Ties::default()));
    let mut writers = Writers::default();
    Program::behind(&of(&[(&parent, INSERT, &[[1, 1]]), (&item, INSERT, &[[1, 1]])]), 1, &mut writers).unwrap();
    let second = of(&[(&item, INSERT, &[[2, 2]]), (&child, INSERT, &[[7, 1]]), (&parent, DELETE, &[[3, 3]])]);
    let second = Program::behind(&second, 2, &mut writers).unwrap();
    assert_eq!(
        (told(&second.early), told(&second.late)),
        (vec!["- = +2".into()], vec!["event 1".into(), "event 2".into()])
    );
    assert_eq!(second.after, 1);
}

#[test]
fn what_triggers_do_is_not_known() {
    let triggers = table("item", false, Ties { triggers: true, ..Ties::default() });
    assert_eq!(triggers.1.reach, Reach::Everything);
    let other = table("other", false, Ties::default());
    let mut writers = Writers::default();
    Program::behind(&of(&[(&other, INSERT, &[[1, 1]])]), 1, &mut writers).unwrap();
    let second = Program::behind(&of(&[(&triggers, INSERT, &[[1, 1]])]), 2, &mut writers).unwrap();
    assert!(second.in_order && second.after == 1);
    let third = Program::behind(&of(&[(&other, INSERT, &[[2, 1]])]), 3, &mut writers).unwrap();
    assert_eq!((third.early.len(), told(&third.late), third.after), (0, vec!["- = +2".to_owned()], 2));
}
