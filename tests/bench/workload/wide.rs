//! Rows of 26 columns of all types.

use super::random::Random;
use super::{DATABASE, finish};
use mysql_async::prelude::Queryable;
use replicator_tests::{MysqlServer, Result};

/// Rows that are made up one by one; the others are copies of them with other numbers.
const PATTERNS: u64 = 500;
const WIDE_ROWS: f64 = 60_000.0;
/// Every third row is updated later, so many a transaction.
const UPDATED_PART: u64 = 3;
const ROWS_PER_TRANSACTION: u64 = 31;

const SEED: u64 = 5;

const WIDE: &str = "(
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT UNSIGNED, i INT,
  iu INT UNSIGNED, b BIGINT, f FLOAT, d DOUBLE, dc DECIMAL(20,6), dl DECIMAL(65,30), bt BIT(17), y YEAR, da DATE,
  ti TIME(3), dt DATETIME(6), ts TIMESTAMP(3) NULL, c CHAR(20), v VARCHAR(255), vb VARBINARY(200), tx TEXT, bl BLOB,
  e ENUM('small','medium','large'), st SET('a','b','c','d'), j JSON
) ENGINE=InnoDB";

pub(super) fn schema() -> String {
    format!("CREATE TABLE {DATABASE}.pattern {WIDE}; CREATE TABLE {DATABASE}.wide {WIDE};")
}

/// Patterns are made up here and multiplied by the server. Answers the number of row changes.
pub(super) async fn fill(server: &MysqlServer, scale: f64) -> Result<u64> {
    let mut random = Random::of_seed(SEED);
    let patterns: Vec<String> = (0..PATTERNS).map(|id| pattern(&mut random, id)).collect();
    let mut conn = server.connect().await?;
    conn.query_drop(format!("USE {DATABASE}")).await?;
    conn.query_drop(format!("INSERT INTO pattern VALUES {}", patterns.join(","))).await?;
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
    conn.query_drop(finish()).await?;
    conn.disconnect().await?;
    Ok(PATTERNS + rows + updated + 1)
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
