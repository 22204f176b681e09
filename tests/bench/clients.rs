//! How fast the target takes the same statements from ordinary clients: nothing reads a log, keeps a position or keeps
//! the order between tables, so no replicator reaches it while it runs the statements one by one.

use crate::workload::{TABLES, Workload, finish};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, MysqlServer, Result};
use tokio::task::JoinSet;

/// One-row statements of one transaction, and of one round trip.
const STATEMENTS_PER_TRANSACTION: usize = 100;

/// A connection a table, and what each is to run.
pub(crate) struct Clients {
    waiting: Vec<(Conn, Vec<String>)>,
    running: JoinSet<Result<()>>,
    last: Option<Conn>,
}

impl Clients {
    /// Connects, and keeps all statements in memory.
    pub(crate) async fn prepare(target: &MysqlServer, scale: f64) -> Result<Clients> {
        let mut requests: [Vec<String>; TABLES] = Default::default();
        let mut open: [Vec<String>; TABLES] = Default::default();
        for transaction in Workload::of_scale(scale) {
            let (requests, open) = (&mut requests[transaction.table], &mut open[transaction.table]);
            if transaction.rows > 1 {
                requests.push(transaction.sql);
                continue;
            }
            open.push(transaction.sql);
            if open.len() == STATEMENTS_PER_TRANSACTION {
                requests.push(in_one_transaction(open));
            }
        }
        let mut waiting = Vec::new();
        for (mut requests, mut open) in requests.into_iter().zip(open) {
            if !open.is_empty() {
                requests.push(in_one_transaction(&mut open));
            }
            waiting.push((target.connect().await?, requests));
        }
        Ok(Clients { waiting, running: JoinSet::new(), last: Some(target.connect().await?) })
    }

    pub(crate) fn start(&mut self) {
        for (mut conn, requests) in self.waiting.drain(..) {
            self.running.spawn(async move {
                for request in requests {
                    conn.query_drop(request).await?;
                }
                Ok(conn.disconnect().await?)
            });
        }
    }

    /// Waits for all of them, and says so in the table that everybody waits for.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        while let Some(client) = self.running.join_next().await {
            client.map_err(|error| Error::new(format!("a client has ended: {error}")))??;
        }
        if let Some(mut conn) = self.last.take() {
            conn.query_drop(finish()).await?;
        }
        Ok(())
    }
}

fn in_one_transaction(statements: &mut Vec<String>) -> String {
    format!("BEGIN;{};COMMIT", std::mem::take(statements).join(";"))
}
