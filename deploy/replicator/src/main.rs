//! `replicator`: the program for people. `standalone`, `try`, `binlog` and `doctor` run here; the other commands ask a Server.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod alerting;
mod arguments;
mod binlog;
mod client;
mod completion;
mod cores;
mod exit;
mod metrics;
mod output;
mod preflight;
mod spec_file;
mod standalone;
mod table;
mod task;
mod trouble;
mod try_changes;
mod try_shown;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::Failed;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    replicator_core::install_crypto();
    let output = arguments.output;
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.report(output),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failed> {
    let connect = || {
        let token = access::token_for(&arguments.server, arguments.token_file.as_deref())?;
        client::Client::new(&arguments.server, arguments.ca.as_deref(), token)
    };
    match arguments.command {
        Command::Standalone(standalone) => {
            start_logging("info");
            standalone::run(standalone).await
        }
        Command::Try(wanted) => {
            start_logging("warn");
            try_changes::run(wanted, arguments.output).await
        }
        Command::Binlog(asked) => binlog::run(&asked),
        Command::Doctor(wanted) => preflight::doctor(wanted, arguments.output).await,
        Command::Task(command) => task::run(&connect()?, command, arguments.output).await,
        Command::Alerts(command) => alerting::alerts(&connect()?, command, arguments.output).await,
        Command::Silence(command) => alerting::silence(&connect()?, command, arguments.output).await,
        Command::Rules(command) => alerting::rules(&connect()?, command, arguments.output).await,
        Command::Channels(command) => alerting::channels(&connect()?, command, arguments.output).await,
        Command::Cores(asked) => cores::run(&connect()?, asked, arguments.output).await,
        Command::Setup(setup) => access::setup(&connect()?, setup, arguments.output).await,
        Command::Login(login) => access::login(&connect()?, login, arguments.output).await,
        Command::Logout => access::logout(&connect()?, arguments.output).await,
        Command::Whoami => access::whoami(&connect()?, arguments.output).await,
        Command::User(command) => access::user(&connect()?, command, arguments.output).await,
        Command::Token(command) => access::token(&connect()?, command, arguments.output).await,
        Command::Audit(asked) => access::audit(&connect()?, asked, arguments.output).await,
        Command::Version => {
            output::write(concat!("replicator ", env!("CARGO_PKG_VERSION"), "\n"));
            Ok(())
        }
        Command::Completion { shell } => {
            output::write(shell.script());
            Ok(())
        }
        Command::Complete { line } => {
            completion::answer(&line).await;
            Ok(())
        }
    }
}

fn start_logging(unless_told: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(unless_told));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
