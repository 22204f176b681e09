//! Routes that change rows on their way: what arrives is what a SELECT at the source says that means the same.

use crate::cluster::{Cluster, GROUP, copy_task};
use crate::failures::Console;
use crate::workload::Random;
use mysql_async::prelude::Queryable;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

/// Shards whose keys collide.
const SHARDS: [&str; 3] = ["shop_1.order_1", "shop_1.order_2", "shop_2.order_1"];

const SALT: &str = "pepper";

/// Everything at once, and a table with every type of which one column is masked.
const ROUTES: &str = r#"
[[route]]
from = "shop_*.order_[0-9]+"
to = "warehouse.orders"
source_column = "origin"
where = "(status <> 'draft' or status is null) and amount > 0.5 and not (big = 18446744073709551615)"
drop = ["secret"]
rename = { name = "title" }
add = { region = "eu", weight = -3 }
cast = { amount = "char" }
mask = { email = { hash = "pepper" }, phone = { keep = 4 }, note = { constant = "" } }

[[route]]
from = "shop_([0-9]).wide"
to = "warehouse.wide_{1}"
where = "i >= -100 and (d < '2026-06-01' or d is null)"
mask = { hidden = { keep = 2 } }
"#;

fn order_table(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id INT NOT NULL PRIMARY KEY, status VARCHAR(10) CHARACTER SET latin1, amount DECIMAL(12,2),
           name VARCHAR(40) CHARACTER SET latin1, secret VARCHAR(30) CHARACTER SET utf8mb4,
           email VARCHAR(80) CHARACTER SET utf8mb4, phone VARCHAR(20) CHARACTER SET utf8mb4,
           note TEXT CHARACTER SET latin1, kind ENUM('a','b') CHARACTER SET latin1, at DATETIME(3),
           big BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB;"
    )
}

const WIDE: &str =
    "id INT NOT NULL PRIMARY KEY, i SMALLINT NOT NULL, u BIGINT UNSIGNED, f FLOAT, g DOUBLE, n DECIMAL(30,10),
    b BIT(9), d DATE, t TIME(2), at DATETIME(6), s TIMESTAMP(3) NULL, y YEAR, c CHAR(5) CHARACTER SET latin1,
    v VARCHAR(20) CHARACTER SET utf8mb4, bin BINARY(4), vb VARBINARY(10), tx TEXT CHARACTER SET utf8mb4, bl BLOB,
    e ENUM('x','y') CHARACTER SET latin1, st SET('a','b','c') CHARACTER SET latin1,
    hidden VARCHAR(30) CHARACTER SET latin1";

/// The tables that arrive, in a database of any server.
fn arriving(database: &str) -> String {
    format!(
        "CREATE DATABASE {database};
         CREATE TABLE {database}.orders (id INT NOT NULL, status VARCHAR(10) CHARACTER SET utf8mb4, amount VARCHAR(255) CHARACTER SET utf8mb4,
           title VARCHAR(40) CHARACTER SET utf8mb4, email CHAR(64) CHARACTER SET latin1, phone VARCHAR(4) CHARACTER SET utf8mb4,
           note TEXT CHARACTER SET utf8mb4, kind ENUM('a','b') CHARACTER SET latin1, at DATETIME(3), big BIGINT UNSIGNED NOT NULL,
           region VARCHAR(9) CHARACTER SET utf8mb4 NOT NULL, weight INT NOT NULL,
           origin VARCHAR(129) CHARACTER SET latin1 NOT NULL, PRIMARY KEY (origin, id)) ENGINE=InnoDB;
         CREATE TABLE {database}.wide_1 ({WIDE}) ENGINE=InnoDB;
         CREATE TABLE {database}.wide_2 ({WIDE}) ENGINE=InnoDB;"
    )
}

fn source_tables() -> String {
    let orders: String = SHARDS.map(order_table).concat();
    format!(
        "CREATE DATABASE shop_1; CREATE DATABASE shop_2; {orders}
         CREATE TABLE shop_1.wide ({WIDE}) ENGINE=InnoDB; CREATE TABLE shop_2.wide ({WIDE}) ENGINE=InnoDB;"
    )
}

/// HMAC-SHA-256 in SQL: two hashes over the salt, xored with two constants.
fn hmac(column: &str) -> String {
    let pad = |byte: u8| -> String {
        let mut key = SALT.as_bytes().to_vec();
        key.resize(64, 0);
        key.iter().map(|value| format!("{:02x}", value ^ byte)).collect()
    };
    let inner = format!("SHA2(CONCAT(x'{}', CAST(CONVERT({column} USING utf8mb4) AS BINARY)), 256)", pad(0x36));
    format!("SHA2(CONCAT(x'{}', UNHEX({inner})), 256)", pad(0x5c))
}

