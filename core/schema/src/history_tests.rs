use super::*;
use crate::charset::Charsets;
use crate::dialect::{Dialect, ServerFlavor, Version as ServerVersion};
use crate::effect;
use crate::stored::Kept;

fn server() -> Server {
    let charset = ("utf8mb4".to_owned(), "utf8mb4_bin".to_owned(), 4);
    let charsets = Charsets::new([charset], [("utf8mb4_bin".to_owned(), "utf8mb4".to_owned())]);
    Server { dialect: Dialect::new(ServerFlavor::MySql, ServerVersion(8, 0, 36)), charsets, lower_case: false }
}

fn session() -> Session {
    Session { database: "s".into(), server_collation: Some("utf8mb4_bin".into()), ..Session::default() }
}

fn apply(history: &mut History, sql: &str, moment: u64) -> BTreeSet<TableName> {
    let server = server();
    history.apply(&effect::read(sql, 0, server.dialect), moment, &session(), &server)
}

/// A picture with `s.t (a int, b int)` taken between 100 and 110.
fn pictured() -> History {
    let (server, session) = (server(), session());
    let mut catalogue = Catalogue::default();
    for sql in ["CREATE DATABASE s", "CREATE TABLE t (a INT, b INT)"] {
        catalogue.apply(&effect::read(sql, 0, server.dialect), &session, &server);
    }
    History::pictured(catalogue, Taken { from: 100, to: 110 })
}

fn shown(history: &History, table: &str, moment: u64) -> String {
    match history.at("s", table, moment) {
        Known::Certain(schema) => {
            schema.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",")
        }
        Known::Uncertain(reason) => format!("? {reason}"),
        Known::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn rows_are_read_with_what_a_table_was_when_they_were_written() {
    let mut history = pictured();
    assert_eq!(apply(&mut history, "ALTER TABLE t ADD c INT", 200).len(), 1);
    assert_eq!(apply(&mut history, "RENAME TABLE t TO u", 300).len(), 2);
    assert_eq!(apply(&mut history, "CREATE VIEW v AS SELECT 1", 310).len(), 1);
    assert!(apply(&mut history, "INSERT INTO t VALUES (1)", 320).is_empty());
    for (table, moment, expected) in [
        ("t", 50, "a,b"),
        ("t", 199, "a,b"),
        ("t", 200, "a,b,c"),
        ("t", 300, "unknown"),
        ("u", 299, "unknown"),
        ("u", 300, "a,b,c"),
        ("other", 300, "unknown"),
    ] {
        assert_eq!(shown(&history, table, moment), expected, "{table} at {moment}");
    }
    history.go_back_to(250);
    assert_eq!((shown(&history, "t", 400).as_str(), shown(&history, "u", 400).as_str()), ("a,b,c", "unknown"));
    history.forget_before(250);
    assert_eq!((shown(&history, "t", 400).as_str(), shown(&history, "t", 199).as_str()), ("a,b,c", "unknown"));
}

#[test]
fn statements_that_a_picture_holds_are_not_done_twice() {
    let mut history = pictured();
    assert!(apply(&mut history, "ALTER TABLE t ADD b INT", 90).is_empty());
    assert!(apply(&mut history, "DROP DATABASE s", 91).is_empty());
    assert_eq!(shown(&history, "t", 95), "a,b");
    apply(&mut history, "CREATE TABLE early LIKE t", 95);
    assert_eq!(shown(&history, "early", 96), "? it was made from a later table");
    apply(&mut history, "ALTER TABLE t ADD c INT", 105);
    assert_eq!(shown(&history, "t", 106), "? it was changed while it was looked at");
    let schema = TableSchema::default();
    history.adopt(("s".into(), "t".into()), schema, 120, Taken { from: 130, to: 130 });
    assert!(apply(&mut history, "ALTER TABLE t ADD c INT", 125).is_empty());
    assert_eq!(shown(&history, "t", 140), "");
}

#[test]
fn tables_that_come_and_go_do_not_pile_up() {
    let mut history = pictured();
    for moment in 0..3 * DROPPED_MAX as u64 / 2 {
        apply(&mut history, &format!("CREATE TABLE x{moment} (a INT)"), 1_000 + 2 * moment);
        apply(&mut history, &format!("DROP TABLE x{moment}"), 1_001 + 2 * moment);
    }
    assert_eq!((history.len(), shown(&history, "t", 9_999).as_str()), (DROPPED_MAX + 1, "a,b"));
    for moment in 20_000..20_000 + 2 * VERSIONS_MAX as u64 {
        apply(&mut history, &format!("ALTER TABLE t ADD c{moment} INT"), moment);
    }
    assert_eq!(shown(&history, "t", 20_001), "unknown", "only so many versions are kept");
    assert!(shown(&history, "t", 30_000).ends_with("c20127"));
}

#[test]
fn another_server_keeps_what_has_one_form() {
    let mut history = pictured();
    apply(&mut history, "CREATE TABLE u (a INT)", 200);
    history.move_to_another_log(150);
    assert_eq!(shown(&history, "t", 1), "a,b");
    assert!(shown(&history, "u", 1).starts_with("? it was changed shortly before"));
}

#[test]
fn a_history_is_kept_in_parts_and_read_again() {
    let mut history = pictured();
    let changed = apply(&mut history, "ALTER TABLE t ADD c ENUM('x')", 200);
    apply(&mut history, "CREATE TABLE u AS SELECT 1", 210);
    apply(&mut history, "DROP TABLE u", 220);
    let kept = Kept { history, picture: 3, server: "uuid".into(), since: 40 };
    let mut parts: BTreeMap<String, Vec<u8>> = kept.all().into_iter().collect();
    assert_eq!(Kept::read(&parts), Some(kept.clone()));
    assert_eq!(kept.changed(&changed).len(), 2, "the table's part and the head");
    let text = String::from_utf8(parts.values().flatten().copied().collect()).unwrap();
    let golden = r#"{"database":"s","table":"t","versions":[{"at":0,"taken":{"from":100,"to":110},"schema":{"columns":[{"name":"a","column_type":"int","data_type":"int","nullable":true},{"name":"b","column_type":"int","data_type":"int","nullable":true}],"keys":[],"collation":"utf8mb4_bin"}},{"at":200,"schema":{"columns":[{"name":"a","column_type":"int","data_type":"int","nullable":true},{"name":"b","column_type":"int","data_type":"int","nullable":true},{"name":"c","column_type":"enum('x')","data_type":"enum","charset":"utf8mb4","collation":"utf8mb4_bin","octet_length":4,"nullable":true}],"keys":[],"collation":"utf8mb4_bin"}}]}"#;
    assert!(text.contains(golden), "{text}");
    let other = Kept { picture: 4, ..kept };
    parts.extend([other.head()]);
    assert!(Kept::read(&parts).unwrap().history.is_empty(), "parts of an earlier picture are left over");
    parts.insert("head".into(), b"nonsense".to_vec());
    assert_eq!(Kept::read(&parts), None);
}
