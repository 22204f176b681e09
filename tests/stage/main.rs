//! `replicator-stage`: everything that the console's specs act on, as real processes: a MySQL 9.7, a MariaDB 10.11, a
//! ZooKeeper, two Cores, a Server, a Monitor, and a receiver of webhooks; and a few levers to pull from outside.
//!
//! It prints one line of JSON (where everything is), and ends when its standard input does, so that it never outlives
//! who started it.
//!
//! ```text
//! spec ── HTTP ──▶ levers ──▶ set: databases (SQL, kill, start), programs (kill, stop, continue, start), writer, receiver
//! ```

mod levers;
mod programs;
mod set;
mod writer;

use replicator_tests::Result;
use set::Set;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match perform().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stage: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn perform() -> Result<()> {
    let set = Arc::new(Set::start().await?);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let levers = format!("http://{}", listener.local_addr()?);
    let mut description = set.describe();
    description["levers"] = levers.into();
    println!("{description}");
    tokio::select! {
        served = async { axum::serve(listener, levers::routes(set)).await } => Ok(served?),
        () = input_ended() => Ok(()),
    }
}

async fn input_ended() {
    let mut rest = Vec::new();
    // An input that can't be read has ended.
    drop(tokio::io::stdin().read_to_end(&mut rest).await);
}
