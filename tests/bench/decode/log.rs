//! The logs that are decoded: three shapes, the same rows from the same seed.

use crate::workload::{self, DATABASE, Random};
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, Flavor, MysqlServer, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Small transactions as sysbench makes them: 250,000 row changes at scale 1.
    Sysbench,
    /// 26 columns of all types: 60,000 rows inserted and 20,000 updated at scale 1.
    Wide,
    /// 200,000 rows in one transaction at scale 1.
    Huge,
}

/// A server whose log has one file that is read.
pub(crate) struct Log {
    pub(super) server: MysqlServer,
    pub(super) file: String,
    /// Where the file's last event ends.
    pub(super) end: u64,
    pub(crate) rows: u64,
}

/// Rows that are made up one by one; the others are copies of them with other numbers.
const PATTERNS: u64 = 500;
const WIDE_ROWS: f64 = 60_000.0;
/// Every third row is updated later, so many a transaction.
const UPDATED_PART: u64 = 3;
const ROWS_PER_TRANSACTION: u64 = 31;
const HUGE_ROWS: f64 = 200_000.0;

const SEED: u64 = 5;

const WIDE: &str = "(
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT UNSIGNED, i INT,
  iu INT UNSIGNED, b BIGINT, f FLOAT, d DOUBLE, dc DECIMAL(20,6), dl DECIMAL(65,30), bt BIT(17), y YEAR, da DATE,
  ti TIME(3), dt DATETIME(6), ts TIMESTAMP(3) NULL, c CHAR(20), v VARCHAR(255), vb VARBINARY(200), tx TEXT, bl BLOB,
  e ENUM('small','medium','large'), st SET('a','b','c','d'), j JSON
) ENGINE=InnoDB";

impl Log {
    pub(crate) async fn write(shape: Shape, scale: f64) -> Result<Log> {
        let options = ["--innodb-buffer-pool-size=512M", "--innodb-redo-log-capacity=1G", "--max-binlog-size=1G"];
        let server = MysqlServer::start_with(Flavor::MySql97, &options).await?;
        let rows = match shape {
            Shape::Sysbench => {
                server.exec(&format!("{} FLUSH BINARY LOGS", workload::schema())).await?;
                // One more tells that it is the end.
                workload::fill(&server, scale).await? + 1
            }
            Shape::Wide => wide(&server, scale).await?,
            Shape::Huge => huge(&server, scale).await?,
        };
        let status = server.query_strings("SHOW BINARY LOG STATUS").await?;
        let cell = |index: usize| status.first().and_then(|row| row.get(index)).cloned().flatten();
        let (Some(file), Some(end)) = (cell(0), cell(1).and_then(|end| end.parse().ok())) else {
            return Err(Error::new("the server does not say where its log ends"));
        };
        if !file.ends_with("000002") {
            return Err(Error::new(format!("the log goes on in {file}, and one file is read: make the scale smaller")));
        }
        Ok(Log { server, file, end, rows })
    }
}

/// Patterns are made up here and multiplied by the server.
async fn wide(server: &MysqlServer, scale: f64) -> Result<u64> {
    let mut random = Random::of_seed(SEED);
    let patterns: Vec<String> = (0..PATTERNS).map(|id| pattern(&mut random, id)).collect();
    let mut conn = server.connect().await?;
    conn.query_drop(format!("CREATE DATABASE {DATABASE}; USE {DATABASE}")).await?;
    conn.query_drop(format!("CREATE TABLE pattern {WIDE}; CREATE TABLE wide {WIDE}")).await?;
    conn.query_drop(format!("INSERT INTO pattern VALUES {}", patterns.join(","))).await?;
    conn.query_drop("FLUSH BINARY LOGS").await?;
    let (rows, mut written) = ((WIDE_ROWS * scale).ceil() as u64, 0);
    let others = "t,tu,s,m,i,iu,b,f,d,dc,dl,bt,y,da,ti,dt,ts,c,v,vb,tx,bl,e,st,j";
    while written < rows {
        let first = written % PATTERNS;
        let count = ROWS_PER_TRANSACTION.min(rows - written).min(PATTERNS - first);
        let (base, end) = (written - first, first + count);
        let chosen = format!("SELECT id + {base},{others} FROM pattern WHERE id >= {first} AND id < {end}");
        conn.query_drop(format!("INSERT INTO wide {chosen}")).await?;
        written += count;
    }
    let updated = rows / UPDATED_PART;
    for first in (0..updated).step_by(ROWS_PER_TRANSACTION as usize) {
        let end = updated.min(first + ROWS_PER_TRANSACTION);
        conn.query_drop(format!("UPDATE wide SET iu = iu ^ 1, d = d / 3 WHERE id >= {first} AND id < {end}")).await?;
    }
    conn.disconnect().await?;
    Ok(rows + updated)
}

