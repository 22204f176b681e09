//! Our own programs as real processes.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::child::{Child, Signal};
use crate::{Error, Result, usage};

/// One of the project's programs (`replicator-core`, `replicator-server`, `replicator-monitor`, `replicator`), as it was
/// built with the tests. Dropping kills it.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` from the folder that [`Process::program`] finds; its output is appended to `log`. The environment
    /// is the test's own, with `env` added.
    pub fn spawn(program: &str, args: &[&str], env: &[(&str, &str)], log: &Path) -> Result<Process> {
        let path = Process::program(program)?;
        let child = Child::spawn(program, path, log, |command| {
            command.args(args).envs(env.iter().copied());
        })?;
        Ok(Process { child })
    }

    /// Where the program is: in `$REPLICATOR_BIN_DIR`, or beside the test's own executable, in `target/<profile>/`.
    ///
    /// # Errors
    /// When it is not there: cargo builds a test's own crate, not the programs of the others.
    pub fn program(program: &str) -> Result<PathBuf> {
        let folder = match std::env::var_os("REPLICATOR_BIN_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => {
                let this = std::env::current_exe()?;
                let folder = this.parent().unwrap_or(Path::new("."));
                // Tests are in target/<profile>/deps, benchmarks in target/<profile>.
                if folder.ends_with("deps") { folder.join("..") } else { folder.to_owned() }
            }
        };
        let path = folder.join(program);
        if path.is_file() {
            return Ok(path.canonicalize()?);
        }
        Err(Error::new(format!(
            "{} is not built: run `cargo build --workspace` before the tests (or set REPLICATOR_BIN_DIR)",
            path.display()
        )))
    }

    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// `None` while it runs.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.child.exit_status()
    }

    /// kill -9, and wait until it is gone.
    pub async fn kill9(&mut self) {
        self.child.kill9().await;
    }

    /// Asks it to end; [`Process::wait_exit`] waits for that.
    pub fn sigterm(&self) {
        self.child.signal(Signal::Term);
    }

    pub fn sigstop(&self) {
        self.child.signal(Signal::Stop);
    }

    pub fn sigcont(&self) {
        self.child.signal(Signal::Cont);
    }

    /// # Errors
    /// When it still runs after `timeout`; the message has the end of the log.
    pub async fn wait_exit(&mut self, timeout: Duration) -> Result<ExitStatus> {
        self.child.wait_exit(timeout).await
    }

    /// Everything in the log, of earlier processes with the same log too.
    pub fn log_text(&self) -> String {
        self.child.log_text()
    }

    /// The most memory it has had resident so far, in KiB (`VmHWM`). Only while it runs.
    pub fn peak_rss_kib(&self) -> Result<u64> {
        usage::peak_rss_kib(self.pid())
    }

    /// User and system time it has used so far. Only while it runs.
    pub fn cpu_seconds(&self) -> Result<f64> {
        usage::cpu_seconds(self.pid())
    }
}

/// A file with a key that secrets are sealed with, made as an operator makes it.
pub fn new_secrets_key(file: &Path) -> Result<()> {
    let made =
        std::process::Command::new(Process::program("replicator-server")?).arg("--new-key").arg(file).output()?;
    match made.status.success() {
        true => Ok(()),
        false => Err(Error::new(format!("replicator-server --new-key: {}", String::from_utf8_lossy(&made.stderr)))),
    }
}