/// What should arrive, made at the source by its own SQL.
fn expected() -> String {
    let orders: String = SHARDS
        .map(|shard| {
            format!(
                "INSERT INTO expected.orders SELECT id, status, CAST(amount AS CHAR), name, {}, LEFT(phone, 4), '', kind, at, big,
                   'eu', -3, '{shard}' FROM {shard}
                 WHERE (CAST(CONVERT(status USING utf8mb4) AS BINARY) <> CAST('draft' AS BINARY) OR status IS NULL)
                   AND amount > 0.5 AND big <> 18446744073709551615;",
                hmac("email")
            )
        })
        .concat();
    let wide: String = [1, 2]
        .map(|shard| {
            format!(
                "INSERT INTO expected.wide_{shard} SELECT id, i, u, f, g, n, b, d, t, at, s, y, c, v, bin, vb, tx, bl, e, st,
                   LEFT(hidden, 2) FROM shop_{shard}.wide WHERE i >= -100 AND (d < '2026-06-01' OR d IS NULL);"
            )
        })
        .concat();
    format!("DROP DATABASE IF EXISTS expected; {} {orders} {wide}", arriving("expected"))
}

/// A statement on one of the shards.
fn order_change(random: &mut Random) -> String {
    let shard = SHARDS[random.below(3) as usize];
    let id = random.below(60);
    let status = ["'draft'", "'open'", "'Draft'", "NULL", "'caf\u{e9}'"][random.below(5) as usize];
    let amount = ["0.5", "0.51", "NULL", "1234567.89", "-3"][random.below(5) as usize];
    let big = ["18446744073709551615", "18446744073709551614", "7"][random.below(3) as usize];
    match random.below(10) {
        0..=3 => format!(
            "REPLACE INTO {shard} VALUES ({id}, {status}, {amount}, 'N\u{e4}me {id}', 'secret-{id}', 'user{id}@mail.example', \
             '0170{id:04}99', 'private-{id}', 'b', '2026-01-02 03:04:05.678', {big})"
        ),
        4..=5 => format!("UPDATE {shard} SET status = {status} WHERE id BETWEEN {id} AND {id} + 9"),
        6 => format!("UPDATE {shard} SET amount = {amount}, email = NULL, kind = NULL WHERE id = {id}"),
        7 => format!("UPDATE {shard} SET big = {big}, phone = NULL, name = 'other' WHERE id > {id}"),
        8 => format!("UPDATE {shard} SET secret = 'secret-again' WHERE id < {id}"),
        _ => format!("DELETE FROM {shard} WHERE id = {id} OR id = {id} + 7"),
    }
}

fn wide_change(random: &mut Random) -> String {
    let table = ["shop_1.wide", "shop_2.wide"][random.below(2) as usize];
    let id = random.below(40);
    match random.below(6) {
        0..=2 => format!(
            "REPLACE INTO {table} VALUES ({id}, {}, 18446744073709551615, 0.1, 1e300, -12345678901234567890.0123456789, b'101', \
             '2026-0{}-01', '-12:34:56.78', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678', 2026, 'gr\u{fc}n', \
             'z\u{fc}rich', x'00ff00', x'0001', REPEAT('\u{e4}', 300), x'00ff0a', 'y', 'a,c', 'h\u{e9}llo')",
            random.below(300) as i64 - 150,
            1 + random.below(9)
        ),
        3 => format!("UPDATE {table} SET i = {} WHERE id < {id}", random.below(300) as i64 - 150),
        4 => format!(
            "UPDATE {table} SET d = NULL, u = NULL, tx = NULL, s = NULL, hidden = NULL, e = NULL WHERE id = {id}"
        ),
        _ => format!("DELETE FROM {table} WHERE id = {id}"),
    }
}

/// Transactions of one to four statements over all tables.
async fn change(source: &MysqlServer, random: &mut Random, transactions: u32) -> Result<()> {
    let mut conn = source.connect().await?;
    for _ in 0..transactions {
        conn.query_drop("BEGIN").await?;
        for _ in 0..1 + random.below(4) {
            let sql = if random.below(3) == 0 { wide_change(random) } else { order_change(random) };
            conn.query_drop(sql).await?;
        }
        conn.query_drop("COMMIT").await?;
    }
    Ok(conn.disconnect().await?)
}

