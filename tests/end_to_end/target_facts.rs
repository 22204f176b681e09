//! What source and target are and have besides the rows: keys with effects of their own, columns that are computed, hidden,
//! elsewhere or more, names in lower case, texts that compare otherwise, and the flags of the source's sessions.

use crate::cluster::{Cluster, copy_task};
use replicator_model::name::TaskName;
use replicator_model::status::{Stage, TaskStatus};
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    task: TaskName,
}

impl Field {
    /// Servers with a database each as it is there, and a task between them that streams.
    async fn set_up(source: (Flavor, &[&str]), target: (Flavor, &[&str]), schemas: (&str, &str)) -> Result<Self> {
        let (source, target, cluster) = tokio::try_join!(
            MysqlServer::start_with(source.0, source.1),
            MysqlServer::start_with(target.0, target.1),
            Cluster::start(1, 1)
        )?;
        source.exec(schemas.0).await?;
        target.exec(schemas.1).await?;
        let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
        cluster.wait_for_stage(&task, Stage::Streaming).await?;
        Ok(Self { source, target, cluster, task })
    }

    async fn between(source: Flavor, target: Flavor, schema: &str) -> Result<Self> {
        Self::set_up((source, &[]), (target, &[]), (schema, schema)).await
    }

    /// Waits until every table is a copy.
    async fn copied(&self) -> Result<TaskStatus> {
        self.cluster.wait_for_copy(&self.task, &self.source, &self.target, "shop").await
    }

    /// Waits until a query answers the same on both sides.
    async fn same(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let wanted = self.source.query_strings(sql).await?;
        eventually(sql, Duration::from_secs(60), async || {
            let found = self.target.query_strings(sql).await.map_err(|error| error.to_string())?;
            if found == wanted {
                Ok(())
            } else {
                Err(format!("{found:?}, {:?}", self.cluster.status(&self.task).await))
            }
        })
        .await
        .unwrap_or_else(|error| panic!("{error}\nsource {wanted:?}\n{}", self.cluster.logs()));
        Ok(wanted)
    }

    async fn failed(&self) -> Result<replicator_model::failure::Failure> {
        Ok(self.cluster.wait_for_stage(&self.task, Stage::Failed).await?.failure.unwrap())
    }
}