fn pattern(random: &mut Random, id: u64) -> String {
    let signed = |random: &mut Random, bound: u64| random.below(bound) as i64 - (bound / 2) as i64;
    let hex = |random: &mut Random, words: usize| -> String {
        (0..words).map(|_| format!("{:016x}", random.below(u64::MAX))).collect()
    };
    let small = [
        signed(random, 256).to_string(),
        random.below(256).to_string(),
        signed(random, 65_536).to_string(),
        random.below(1 << 24).to_string(),
        signed(random, 1 << 32).to_string(),
        random.below(1 << 31).to_string(),
        signed(random, 1 << 63).to_string(),
        format!("{:.3}", signed(random, 1_000_000) as f64 / 997.0),
        format!("{:e}", signed(random, 1 << 53) as f64 / 1e7),
        format!("{}.{:06}", signed(random, 1 << 40), random.below(1_000_000)),
        format!("{}.{:018}", signed(random, 1 << 62), random.below(1_000_000_000_000_000_000)),
        random.below(1 << 17).to_string(),
        (1901 + random.below(250)).to_string(),
    ];
    let date = |random: &mut Random| {
        format!("{:04}-{:02}-{:02}", 1971 + random.below(60), 1 + random.below(12), 1 + random.below(28))
    };
    let clock = |random: &mut Random| {
        format!(
            "{:02}:{:02}:{:02}.{:06}",
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(1_000_000)
        )
    };
    let (a, b, c) = (date(random), date(random), date(random));
    let (k, l, m) = (clock(random), clock(random), clock(random));
    let json = format!(
        r#"{{"id": {id}, "name": "{}", "price": {}.25, "tags": ["{}", "{}"], "size": {{"w": {}, "h": {}}}, "ok": true}}"#,
        hex(random, 4),
        random.below(1_000_000),
        hex(random, 2),
        hex(random, 1),
        random.below(70_000),
        random.below(100)
    );
    format!(
        "({id},{},'{a}','{k}','{b} {l}','{c} {m}','{}','{}',UNHEX('{}'),'{}',UNHEX('{}'),{},{},'{json}')",
        small.join(","),
        hex(random, 1),
        hex(random, 10),
        hex(random, 12),
        hex(random, 25),
        hex(random, 40),
        1 + random.below(3),
        random.below(16),
    )
}

/// One statement makes them all.
async fn huge(server: &MysqlServer, scale: f64) -> Result<u64> {
    let rows = (HUGE_ROWS * scale).ceil() as u64;
    let sql = format!(
        "CREATE DATABASE {DATABASE}; USE {DATABASE};
         CREATE TABLE huge (id INT UNSIGNED NOT NULL PRIMARY KEY, k INT UNSIGNED NOT NULL, c CHAR(120) NOT NULL,
           pad CHAR(60) NOT NULL) ENGINE=InnoDB;
         FLUSH BINARY LOGS; SET cte_max_recursion_depth = {rows};
         INSERT INTO huge WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {rows})
           SELECT n, n * 7919 % 1000000, CONCAT_WS('-', SHA2(n, 256), LEFT(SHA2(-n, 256), 54)),
             LEFT(SHA2(n + 0.5, 256), 59) FROM number"
    );
    server.exec(&sql).await?;
    Ok(rows)
}
