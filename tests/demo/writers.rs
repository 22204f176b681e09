//! The shop's customers: connections that write to the source at a steady rate.

use crate::arguments::Arguments;
use crate::screen::counted;
use crate::shop::{self, Random};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, MysqlServer, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Errors after which a transaction is given up and the next one begun: two that waited for each other.
const LOST_TO_ANOTHER: [u16; 2] = [1205, 1213];

/// What has been committed at the source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) transactions: u64,
    pub(crate) rows: u64,
}

impl Written {
    pub(crate) fn in_words(self) -> String {
        format!("{} transactions with {} rows were committed", counted(self.transactions), counted(self.rows))
    }
}

#[derive(Default)]
struct Counters {
    transactions: AtomicU64,
    rows: AtomicU64,
}

/// Connections at work.
pub(crate) struct Writers {
    stop: CancellationToken,
    counters: Arc<Counters>,
    workers: Vec<JoinHandle<Result<()>>>,
}

impl Writers {
    /// Fills the shop and opens it.
    pub(crate) async fn start(source: &MysqlServer, arguments: &Arguments) -> Result<Writers> {
        let (stop, counters) = (CancellationToken::new(), Arc::new(Counters::default()));
        let mut conn = source.connect().await?;
        for statement in shop::opening(arguments.seed) {
            conn.query_drop(statement).await?;
            counters.add(conn.affected_rows());
        }
        let pause = Duration::from_secs_f64(arguments.connections as f64 / arguments.rate as f64);
        let mut workers = Vec::new();
        for number in 0..arguments.connections {
            let random = Random::new(arguments.seed.wrapping_add(number + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
            let mut conn = source.connect().await?;
            // As most shops do: the fewest locks, so the fewest that wait for each other.
            conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
            workers.push(tokio::spawn(write(conn, random, pause, Arc::clone(&counters), stop.clone())));
        }
        Ok(Writers { stop, counters, workers })
    }

    pub(crate) fn written(&self) -> Written {
        self.counters.written()
    }

    /// # Errors
    /// When one of them has ended by itself; why.
    pub(crate) async fn check_running(&mut self) -> Result<()> {
        let Some(ended) = self.workers.iter().position(JoinHandle::is_finished) else { return Ok(()) };
        let why = match self.workers.swap_remove(ended).await {
            Ok(Ok(())) => "it was not asked to".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Err(Error::new(format!("a writer has ended: {why}")))
    }

    /// Lets each finish its transaction.
    pub(crate) async fn stop(self) -> Result<Written> {
        self.stop.cancel();
        for worker in self.workers {
            worker.await.map_err(|error| Error::new(format!("a writer broke off: {error}")))??;
        }
        Ok(self.counters.written())
    }
}

impl Counters {
    fn written(&self) -> Written {
        let (transactions, rows) = (&self.transactions, &self.rows);
        Written { transactions: transactions.load(Ordering::Relaxed), rows: rows.load(Ordering::Relaxed) }
    }

    fn add(&self, rows: u64) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

async fn write(
    mut conn: Conn,
    mut random: Random,
    pause: Duration,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> Result<()> {
    let mut next = interval(pause);
    // A source that was slow for a moment is not flooded afterwards.
    next.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(conn.disconnect().await?),
            _ = next.tick() => {}
        }
        if let Some(rows) = commit(&mut conn, &shop::transaction(&mut random)).await? {
            counters.add(rows);
        }
    }
}

/// The rows that a transaction changed; `None` if it lost to another one.
async fn commit(conn: &mut Conn, statements: &[String]) -> Result<Option<u64>> {
    conn.query_drop("BEGIN").await?;
    let mut rows = 0;
    for statement in statements {
        match conn.query_drop(statement).await {
            Ok(()) if statement.starts_with("SELECT") => {}
            Ok(()) => rows += conn.affected_rows(),
            Err(mysql_async::Error::Server(error)) if LOST_TO_ANOTHER.contains(&error.code) => {
                conn.query_drop("ROLLBACK").await?;
                return Ok(None);
            }
            Err(error) => return Err(Error::new(format!("{statement}: {error}"))),
        }
    }
    conn.query_drop("COMMIT").await?;
    Ok((rows > 0).then_some(rows))
}
