//! Transactions as sysbench makes them.
//!
//! Phase one fills four tables by transactions of 100 rows; phase two changes one row a transaction: half of them
//! updates, a quarter insertions, a quarter deletions, over all tables at random. One connection writes them, so the log
//! is the same each time; MySQL's write sets let a replica apply them in parallel all the same.

use super::random::Random;
use super::{DATABASE, finish};
use mysql_async::prelude::Queryable;
use replicator_tests::{MysqlServer, Result};

const TABLES: usize = 4;

const ROWS_PER_FILLING: u64 = 100;
/// At `--scale 1`.
const FILLINGS: f64 = 2_000.0;
const CHANGES: f64 = 50_000.0;

const SEED: u64 = 20;

/// One round trip to the source carries so many transactions: filling should not take longer than what is measured.
const TRANSACTIONS_PER_REQUEST: usize = 100;

pub(super) fn schema() -> String {
    let table = |number: usize| {
        format!(
            "CREATE TABLE {DATABASE}.sbtest{number} (
               id INT UNSIGNED NOT NULL PRIMARY KEY, k INT UNSIGNED NOT NULL, c CHAR(120) NOT NULL,
               pad CHAR(60) NOT NULL, KEY (k)
             ) ENGINE=InnoDB;"
        )
    };
    (1..=TABLES).map(table).collect()
}

/// One transaction: a statement that commits by itself.
struct Transaction {
    sql: String,
    rows: u64,
}

/// The transactions of a size, in their order.
struct Workload {
    random: Random,
    fillings: u64,
    changes: u64,
    next_id: [u64; TABLES],
    /// The rows that are there, of each table.
    ids: [Vec<u64>; TABLES],
}

impl Workload {
    /// At scale 1: 2,000 transactions of 100 rows and 50,000 of one row.
    fn of_scale(scale: f64) -> Workload {
        let count = |at_one: f64| (at_one * scale).ceil() as u64;
        Workload {
            random: Random::of_seed(SEED),
            fillings: count(FILLINGS),
            changes: count(CHANGES),
            next_id: [1; TABLES],
            ids: Default::default(),
        }
    }

    fn new_row(&mut self, table: usize) -> String {
        let id = self.next_id[table];
        self.next_id[table] += 1;
        self.ids[table].push(id);
        let k = self.random.below(1_000_000);
        format!("({id},{k},'{}','{}')", digits(&mut self.random, 10), digits(&mut self.random, 5))
    }

    fn filling(&mut self) -> Transaction {
        let table = (self.fillings % TABLES as u64) as usize;
        let rows: Vec<String> = (0..ROWS_PER_FILLING).map(|_| self.new_row(table)).collect();
        let sql = format!("INSERT INTO {DATABASE}.sbtest{} VALUES {}", table + 1, rows.join(","));
        Transaction { sql, rows: ROWS_PER_FILLING }
    }

    fn change(&mut self) -> Transaction {
        let table = self.random.below(TABLES as u64) as usize;
        let name = format!("{DATABASE}.sbtest{}", table + 1);
        let there = self.ids[table].len() as u64;
        let chosen = self.random.below(there) as usize;
        let sql = match (self.random.below(8), self.ids[table].get(chosen).copied()) {
            (0 | 1, _) | (_, None) => format!("INSERT INTO {name} VALUES {}", self.new_row(table)),
            (2 | 3, Some(id)) => {
                self.ids[table].swap_remove(chosen);
                format!("DELETE FROM {name} WHERE id = {id}")
            }
            (4 | 5, Some(id)) => format!("UPDATE {name} SET k = k + 1 WHERE id = {id}"),
            (_, Some(id)) => format!("UPDATE {name} SET c = '{}' WHERE id = {id}", digits(&mut self.random, 10)),
        };
        Transaction { sql, rows: 1 }
    }
}

impl Iterator for Workload {
    type Item = Transaction;

    fn next(&mut self) -> Option<Transaction> {
        if self.fillings > 0 {
            self.fillings -= 1;
            return Some(self.filling());
        }
        self.changes = self.changes.checked_sub(1)?;
        Some(self.change())
    }
}

/// Answers the number of row changes, the last one's too.
pub(super) async fn fill(source: &MysqlServer, scale: f64) -> Result<u64> {
    let mut conn = source.connect().await?;
    conn.query_drop(format!("USE {DATABASE}")).await?;
    let mut rows = 1;
    let mut request = Vec::with_capacity(TRANSACTIONS_PER_REQUEST);
    for transaction in Workload::of_scale(scale) {
        rows += transaction.rows;
        request.push(transaction.sql);
        if request.len() == TRANSACTIONS_PER_REQUEST {
            conn.query_drop(request.join(";")).await?;
            request.clear();
        }
    }
    request.push(finish());
    conn.query_drop(request.join(";")).await?;
    conn.disconnect().await?;
    Ok(rows)
}

/// Groups of eleven digits, as sysbench has them: ten groups make 119 characters, five make 59.
fn digits(random: &mut Random, groups: usize) -> String {
    let groups: Vec<String> = (0..groups).map(|_| format!("{:011}", random.below(100_000_000_000))).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_log() {
        let (one, other) = (Workload::of_scale(0.01), Workload::of_scale(0.01));
        let (mut transactions, mut rows) = (0, 0);
        for (ours, theirs) in one.zip(other) {
            assert_eq!(ours.sql, theirs.sql);
            transactions += 1;
            rows += ours.rows;
        }
        assert_eq!((transactions, rows), (20 + 500, 20 * 100 + 500));
    }
}
