use super::*;
use crate::dialect::{ServerFlavor, Version};

const MARIADB: Dialect = Dialect { flavor: ServerFlavor::MariaDb, version: Version(10, 11, 6) };

fn effect(sql: &str) -> Effect {
    read(sql, 0, MARIADB)
}

#[test]
fn statements_that_change_no_table_are_told_from_those_that_are_not_understood() {
    for sql in [
        "",
        "/* a */",
        "BEGIN",
        "INSERT INTO t VALUES (1)",
        "TRUNCATE t",
        "GRANT ALL ON t TO u",
        "SET x = 1",
        "CREATE TEMPORARY TABLE t (a INT)",
        "DROP TEMPORARY TABLE t",
        "CREATE DEFINER=`a`@`%` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.a=1",
        "CREATE AGGREGATE FUNCTION f RETURNS INT SONAME 'x'",
        "ALTER VIEW v AS SELECT 1",
        "OPTIMIZE TABLE t",
        "SET STATEMENT max_statement_time=1 FOR INSERT INTO t VALUES (1)",
        "RENAME USER a TO b",
        "ALTER UNDO TABLESPACE u SET INACTIVE",
        "DROP RESOURCE GROUP g",
        "CREATE CATALOG c",
        "CREATE PUBLIC SYNONYM s FOR t",
        "ALTER JSON RELATIONAL DUALITY VIEW v AS SELECT JSON_DUALITY_OBJECT('a': a) FROM t",
    ] {
        assert_eq!(effect(sql), Effect::Nothing, "{sql}");
    }
    for (sql, names) in [
        ("FROBNICATE TABLE a.b, `c`", vec!["FROBNICATE", "TABLE", "a.b", "c"]),
        ("ALTER TABLE t ADD COLUMN a FROB", vec!["ALTER", "TABLE", "t", "ADD", "COLUMN", "a", "FROB"]),
        ("CREATE TABLE `t", vec![]),
    ] {
        let Effect::Unknown(found) = effect(sql) else { panic!("{sql}: {:?}", effect(sql)) };
        let text =
            |name: Name| name.database.map_or(name.table.clone(), |database| format!("{database}.{}", name.table));
        assert_eq!(found.into_iter().map(text).collect::<Vec<_>>(), names, "{sql}");
    }
}

#[test]
fn every_clause_of_alter_is_read() {
    let sql = "ALTER ONLINE TABLE s.t ADD a INT DEFAULT -1.5 COMMENT 'x,y' AFTER b, ADD (c INT, KEY k (c)), DROP d, \
               DROP COLUMN IF EXISTS e, CHANGE f g VARCHAR(3) FIRST, MODIFY h INT, RENAME COLUMN i TO j, \
               ALTER k SET DEFAULT 5, ALTER COLUMN l DROP DEFAULT, ADD UNIQUE KEY IF NOT EXISTS m (n(3), o DESC), \
               DROP PRIMARY KEY, DROP INDEX p, DROP FOREIGN KEY q, RENAME INDEX r TO s, DEFAULT CHARSET=latin1, \
               ORDER BY a, b DESC, ALGORITHM=INPLACE, LOCK=NONE, ENGINE=InnoDB ROW_FORMAT=DYNAMIC, \
               CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, RENAME TO u";
    let Effect::AlterTable(alter) = effect(sql) else { panic!("{:?}", effect(sql)) };
    let kinds: Vec<String> = alter
        .clauses
        .iter()
        .map(|clause| format!("{clause:?}").split([' ', '(']).next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "AddColumn",
            "AddColumn",
            "AddKey",
            "DropColumn",
            "DropColumn",
            "Change",
            "Change",
            "RenameColumn",
            "AddKey",
            "DropPrimaryKey",
            "DropKey",
            "RenameKey",
            "Default",
            "Convert",
            "RenameTo"
        ]
    );
    for sql in [
        "ALTER TABLE t PARTITION BY HASH (a) PARTITIONS 4",
        "ALTER TABLE t DROP PARTITION p0, p1",
        "ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN (10))",
        "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
        "ALTER TABLE t ENGINE=InnoDB, FORCE",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t",
    ] {
        let Effect::AlterTable(alter) = effect(sql) else { panic!("{sql}: {:?}", effect(sql)) };
        assert_eq!(alter.clauses, [], "{sql}");
    }
}
