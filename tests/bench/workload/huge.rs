//! Many rows in one transaction.

use super::{DATABASE, finish};
use replicator_tests::{MysqlServer, Result};

const ROWS: f64 = 200_000.0;

pub(super) fn schema() -> String {
    format!(
        "CREATE TABLE {DATABASE}.huge (id INT UNSIGNED NOT NULL PRIMARY KEY, k INT UNSIGNED NOT NULL, c CHAR(120) NOT NULL,
           pad CHAR(60) NOT NULL) ENGINE=InnoDB;"
    )
}

/// One statement makes them all. Answers the number of row changes.
pub(super) async fn fill(server: &MysqlServer, scale: f64) -> Result<u64> {
    let rows = (ROWS * scale).ceil() as u64;
    let sql = format!(
        "USE {DATABASE}; SET cte_max_recursion_depth = {rows};
         INSERT INTO huge WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {rows})
           SELECT n, n * 7919 % 1000000, CONCAT_WS('-', SHA2(n, 256), LEFT(SHA2(-n, 256), 54)),
             LEFT(SHA2(n + 0.5, 256), 59) FROM number; {}",
        finish()
    );
    server.exec(&sql).await?;
    Ok(rows + 1)
}
