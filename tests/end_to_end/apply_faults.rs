//! Whatever happens to a backlog while it is written over several connections, the target ends up equal, and at no
//! moment shows what the source never was.
//!
//! `REPLICATOR_FAULTS` is how often each kind of fault happens, once by default.

use crate::parallel_apply::{Field, Observer, write};
use crate::workload::Random;
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

fn faults() -> u64 {
    std::env::var("REPLICATOR_FAULTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1)
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillCore,
    KillTarget,
    /// All connections of the replicator at the target.
    KillConnections,
    /// Another client locks rows for a while.
    LockRows,
    /// Another client locks rows in another order, until one of both is rolled back.
    Deadlock,
}

const FAULTS: [Fault; 5] =
    [Fault::KillCore, Fault::KillTarget, Fault::KillConnections, Fault::LockRows, Fault::Deadlock];

async fn strike(field: &mut Field, fault: Fault, random: &mut Random) -> Result<()> {
    match fault {
        Fault::KillCore => {
            field.cluster.cores[0].kill9().await;
            field.cluster.cores[0].start_again()?;
        }
        Fault::KillTarget => {
            field.target.kill9().await;
            field.target.restart().await?;
        }
        Fault::KillConnections => {
            let sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB IS NULL AND COMMAND <> 'Daemon'
                         AND ID <> CONNECTION_ID() AND USER NOT IN ('event_scheduler', 'system user')";
            for row in field.target.query_strings(sql).await? {
                // Some end by themselves meanwhile.
                let _gone = field.target.exec(&format!("KILL {}", row[0].as_deref().unwrap_or_default())).await;
            }
        }
        Fault::LockRows => {
            let mut conn = client(&field.target).await?;
            let from = random.below(40);
            // Another connection may be the one that waits too long.
            let sql = format!("SELECT * FROM account WHERE id BETWEEN {from} AND {} FOR UPDATE", from + 9);
            let _locked = conn.query_drop(sql).await;
            tokio::time::sleep(Duration::from_millis(1_500 + random.below(2_000))).await;
            conn.disconnect().await?;
        }
        Fault::Deadlock => {
            let mut conn = client(&field.target).await?;
            for _ in 0..20 {
                let first = random.below(25);
                for id in [49 - first, first] {
                    // Whoever is rolled back: nothing was written.
                    let _rolled_back =
                        conn.query_drop(format!("SELECT * FROM account WHERE id = {id} FOR UPDATE")).await;
                    tokio::time::sleep(Duration::from_millis(random.below(20))).await;
                }
                conn.query_drop("ROLLBACK").await?;
            }
            conn.disconnect().await?;
        }
    }
    Ok(())
}

/// In a transaction, patient for a second.
async fn client(target: &MysqlServer) -> Result<mysql_async::Conn> {
    let mut conn = target.connect().await?;
    conn.query_drop("USE bank").await?;
    conn.query_drop("SET SESSION innodb_lock_wait_timeout = 1, autocommit = 0").await?;
    Ok(conn)
}

async fn withstands(source: Flavor, target: Flavor) -> Result<()> {
    let mut field = Field::set_up(source, target).await?;
    let task = field.create().await?;
    field.cluster.update(&task, &field.spec(4)).await;
    let mut random = Random::new(7);
    for round in 0..faults() * FAULTS.len() as u64 {
        let fault = FAULTS[(round % FAULTS.len() as u64) as usize];
        field.cluster.stop(&task).await?;
        write(&field.source, 100 + round, 400).await?;
        let observer = Observer::start(&field.target).await?;
        field.cluster.order(&task, DesiredState::Running).await;
        tokio::time::sleep(Duration::from_millis(random.below(700))).await;
        strike(&mut field, fault, &mut random).await?;
        let equal = eventually("the target is equal", Duration::from_secs(90), async || {
            let status = field.cluster.status(&task).await;
            match &status {
                Some(status) if status.stage == Stage::Streaming && status.lag_seconds == Some(0.0) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        equal.await.unwrap_or_else(|error| panic!("{fault:?} of round {round}: {error}\n{}", field.cluster.logs()));
        field.cluster.wait_for_equal(&field.source, &field.target, "bank").await?;
        observer.check().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_while_a_backlog_goes_to_mysql_97() -> Result<()> {
    withstands(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_while_a_backlog_goes_to_mariadb() -> Result<()> {
    withstands(Flavor::MariaDb1011, Flavor::MariaDb118).await
}
