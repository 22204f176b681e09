//! `replicator binlog`'s part of the command line.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Binlog {
    /// Binary log files, one after the other; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Which tables, as `database.table` patterns
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', default_value = "*.*")]
    pub tables: Vec<String>,
    /// Which of them not
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// Leave out events before this offset, in each file
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    pub start: u64,
    /// End before the event at this offset, in each file
    #[arg(long, value_name = "OFFSET")]
    pub stop: Option<u64>,
    /// Rows only, no statements
    #[arg(long)]
    pub rows_only: bool,
    /// Read integers as signed where the log does not say
    #[arg(long)]
    pub signed: bool,
}
