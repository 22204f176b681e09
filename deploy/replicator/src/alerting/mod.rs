//! `replicator alerts`, `silence`, `rules` and `channels`.

mod alerts;
pub(crate) mod arguments;
mod calls;
mod channels;
mod rules;
mod silences;

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed};
use arguments::{Alerts, Channels, Rules, Silence};
use std::io::Read;
use std::path::Path;

/// Longest file that is read; a Server takes less.
const FILE_BYTES_MAX: u64 = 8 << 20;

pub(crate) async fn alerts(client: &Client, command: Alerts, output: Output) -> Result<(), Failed> {
    alerts::run(client, command, output).await
}

pub(crate) async fn silence(client: &Client, command: Silence, output: Output) -> Result<(), Failed> {
    silences::run(client, command, output).await
}

pub(crate) async fn rules(client: &Client, command: Rules, output: Output) -> Result<(), Failed> {
    rules::run(client, command, output).await
}

pub(crate) async fn channels(client: &Client, command: Channels, output: Output) -> Result<(), Failed> {
    channels::run(client, command, output).await
}

/// A file, or stdin for `-`.
fn read(file: &Path) -> Result<String, Failed> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_BYTES_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(FILE_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| {
        let detail = format!("{} can't be read: {error}", file.display());
        Failed::new(Exit::Usage, "file_unreadable", detail, "give a file in TOML or JSON, or `-` for stdin")
    })?;
    Ok(text)
}

/// The minutes of a time are enough for people.
fn short(time: Option<&String>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.get(..19).unwrap_or(time).replace('T', " "))
}
