//! A Core that is killed just before the target gets a command, or just after it has answered it: at each command of a
//! backlog that has all kinds of changes in it. Nothing is lost, nothing comes twice.
//!
//! `REPLICATOR_FAULT_POINTS` is how many commands lie between two that are tried: 1 tries all.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, Moment, MysqlServer, Relay, Result};
use std::time::Duration;

/// A few of them, so that it does not take long.
const STEP: u64 = 37;

/// What a whole backlog takes, at least: fewer would mean that the commands are not seen.
const COMMANDS_MIN: u64 = 40;

const SCHEMA: &str = "CREATE DATABASE shop;
    CREATE TABLE shop.item (id INT PRIMARY KEY, n INT NOT NULL, name VARCHAR(300), UNIQUE KEY (n)) ENGINE=InnoDB;
    CREATE TABLE shop.counter (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB;
    CREATE TABLE shop.keyless (v INT, w INT) ENGINE=InnoDB;
    INSERT INTO shop.counter VALUES (1, 0);";

fn step() -> u64 {
    std::env::var("REPLICATOR_FAULT_POINTS").ok().and_then(|step| step.parse().ok()).unwrap_or(STEP)
}

/// Small transactions, a schema change between them, a large transaction that flows in parts, values that are exchanged.
async fn backlog(source: &MysqlServer, round: u64) -> Result<()> {
    let mut conn = source.connect().await?;
    conn.query_drop("USE shop").await?;
    let first = round * 1_000;
    for row in 0..30 {
        let id = first + row;
        conn.query_drop(format!(
            "BEGIN; INSERT INTO item (id, n, name) VALUES ({id}, {id}, 'x'); UPDATE counter SET n = n + 1; COMMIT"
        ))
        .await?;
    }
    let change = if round.is_multiple_of(2) { "ADD COLUMN more INT DEFAULT 7" } else { "DROP COLUMN more" };
    conn.query_drop(format!("ALTER TABLE item {change}")).await?;
    let rows: Vec<String> = (100..400).map(|row| format!("({0}, {0}, REPEAT('y', 200))", first + row)).collect();
    conn.query_drop(format!("INSERT INTO item (id, n, name) VALUES {}", rows.join(","))).await?;
    for sql in [
        format!("BEGIN; UPDATE item SET n = -1 WHERE id = {first}; UPDATE item SET n = {first} WHERE id = {first} + 1"),
        format!("UPDATE item SET n = {first} + 1 WHERE id = {first}; UPDATE counter SET n = n + 1; COMMIT"),
        format!("INSERT INTO keyless VALUES ({round}, 0), ({round}, 0); UPDATE keyless SET w = w + 1 LIMIT 1"),
        format!("DELETE FROM item WHERE id BETWEEN {first} + 100 AND {first} + 395; UPDATE counter SET n = n + 1"),
    ] {
        conn.query_drop(sql).await?;
    }
    conn.disconnect().await?;
    Ok(())
}

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    relay: Relay,
    task: TaskName,
    rounds: u64,
}

impl Field {
    async fn set_up(source: Flavor, target: Flavor) -> Result<Self> {
        let (source, target, cluster) =
            tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
        source.exec(SCHEMA).await?;
        target.exec(SCHEMA).await?;
        let relay = Relay::start(target.port()).await?;
        let port = |port: u16| format!("port = {port}");
        let spec = copy_task("copy", &source, &target, "")
            .replace(&port(target.port()), &port(relay.port()))
            .replace("[pipe]", "commit_rows_max = 40\ncommit_bytes_max = \"16KiB\"\n[pipe]");
        let task = cluster.create(&spec).await;
        cluster.wait_for_stage(&task, Stage::Streaming).await?;
        Ok(Self { source, target, cluster, relay, task, rounds: 0 })
    }

    /// Kills the Core at this command of a new backlog. Answers whether there were so many.
    async fn strike(&mut self, command: u64, moment: Moment) -> Result<bool> {
        self.cluster.stop(&self.task).await?;
        backlog(&self.source, self.rounds).await?;
        self.rounds += 1;
        self.relay.arm(command, moment);
        self.cluster.order(&self.task, DesiredState::Running).await;
        let equal = crate::cluster::wait_for_equal(&self.source, &self.target, "shop", Duration::from_secs(60));
        let is_struck = tokio::select! {
            biased;
            () = self.relay.held() => true,
            equal = equal => {
                equal.unwrap_or_else(|error| panic!("{moment:?} {command}: {error}\n{}", self.cluster.logs()));
                false
            }
        };
        self.relay.disarm();
        if is_struck {
            self.cluster.cores[0].kill9().await;
            self.cluster.cores[0].start_again()?;
        }
        let copied = self.cluster.wait_for_copy(&self.task, &self.source, &self.target, "shop").await;
        copied.map(|_| is_struck)
    }
}

async fn withstands(source: Flavor, target: Flavor) -> Result<()> {
    let mut field = Field::set_up(source, target).await?;
    // Commands are not the same each time: which one is struck first is no matter.
    let mut command = 1 + step() / 3;
    loop {
        let mut is_struck = false;
        for moment in [Moment::Before, Moment::After] {
            is_struck |= field.strike(command, moment).await?;
        }
        if !is_struck {
            break;
        }
        command += step();
    }
    assert!(field.relay.commands() >= COMMANDS_MIN, "{} commands", field.relay.commands());
    println!("{command} commands, {} backlogs", field.rounds);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_is_killed_at_each_command_to_mysql_97() -> Result<()> {
    withstands(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_is_killed_at_each_command_to_mariadb_118() -> Result<()> {
    withstands(Flavor::MariaDb1011, Flavor::MariaDb118).await
}
