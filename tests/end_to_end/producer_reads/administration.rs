//! What administrators do every day, as each server logs it: it neither stops a task nor changes what is known of tables.

use super::reading::{MemorySchemas, Reading, spec};
use mysql_async::prelude::Queryable;
use replicator_tests::{Flavor, MysqlServer};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Each server knows some of them; all are run in a database that the task replicates.
const STATEMENTS: [&str; 90] = [
    "CREATE USER 'u1'@'%' IDENTIFIED BY 'Secret-1'",
    "CREATE USER IF NOT EXISTS 'u2'@'%' IDENTIFIED BY 'Secret-2'",
    "ALTER USER 'u1'@'%' IDENTIFIED BY 'Secret-3'",
    "SET PASSWORD FOR 'u1'@'%' = 'Secret-4'",
    "SET PASSWORD FOR 'u1'@'%' = PASSWORD('Secret-5')",
    "GRANT SELECT, INSERT ON shop.* TO 'u1'@'%'",
    "GRANT SELECT ON shop.item TO 'u1'@'%'",
    "REVOKE INSERT ON shop.* FROM 'u1'@'%'",
    "REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'u1'@'%'",
    "RENAME USER 'u1'@'%' TO 'u3'@'%'",
    "CREATE ROLE r1",
    "GRANT r1 TO 'u3'@'%'",
    "SET DEFAULT ROLE r1 FOR 'u3'@'%'",
    "SET DEFAULT ROLE r1 TO 'u3'@'%'",
    "REVOKE r1 FROM 'u3'@'%'",
    "DROP ROLE r1",
    "DROP USER IF EXISTS 'u2'@'%'",
    "DROP USER 'u3'@'%'",
    "FLUSH PRIVILEGES",
    "FLUSH TABLES",
    "FLUSH TABLES shop.item",
    "FLUSH STATUS",
    "FLUSH HOSTS",
    "FLUSH LOCAL TABLES",
    "FLUSH USER_RESOURCES",
    "FLUSH OPTIMIZER_COSTS",
    "ANALYZE TABLE item",
    "ANALYZE LOCAL TABLE item",
    "ANALYZE TABLE item PERSISTENT FOR ALL",
    "ANALYZE TABLE item UPDATE HISTOGRAM ON id WITH 4 BUCKETS",
    "OPTIMIZE TABLE item",
    "REPAIR TABLE old",
    "CHECK TABLE item",
    "CHECKSUM TABLE item",
    "CACHE INDEX old IN DEFAULT",
    "LOAD INDEX INTO CACHE old",
    "CREATE PROCEDURE p1() INSERT INTO item VALUES (-1)",
    "CREATE DEFINER = CURRENT_USER PROCEDURE p2(IN a INT) BEGIN DECLARE b INT; SET b = a; ALTER TABLE item ADD nothing INT; END",
    "ALTER PROCEDURE p1 COMMENT 'x'",
    "CREATE FUNCTION f1(a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
    "CREATE OR REPLACE FUNCTION f1(a INT) RETURNS INT DETERMINISTIC RETURN a + 2",
    "CREATE AGGREGATE FUNCTION f2(x INT) RETURNS INT BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END",
    "ALTER FUNCTION f1 SQL SECURITY INVOKER",
    "DROP FUNCTION IF EXISTS f2",
    "DROP FUNCTION f1",
    "DROP PROCEDURE p1",
    "DROP PROCEDURE IF EXISTS p2",
    "CREATE TRIGGER tr1 AFTER INSERT ON item FOR EACH ROW SET @x = NEW.id",
    "CREATE TRIGGER IF NOT EXISTS tr1 AFTER INSERT ON item FOR EACH ROW SET @x = NEW.id",
    "DROP TRIGGER tr1",
    "DROP TRIGGER IF EXISTS tr2",
    "CREATE EVENT ev1 ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM item",
    "ALTER EVENT ev1 DISABLE",
    "ALTER EVENT ev1 RENAME TO ev2",
    "DROP EVENT ev2",
    "CREATE SERVER s1 FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', DATABASE 'x', USER 'y')",
    "CREATE SERVER s1 FOREIGN DATA WRAPPER mariadb OPTIONS (HOST '127.0.0.1', DATABASE 'x', USER 'y')",
    "ALTER SERVER s1 OPTIONS (USER 'z')",
    "DROP SERVER s1",
    "INSTALL PLUGIN rpl_semi_sync_master SONAME 'semisync_master.so'",
    "INSTALL SONAME 'auth_socket'",
    "UNINSTALL PLUGIN rpl_semi_sync_master",
    "INSTALL COMPONENT 'file://component_validate_password'",
    "UNINSTALL COMPONENT 'file://component_validate_password'",
    "CREATE TABLESPACE ts1 ADD DATAFILE 'ts1.ibd' ENGINE = InnoDB",
    "ALTER TABLESPACE ts1 RENAME TO ts2",
    "DROP TABLESPACE ts2",
    "CREATE UNDO TABLESPACE un1 ADD DATAFILE 'un1.ibu'",
    "ALTER UNDO TABLESPACE un1 SET INACTIVE",
    "DROP UNDO TABLESPACE un1",
    "CREATE RESOURCE GROUP g1 TYPE = USER VCPU = 0",
    "ALTER RESOURCE GROUP g1 DISABLE",
    "DROP RESOURCE GROUP g1",
    "CREATE SPATIAL REFERENCE SYSTEM 4120999 NAME 'x' DEFINITION 'PROJCS[\"a\",GEOGCS[\"b\",DATUM[\"c\",SPHEROID[\"d\",6378137,298.2]],PRIMEM[\"e\",0],UNIT[\"f\",0.017]],PROJECTION[\"Equirectangular\"],UNIT[\"g\",1]]'",
    "CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 4120998 NAME 'y' DEFINITION 'GEOGCS[\"b\",DATUM[\"c\",SPHEROID[\"d\",6378137,298.2]],PRIMEM[\"e\",0],UNIT[\"f\",0.017]]'",
    "DROP SPATIAL REFERENCE SYSTEM 4120998",
    "ALTER INSTANCE RELOAD TLS",
    "CREATE OR REPLACE PACKAGE pk AS PROCEDURE a(); END",
    "CREATE LIBRARY li LANGUAGE JAVASCRIPT AS 'export function f(n) { return n }'",
    "DROP LIBRARY li",
    "SET GLOBAL max_connect_errors = 200",
    "SET PERSIST max_connect_errors = 200",
    "SET STATEMENT max_statement_time = 10 FOR ANALYZE TABLE item",
    "LOCK INSTANCE FOR BACKUP",
    "UNLOCK INSTANCE",
    "CREATE TEMPORARY TABLE temporary_one (a INT) ENGINE = InnoDB",
    "ALTER TABLE temporary_one ADD b INT",
    "DROP TEMPORARY TABLE temporary_one",
    "KILL QUERY 999999",
    "PURGE BINARY LOGS BEFORE '2001-01-01'",
];

