//! Sources that do not log whole rows: what an image lacks is unknown, never NULL, and the copies are equal all the same.

use crate::cluster::{Cluster, copy_task};
use crate::workload::{self, Random};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::time::Duration;

/// Keys of all kinds, defaults, and columns that a short image leaves out.
const TABLES: &str = "
    CREATE TABLE shop.page (
      id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARCHAR(30) CHARACTER SET utf8mb4 NOT NULL DEFAULT 'it''s new',
      body TEXT CHARACTER SET utf8mb4, picture BLOB, seen INT NOT NULL DEFAULT 7, kept INT NULL DEFAULT 3,
      changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
    ) ENGINE=InnoDB;
    CREATE TABLE shop.code (a INT NOT NULL, b INT NOT NULL, c BLOB, UNIQUE KEY (a, b)) ENGINE=InnoDB;
    CREATE TABLE shop.heap (a INT, b VARCHAR(10) CHARACTER SET latin1, c BLOB) ENGINE=InnoDB;
";

const CHANGES: &str = "
    INSERT INTO shop.page (body) VALUES ('one'), (NULL), (REPEAT('x', 3000));
    INSERT INTO shop.page (title, kept) VALUES ('two', NULL);
    UPDATE shop.page SET seen = 8 WHERE id = 1;
    UPDATE shop.page SET body = NULL, picture = x'00ff' WHERE id = 3;
    UPDATE shop.page SET kept = NULL WHERE id = 2;
    UPDATE shop.page SET changed = '2020-01-01 00:00:01' WHERE id <= 3;
    UPDATE shop.page SET kept = 5, changed = changed WHERE id = 1;
    UPDATE shop.page SET body = 'two', changed = changed WHERE id = 2;
    UPDATE shop.page SET id = 90 WHERE id = 4;
    INSERT INTO shop.page (title) VALUES ('gone');
    DELETE FROM shop.page WHERE title = 'gone';
    INSERT INTO shop.code VALUES (1, 1, 'c'), (1, 2, NULL), (2, 1, 'e');
    UPDATE shop.code SET b = 9 WHERE a = 1 AND b = 2;
    UPDATE shop.code SET c = NULL WHERE a = 1 AND b = 1;
    DELETE FROM shop.code WHERE a = 2;
    INSERT INTO shop.heap VALUES (1, 'x', 'p'), (1, 'x', 'p'), (NULL, NULL, NULL), (2, NULL, 'q');
    UPDATE shop.heap SET b = 'y' WHERE a = 1 LIMIT 1;
    UPDATE shop.heap SET c = 'z' WHERE a IS NULL;
    DELETE FROM shop.heap WHERE a = 2;
";

/// MariaDB's own types.
const HOSTS: &str = "CREATE TABLE shop.host (id UUID PRIMARY KEY, a INET6, b INET4, other UUID) ENGINE=InnoDB";

/// Dates and times in MariaDB's format of before MySQL 5.6 at the source, in today's at the target.
const MOMENTS: &str = "CREATE TABLE shop.moment (id INT PRIMARY KEY, t0 TIME, t3 TIME(3), d0 DATETIME, d5 DATETIME(5), \
    s0 TIMESTAMP NULL, s6 TIMESTAMP(6) NULL) ENGINE=InnoDB";

const MOMENT_CHANGES: &str = "
    INSERT INTO shop.moment VALUES (1, '-1:02:03', '-838:59:58.999', '2020-01-02 03:04:05', '9999-12-31 23:59:59.99999', \
      '2020-01-02 03:04:05', '2037-12-31 23:59:59.000001'), (2, '838:59:59', '-0:00:00.001', NULL, '1000-01-01', NULL, NULL);
    UPDATE shop.moment SET t3 = '00:00:00.010', d5 = '2020-01-02 03:04:05.00060' WHERE id = 1;
    DELETE FROM shop.moment WHERE id = 2;
";

/// What MySQL has for them: text, and bytes.
const HOSTS_AS_TEXT: &str = "CREATE TABLE shop.host (id CHAR(36) CHARACTER SET latin1 PRIMARY KEY, \
    a VARCHAR(39) CHARACTER SET utf8mb4, b VARCHAR(15) CHARACTER SET utf8mb4, other TINYTEXT CHARACTER SET utf8mb4)";
const HOSTS_AS_BYTES: &str =
    "CREATE TABLE shop.host_bytes (id BINARY(16) PRIMARY KEY, a VARBINARY(16), b BINARY(4), other BLOB)";

