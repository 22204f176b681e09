//! A shop under seeded, mixed transactions: the same on every server.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_tests::{MysqlServer, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The tables, in statements that every flavor understands alike.
pub(crate) const SCHEMA: &str = "
    CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
    CREATE TABLE shop.account (
      id INT NOT NULL PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4 NOT NULL, balance DECIMAL(12,2) NOT NULL,
      version INT UNSIGNED NOT NULL DEFAULT 0, note TEXT CHARACTER SET latin1, changed DATETIME(6)
    ) ENGINE=InnoDB;
    CREATE TABLE shop.orders (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, account INT NOT NULL, total DOUBLE, state ENUM('new','paid','sent') NOT NULL,
      marks SET('a','b','c'), raw VARBINARY(30), made TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), span TIME(2), PRIMARY KEY (id), KEY (account)
    ) ENGINE=InnoDB;
    CREATE TABLE shop.event (kind SMALLINT, what VARCHAR(20) CHARACTER SET utf8mb4, amount FLOAT) ENGINE=InnoDB;
    CREATE TABLE shop.pair (a BINARY(4) NOT NULL, b CHAR(5) CHARACTER SET utf8mb4 NOT NULL, n BIT(9), y YEAR, d DATE, PRIMARY KEY (a, b)) ENGINE=InnoDB;
";

/// How many accounts there are.
pub(crate) const ACCOUNTS: u64 = 200;

/// Makes the tables, on a source or a target.
pub(crate) async fn create_schema(server: &MysqlServer) -> Result<()> {
    server.exec(SCHEMA).await
}

/// Puts the accounts there.
pub(crate) async fn fill(server: &MysqlServer) -> Result<()> {
    let rows: Vec<String> = (0..ACCOUNTS).map(|id| format!("({id},'n{id}',100,0,NULL,NULL)")).collect();
    server.exec(&format!("INSERT INTO shop.account VALUES {}", rows.join(","))).await
}

/// A small generator (xorshift64*, Vigna 2016): the tests' only randomness.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound.max(1)
    }
}

/// One transaction's statements.
pub(crate) fn transaction(random: &mut Random) -> Vec<String> {
    (0..1 + random.below(4)).map(|_| statement(random)).collect()
}

fn statement(random: &mut Random) -> String {
    let account = random.below(ACCOUNTS);
    match random.below(12) {
        0..=3 => format!(
            "UPDATE shop.account SET balance = balance + {}.{:02}, version = version + 1, changed = NOW(6) WHERE id = {account}",
            random.below(100) as i64 - 50,
            random.below(100)
        ),
        4 => format!(
            "UPDATE shop.account SET name = 'näme-{}', note = 'caf\u{e9} {}', version = version + 1 WHERE id = {account}",
            random.below(1000),
            random.below(9)
        ),
        5..=7 => format!(
            "INSERT INTO shop.orders (account, total, state, marks, raw, span) VALUES ({account}, {} / 7, {}, 'a,c', x'00ff{:02x}00', '-{}:00:01.25')",
            random.below(100_000),
            1 + random.below(3),
            random.below(256),
            random.below(800)
        ),
        8 => format!(
            "UPDATE shop.orders SET state = 'sent', total = total * 1.1 WHERE account = {account} ORDER BY id DESC LIMIT 2"
        ),
        9 => format!("DELETE FROM shop.orders WHERE account = {account} ORDER BY id LIMIT 1"),
        10 => match random.below(3) {
            0 => format!(
                "INSERT INTO shop.event VALUES ({}, 'e{}', {}.5), (NULL, NULL, NULL)",
                random.below(9),
                random.below(5),
                random.below(9)
            ),
            1 => format!("UPDATE shop.event SET amount = 0.1 WHERE kind = {} LIMIT 1", random.below(9)),
            _ => format!("DELETE FROM shop.event WHERE kind = {} LIMIT 1", random.below(9)),
        },
        _ => match random.below(3) {
            0 => format!(
                "REPLACE INTO shop.pair VALUES (x'{:02x}', 'k{}', {}, {}, '20{:02}-02-03')",
                random.below(4),
                random.below(4),
                random.below(512),
                if random.below(5) == 0 { 0 } else { 2000 + random.below(99) },
                random.below(99)
            ),
            1 => format!(
                "UPDATE shop.pair SET a = x'{:02x}00000{}' WHERE b = 'k{}' LIMIT 1",
                random.below(99),
                random.below(9),
                random.below(4)
            ),
            _ => format!("DELETE FROM shop.pair WHERE b = 'k{}' LIMIT 1", random.below(4)),
        },
    }
}

/// Runs transactions one after another on one connection. Deadlocks and duplicate keys roll back and go on.
pub(crate) async fn run(conn: &mut Conn, random: &mut Random, count: u64) -> Result<u64> {
    let mut committed = 0;
    for _ in 0..count {
        committed += u64::from(run_one(conn, random).await?);
    }
    Ok(committed)
}

async fn run_one(conn: &mut Conn, random: &mut Random) -> Result<bool> {
    conn.query_drop("BEGIN").await?;
    for sql in transaction(random) {
        if let Err(error) = conn.query_drop(&sql).await {
            return match error {
                mysql_async::Error::Server(error) if matches!(error.code, 1062 | 1205 | 1213) => {
                    conn.query_drop("ROLLBACK").await?;
                    Ok(false)
                }
                error => Err(error.into()),
            };
        }
    }
    // Some transactions are rolled back on purpose: nothing of them may arrive.
    if random.below(20) == 0 {
        conn.query_drop("ROLLBACK").await?;
        return Ok(false);
    }
    conn.query_drop("COMMIT").await?;
    Ok(true)
}

/// Writers at work in the background. They ride out restarts of the server.
pub(crate) struct Writers {
    stop: Arc<AtomicBool>,
    committed: Arc<AtomicU64>,
    workers: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Starts so many connections, each pausing `pause` between transactions.
    pub(crate) fn start(server: &MysqlServer, connections: u64, pause: Duration) -> Writers {
        let (stop, committed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let options: mysql_async::Opts = mysql_async::OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(server.port())
            .user(Some(server.user()))
            .pass(Some(server.password()))
            .prefer_socket(false)
            .into();
        let workers = (0..connections)
            .map(|seed| {
                let (stop, committed, options) = (Arc::clone(&stop), Arc::clone(&committed), options.clone());
                tokio::spawn(async move {
                    let mut random = Random::new(seed + 1);
                    while !stop.load(Ordering::Relaxed) {
                        let Ok(mut conn) = Conn::new(options.clone()).await else {
                            tokio::time::sleep(Duration::from_millis(200)).await;
                            continue;
                        };
                        while !stop.load(Ordering::Relaxed) {
                            match run_one(&mut conn, &mut random).await {
                                Ok(done) => committed.fetch_add(u64::from(done), Ordering::Relaxed),
                                Err(_) => break,
                            };
                            tokio::time::sleep(pause).await;
                        }
                    }
                })
            })
            .collect();
        Writers { stop, committed, workers }
    }

    /// Stops them and answers how many transactions they saw committed.
    pub(crate) async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.unwrap();
        }
        self.committed.load(Ordering::Relaxed)
    }
}