/// Waits until the target has what the source's own SQL says.
async fn wait_for_expected(
    cluster: &Cluster,
    task: &TaskName,
    source: &MysqlServer,
    target: &MysqlServer,
) -> Result<()> {
    source.exec(&expected()).await?;
    let wanted = source.checksum_tables("expected").await?;
    assert!(wanted.values().all(|table| table.rows > 5), "{wanted:?}");
    let arrived = eventually("the target has what is expected", Duration::from_secs(90), async || {
        let found = target.checksum_tables("warehouse").await.map_err(|error| error.to_string())?;
        if found == wanted { Ok(()) } else { Err(format!("{wanted:?} {found:?} {:?}", cluster.status(task).await)) }
    });
    arrived.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    Ok(())
}

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    task: TaskName,
    random: Random,
}

impl Field {
    async fn set_up(source: Flavor, target: Flavor) -> Result<Self> {
        let (source, target, cluster) =
            tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
        source.exec(&source_tables()).await?;
        target.exec(&arriving("warehouse")).await?;
        let spec = copy_task("copy", &source, &target, ROUTES)
            .replace("tables = [\"shop.*\"]", "tables = [\"shop_*.*\"]")
            .replace("[pipe]", "connections = 4\n[pipe]");
        let task = cluster.create(&spec).await;
        let streams = cluster.wait_for_stage(&task, Stage::Streaming).await;
        streams.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
        Ok(Self { source, target, cluster, task, random: Random::new(11) })
    }

    /// Changes while the task streams, and a backlog, which is applied folded and over several connections.
    async fn copies(&mut self) -> Result<()> {
        change(&self.source, &mut self.random, 150).await?;
        self.arrives().await?;
        self.cluster.stop(&self.task).await?;
        change(&self.source, &mut self.random, 600).await?;
        self.cluster.order(&self.task, replicator_model::desired::DesiredState::Running).await;
        self.arrives().await
    }

    async fn arrives(&self) -> Result<()> {
        wait_for_expected(&self.cluster, &self.task, &self.source, &self.target).await
    }

