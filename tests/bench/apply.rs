//! Catch-up: a source has a log, a target has empty tables; how long until it has everything, and what does it take?

use crate::clients::Clients;
use crate::measure::{Measured, Meter};
use crate::servers::{self, Durability};
use crate::system::System;
use crate::workload::Shape;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::time::Duration;

/// After so long a catch-up counts as stuck.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// What is caught up with, and by what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatchUp {
    pub(crate) shape: Shape,
    pub(crate) flavor: Flavor,
    pub(crate) durability: Durability,
}

/// A source whose log holds the workload.
pub(crate) struct Filled {
    what: CatchUp,
    source: MysqlServer,
    /// What was executed before: the tables were made.
    before: String,
    rows: u64,
}

impl Filled {
    pub(crate) async fn start(what: CatchUp, scale: f64) -> Result<Filled> {
        let source = servers::source(what.flavor).await?;
        let before = servers::executed(&source).await?;
        let rows = what.shape.fill(&source, scale).await?;
        Ok(Filled { what, source, before, rows })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// From the order to start until the last transaction is visible at a fresh target; then the tables are compared.
    /// `None` of a system that can't.
    pub(crate) async fn catch_up(&self, system: System) -> Result<Option<Vec<Measured>>> {
        if system == System::Clients && !Clients::can(self.what.shape) {
            return Ok(None);
        }
        let target = servers::target(self.what.flavor, self.what.durability, system.workers()).await?;
        let mut carrier = system.prepare(&self.source, &target, &self.before).await?;
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
        if let Some(commits) = carrier.commits().await? {
            measured.push(Measured::new("target_commits", "", commits as f64));
        }
        Ok(Some(measured))
    }
}
