//! Secrets that somebody types or a file holds; never an argument, which all users of a host see.

use super::arguments::Password;
use crate::exit::{Exit, Failed};
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Longest secret that is read, in bytes.
const BYTES_MAX: u64 = 4096;

/// The exit code of what Ctrl-C ends, as shells have it.
const INTERRUPTED: i32 = 130;

impl Password {
    /// From its file or stdin, or asked for as `question`.
    pub(crate) fn read(&self, question: &str) -> Result<String, Failed> {
        match &self.password_file {
            Some(file) if file == Path::new("-") => from_stdin(),
            Some(file) => from_file(file),
            None => asked(question, "--password-file FILE"),
        }
    }
}

pub(crate) fn from_file(file: &Path) -> Result<String, Failed> {
    let mut text = String::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    read.map_err(|error| {
        let hint = "give another file, or mend its permissions";
        Failed::new(Exit::Failed, "secret_file", format!("the file {} can't be read: {error}", file.display()), hint)
    })?;
    Ok(without_newline(&text))
}

fn from_stdin() -> Result<String, Failed> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(BYTES_MAX).read_line(&mut text);
    read.map_err(|error| {
        Failed::new(Exit::Failed, "secret_file", format!("stdin can't be read: {error}"), "try again")
    })?;
    Ok(without_newline(&text))
}

/// Asks on the terminal, which shows nothing of what is typed. `instead` is what to do without a terminal.
pub(crate) fn asked(question: &str, instead: &str) -> Result<String, Failed> {
    if !std::io::stdin().is_terminal() {
        let detail = format!("{question} is needed, and nobody can be asked");
        return Err(Failed::new(Exit::Usage, "secret_missing", detail, format!("use {instead}")));
    }
    let hidden = Hidden::begin();
    eprint!("{question}: ");
    std::io::stderr().flush().ok();
    let secret = from_stdin();
    drop(hidden);
    eprintln!();
    secret
}

/// The terminal shows nothing of what is typed while this lives.
struct Hidden;

impl Hidden {
    #[expect(clippy::disallowed_methods, reason = "the thread that reads can't be told to stop")]
    fn begin() -> Self {
        // Ctrl-C ends the program without a drop.
        tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                stty("echo");
                eprintln!();
                std::process::exit(INTERRUPTED);
            }
        });
        stty("-echo");
        Self
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        stty("echo");
    }
}

/// The terminal's settings, by the program that every Unix has: the calls themselves are not safe Rust.
fn stty(setting: &str) {
    Command::new("stty").arg(setting).stdin(Stdio::inherit()).stderr(Stdio::null()).status().ok();
}

fn without_newline(text: &str) -> String {
    text.strip_suffix('\n').unwrap_or(text).trim_end_matches('\r').to_owned()
}
