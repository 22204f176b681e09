//! `replicator-core`: the process that runs pipes, one per host.

use clap::Parser;
use replicator_core::config::{Config, ConfigError};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the tasks of a group: reads binary logs and applies their changes.
#[derive(Parser)]
#[command(version, after_help = "Example:\n  replicator-core --config /etc/mysql_replicator/core.toml")]
struct Arguments {
    /// The settings, in TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Check the settings and exit
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replicator-core: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), ConfigError> {
    let file = arguments.config.display().to_string();
    let text = std::fs::read_to_string(&arguments.config)
        .map_err(|error| ConfigError::Invalid(format!("{file} can't be read: {error}; give another with --config")))?;
    let config = Config::read(&file, &text, std::env::vars())?;
    if arguments.check {
        println!("{file} is in order");
        return Ok(());
    }
    replicator_core::install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ConfigError::Invalid(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        replicator_core::instance::shut_down_on_signals(shutdown.clone());
        config.build()?.run(shutdown).await
    })
}
