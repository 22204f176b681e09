//! The program `replicator-monitor`.

use clap::Parser;
use replicator_monitor::Config;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Watches what the Cores run and tells someone when it is wrong.
///
/// Any key of the file can be overridden by REPLICATOR_<SECTION>_<KEY>, such as REPLICATOR_ADMIN_LISTEN.
#[derive(Parser)]
#[command(version, after_help = "Example:\n  replicator-monitor --config /etc/mysql_replicator/monitor.toml")]
struct Arguments {
    /// The settings, in TOML
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only check the settings
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // Fails only if one is installed already.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "replicator-monitor ends");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(&arguments.config, std::env::vars())?;
    if arguments.check {
        println!("{}: ok", arguments.config.display());
        return Ok(());
    }
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    Ok(config.build()?.run(shutdown).await?)
}
