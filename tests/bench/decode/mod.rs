//! Decoding: a server has a log; how much processor time until a reader over the network has every value of every row?
//!
//! Each reader is a program of its own that reads the same part of the same file; the bench watches it in `/proc`. What
//! the source spends on sending is not counted.

mod log;
mod reader;

pub(crate) use log::Log;
pub(crate) use reader::{RECEIVING, Reader};

use crate::measure::Measured;
use replicator_tests::{Error, Result, usage};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a reader is looked at. Its memory is a high-water mark, so only the last moments can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// After so long a reader counts as stuck.
const READ_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Runs one reader over the log.
pub(crate) async fn run(reader: Reader, log: &Log) -> Result<Vec<Measured>> {
    let mut command = reader.command(log)?;
    let used = watch(&mut command).await?;
    if let Some(found) = reader.row_count(&used.output)
        && found != log.rows
    {
        return Err(Error::new(format!("{found} rows were read, and {} written", log.rows)));
    }
    Ok(vec![
        Measured::new("cpu_seconds", "s", used.cpu_seconds),
        Measured::new("wall_seconds", "s", used.wall.as_secs_f64()),
        Measured::new("peak_bytes", "bytes", used.peak_bytes as f64),
    ])
}

struct Used {
    wall: Duration,
    cpu_seconds: f64,
    peak_bytes: u64,
    output: String,
}

/// Runs a program to its end. Its output has to be short, or go elsewhere.
async fn watch(command: &mut Command) -> Result<Used> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let (pid, mut peak_kib) = (child.id(), 0);
    while !usage::has_ended(pid)? {
        // While it ends there is nothing to be read any more.
        peak_kib = usage::peak_rss_kib(pid).unwrap_or(peak_kib);
        if started.elapsed() > READ_TIMEOUT {
            child.kill()?;
            return Err(Error::new(format!("it has not ended after {READ_TIMEOUT:?}")));
        }
        sleep(LOOK_EVERY).await;
    }
    let (wall, cpu_seconds) = (started.elapsed(), usage::cpu_seconds(pid)?);
    let ended = child.wait_with_output()?;
    if !ended.status.success() {
        return Err(Error::new(format!("{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr))));
    }
    let output = String::from_utf8_lossy(&ended.stdout).into_owned();
    Ok(Used { wall, cpu_seconds, peak_bytes: peak_kib << 10, output })
}
