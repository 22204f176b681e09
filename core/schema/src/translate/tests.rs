use super::*;
use crate::dialect::ServerFlavor::{self, MariaDb, MySql};

fn end(flavor: ServerFlavor, version: Version, of_utf8mb4: &str, collations: &[&str]) -> End {
    let charset = |name: &str, default: &str| (name.to_owned(), default.to_owned(), 4);
    let utf8mb3 = if of_utf8mb4.contains("uca1400") { "utf8mb3_uca1400_ai_ci" } else { "utf8mb3_general_ci" };
    let all = [
        "utf8mb4_general_ci",
        "utf8mb4_bin",
        "utf8mb4_unicode_520_ci",
        "utf8mb3_general_ci",
        "utf8mb3_unicode_520_ci",
        "latin1_swedish_ci",
    ];
    let collations =
        all.iter().chain(collations).map(|name| ((*name).to_owned(), name.split('_').next().unwrap().to_owned()));
    End {
        dialect: Dialect::new(flavor, version),
        charsets: Charsets::new(
            [charset("utf8mb4", of_utf8mb4), charset("utf8mb3", utf8mb3), charset("latin1", "latin1_swedish_ci")],
            collations,
        ),
        database_collation: Some(of_utf8mb4.to_owned()),
        explicit_timestamps: flavor == MariaDb || version.0 > 5,
    }
}

const OF_97: [&str; 4] = ["utf8mb4_0900_ai_ci", "utf8mb4_0900_as_ci", "utf8mb4_0900_as_cs", "utf8mb4_0900_bin"];
const OF_1011: [&str; 6] = [
    "utf8mb4_uca1400_ai_ci",
    "utf8mb4_uca1400_nopad_ai_ci",
    "utf8mb4_uca1400_nopad_as_ci",
    "utf8mb4_uca1400_nopad_as_cs",
    "utf8mb4_nopad_bin",
    "utf8mb3_uca1400_ai_ci",
];

fn mysql97() -> End {
    end(MySql, Version(9, 7, 0), "utf8mb4_0900_ai_ci", &OF_97)
}

fn mysql56() -> End {
    end(MySql, Version(5, 6, 51), "utf8mb4_general_ci", &[])
}

fn mariadb1011() -> End {
    end(MariaDb, Version(10, 11, 6), "utf8mb4_general_ci", &OF_1011)
}

fn mariadb118() -> End {
    end(MariaDb, Version(11, 8, 2), "utf8mb4_uca1400_ai_ci", &[&OF_97[..], &OF_1011].concat())
}

/// The statement for the target, or what is refused; `=` where nothing is to be done.
fn told(sql: &str, from: &End, to: &End) -> String {
    match translate(sql, 0, from, to) {
        Translation::AsIs => "=".to_owned(),
        Translation::Into { first: None, sql } => sql,
        Translation::Into { first: Some(first), sql } => format!("{first}; {sql}"),
        Translation::Refused { clause, .. } => format!("! {clause}"),
    }
}

/// How many spaces are left where something was does not matter.
fn plain(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    [",", ")", ";"].iter().fold(text, |text, mark| text.replace(&format!(" {mark}"), mark))
}

fn check(from: &End, to: &End, table: &[(&str, &str)]) {
    for (sql, expected) in table {
        assert_eq!(plain(&told(sql, from, to)), plain(expected), "{sql}");
    }
}

