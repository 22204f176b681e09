//! What each version of server says about itself and its tables, asked of real ones.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use mysql_async::Conn;
use replicator_model::gtid::GtidSet;
use replicator_mysql::facts::{ServerFacts, ServerFlavor, Version};
use replicator_mysql::{head, tables};
use replicator_tests::{Flavor, MysqlServer};

const TABLES: &str = "
    CREATE DATABASE shop CHARACTER SET utf8;
    CREATE TABLE shop.item (a INT UNSIGNED, b VARCHAR(20) CHARACTER SET latin1 NOT NULL, c ENUM('x','ü') NOT NULL,
        d DECIMAL(10,2), e BIGINT NOT NULL AUTO_INCREMENT, f BLOB, PRIMARY KEY (e, b), UNIQUE KEY (c));
    CREATE TABLE shop.unique_only (a INT, b INT NOT NULL, c INT NOT NULL, UNIQUE KEY nullable (a), UNIQUE KEY good (c, b));
    CREATE TABLE shop.keyless (a INT);
    CREATE TABLE shop.`od``d'\"\\` (`co``l` INT PRIMARY KEY)";

async fn describe(flavor: Flavor, version: Version) -> (MysqlServer, Conn, ServerFacts) {
    let server = MysqlServer::start(flavor).await.unwrap();
    server.exec(TABLES).await.unwrap();
    let mut conn = server.connect().await.unwrap();
    let facts = ServerFacts::ask(&mut conn).await.unwrap();
    assert_eq!((facts.version.0, facts.version.1), (version.0, version.1), "{facts:?}");
    assert!(facts.log_bin && facts.gtids && !facts.read_only, "{facts:?}");
    assert_eq!(facts.server_id, u32::from(server.port()));
    assert_eq!((facts.binlog_format.as_deref(), facts.row_image.as_deref()), (Some("ROW"), Some("FULL")));
    assert_eq!(facts.flavor == ServerFlavor::MariaDb, flavor.is_mariadb());
    let metadata = if flavor == Flavor::MySql56 { None } else { Some("FULL") };
    assert_eq!(facts.row_metadata.as_deref(), metadata);

    let at_head = head::ask(&mut conn, &facts).await.unwrap();
    let files = head::log_files(&mut conn).await.unwrap();
    assert_eq!(files.last().map(|file| file.name.as_str()), Some(at_head.position.file.as_str()));
    assert!(files.iter().all(|file| file.size >= 4) && at_head.position.offset > 4);
    assert!(at_head.now_us > 1_700_000_000_000_000);
    let again = ServerFacts::ask(&mut conn).await.unwrap().executed.unwrap();
    assert_eq!(at_head.gtid_set.as_ref(), Some(&again));
    assert!(!again.to_string().is_empty());
    if flavor.is_mariadb() {
        let before = head::mariadb_gtids_before(&mut conn, &at_head.position).await.unwrap();
        assert_eq!(before.as_ref(), Some(&again));
        assert!(matches!(again, GtidSet::MariaDb(_)) && facts.server.starts_with("server-"));
    } else {
        assert!(matches!(again, GtidSet::MySql(_)) && facts.server.len() == 36);
    }
    (server, conn, facts)
}

async fn describes_tables(conn: &mut Conn) {
    let item = tables::table(conn, "shop", "item").await.unwrap().unwrap();
    let names: Vec<&str> = item.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!((item.key, item.has_primary_key), (Some(vec![4, 1]), true));
    assert!(item.columns[0].is_unsigned() && !item.columns[4].is_unsigned() && item.columns[4].auto_increment);
    assert_eq!((item.columns[1].charset.as_deref(), item.columns[1].octet_length), (Some("latin1"), Some(20)));
    assert!(item.columns[2].charset.as_deref().is_some_and(|charset| charset.starts_with("utf8")));
    assert_eq!(item.columns[2].column_type, "enum('x','ü')");
    assert_eq!(item.columns[5].charset, None);

    let unique = tables::table(conn, "shop", "unique_only").await.unwrap().unwrap();
    assert_eq!((unique.key, unique.has_primary_key), (Some(vec![2, 1]), false));
    assert_eq!(tables::table(conn, "shop", "keyless").await.unwrap().unwrap().key, None);
    assert!(tables::table(conn, "shop", "od`d'\"\\").await.unwrap().is_some());
    assert_eq!(tables::table(conn, "shop", "nothing").await.unwrap(), None);

    let collations = tables::collations(conn).await.unwrap();
    assert_eq!((collations.charset(8), collations.charset(63)), (Some("latin1"), Some("binary")));
    assert!(collations.charset(45) == Some("utf8mb4") && collations.number("latin1_swedish_ci") == Some(8));
}

#[tokio::test]
async fn mysql_9_7() {
    let (_server, mut conn, facts) = describe(Flavor::MySql97, Version(9, 7, 0)).await;
    assert_eq!(facts.log_status_sql(), "SHOW BINARY LOG STATUS");
    describes_tables(&mut conn).await;
}

#[tokio::test]
async fn mysql_5_6() {
    let (_server, mut conn, _) = describe(Flavor::MySql56, Version(5, 6, 14)).await;
    describes_tables(&mut conn).await;
}

#[tokio::test]
async fn mariadb_10_11_and_11_8() {
    for (flavor, version) in [(Flavor::MariaDb1011, Version(10, 11, 0)), (Flavor::MariaDb118, Version(11, 8, 0))] {
        let (_server, mut conn, _) = describe(flavor, version).await;
        describes_tables(&mut conn).await;
        // A collation that several character sets share.
        let collations = tables::collations(&mut conn).await.unwrap();
        let uca = tables::Collation { name: "utf8mb4_uca1400_ai_ci".into(), charset: "utf8mb4".into() };
        assert_eq!(collations.number(&uca.name).and_then(|number| collations.get(number)), Some(&uca));
    }
}