const HOST_CHANGES: &str = "
    INSERT INTO shop.host VALUES
      ('00000000-0000-0000-0000-000000000000', '::', '0.0.0.0', NULL),
      ('FFFFFFFF-ffff-ffff-ffff-ffffffffffff', '::1.2.3.4', '255.0.0.0', '00112233-4455-1677-8899-aabbccddeeff'),
      ('00112233-4455-1677-8899-aabbccdd0000', 'fe80::1:0:0:1', NULL, '00112233-4455-7677-b899-aabbccddeeff'),
      ('00112233-4455-4677-b899-aabbccddeeff', NULL, '1.2.3.4', '00112233-4455-5677-f899-aabbccddeeff'),
      ('00112233-4455-6677-8899-aabbccddeeff', '1:0:0:2::', '1.2.3.0', '00112233-4455-0677-8899-aabbccddeeff');
    UPDATE shop.host SET a = '::ffff:1.2.3.4', other = NULL WHERE id = '00112233-4455-4677-b899-aabbccddeeff';
    UPDATE shop.host SET id = '00112233-4455-8677-8899-aabbccddee00' WHERE id = '00112233-4455-6677-8899-aabbccddeeff';
    DELETE FROM shop.host WHERE id = '00000000-0000-0000-0000-000000000000';
";

/// Types that MySQL does not have, between MariaDBs and into what holds them in MySQL.
async fn make_hosts(source: &MysqlServer, target: &MysqlServer) -> Result<()> {
    let old = "SET GLOBAL mysql56_temporal_format";
    source.exec(&format!("{old} = OFF; {MOMENTS}; {old} = ON")).await?;
    target.exec(MOMENTS).await?;
    source.exec(&format!("{HOSTS}; CREATE TABLE shop.host_bytes LIKE shop.host")).await?;
    if target.flavor().is_mariadb() {
        return target.exec(&format!("{HOSTS}; CREATE TABLE shop.host_bytes LIKE shop.host")).await;
    }
    target.exec(&format!("{HOSTS_AS_TEXT}; {HOSTS_AS_BYTES}")).await
}

/// After this the copy's bytes are its text, and there is nothing left that is compared.
async fn check_hosts(source: &MysqlServer, target: &MysqlServer) -> Result<()> {
    let bytes = "SELECT HEX(id), HEX(a), HEX(b), HEX(other) FROM shop.host_bytes ORDER BY id";
    let expected = "SELECT UPPER(REPLACE(CAST(id AS CHAR), '-', '')), HEX(INET6_ATON(a)), HEX(INET6_ATON(b)), \
                    UPPER(REPLACE(CAST(other AS CHAR), '-', '')) FROM shop.host_bytes ORDER BY 1";
    source.exec(&HOST_CHANGES.replace("shop.host", "shop.host_bytes")).await?;
    let of_target = if target.flavor().is_mariadb() { expected } else { bytes };
    replicator_tests::eventually("the bytes of UUIDs and addresses", Duration::from_secs(60), async || {
        let rows = tokio::try_join!(source.query_strings(expected), target.query_strings(of_target));
        match rows {
            Ok((of_source, of_target)) if of_source == of_target => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    assert_eq!(source.query_strings(expected).await?.len(), 4);
    Ok(())
}

async fn replicates(source: Flavor, image: &str, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    for server in [&source, &target] {
        workload::create_schema(server).await?;
        server.exec(TABLES).await?;
    }
    if source.flavor().is_mariadb() {
        make_hosts(&source, &target).await?;
    }
    source.exec(&format!("SET GLOBAL binlog_row_image = '{image}'")).await?;
    let shown = source.query_strings("SELECT @@SESSION.binlog_row_image").await?;
    assert_eq!(shown[0][0].as_deref(), Some(image));
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source.exec(CHANGES).await?;
    if source.flavor().is_mariadb() {
        source.exec(&format!("{HOST_CHANGES} {MOMENT_CHANGES}")).await?;
    }
    workload::fill(&source).await?;
    workload::run(&mut source.connect().await?, &mut Random::new(7), 300).await?;
    let status = cluster.wait_for_copy(&task, &source, &target, "shop").await?;
    assert_eq!(status.retries, 0, "{status:?}");
    if source.flavor().is_mariadb() {
        check_hosts(&source, &target).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn minimal_images_of_mysql_97() -> Result<()> {
    replicates(Flavor::MySql97, "MINIMAL", Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn images_without_blobs_of_mysql_56() -> Result<()> {
    replicates(Flavor::MySql56, "NOBLOB", Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn minimal_images_of_mariadb() -> Result<()> {
    replicates(Flavor::MariaDb118, "MINIMAL", Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn images_without_repeats_of_mariadb() -> Result<()> {
    replicates(Flavor::MariaDb118, "FULL_NODUP", Flavor::MariaDb1011).await
}
