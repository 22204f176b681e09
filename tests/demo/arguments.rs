//! The command line.

use clap::Parser;
use clap::builder::RangedU64ValueParser;

/// A shop under steady writes, replicated before your eyes.
#[derive(Debug, Clone, Parser)]
#[command(after_help = "Example:\n  make demo DURATION=60\n  replicator-demo --duration 60 --rate 500")]
pub(crate) struct Arguments {
    /// Stop the writers after so many seconds, compare the tables, and exit by the result; without it, run until Ctrl-C
    #[arg(long, value_name = "SECONDS", value_parser = RangedU64ValueParser::<u64>::new().range(1..=86_400))]
    pub(crate) duration: Option<u64>,
    /// Transactions a second, of all connections together
    #[arg(long, default_value_t = 200, value_parser = RangedU64ValueParser::<u64>::new().range(1..=100_000))]
    pub(crate) rate: u64,
    /// Connections that write
    #[arg(long, default_value_t = 4, value_parser = RangedU64ValueParser::<u64>::new().range(1..=64))]
    pub(crate) connections: u64,
    /// What the transactions are made from: the same seed gives each connection the same ones
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
