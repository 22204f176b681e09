//! `replicator-server`: runs one Server until SIGTERM or SIGINT.

use clap::Parser;
use replicator_coordination::key_file;
use replicator_coordination::tasks::Author;
use replicator_server::config::Config;
use replicator_server::reset::{self, Reset};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves the REST API through which tasks are defined, started, stopped and watched.
#[derive(Parser)]
#[command(name = "replicator-server", version, after_help = "Example:\n  replicator-server --config server.toml")]
struct Arguments {
    /// Settings (TOML); REPLICATOR_<SECTION>_<KEY> in the environment overrides them.
    #[arg(long, value_name = "FILE", default_value = "server.toml")]
    config: PathBuf,
    /// Check the settings and exit.
    #[arg(long)]
    check: bool,
    /// Put a new key for secrets first in the file, which is made if it is not there, and exit.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    new_key: Option<PathBuf>,
    /// Seal all secrets that are stored anew, of tasks and channels, with the first key of the file, and exit.
    #[arg(long, conflicts_with_all = ["check", "new_key"])]
    reseal: bool,
    /// Print a one-time token with which an admin is made, or gets a new password, although there are users, and exit.
    #[arg(long, conflicts_with_all = ["check", "new_key", "reseal"])]
    reset_setup: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Encrypted connections, to databases too, are made by one library with one provider.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    start_logging();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replicator-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(file) = arguments.new_key {
        let id = key_file::add_new_key(&file)?;
        println!("{}: the key {id} seals from the next start of each program that has the file", file.display());
        return Ok(());
    }
    let config = Config::load(&arguments.config)?;
    if arguments.check {
        println!("{}: the settings are valid", arguments.config.display());
        return Ok(());
    }
    if arguments.reseal {
        return reseal(&config).await;
    }
    if arguments.reset_setup {
        return reset_setup(&config).await;
    }
    let shutdown = CancellationToken::new();
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = config.build()?;
    let serving = server.run(shutdown.clone());
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => return Ok(result?),
        _ = signals.0.recv() => {}
        _ = signals.1.recv() => {}
    }
    shutdown.cancel();
    Ok(serving.await?)
}

async fn reseal(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let session = config.coordination()?.connect().await?;
    let author = Author { by: "replicator-server --reseal", reason: "passwords sealed with the newest key" };
    let done = session.reseal(author).await?;
    session.close().await;
    println!("sealed anew: {} tasks, {} earlier versions, {} channels", done.tasks, done.versions, done.channels);
    match done.closed.is_empty() {
        true => Ok(()),
        false => {
            Err(format!("their key is not in the key file, so they stay as they are: {}", done.closed.join(", "))
                .into())
        }
    }
}

async fn reset_setup(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let session = config.coordination()?.connect().await?;
    let reset = reset::reset_setup(&session, &config.http.url()).await;
    session.close().await;
    let Reset { link, life } = reset?;
    println!("make an admin, or give one a new password, within {life} at {link}");
    Ok(())
}

fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
