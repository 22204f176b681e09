//! Latency at a steady rate: from a row's time at the source until a client of the target sees it.
//!
//! Two connections insert one-row transactions in an open loop: when the source is slow, the next ones come all the same.
//! Each row carries the microsecond at which the source ran its statement, that is just before it committed. A thread
//! asks the target for newer rows again and again; the latency of a row is the moment at which the answer that had it
//! arrived, less what the row carries. So it includes the source's commit and one query at the target: both are the same
//! for every system, and nothing flatters. All clocks are one, for everything runs on one host.

use crate::measure::{Measured, Meter, percentile};
use crate::servers::{self, Durability};
use crate::system::System;
use crate::workload::{self, DATABASE};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_tests::{Error, Flavor, MysqlServer, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Connections that write.
const WRITERS: u32 = 2;

/// The thread that looks leaves the processors to others for so long between two queries.
const LOOK_PAUSE: Duration = Duration::from_micros(200);

/// One row in so many counts as warming up.
const WARM_UP_SHARE: u32 = 5;

/// How long the first row, or the last one after the writers have stopped, may take.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(60);

/// In thousandths.
const PERCENTILES: [(&str, usize); 3] = [("p50_seconds", 500), ("p99_seconds", 990), ("p999_seconds", 999)];

/// Rates and lengths of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady {
    /// Transactions a second, of all writers.
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
    pub(crate) durability: Durability,
}

impl Steady {
    fn rows_per_writer(self) -> u32 {
        (self.rate * self.seconds).div_ceil(WRITERS)
    }

    fn period(self) -> Duration {
        Duration::from_secs(1) * WRITERS / self.rate
    }

    /// Writes at the rate between two fresh servers and watches the rows arrive; then the tables are compared.
    pub(crate) async fn run(self, system: System) -> Result<Vec<Measured>> {
        let flavor = Flavor::MySql97;
        let target = servers::target(flavor, self.durability, system.workers());
        let (source, target) = tokio::try_join!(servers::source(flavor), target)?;
        let applied = servers::executed(&source).await?;
        let mut carrier = system.prepare(&source, &target, &applied).await?;
        carrier.start().await?;
        source.exec(&workload::finish()).await?;
        carrier.wait_until_finished(&target, ARRIVAL_TIMEOUT).await?;

        let meter = Meter::start(&source, &target, &carrier)?;
        let (written, mut latencies) = self.write_and_watch(&source, &target).await?;
        let (_, used) = meter.read()?;
        carrier.check().await?;
        servers::check_equal(&source, &target).await?;
        latencies.sort_unstable();
        let mut measured = Vec::new();
        for (metric, thousandths) in PERCENTILES {
            let micros = percentile(&latencies, thousandths).ok_or_else(|| Error::new("no row was seen"))?;
            measured.push(Measured::new(metric, "s", micros as f64 / 1e6));
        }
        let rate = f64::from(self.rows_per_writer() * WRITERS) / written.as_secs_f64();
        measured.push(Measured::new("transactions_per_second", "tx/s", rate));
        measured.extend(used);
        Ok(measured)
    }

    /// Returns how long the writers took, and the latencies in microseconds.
    async fn write_and_watch(self, source: &MysqlServer, target: &MysqlServer) -> Result<(Duration, Vec<u64>)> {
        let watcher = Watcher::new(target.connect().await?, self.rows_per_writer());
        let given_up = Arc::clone(&watcher.given_up);
        let watching = std::thread::spawn(move || watcher.run());
        let written = self.write(source).await;
        if written.is_err() {
            given_up.store(true, Ordering::Relaxed);
        }
        let deadline = Instant::now() + ARRIVAL_TIMEOUT;
        while !watching.is_finished() {
            if Instant::now() >= deadline {
                given_up.store(true, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let latencies = watching.join().map_err(|_| Error::new("the thread that watches the target has panicked"))?;
        Ok((written?, latencies?))
    }

    async fn write(self, source: &MysqlServer) -> Result<Duration> {
        let started = Instant::now();
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let conn = source.connect().await?;
            writers.spawn(self.write_alone(conn, writer));
        }
        while let Some(writer) = writers.join_next().await {
            writer.map_err(|error| Error::new(format!("a writer has ended: {error}")))??;
        }
        Ok(started.elapsed())
    }

    async fn write_alone(self, mut conn: Conn, writer: u32) -> Result<()> {
        let insert = conn
            .prep(format!(
                "INSERT INTO {DATABASE}.tick VALUES (?, ?, ROUND(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000), REPEAT('x', 50))"
            ))
            .await?;
        let mut ticks = interval(self.period());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for id in 1..=self.rows_per_writer() {
            ticks.tick().await;
            conn.exec_drop(&insert, (writer, id)).await?;
        }
        Ok(conn.disconnect().await?)
    }
}

/// Looks at the target until it has seen everything.
struct Watcher {
    conn: Conn,
    rows_per_writer: u32,
    given_up: Arc<AtomicBool>,
}

impl Watcher {
    fn new(conn: Conn, rows_per_writer: u32) -> Watcher {
        Watcher { conn, rows_per_writer, given_up: Arc::default() }
    }

    /// On a thread and runtime of its own, so that what the writers do does not hold it up.
    fn run(self) -> Result<Vec<u64>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.watch())
    }

    async fn watch(mut self) -> Result<Vec<u64>> {
        let columns = format!("SELECT writer, id, sent FROM {DATABASE}.tick WHERE writer");
        let newer: Vec<String> = (0..WRITERS).map(|writer| format!("{columns} = {writer} AND id > ?")).collect();
        let newer = self.conn.prep(newer.join(" UNION ALL ")).await?;
        let warm_up = self.rows_per_writer / WARM_UP_SHARE;
        let mut seen = [0_u32; WRITERS as usize];
        let mut latencies = Vec::with_capacity((self.rows_per_writer * WRITERS) as usize);
        while seen.iter().any(|last| *last < self.rows_per_writer) {
            let rows: Vec<(usize, u32, u64)> = self.conn.exec(&newer, seen.to_vec()).await?;
            let now = micros_since_epoch();
            for (writer, id, sent) in rows {
                if let Some(last) = seen.get_mut(writer) {
                    *last = id.max(*last);
                }
                if id > warm_up {
                    latencies.push(now.saturating_sub(sent));
                }
            }
            if self.given_up.load(Ordering::Relaxed) {
                return Err(Error::new(format!(
                    "of {} rows of each writer the target has only got {seen:?}",
                    self.rows_per_writer
                )));
            }
            pause();
        }
        self.conn.disconnect().await?;
        Ok(latencies)
    }
}

/// Tokio's clock has milliseconds, which is longer than what is measured.
#[expect(clippy::disallowed_methods, reason = "the thread's runtime has nothing else to do")]
fn pause() {
    std::thread::sleep(LOOK_PAUSE);
}

fn micros_since_epoch() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
