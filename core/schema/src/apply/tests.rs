use crate::catalogue::*;
use crate::charset::Charsets;
use crate::dialect::{Dialect, ServerFlavor, Version};
use crate::effect;

fn server(flavor: ServerFlavor, version: Version) -> Server {
    let charset = |name: &str, default: &str, bytes| (name.to_owned(), default.to_owned(), bytes);
    let collation = |name: &str, charset: &str| (name.to_owned(), charset.to_owned());
    let charsets = Charsets::new(
        [
            charset("latin1", "latin1_swedish_ci", 1),
            charset("utf8mb4", "utf8mb4_general_ci", 4),
            charset("binary", "binary", 1),
        ],
        [
            collation("latin1_swedish_ci", "latin1"),
            collation("utf8mb4_general_ci", "utf8mb4"),
            collation("utf8mb4_bin", "utf8mb4"),
            collation("binary", "binary"),
        ],
    );
    Server { dialect: Dialect::new(flavor, version), charsets, lower_case: false }
}

/// Runs statements in database `s`; shows a table as `name type[!]`, `!` for NOT NULL, then its keys.
fn run(server: &Server, sql: &[&str]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let session = Session {
        database: "s".into(),
        server_collation: Some("latin1_swedish_ci".into()),
        explicit_timestamps: Some(true),
        ..Session::default()
    };
    for sql in ["CREATE DATABASE s"].iter().chain(sql) {
        catalogue.apply(&effect::read(sql, 0, server.dialect), &session, server);
    }
    catalogue
}

fn shown(catalogue: &Catalogue, table: &str) -> String {
    match catalogue.table("s", table) {
        None => "none".to_owned(),
        Some(Slot::Uncertain(reason)) => format!("? {reason}"),
        Some(Slot::Certain(schema)) => {
            let columns = schema.columns.iter().map(|column| {
                format!("{} {}{}", column.name, column.column_type, if column.nullable { "" } else { "!" })
            });
            let keys = schema.keys.iter().map(|key| {
                let parts: Vec<&str> = key.parts.iter().map(|part| part.as_deref().unwrap_or("()")).collect();
                format!("{}{}({})", if key.unique { "+" } else { "-" }, key.name, parts.join(","))
            });
            columns.chain(keys).collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn tables_follow_their_statements() {
    let mysql = server(ServerFlavor::MySql, Version(9, 7, 0));
    let old = server(ServerFlavor::MySql, Version(5, 6, 51));
    for (server, sql, expected) in [
        (
            &mysql,
            vec!["CREATE TABLE t (a INT UNSIGNED, b BOOL, PRIMARY KEY (a))"],
            "a int unsigned!, b tinyint(1), +PRIMARY(a)",
        ),
        (&old, vec!["CREATE TABLE t (a INT UNSIGNED, b SERIAL)"], "a int(10) unsigned, b bigint(20) unsigned!, +b(b)"),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT, b INT)", "ALTER TABLE t ADD c INT FIRST, ADD d INT AFTER a, DROP b"],
            "c int, a int, d int",
        ),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT, b INT)", "ALTER TABLE t CHANGE a b INT, CHANGE b a INT NOT NULL"],
            "b int, a int!",
        ),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT, b INT, UNIQUE (a), UNIQUE (a, b), INDEX (b))", "ALTER TABLE t DROP COLUMN a"],
            "b int, +a_2(b), -b(b)",
        ),
        (
            &mysql,
            vec![
                "CREATE TABLE t (a INT)",
                "CREATE TABLE u LIKE t",
                "RENAME TABLE t TO x, u TO t, x TO u",
                "DROP TABLE u",
                "ALTER TABLE t RENAME COLUMN a TO z",
            ],
            "z int",
        ),
        (
            &mysql,
            vec!["CREATE TABLE t (a TEXT, b VARCHAR(10))", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4"],
            "a mediumtext, b varchar(10)",
        ),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT PRIMARY KEY)", "ALTER TABLE t DROP a, ADD a BIGINT"],
            "a bigint!, +PRIMARY(a)",
        ),
        (&mysql, vec!["CREATE TABLE t AS SELECT 1"], "? its columns come from a query"),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT)", "ALTER TABLE t FROBNICATE a INT, ADD"],
            "? a statement that names it is not understood",
        ),
        (
            &mysql,
            vec!["CREATE TABLE t (a INT)", "ALTER TABLE t DROP b"],
            "? a column `b` was changed that is not known",
        ),
        (&mysql, vec!["CREATE TABLE t (a INT)", "CREATE TABLE IF NOT EXISTS t (b INT)"], "a int"),
        (&mysql, vec!["CREATE TABLE t (a INT)", "DROP DATABASE s"], "none"),
    ] {
        assert_eq!(shown(&run(server, &sql), "t"), expected, "{sql:?}");
    }
}
