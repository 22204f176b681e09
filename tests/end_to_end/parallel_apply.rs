//! A backlog is written over several connections at the same time, and a reader of the target sees only what the
//! source once was.

use crate::cluster::{Cluster, copy_task};
use crate::workload::Random;
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

const SCHEMA: &str = "
    CREATE DATABASE bank;
    CREATE TABLE bank.account (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB;
    CREATE TABLE bank.seat (id INT PRIMARY KEY, guest INT NULL, UNIQUE KEY (guest)) ENGINE=InnoDB;
    CREATE TABLE bank.name (name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, n INT) ENGINE=InnoDB;
    CREATE TABLE bank.parent (id INT PRIMARY KEY, v INT) ENGINE=InnoDB;
    CREATE TABLE bank.child (id INT PRIMARY KEY, parent INT NOT NULL,
      FOREIGN KEY (parent) REFERENCES bank.parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
    CREATE TABLE bank.keyless (v INT, w INT) ENGINE=InnoDB;
    CREATE TABLE bank.history (id INT AUTO_INCREMENT PRIMARY KEY, account INT NOT NULL, amount INT NOT NULL,
      pad CHAR(120) NOT NULL, KEY (account)) ENGINE=InnoDB;
";

pub(crate) const ACCOUNTS: u64 = 50;
const MONEY: u64 = 1_000 * ACCOUNTS;

/// Over how many connections.
const CONNECTIONS: [u32; 3] = [1, 4, 16];

pub(crate) fn transaction(random: &mut Random) -> Vec<String> {
    let (one, other, amount) = (random.below(ACCOUNTS), random.below(ACCOUNTS), random.below(90));
    let name = ["ann", "ANN", "\u{e4}nn", "Ben", "ben ", "zoe"][random.below(6) as usize];
    match random.below(10) {
        0..=4 => vec![
            format!("UPDATE account SET balance = balance - {amount} WHERE id = {one}"),
            format!("INSERT INTO history (account, amount, pad) VALUES ({one}, -{amount}, REPEAT('x', {amount}))"),
            format!("UPDATE account SET balance = balance + {amount} WHERE id = {other}"),
            format!("INSERT INTO history (account, amount, pad) VALUES ({other}, {amount}, '')"),
        ],
        // Guests change seats: by way of nobody, or by another row with their number.
        5 => vec![
            format!("UPDATE seat SET guest = NULL WHERE id = {one} OR guest = {amount}"),
            format!("UPDATE seat SET guest = {amount} WHERE id = {one}"),
        ],
        6 => vec![
            format!("DELETE FROM seat WHERE id = {one} OR guest = {amount}"),
            format!("INSERT INTO seat VALUES ({one}, {amount})"),
        ],
        7 => vec![
            format!("DELETE FROM name WHERE name = '{name}'"),
            format!("INSERT INTO name VALUES ('{name}', {amount})"),
        ],
        8 => match random.below(3) {
            0 => vec![format!("INSERT INTO parent VALUES ({}, {amount})", one % 12)],
            1 => vec![format!("INSERT INTO child VALUES ({}, {})", amount, one % 12)],
            _ => vec![format!("DELETE FROM parent WHERE id = {}", one % 12)],
        },
        _ => match random.below(3) {
            0 => vec![format!("DELETE FROM keyless WHERE v = {} LIMIT 1", one % 5)],
            1 => vec![format!("UPDATE keyless SET w = w + 1 WHERE v = {} LIMIT 1", one % 5)],
            _ => vec![format!("INSERT INTO keyless VALUES ({0}, 0), ({0}, 0)", one % 5)],
        },
    }
}

pub(crate) async fn write(source: &MysqlServer, seed: u64, transactions: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut conn = source.connect().await?;
    conn.query_drop("USE bank").await?;
    for _ in 0..transactions {
        conn.query_drop("BEGIN").await?;
        let mut outcome = Ok(());
        for sql in transaction(&mut random) {
            outcome = outcome.and(conn.query_drop(sql).await);
        }
        conn.query_drop(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    }
    conn.disconnect().await?;
    Ok(())
}

/// Reads what is true at the source after every transaction, again and again.
pub(crate) struct Observer {
    stop: Arc<AtomicBool>,
    worker: JoinHandle<(u64, Vec<String>)>,
}

/// Each answers a row where it is violated.
const INVARIANTS: [&str; 3] = [
    "SELECT 'money', COUNT(*), SUM(balance) FROM bank.account HAVING COUNT(*) > 0 AND SUM(balance) <> {MONEY}",
    "SELECT 'history', a.id, a.balance FROM bank.account a LEFT JOIN
       (SELECT account, SUM(amount) AS amount FROM bank.history GROUP BY account) h ON h.account = a.id
     WHERE a.balance <> 1000 + COALESCE(h.amount, 0)",
    "SELECT 'orphan', c.id, c.parent FROM bank.child c LEFT JOIN bank.parent p ON p.id = c.parent WHERE p.id IS NULL",
];

/// What is violated now.
async fn look(conn: &mut mysql_async::Conn) -> mysql_async::Result<Vec<String>> {
    let mut violated = Vec::new();
    for invariant in INVARIANTS {
        let sql = invariant.replace("{MONEY}", &MONEY.to_string());
        let rows: Vec<(String, i64, Option<i64>)> = conn.query(sql).await?;
        violated.extend(rows.into_iter().map(|row| format!("{row:?}")));
    }
    Ok(violated)
}

impl Observer {
    pub(crate) async fn start(target: &MysqlServer) -> Result<Self> {
        let options: mysql_async::Opts = target.connect().await?.opts().clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let worker = tokio::spawn(async move {
            let (mut looks, mut violated) = (0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                // The server may be restarted under it.
                let Ok(mut conn) = mysql_async::Conn::new(options.clone()).await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                while !stopped.load(Ordering::Relaxed)
                    && let Ok(seen) = look(&mut conn).await
                {
                    violated.extend(seen);
                    looks += INVARIANTS.len() as u64;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            (looks, violated)
        });
        Ok(Self { stop, worker })
    }

    pub(crate) async fn check(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (looks, violated) = self.worker.await.unwrap();
        assert!(violated.is_empty(), "seen on the target, and never on the source: {violated:?}");
        assert!(looks > 0, "it never looked");
    }
}

pub(crate) struct Field {
    pub(crate) source: MysqlServer,
    pub(crate) target: MysqlServer,
    pub(crate) cluster: Cluster,
}

impl Field {
    pub(crate) async fn set_up(source: Flavor, target: Flavor) -> Result<Self> {
        let (source, target, cluster) =
            tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
        source.exec(SCHEMA).await?;
        target.exec(SCHEMA).await?;
        Ok(Self { source, target, cluster })
    }

    /// A task over so many connections, of small groups, so that many are under way.
    pub(crate) fn spec(&self, connections: u32) -> String {
        let limits = format!("connections = {connections}\ncommit_rows_max = 25\n[pipe]");
        copy_task("copy", &self.source, &self.target, "").replace("shop.*", "bank.*").replace("[pipe]", &limits)
    }

    pub(crate) async fn create(&self) -> Result<TaskName> {
        let task = self.cluster.create(&self.spec(1)).await;
        self.cluster.wait_for_stage(&task, Stage::Streaming).await?;
        let accounts: Vec<String> = (0..ACCOUNTS).map(|id| format!("({id}, 1000)")).collect();
        self.source.exec(&format!("INSERT INTO bank.account VALUES {}", accounts.join(","))).await?;
        self.cluster.wait_for_copy(&task, &self.source, &self.target, "bank").await?;
        Ok(task)
    }
}

async fn applies(source: Flavor, target: Flavor) -> Result<()> {
    let field = Field::set_up(source, target).await?;
    let task = field.create().await?;
    for (seed, connections) in CONNECTIONS.into_iter().enumerate() {
        field.cluster.stop(&task).await?;
        field.cluster.update(&task, &field.spec(connections)).await;
        write(&field.source, seed as u64, 1_500).await?;
        let observer = Observer::start(&field.target).await?;
        field.cluster.order(&task, DesiredState::Running).await;
        let status = field.cluster.wait_for_copy(&task, &field.source, &field.target, "bank").await?;
        assert_eq!(status.retries, 0, "over {connections} connections: {status:?}\n{}", field.cluster.logs());
        observer.check().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_written_over_many_connections_to_mysql_97() -> Result<()> {
    applies(Flavor::MySql97, Flavor::MySql97).await
}
