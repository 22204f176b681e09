//! What is measured: the systems that bring a source's changes to a target.

use crate::clients::{CLIENTS, Clients};
use crate::native::Native;
use crate::ours::Ours;
use crate::workload::DATABASE;
use clap::ValueEnum;
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, MysqlServer, Result};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the target is asked whether the last transaction is there. It bounds how exact wall seconds are.
const FINISHED_POLL: Duration = Duration::from_millis(10);

/// How often a system is asked whether it has failed.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Of the native replica in targets of other systems. MySQL's default.
const WORKERS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    /// The replicator: a Core over a ZooKeeper, with a task whose settings are the defaults
    Replicator,
    /// The target's own replication, one worker
    #[value(name = "native-1")]
    Native1,
    /// The same with four workers that keep the commit order
    #[value(name = "native-4")]
    Native4,
    /// The same with eight
    #[value(name = "native-8")]
    Native8,
    /// The final rows from four ordinary clients; catch-up only
    Clients,
}

impl System {
    pub(crate) const ALL: [System; 5] =
        [System::Replicator, System::Native1, System::Native4, System::Native8, System::Clients];

    /// As figures call it.
    pub(crate) fn label(self) -> String {
        match (self, self.native_workers()) {
            (_, Some(1)) => "native replica 1 worker".into(),
            (_, Some(workers)) => format!("native replica {workers} workers"),
            (System::Clients, _) => format!("limit: {CLIENTS} SQL clients"),
            _ => "replicator".into(),
        }
    }

    fn native_workers(self) -> Option<u32> {
        match self {
            System::Native1 => Some(1),
            System::Native4 => Some(4),
            System::Native8 => Some(8),
            System::Replicator | System::Clients => None,
        }
    }

    pub(crate) fn is_native(self) -> bool {
        self.native_workers().is_some()
    }

    /// Workers of the native replica that the target is started with.
    pub(crate) fn workers(self) -> u32 {
        self.native_workers().unwrap_or(WORKERS)
    }

    /// Makes it ready to go on behind the transactions in `applied`; nothing flows yet. Clients don't read the log: they
    /// write what the source has now.
    pub(crate) async fn prepare(self, source: &MysqlServer, target: &MysqlServer, applied: &str) -> Result<Carrier> {
        Ok(match self {
            System::Replicator => Carrier::Replicator(Box::new(Ours::prepare(source, target, applied).await?)),
            System::Native1 | System::Native4 | System::Native8 => {
                Carrier::Native(Native::prepare(source, target, applied).await?)
            }
            System::Clients => Carrier::Clients(Clients::prepare(source, target).await?),
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

    /// Target transactions that became durable, where the system counts them.
    pub(crate) async fn commits(&self) -> Result<Option<u64>> {
        match self {
            Carrier::Replicator(ours) => ours.commits().await.map(Some),
            Carrier::Native(_) | Carrier::Clients(_) => Ok(None),
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