const FAMILY: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.parent (id INT PRIMARY KEY, v INT, UNIQUE KEY uv (v)) ENGINE=InnoDB;
    CREATE TABLE shop.owned (id INT PRIMARY KEY, p INT, CONSTRAINT o FOREIGN KEY (p) REFERENCES shop.parent (id)
      ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB;
    CREATE TABLE shop.loose (id INT PRIMARY KEY, p INT, CONSTRAINT l FOREIGN KEY (p) REFERENCES shop.parent (id)
      ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB;
    CREATE TABLE shop.of_owned (id INT PRIMARY KEY, o INT, CONSTRAINT oo FOREIGN KEY (o) REFERENCES shop.owned (id)
      ON DELETE CASCADE) ENGINE=InnoDB;
";

/// REPLACE deletes and inserts, or updates, as the server likes.
const REPLACED: &str = "
    INSERT INTO shop.parent VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6);
    INSERT INTO shop.owned VALUES (10, 1), (20, 2), (30, 3), (40, 4), (50, 5), (60, 6);
    INSERT INTO shop.loose VALUES (11, 1), (21, 2), (31, 3), (41, 4), (51, 5), (61, 6);
    INSERT INTO shop.of_owned VALUES (100, 10), (200, 20), (300, 30), (400, 40), (500, 50);
    REPLACE INTO shop.parent VALUES (1, 100);
    REPLACE INTO shop.parent VALUES (2, 3);
    UPDATE shop.parent SET id = 44 WHERE id = 4;
    REPLACE INTO shop.owned VALUES (50, 5);
    INSERT INTO shop.parent VALUES (6, 66) ON DUPLICATE KEY UPDATE id = 67;
    BEGIN;
    REPLACE INTO shop.parent VALUES (5, 55);
    INSERT INTO shop.owned VALUES (51, 5);
    DELETE FROM shop.parent WHERE id = 44;
    COMMIT;
    SET foreign_key_checks = 0;
    REPLACE INTO shop.parent VALUES (5, 56);
    INSERT INTO shop.owned VALUES (90, 99);
    DELETE FROM shop.parent WHERE id = 67;
";

async fn replaced_parents_keep_or_lose_their_children(source: Flavor, target: Flavor) -> Result<()> {
    let field = Field::between(source, target, FAMILY).await?;
    field.source.exec(REPLACED).await?;
    let status = field.copied().await?;
    assert_eq!(status.retries, 0, "{status:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_parents_of_mysql_97_at_mysql_97() -> Result<()> {
    replaced_parents_keep_or_lose_their_children(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_parents_of_mysql_97_at_mariadb_118() -> Result<()> {
    replaced_parents_keep_or_lose_their_children(Flavor::MySql97, Flavor::MariaDb118).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_parents_of_mysql_56_at_mysql_97() -> Result<()> {
    replaced_parents_keep_or_lose_their_children(Flavor::MySql56, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_parents_of_mariadb_1011_at_mysql_97() -> Result<()> {
    replaced_parents_keep_or_lose_their_children(Flavor::MariaDb1011, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_parents_of_mariadb_118_at_mariadb_1011() -> Result<()> {
    replaced_parents_keep_or_lose_their_children(Flavor::MariaDb118, Flavor::MariaDb1011).await
}

const COLUMNS: &str = "
    CREATE DATABASE shop CHARACTER SET latin1;
    CREATE TABLE shop.computed (id INT PRIMARY KEY, a INT, s INT AS (a + 1) STORED, v VARCHAR(20) AS (CONCAT('x', a)) VIRTUAL,
      b INT, UNIQUE KEY us (s), UNIQUE KEY uv (v)) ENGINE=InnoDB;
    CREATE TABLE shop.hidden (id INT PRIMARY KEY, a INT, h INT NOT NULL DEFAULT 5 INVISIBLE, b INT) ENGINE=InnoDB;
    CREATE TABLE shop.zero (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.odd (id INT PRIMARY KEY, d DATE, dt DATETIME(3), t TIMESTAMP NULL, f BIT(13), g POINT, y YEAR) ENGINE=InnoDB;
";

const COLUMN_CHANGES: &str = "
    INSERT INTO shop.computed (id, a, b) VALUES (1, 1, 1), (2, 2, 2), (3, NULL, 3);
    UPDATE shop.computed SET a = 9 WHERE id = 1;
    UPDATE shop.computed SET a = 1 WHERE id = 2;
    DELETE FROM shop.computed WHERE id = 3;
    INSERT INTO shop.hidden VALUES (1, 1, 1);
    INSERT INTO shop.hidden (id, a, h, b) VALUES (2, 2, 2, 2);
    UPDATE shop.hidden SET h = 7 WHERE id = 1;
    SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
    INSERT INTO shop.zero VALUES (0, 1), (5, 5);
    INSERT INTO shop.zero (v) VALUES (6);
    SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+05:00';
    INSERT INTO shop.odd VALUES (1, '0000-00-00', '0000-00-00', '2020-06-01 12:00:00', b'1010101010101', ST_GeomFromText('POINT(1 2)'), 0),
      (2, '2020-00-31', '2020-02-31 23:59:59.999', NULL, 0, NULL, 2155);
    SET sql_mode = '', time_zone = '-11:00';
    UPDATE shop.odd SET t = '2021-01-01 00:00:00', f = b'1' WHERE id = 2;
";

async fn columns_of_every_kind_arrive(source: Flavor, target: Flavor) -> Result<()> {
    let field = Field::between(source, target, COLUMNS).await?;
    field.source.exec(COLUMN_CHANGES).await?;
    field.copied().await?;
    let zero = field.same("SELECT id, v FROM shop.zero ORDER BY id").await?;
    assert_eq!(zero[0][0].as_deref(), Some("0"));
    field.same("SELECT id, h FROM shop.hidden ORDER BY id").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_every_kind_from_mysql_97() -> Result<()> {
    columns_of_every_kind_arrive(Flavor::MySql97, Flavor::MariaDb1011).await
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_every_kind_from_mariadb_118() -> Result<()> {
    columns_of_every_kind_arrive(Flavor::MariaDb118, Flavor::MySql97).await
}

/// MySQL 8.0.30 gives a table without a key a hidden one, whose values are in the log.
#[tokio::test(flavor = "multi_thread")]
async fn hidden_keys_that_the_server_made() -> Result<()> {
    const TABLE: &str =
        "CREATE TABLE shop.keyless (a INT, b INT); INSERT INTO shop.keyless VALUES (1, 1), (1, 1), (2, 2);";
    let database = "CREATE DATABASE shop CHARACTER SET latin1;";
    let field = Field::between(Flavor::MySql97, Flavor::MySql97, database).await?;
    field.source.exec(&format!("SET sql_generate_invisible_primary_key = ON; {TABLE}")).await?;
    field.same("SELECT my_row_id, a, b FROM shop.keyless ORDER BY my_row_id").await?;
    field
        .source
        .exec("UPDATE shop.keyless SET b = 9 WHERE a = 1 LIMIT 1; DELETE FROM shop.keyless WHERE a = 2")
        .await?;
    field.same("SELECT my_row_id, a, b FROM shop.keyless ORDER BY my_row_id").await?;
    Ok(())
}

/// Columns are matched by name; those that only the target has take their defaults.
#[tokio::test(flavor = "multi_thread")]
async fn columns_elsewhere_and_more_of_them() -> Result<()> {
    let source = "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, a INT, b VARCHAR(9))";
    let target =
        "CREATE DATABASE shop; CREATE TABLE shop.item (seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP, b VARCHAR(20),
                    more INT NOT NULL DEFAULT 7, ID BIGINT, a INT, twice INT AS (a * 2) STORED, PRIMARY KEY (id))";
    let field = Field::set_up((Flavor::MySql97, &[]), (Flavor::MariaDb1011, &[]), (source, target)).await?;
    field
        .source
        .exec("INSERT INTO shop.item VALUES (1, 1, 'a'), (2, 2, 'b'); UPDATE shop.item SET a = 5 WHERE id = 2")
        .await?;
    field.same("SELECT id, a, b FROM shop.item ORDER BY id").await?;
    let found = field.target.query_strings("SELECT more, twice FROM shop.item ORDER BY id").await?;
    assert_eq!(found, [[Some("7".into()), Some("2".into())], [Some("7".into()), Some("10".into())]]);
    field.target.exec("ALTER TABLE shop.item ADD wanted INT NOT NULL").await?;
    field.source.exec("INSERT INTO shop.item VALUES (3, 3, 'c')").await?;
    let failure = field.failed().await?;
    assert!(failure.reason.contains("wanted"), "{failure:?}");
    Ok(())
}

/// A unique key takes for the same what the source does not: told at the row, and nothing is lost before.
#[tokio::test(flavor = "multi_thread")]
async fn texts_that_compare_otherwise() -> Result<()> {
    let table = |collation: &str| {
        format!(
            "CREATE DATABASE shop; CREATE TABLE shop.name (id INT PRIMARY KEY, n VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {collation}, UNIQUE (n))"
        )
    };
    let schemas = (table("utf8mb4_bin"), table("utf8mb4_general_ci"));
    let field = Field::set_up((Flavor::MySql97, &[]), (Flavor::MariaDb118, &[]), (&schemas.0, &schemas.1)).await?;
    field
        .source
        .exec("INSERT INTO shop.name VALUES (1, 'a'), (2, 'b'); UPDATE shop.name SET n = 'B' WHERE id = 2")
        .await?;
    field.same("SELECT id, n FROM shop.name ORDER BY id").await?;
    field.source.exec("INSERT INTO shop.name VALUES (3, 'A')").await?;
    assert_eq!(field.failed().await?.code, "duplicate_key");
    assert_eq!(field.target.query_strings("SELECT id FROM shop.name").await?.len(), 2);
    Ok(())
}

/// `lower_case_table_names` is 0 on one side and 1 on the other.
async fn names_in_lower_case(of_source: &str, of_target: &str) -> Result<()> {
    let schema = "CREATE DATABASE shop";
    let setting = |value: &str| format!("--lower-case-table-names={value}");
    let (of_source, of_target) = (setting(of_source), setting(of_target));
    let (source, target): (&[&str], &[&str]) = (&[&of_source], &[&of_target]);
    let field = Field::set_up((Flavor::MariaDb1011, source), (Flavor::MySql56, target), (schema, schema)).await?;
    let changes =
        "CREATE TABLE shop.Item (id INT PRIMARY KEY, v INT) CHARSET=latin1; INSERT INTO shop.Item VALUES (1, 1);
                   ALTER TABLE shop.Item ADD w INT; INSERT INTO shop.Item VALUES (2, 2, 2);";
    field.source.exec(changes).await?;
    let rows = "ORDER BY id";
    let wanted = field.source.query_strings(&format!("SELECT id, v, w FROM shop.Item {rows}")).await?;
    eventually("the rows", Duration::from_secs(60), async || {
        let either = ["Item", "item"].map(|name| format!("SELECT id, v, w FROM shop.{name} {rows}"));
        for sql in &either {
            if field.target.query_strings(sql).await.is_ok_and(|found| found == wanted) {
                return Ok(());
            }
        }
        Err(format!("{:?}", field.cluster.status(&field.task).await))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_lower_case_at_the_target() -> Result<()> {
    names_in_lower_case("0", "1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_lower_case_at_the_source() -> Result<()> {
    names_in_lower_case("1", "0").await
}

/// A target that may not be written to, and one that does not take so large a packet, say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_take_rows_says_why() -> Result<()> {
    let schema = "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, v LONGBLOB)";
    let field = Field::between(Flavor::MariaDb1011, Flavor::MariaDb1011, schema).await?;
    field.target.exec("SET GLOBAL max_allowed_packet = 1048576").await?;
    field.cluster.stop(&field.task).await?;
    field.source.exec("INSERT INTO shop.item VALUES (1, REPEAT('x', 2000000))").await?;
    field.cluster.order(&field.task, replicator_model::desired::DesiredState::Running).await;
    assert_eq!(field.failed().await?.code, "packet_too_large");
    Ok(())
}

/// `unique_checks = 0` is leave to skip a look, not to keep a duplicate: sources refuse one all the same, so that there is
/// no state of theirs that a target could only take without looking.
async fn duplicates_are_refused_without_unique_checks(flavor: Flavor) -> Result<()> {
    let schema =
        "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, v INT, UNIQUE KEY uv (v)) ENGINE=InnoDB";
    let field = Field::between(flavor, Flavor::MySql97, schema).await?;
    let mut conn = field.source.connect().await?;
    use mysql_async::prelude::Queryable;
    conn.query_drop("SET unique_checks = 0, foreign_key_checks = 0").await?;
    let rows: Vec<String> = (0..5000).map(|id| format!("({id}, {id})")).collect();
    conn.query_drop(format!("INSERT INTO shop.item VALUES {}", rows.join(", "))).await?;
    let refused = conn.query_drop("INSERT INTO shop.item VALUES (9000, 17)").await;
    assert!(refused.is_err_and(|error| error.to_string().contains("1062")));
    conn.query_drop("TRUNCATE shop.item").await?;
    let empty = conn.query_drop("INSERT INTO shop.item VALUES (1, 1), (2, 2), (3, 1)").await;
    let kept = field.source.query_strings("SELECT id, v FROM shop.item").await?;
    assert!(empty.is_err() && kept.is_empty(), "{empty:?}, {kept:?}");
    conn.query_drop("INSERT INTO shop.item VALUES (1, 1), (2, 2)").await?;
    conn.query_drop("UPDATE shop.item SET v = 3 WHERE id = 1").await?;
    drop(conn);
    field.copied().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_unique_checks_in_mysql_56() -> Result<()> {
    duplicates_are_refused_without_unique_checks(Flavor::MySql56).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_unique_checks_in_mysql_97() -> Result<()> {
    duplicates_are_refused_without_unique_checks(Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_unique_checks_in_mariadb_118() -> Result<()> {
    duplicates_are_refused_without_unique_checks(Flavor::MariaDb118).await
}
