//! What is measured: the systems that bring a source's changes to a target.

use crate::clients::Clients;
use crate::native::Native;
use crate::ours::Ours;
use crate::servers::NATIVE_WORKERS;
use crate::workload::{DATABASE, TABLES};
use clap::ValueEnum;
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, MysqlServer, Result};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the target is asked whether the last transaction is there. It bounds how exact wall seconds are.
const FINISHED_POLL: Duration = Duration::from_millis(10);

/// How often a system is asked whether it has failed.
const CHECK_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    /// The replicator: a Core over a ZooKeeper, with a task whose settings are the defaults
    Replicator,
    /// MySQL's own replication, four workers that keep the commit order
    Native,
    /// The same statements by ordinary clients, one connection a table; catch-up only
    Clients,
}

impl System {
    /// As figures call it.
    pub(crate) fn label(self) -> String {
        match self {
            System::Replicator => "replicator".into(),
            System::Native => format!("native replica {NATIVE_WORKERS} workers"),
            System::Clients => format!("limit: {TABLES} SQL clients"),
        }
    }

    /// Makes it ready to go on behind the transactions in `applied`; nothing flows yet. Clients don't read the source:
    /// they run the workload of `scale`.
    pub(crate) async fn prepare(
        self,
        source: &MysqlServer,
        target: &MysqlServer,
        applied: &str,
        scale: f64,
    ) -> Result<Carrier> {
        Ok(match self {
            System::Replicator => Carrier::Replicator(Box::new(Ours::prepare(source, target, applied).await?)),
            System::Native => Carrier::Native(Native::prepare(source, target, applied).await?),
            System::Clients => Carrier::Clients(Clients::prepare(target, scale).await?),
        })
    }
}

/// A system that is ready, or running.
pub(crate) enum Carrier {
    Replicator(Box<Ours>),
    Native(Native),
    Clients(Clients),
}

impl Carrier {
    pub(crate) async fn start(&mut self) -> Result<()> {
        match self {
            Carrier::Replicator(ours) => ours.start().await,
            Carrier::Native(native) => native.start().await,
            Carrier::Clients(clients) => {
                clients.start();
                Ok(())
            }
        }
    }

    /// # Errors
    /// When it does not run any more, with its reason.
    pub(crate) async fn check(&mut self) -> Result<()> {
        match self {
            Carrier::Replicator(ours) => ours.check().await,
            Carrier::Native(native) => native.check().await,
            Carrier::Clients(_) => Ok(()),
        }
    }

    /// Waits until the source's last transaction is visible at the target. All systems make transactions visible in the
    /// source's order, so everything is there then.
    pub(crate) async fn wait_until_finished(&mut self, target: &MysqlServer, timeout: Duration) -> Result<()> {
        if let Carrier::Clients(clients) = self {
            clients.finish().await?;
        }
        let mut conn = target.connect().await?;
        let statement = conn.prep(format!("SELECT id FROM {DATABASE}.finished LIMIT 1")).await?;
        let deadline = Instant::now() + timeout;
        let mut next_check = Instant::now() + CHECK_EVERY;
        while conn.exec_first::<u32, _, _>(&statement, ()).await?.is_none() {
            if Instant::now() >= next_check {
                self.check().await?;
                next_check = Instant::now() + CHECK_EVERY;
            }
            if Instant::now() >= deadline {
                return Err(Error::new(format!("the target has not got everything after {timeout:?}")));
            }
            sleep(FINISHED_POLL).await;
        }
        Ok(conn.disconnect().await?)
    }
}
