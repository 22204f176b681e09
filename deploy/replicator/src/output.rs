//! Writing answers to stdout.

use crate::arguments::Output;
use crate::exit::{Exit, Failed};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// How often `--watch` shows anew.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// Whether whoever read stdout went away, as `head` does.
static READER_GONE: AtomicBool = AtomicBool::new(false);

/// Writes `answer` as JSON, or what `table` makes of it.
pub(crate) fn show<T: Serialize>(output: Output, answer: &T, table: impl FnOnce(&T) -> String) {
    match output {
        Output::Json => write(&format!("{}\n", serde_json::to_string_pretty(answer).unwrap_or_default())),
        Output::JsonLines => write(&format!("{}\n", serde_json::to_string(answer).unwrap_or_default())),
        Output::Table => write(&table(answer)),
    }
}

/// A reader that went away is nobody to tell.
pub(crate) fn write(text: &str) {
    let mut stdout = std::io::stdout().lock();
    if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        READER_GONE.store(true, Ordering::Relaxed);
    }
}

/// Shows once; or, to watch, again and again until Ctrl-C or until nobody reads. On a terminal each takes the place of
/// the one before, and JSON is a line each. A Server that does not answer for a while is told and waited for.
pub(crate) async fn watched(
    watch: bool,
    output: Output,
    mut once: impl AsyncFnMut(Output) -> Result<(), Failed>,
) -> Result<(), Failed> {
    if !watch {
        return once(output).await;
    }
    let output = if output == Output::Json { Output::JsonLines } else { output };
    let rounds = async {
        let mut shown = false;
        while !READER_GONE.load(Ordering::Relaxed) {
            if output == Output::Table && std::io::stdout().is_terminal() {
                write("\x1b[H\x1b[2J");
            }
            match once(output).await {
                Ok(()) => shown = true,
                Err(failed) if shown && failed.exit == Exit::Unreachable => drop(failed.report(output)),
                Err(failed) => return Err(failed),
            }
            sleep(WATCH_PERIOD).await;
        }
        Ok(())
    };
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ok(()),
        result = rounds => result,
    }
}