    /// Checked and shown before it starts: what is shown is what has arrived.
    async fn is_previewed(&self) -> Result<()> {
        let console = Console::start(&self.cluster).await?;
        let run = async |arguments: &[&str]| {
            let ran = console.run(arguments).await;
            assert_eq!(ran.status.code(), Some(0), "{ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        };
        let checks = "task_routes_fit,task_merged_tables,target_route_columns,target_columns,target_column_types";
        let checked = run(&["task", "preflight", "copy", "--check", checks]).await;
        assert!(checked.contains("5 passed, 0 warnings, 0 failed"), "{checked}");
        let shown = run(&["task", "preview", "copy", "--rows", "50", "-o", "json"]).await;
        assert!(!shown.contains("@mail.example") && !shown.contains("private-") && !shown.contains(SALT), "{shown}");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let tables = shown["tables"].as_array().unwrap();
        assert_eq!(tables.len(), 5, "{shown}");
        let mut compared = 0;
        for table in tables.iter().filter(|table| table["target"] == "warehouse.orders") {
            assert_eq!(table["problem"], serde_json::Value::Null, "{table}");
            for row in table["rows"].as_array().unwrap().iter().filter(|row| row["arrives"] == true) {
                let id = row["values"][0].as_str().unwrap();
                let origin = table["source"].as_str().unwrap();
                let sql = format!(
                    "SELECT id, status, amount, title, email, phone, note, kind, CAST(at AS CHAR), big, region, weight, origin \
                     FROM warehouse.orders WHERE id = {id} AND origin = '{origin}'"
                );
                let arrived = serde_json::json!(self.target.query_strings(&sql).await?[0]);
                assert_eq!(row["values"], arrived, "{origin}");
                compared += 1;
            }
        }
        assert!(compared > 20, "{compared}");
        Ok(())
    }

    /// Waits until a query at the target answers this one value.
    async fn has(&self, sql: &str, value: &str) -> Result<()> {
        let arrived = eventually(sql, Duration::from_secs(60), async || {
            let rows = self.target.query_strings(sql).await.unwrap_or_default();
            if rows == [[Some(value.to_owned())]] {
                Ok(())
            } else {
                Err(format!("{rows:?} {:?}", self.cluster.status(&self.task).await))
            }
        });
        arrived.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        Ok(())
    }

    /// Runs a statement that the task stops at, and answers the failure's code.
    async fn stops_at(&self, sql: &str) -> Result<String> {
        self.source.exec(sql).await?;
        let failed = self.cluster.wait_for_stage(&self.task, Stage::Failed).await;
        let status = failed.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        Ok(status.failure.map(|failure| failure.code.to_string()).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_shaped_from_mysql() -> Result<()> {
    let mut field = Field::set_up(Flavor::MySql97, Flavor::MySql97).await?;
    field.copies().await?;
    field.is_previewed().await?;
    // Nothing of it is about a column that the route changes.
    field
        .source
        .exec("ALTER TABLE shop_1.wide MODIFY v VARCHAR(30) CHARACTER SET utf8mb4, ADD COLUMN late INT")
        .await?;
    field.source.exec("INSERT INTO shop_1.wide (id, i, late) VALUES (1000, 1, 7)").await?;
    field.has("SELECT late FROM warehouse.wide_1 WHERE id = 1000", "7").await?;
    let code = field.stops_at("ALTER TABLE shop_1.wide MODIFY hidden VARCHAR(60) CHARACTER SET latin1").await?;
    assert_eq!(code, "statement_names_shaped_column");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_shaped_from_mariadb() -> Result<()> {
    let mut field = Field::set_up(Flavor::MariaDb1011, Flavor::MySql97).await?;
    field.copies().await?;
    // The first of the merged tables changes the target, and the others find it done.
    field.source.exec("ALTER TABLE shop_1.order_1 ADD COLUMN soon INT").await?;
    field.source.exec("INSERT INTO shop_1.order_1 (id, amount, big, soon) VALUES (600, 1, 1, 5)").await?;
    field.source.exec("ALTER TABLE shop_1.order_2 ADD COLUMN soon INT").await?;
    field.source.exec("INSERT INTO shop_1.order_2 (id, amount, big, soon) VALUES (601, 1, 1, 6)").await?;
    field.has("SELECT soon FROM warehouse.orders WHERE origin = 'shop_1.order_2' AND id = 601", "6").await?;
    // One that is not the same is left out by order.
    field.source.exec("ALTER TABLE shop_1.order_1 ADD COLUMN later INT").await?;
    let code = field.stops_at("ALTER TABLE shop_1.order_2 ADD COLUMN later BIGINT").await?;
    assert_eq!(code, "schema_change_merged", "{}", field.cluster.logs());
    let console = Console::start(&field.cluster).await?;
    let skipped = console.run(&["task", "skip", "copy", "--reason", "the target has it", "--yes", "--wait"]).await;
    assert_eq!(skipped.status.code(), Some(0), "{skipped:?}");
    field.source.exec("INSERT INTO shop_1.order_2 (id, amount, big, later) VALUES (500, 1, 1, 7)").await?;
    field.has("SELECT later FROM warehouse.orders WHERE origin = 'shop_1.order_2' AND id = 500", "7").await?;
    assert_eq!(field.stops_at("TRUNCATE TABLE shop_2.order_1").await?, "statement_on_merged_table");
    Ok(())
}

/// What is masked, dropped or filtered out is in no message and in no log.
#[tokio::test(flavor = "multi_thread")]
async fn masked_values_are_in_no_message() -> Result<()> {
    let (source, cluster) = tokio::try_join!(MysqlServer::start(Flavor::MySql97), Cluster::start(1, 1))?;
    source.exec(&source_tables()).await?;
    let spec = format!(
        "name = \"show\"\ngroup = \"{GROUP}\"\n[producer]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword = \"{}\"\n\
         start = \"latest\"\ntables = [\"shop_*.*\"]\n{ROUTES}\n[consumer]\nkind = \"stdout\"\n",
        source.port(),
        source.user(),
        source.password()
    );
    let task = cluster.create(&spec).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    change(&source, &mut Random::new(3), 100).await?;
    source.exec("REPLACE INTO shop_1.order_1 VALUES (99, 'last', 1, 'the end', 'secret-x', 'last@mail.example', '0', 'private-x', NULL, NULL, 1)").await?;
    let hash = source.query_strings(&format!("SELECT {}", hmac("'last@mail.example'"))).await?;
    let hash = hash[0][0].clone().unwrap_or_default();
    let printed = eventually("the last row is printed", Duration::from_secs(60), async || {
        let printed = std::fs::read_to_string(&cluster.cores[0].log).unwrap_or_default();
        if printed.contains(&hash) { Ok(printed) } else { Err(format!("{:?}", cluster.status(&task).await)) }
    });
    let printed = printed.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    assert!(printed.contains("the end") && printed.contains("shop_1.order_1"));
    for hidden in ["@mail.example", "secret-", "private-", SALT, "'draft'", "\"draft\"", "h\u{e9}llo"] {
        assert!(!printed.contains(hidden), "`{hidden}` was printed");
    }
    Ok(())
}