#[test]
fn from_mysql_97_to_mariadb_1011() {
    check(
        &mysql97(),
        &mariadb1011(),
        &[
            ("CREATE TABLE t (a INT) CHARSET=latin1", "="),
            (
                "CREATE TABLE t (a VARCHAR(9))",
                "CREATE TABLE t (a VARCHAR(9)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
            ),
            (
                "CREATE TABLE t (a VARCHAR(9)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                "CREATE TABLE t (a VARCHAR(9)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
            ),
            (
                "CREATE TABLE t (a CHAR(3) CHARACTER SET utf8mb4 NOT NULL, b INT) CHARSET latin1",
                "CREATE TABLE t (a CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci NOT NULL, b INT) CHARSET latin1",
            ),
            (
                "ALTER TABLE t ADD a TEXT COLLATE utf8mb4_0900_as_cs",
                "ALTER TABLE t ADD a TEXT COLLATE utf8mb4_uca1400_nopad_as_cs",
            ),
            (
                "ALTER TABLE t ADD a TEXT COLLATE `utf8mb4_0900_bin`",
                "ALTER TABLE t ADD a TEXT COLLATE utf8mb4_nopad_bin",
            ),
            ("ALTER TABLE t ADD a TEXT COLLATE utf8mb4_bin", "="),
            ("ALTER TABLE t ADD a TEXT COLLATE utf8mb4_de_pb_0900_ai_ci", "! COLLATE utf8mb4_de_pb_0900_ai_ci"),
            (
                "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
                "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
            ),
            ("ALTER TABLE t ADD a INT, ALGORITHM=INSTANT, LOCK=DEFAULT", "ALTER TABLE t ADD a INT"),
            ("ALTER TABLE t ALGORITHM=INPLACE, ADD a INT", "ALTER TABLE t  ADD a INT"),
            ("CREATE INDEX i ON t (a) ALGORITHM=INPLACE LOCK NONE", "CREATE INDEX i ON t (a)  "),
            ("CREATE INDEX i ON t (a) INVISIBLE", "CREATE INDEX i ON t (a) IGNORED"),
            ("CREATE INDEX i ON t ((a + 1))", "! a key of an expression"),
            (
                "ALTER TABLE t ADD KEY (a) VISIBLE, ALTER INDEX b INVISIBLE",
                "ALTER TABLE t ADD KEY (a) NOT IGNORED, ALTER INDEX b IGNORED",
            ),
            (
                "ALTER TABLE t ADD a INT /*!80023 INVISIBLE */, ADD b INT /* x */",
                "ALTER TABLE t ADD a INT INVISIBLE, ADD b INT",
            ),
            ("ALTER TABLE t ALTER COLUMN a SET INVISIBLE", "! SET INVISIBLE"),
            ("ALTER TABLE t ADD invisible INT, DROP wait", "="),
            ("ALTER TABLE t DROP CHECK c", "ALTER TABLE t DROP CONSTRAINT c"),
            ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED", "! NOT ENFORCED"),
            (
                "CREATE TABLE t (g POINT NOT NULL SRID 4326, SPATIAL KEY (g)) CHARSET=latin1 ENCRYPTION='N'",
                "CREATE TABLE t (g POINT NOT NULL , SPATIAL KEY (g)) CHARSET=latin1 ",
            ),
            (
                "CREATE TABLE t (a INT) CHARSET=latin1 COMPRESSION='zlib', COMMENT='COMPRESSION'",
                "CREATE TABLE t (a INT) CHARSET=latin1  COMMENT='COMPRESSION'",
            ),
            ("CREATE TABLE t (a INT) CHARSET=latin1 ENCRYPTION='Y'", "! ENCRYPTION='Y'"),
            ("CREATE TABLE t (a VECTOR(3))", "! VECTOR"),
            ("CREATE TABLE t (a JSON, b INT DEFAULT (a + 1)) CHARSET=latin1", "="),
            ("CREATE TABLE t LIKE u", "="),
            ("CREATE TABLE t (LIKE u)", "="),
            ("CREATE DATABASE d ENCRYPTION='N'", "CREATE DATABASE d "),
            (
                "CREATE DATABASE d CHARACTER SET utf8mb4",
                "CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
            ),
            ("DROP TABLE t, u", "="),
            ("TRUNCATE t", "="),
        ],
    );
}

#[test]
fn from_mysql_97_to_mariadb_118_names_are_known() {
    check(
        &mysql97(),
        &mariadb118(),
        &[
            (
                "CREATE TABLE t (a VARCHAR(9))",
                "CREATE TABLE t (a VARCHAR(9)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
            ),
            (
                "CREATE TABLE t (a VARCHAR(9)) CHARSET=utf8mb4",
                "CREATE TABLE t (a VARCHAR(9)) CHARSET=utf8mb4 COLLATE utf8mb4_0900_ai_ci",
            ),
            (
                "ALTER TABLE t ADD a NATIONAL VARCHAR(9) NULL",
                "ALTER TABLE t ADD a NATIONAL VARCHAR(9) COLLATE utf8mb3_general_ci NULL",
            ),
            ("CREATE TABLE t (a VECTOR(3)) CHARSET=latin1", "="),
        ],
    );
}

#[test]
fn from_mariadb_to_mysql_97() {
    check(
        &mariadb118(),
        &mysql97(),
        &[
            (
                "CREATE TABLE t (a VARCHAR(9))",
                "CREATE TABLE t (a VARCHAR(9)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
            ),
            (
                "CREATE TABLE t (a INT) CHARSET=utf8mb4 COLLATE=uca1400_ai_ci",
                "CREATE TABLE t (a INT) CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
            ),
            ("ALTER TABLE t ADD a TEXT COLLATE utf8mb4_uca1400_as_cs", "! COLLATE utf8mb4_uca1400_as_cs"),
            (
                "CREATE OR REPLACE TABLE IF NOT EXISTS a.t (a INT) CHARSET=latin1",
                "DROP TABLE IF EXISTS a.t; CREATE  TABLE IF NOT EXISTS a.t (a INT) CHARSET=latin1",
            ),
            ("CREATE OR REPLACE INDEX i ON t (a)", "! CREATE OR REPLACE INDEX"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", "="),
            ("ALTER TABLE t WAIT 5 ADD a INT, ALGORITHM=NOCOPY", "ALTER TABLE t  ADD a INT"),
            ("CREATE INDEX i ON t (a) WAIT 5 IGNORED", "CREATE INDEX i ON t (a) INVISIBLE"),
            ("DROP TABLE t NOWAIT", "DROP TABLE t "),
            ("TRUNCATE TABLE t WAIT 3;", "TRUNCATE TABLE t ;"),
            ("RENAME TABLE t WAIT 5 TO u", "RENAME TABLE t  TO u"),
            ("ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT", "! IF NOT EXISTS"),
            ("ALTER TABLE t ADD a INT, DROP COLUMN IF EXISTS b", "! IF EXISTS"),
            ("ALTER TABLE t ADD KEY IF NOT EXISTS k (a)", "! IF NOT EXISTS"),
            ("DROP INDEX IF EXISTS k ON t", "! IF [NOT] EXISTS"),
            ("CREATE SEQUENCE s", "! SEQUENCE"),
            ("CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "! WITH SYSTEM VERSIONING"),
            (
                "CREATE TABLE t (a INT, b INT AS (a) PERSISTENT, KEY (b) IGNORED) CHARSET=latin1 PAGE_COMPRESSED=1",
                "CREATE TABLE t (a INT, b INT AS (a) STORED, KEY (b) INVISIBLE) CHARSET=latin1 ",
            ),
            ("CREATE TABLE t (a UUID)", "! UUID"),
            (
                "ALTER TABLE t ADD a TEXT DEFAULT 'x' NOT NULL, ADD b VARCHAR(40) DEFAULT uuid()",
                "ALTER TABLE t ADD a TEXT DEFAULT ('x') NOT NULL, ADD b VARCHAR(40) DEFAULT (uuid())",
            ),
            ("ALTER TABLE t ADD a TEXT DEFAULT NULL, ADD b DATETIME DEFAULT current_timestamp()", "="),
            ("ALTER TABLE t ADD a VARCHAR(9) COMPRESSED DEFAULT 'x'", "ALTER TABLE t ADD a VARCHAR(9)  DEFAULT 'x'"),
            ("ALTER TABLE t ADD a INT /*M!100303 INVISIBLE */", "ALTER TABLE t ADD a INT INVISIBLE"),
            ("ALTER TABLE t ADD b INT /*!50700 NOT NULL */", "ALTER TABLE t ADD b INT"),
            ("ALTER TABLE t `PAGE_COMPRESSED`='1'", "ALTER TABLE t "),
        ],
    );
}

#[test]
fn from_mysql_97_to_mysql_56() {
    check(
        &mysql97(),
        &mysql56(),
        &[
            ("CREATE TABLE t (a VARCHAR(9))", "! COLLATE utf8mb4_0900_ai_ci"),
            ("CREATE TABLE t (a VARCHAR(9)) COLLATE utf8mb4_bin", "="),
            (
                "CREATE TABLE t (a TIMESTAMP, b TIMESTAMP(3) NOT NULL DEFAULT now(3)) CHARSET=latin1",
                "CREATE TABLE t (a TIMESTAMP NULL, b TIMESTAMP(3) NOT NULL DEFAULT now(3)) CHARSET=latin1",
            ),
            ("CREATE TABLE t (a TIMESTAMP NOT NULL) CHARSET=latin1", "! TIMESTAMP"),
            (
                "ALTER TABLE t ADD a INT INVISIBLE, ADD KEY (a) INVISIBLE, ALGORITHM=INSTANT",
                "ALTER TABLE t ADD a INT , ADD KEY (a) ",
            ),
            ("ALTER TABLE t RENAME COLUMN a TO b", "! RENAME COLUMN"),
            ("ALTER TABLE t RENAME INDEX a TO b", "! RENAME INDEX"),
            ("ALTER TABLE t RENAME TO u", "="),
            ("ALTER TABLE t ADD a JSON", "! JSON"),
            ("ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED, DROP CHECK c", "ALTER TABLE t ADD CHECK (a > 0) "),
            ("ALTER TABLE t ADD a INT REFERENCES u (a)", "! REFERENCES"),
            ("ALTER TABLE t ALTER INDEX k VISIBLE, ADD b INT", "ALTER TABLE t  ADD b INT"),
        ],
    );
}

#[test]
fn what_the_source_forgot_is_not_told_to_the_target() {
    check(
        &mysql56(),
        &mysql97(),
        &[
            (
                "CREATE TABLE t (a INT CHECK (a > 0), CONSTRAINT c CHECK (a < 9), b INT) CHARSET=latin1",
                "CREATE TABLE t (a INT ,  b INT) CHARSET=latin1",
            ),
            (
                "CREATE TABLE t (a INT CONSTRAINT x CHECK (a > 0) NOT NULL) CHARSET=latin1",
                "CREATE TABLE t (a INT  NOT NULL) CHARSET=latin1",
            ),
            ("ALTER TABLE t ADD b INT, ADD CONSTRAINT c CHECK (a < 9)", "ALTER TABLE t ADD b INT"),
            (
                "CREATE TABLE t (a INT REFERENCES u (a) ON DELETE SET NULL ON UPDATE CASCADE COMMENT 'x') CHARSET=latin1",
                "CREATE TABLE t (a INT  COMMENT 'x') CHARSET=latin1",
            ),
            (
                "CREATE TABLE t (a VARCHAR(9))",
                "CREATE TABLE t (a VARCHAR(9)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            ),
        ],
    );
}

#[test]
fn between_servers_alike_nothing_is_changed() {
    for end in [mysql97(), mysql56(), mariadb1011(), mariadb118()] {
        for sql in [
            "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4, b TIMESTAMP, c NATIONAL CHAR(3), d INT CHECK (d > 0))",
            "ALTER TABLE t ADD a INT REFERENCES u (a), ALGORITHM=INPLACE, LOCK=NONE",
            "CREATE INDEX i ON t (a) /*!99999 INVISIBLE */ LOCK=NONE",
        ] {
            assert_eq!(told(sql, &end, &end), "=", "{:?}", end.dialect);
        }
    }
    let sql = "CREATE OR REPLACE TABLE t (a INT INVISIBLE, KEY (a) IGNORED) PAGE_COMPRESSED=1 WITH SYSTEM VERSIONING";
    assert_eq!(told(sql, &mariadb118(), &mariadb118()), "=");
    let sql = "ALTER TABLE t ADD g POINT SRID 4326 INVISIBLE, ADD KEY ((a + 1)) VISIBLE, ENCRYPTION='Y'";
    assert_eq!(told(sql, &mysql97(), &mysql97()), "=");
}

#[test]
fn a_database_whose_default_is_another_is_written_out() {
    let mut to = mysql97();
    to.database_collation = Some("latin1_swedish_ci".into());
    check(
        &mysql97(),
        &to,
        &[
            (
                "CREATE TABLE t (a INT) PARTITION BY HASH (a)",
                "CREATE TABLE t (a INT) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PARTITION BY HASH (a)",
            ),
            ("CREATE TABLE t (a INT) ENGINE=InnoDB COLLATE=utf8mb4_bin", "="),
        ],
    );
    let mut from = mysql97();
    from.database_collation = None;
    assert_eq!(told("CREATE TABLE t (a INT)", &from, &to), "=");
}
