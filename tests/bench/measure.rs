//! What processes take of the machine while something is measured, and percentiles.

use crate::system::Carrier;
use replicator_tests::{MysqlServer, Result, usage};
use std::time::Duration;
use tokio::time::Instant;

/// One number of one repetition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) metric: String,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

impl Measured {
    pub(crate) fn new(metric: impl Into<String>, unit: &'static str, value: f64) -> Measured {
        Measured { metric: metric.into(), unit, value }
    }
}

/// The processes that play one part.
struct Part {
    name: &'static str,
    pids: Vec<u32>,
    cpu_before: f64,
}

/// Parts whose processor time is what replicating costs. ZooKeeper and Server are shared by all tasks and shown apart.
const COST: [&str; 3] = ["source", "target", "core"];

/// Parts whose memory is shown.
const MEMORY: [&str; 2] = ["target", "core"];

/// Runs from [`Meter::start`] on.
pub(crate) struct Meter {
    parts: Vec<Part>,
    started: Instant,
}

impl Meter {
    pub(crate) fn start(source: &MysqlServer, target: &MysqlServer, carrier: &Carrier) -> Result<Meter> {
        let mut named = vec![("source", vec![source.pid()]), ("target", vec![target.pid()])];
        if let Carrier::Replicator(ours) = carrier {
            named.push(("core", vec![ours.core_pid()]));
            named.push(("coordination", ours.shared_pids()));
        }
        let part = |(name, pids): (&'static str, Vec<u32>)| {
            cpu_seconds(&pids).map(|cpu_before| Part { name, pids, cpu_before })
        };
        let parts = named.into_iter().map(part).collect::<Result<_>>()?;
        Ok(Meter { parts, started: Instant::now() })
    }

    /// Wall time, processor time of each part and of those that replicate together, and the most memory so far.
    pub(crate) fn read(&self) -> Result<(Duration, Vec<Measured>)> {
        let wall = self.started.elapsed();
        let (mut cost, mut cpu, mut memory) = (0.0, Vec::new(), Vec::new());
        for part in &self.parts {
            let used = hundredths(cpu_seconds(&part.pids)? - part.cpu_before);
            cpu.push(Measured::new(format!("{}_cpu_seconds", part.name), "s", used));
            if COST.contains(&part.name) {
                cost += used;
            }
            if MEMORY.contains(&part.name) {
                let peaks: Vec<u64> = part.pids.iter().map(|pid| usage::peak_rss_kib(*pid)).collect::<Result<_>>()?;
                let bytes = peaks.iter().sum::<u64>() << 10;
                memory.push(Measured::new(format!("{}_peak_bytes", part.name), "bytes", bytes as f64));
            }
        }
        let mut measured = vec![Measured::new("cpu_seconds", "s", hundredths(cost))];
        measured.append(&mut cpu);
        measured.append(&mut memory);
        Ok((wall, measured))
    }
}

fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    pids.iter().map(|pid| usage::cpu_seconds(*pid)).sum()
}

/// The kernel counts in 1/100 s; what a difference has behind that is noise of the arithmetic.
fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

/// The smallest value that so many thousandths of all values do not exceed (nearest rank); `None` of nothing.
pub(crate) fn percentile(sorted: &[u64], thousandths: usize) -> Option<u64> {
    let rank = (sorted.len() * thousandths).div_ceil(1_000);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([500, 900, 990].map(|part| percentile(&hundred, part)), [Some(50), Some(90), Some(99)]);
        assert_eq!([500, 999].map(|part| percentile(&[7, 9, 30], part)), [Some(9), Some(30)]);
        assert_eq!(percentile(&[], 500), None);
    }
}