async fn is_passed_over(flavor: Flavor, arguments: &[&str]) {
    let server = MysqlServer::start_with(flavor, arguments).await.unwrap();
    server
        .exec("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE TABLE shop.old (a INT) ENGINE=MyISAM")
        .await
        .unwrap();
    let mut conn = server.connect().await.unwrap();
    conn.query_drop("USE shop").await.unwrap();
    let kept = Arc::new(MemorySchemas::default());
    let mut reading = Reading::open_remembering(&spec(&server, r#""tables": ["shop.*"]"#), None, &kept).await.unwrap();
    let saved = kept.saves.load(Ordering::Relaxed);
    let mut ran = Vec::new();
    for (id, sql) in STATEMENTS.iter().enumerate() {
        if conn.query_drop(*sql).await.is_err() {
            continue;
        }
        ran.push(*sql);
        conn.query_drop(format!("INSERT INTO item VALUES ({id})")).await.unwrap();
        let read = reading.commits(1).await;
        read.unwrap_or_else(|failure| panic!("{flavor}: after {sql}: {failure:?}"));
        let last = &reading.lines[reading.lines.len() - 3..];
        assert_eq!(
            last,
            ["begin".to_owned(), format!("insert shop.item {id}"), "commit".to_owned()],
            "{flavor}: {sql}"
        );
        assert_eq!(kept.saves.load(Ordering::Relaxed), saved, "{flavor}: {sql} changed what is known of tables");
    }
    println!("{flavor}: {} of {} statements ran", ran.len(), STATEMENTS.len());
    assert!(ran.len() > 40, "{flavor}: {ran:#?}");
}

#[tokio::test]
async fn administration_of_mysql_5_6() {
    is_passed_over(Flavor::MySql56, &[]).await;
}

#[tokio::test]
async fn administration_of_mysql_9_7() {
    is_passed_over(Flavor::MySql97, &["--binlog-row-metadata=MINIMAL"]).await;
}

#[tokio::test]
async fn administration_of_mariadb_10_11() {
    is_passed_over(Flavor::MariaDb1011, &["--binlog-row-metadata=NO_LOG"]).await;
}

#[tokio::test]
async fn administration_of_mariadb_11_8() {
    is_passed_over(Flavor::MariaDb118, &["--binlog-row-metadata=NO_LOG"]).await;
}
