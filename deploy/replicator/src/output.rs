//! Writing answers to stdout.

use crate::arguments::Output;
use crate::exit::Failed;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::time::sleep;

/// How often `--watch` shows anew.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// Writes `answer` as JSON, or what `table` makes of it.
pub(crate) fn show<T: Serialize>(output: Output, answer: &T, table: impl FnOnce(&T) -> String) {
    match output {
        Output::Json => write(&format!("{}\n", serde_json::to_string_pretty(answer).unwrap_or_default())),
        Output::Table => write(&table(answer)),
    }
}

/// A reader that went away, as `head` does, is nobody to tell.
pub(crate) fn write(text: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).ok();
}

/// Shows once, or again and again until interrupted. On a terminal each takes the place of the one before.
pub(crate) async fn watched(watch: bool, mut once: impl AsyncFnMut() -> Result<(), Failed>) -> Result<(), Failed> {
    loop {
        if watch && std::io::stdout().is_terminal() {
            write("\x1b[H\x1b[2J");
        }
        once().await?;
        if !watch {
            return Ok(());
        }
        sleep(WATCH_PERIOD).await;
    }
}
