//! Catch-up: a source has a log, a target has empty tables; how long until it has everything, and what does it take?

use crate::measure::{Measured, Meter};
use crate::servers::{self, Durability};
use crate::system::System;
use crate::workload;
use replicator_tests::{MysqlServer, Result};
use std::time::Duration;

/// After so long a catch-up counts as stuck.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// A source whose log holds the workload.
pub(crate) struct Filled {
    source: MysqlServer,
    /// What was executed before: the tables were made.
    before: String,
    rows: u64,
    scale: f64,
}

impl Filled {
    pub(crate) async fn start(scale: f64) -> Result<Filled> {
        let source = servers::source().await?;
        let before = servers::executed(&source).await?;
        let rows = workload::fill(&source, scale).await?;
        Ok(Filled { source, before, rows, scale })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// From the order to start until the last transaction is visible at a fresh target; then the tables are compared.
    pub(crate) async fn catch_up(&self, system: System, durability: Durability) -> Result<Vec<Measured>> {
        let target = servers::target(durability).await?;
        let mut carrier = system.prepare(&self.source, &target, &self.before, self.scale).await?;
        let meter = Meter::start(&self.source, &target, &carrier)?;
        carrier.start().await?;
        carrier.wait_until_finished(&target, CATCH_UP_TIMEOUT).await?;
        let (wall, used) = meter.read()?;
        servers::check_equal(&self.source, &target).await?;
        let seconds = wall.as_secs_f64();
        let mut measured = vec![
            Measured::new("wall_seconds", "s", seconds),
            Measured::new("rows_per_second", "rows/s", self.rows as f64 / seconds),
        ];
        measured.extend(used);
        Ok(measured)
    }
}
