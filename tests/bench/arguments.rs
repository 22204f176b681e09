//! The command line.

use crate::system::System;
use clap::Parser;
use std::path::PathBuf;

/// The replicator next to the servers' own replication, between the same two servers.
#[derive(Debug, Clone, Parser)]
#[command(
    after_help = "Examples:\n  make bench ONLY=apply\n  replicator-bench sysbench-relaxed --scale 5 --repetitions 5\n  \
    replicator-bench latency --seconds 20 --systems replicator,native-4"
)]
pub(crate) struct Arguments {
    /// Only benchmarks with one of these in their name
    #[arg(value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// List the benchmarks, and run none
    #[arg(long)]
    pub(crate) list: bool,
    /// How often each system is measured; they take turns
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) repetitions: u32,
    /// Size of the catch-up: 1 is 250,000 row changes in 52,000 transactions. 0.001 to 20
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    pub(crate) scale: f64,
    /// How long latency is measured at each rate
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// What is measured
    #[arg(long, value_delimiter = ',', default_values_t = System::ALL, value_enum)]
    pub(crate) systems: Vec<System>,
    /// Where the figures are written to
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(crate) output: PathBuf,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.001..=20.0).contains(&scale) { Ok(scale) } else { Err("it can be 0.001 to 20".to_owned()) }
}
