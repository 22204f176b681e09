//! `make demo`: a MySQL 9.7 with a shop that is written to all the time, a MariaDB, and `replicator standalone` between
//! them, as real processes in a folder that goes away with the demo.
//!
//! ```text
//! shop (seeded) ─▶ writers ─▶ source ─▶ replicator standalone ─▶ target
//!                                           │ REST
//!                                        rest ─▶ screen: a line a second           ledger: contents of both, compared
//! ```

mod arguments;
mod ledger;
mod rest;
mod screen;
mod servers;
mod shop;
mod writers;

use arguments::Arguments;
use clap::Parser;
use replicator_tests::{Error, Result};
use rest::{Rest, Status};
use screen::Screen;
use servers::Servers;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use writers::Writers;

/// The name of the task.
const TASK: &str = "copy_shop";

#[tokio::main]
async fn main() -> ExitCode {
    match demonstrate(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ndemo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demonstrate(arguments: Arguments) -> Result<()> {
    let began = Instant::now();
    println!("Starting MySQL 9.7, MariaDB 10.11 and `replicator standalone` …");
    let mut servers = Servers::start().await?;
    let rest = servers.rest()?;
    rest.start_task(&servers.task().await?).await?;
    let mut writers = Writers::start(&servers.source, &arguments).await?;
    servers.wait_for_first_row().await?;
    println!("The first row was at the target {:.1} s after the start.\n", began.elapsed().as_secs_f64());
    introduce(&servers, &rest, &arguments);

    let end = arguments.duration.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    watch(&mut servers, &rest, &mut writers, end).await?;
    let written = writers.stop().await?;
    println!("\nThe writers have stopped: {}.", written.in_words());
    if end.is_some() {
        ledger::compare(&servers, &rest).await?;
    }
    servers.replicator_used()?;
    servers.stop().await
}

fn introduce(servers: &Servers, rest: &Rest, arguments: &Arguments) {
    let (address, Arguments { rate, connections, seed, .. }) = (rest.address(), arguments);
    println!("  OPEN      {address}/tasks/{TASK}");
    println!("            and sign in as `{}` with the password `{}`\n", servers::USER, servers::PASSWORD);
    println!("  writes    about {rate} transactions/s on {connections} connections, seed {seed}");
    println!("  source    {}", servers.source_client());
    println!("  target    {}", servers.target_client());
    println!("  commands  export REPLICATOR_SERVER={address} REPLICATOR_TOKEN={}", rest.token());
    println!("            {} task show {TASK} --watch", servers.program());
    println!("  log       {}", servers.log().display());
    match arguments.duration {
        Some(seconds) => println!("  ends      in {seconds} s, with a comparison of both databases\n"),
        None => println!("  ends      with Ctrl-C\n"),
    }
}

/// Shows a line a second until `end` or Ctrl-C.
async fn watch(servers: &mut Servers, rest: &Rest, writers: &mut Writers, end: Option<Instant>) -> Result<()> {
    let mut screen = Screen::new();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    seconds.tick().await;
    loop {
        tokio::select! {
            biased;
            pressed = tokio::signal::ctrl_c() => return pressed.map_err(Error::from),
            () = until(end) => return Ok(()),
            _ = seconds.tick() => {}
        }
        servers.check_running()?;
        writers.check_running().await?;
        let status = rest.status().await?;
        fail_with(&status)?;
        screen.show(writers.written(), &status);
    }
}

/// A task that has FAILED does not come back by itself.
fn fail_with(status: &Status) -> Result<()> {
    match status.failed() {
        Some(why) => Err(Error::new(format!("the task has failed: {why}"))),
        None => Ok(()),
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
