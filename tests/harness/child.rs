//! A child process that never outlives the test process, whatever happens to it.
//!
//! Dropping kills it. When the test process itself is killed with -9 there is no drop: therefore every child is started
//! through `setpriv --pdeathsig KILL`, which asks the kernel to kill it with its parent. For the kernel the parent is the
//! *thread* that started it, so all children are started by one thread that lives as long as the process.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::{Error, Result};

/// How much of a log an error message shows.
const LOG_TAIL_LINES: usize = 15;

const EXIT_POLL: Duration = Duration::from_millis(10);

/// The kernel takes a moment to give back the memory of a big process, and longer on a loaded machine.
const KILL_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Term,
    Stop,
    Cont,
}

pub(crate) struct Child {
    name: String,
    log: PathBuf,
    process: std::process::Child,
    ended: Option<ExitStatus>,
}

impl Child {
    /// Starts `program` with what `configure` adds; its output is appended to `log`.
    pub(crate) fn spawn(
        name: impl Into<String>,
        program: impl AsRef<Path>,
        log: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Child> {
        let name = name.into();
        let output = File::options().create(true).append(true).open(log);
        let output = output.map_err(Error::during(format!("opening the log {} of {name}", log.display())))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program.as_ref());
        configure(&mut command);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // Ctrl-C in a terminal is for the test or demo, which decides what becomes of its servers.
        command.process_group(0);
        let process = spawn_on_lasting_thread(command).map_err(Error::during(format!(
            "starting {name} ({}) through setpriv, which is in Debian's util-linux",
            program.as_ref().display()
        )))?;
        Ok(Child { name, log: log.to_owned(), process, ended: None })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// `None` while it runs.
    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.process.try_wait()?;
        }
        Ok(self.ended)
    }

    /// An error with the end of the log if the process is not running any more.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.exit_status()? {
            None => Ok(()),
            Some(status) => Err(Error::new(format!("{} ended: {status}\n{}", self.name, self.log_tail()))),
        }
    }

    /// Sends a signal; a process that has ended already gets none.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.ended.is_some() {
            return;
        }
        // The child has not been waited for, so its number cannot belong to another process.
        let name = match signal {
            Signal::Term => "TERM",
            Signal::Stop => "STOP",
            Signal::Cont => "CONT",
        };
        let kill = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
        assert!(sent.is_ok_and(|status| status.success()), "{}: `{kill}` failed", self.name);
    }

    /// kill -9, and wait until it is gone.
    pub(crate) async fn kill9(&mut self) {
        if self.ended.is_none() {
            // It fails only when the process has ended by itself, which the wait below notices as well.
            drop(self.process.kill());
            self.wait_exit(KILL_TIMEOUT).await.unwrap_or_else(|error| panic!("after kill -9: {error}"));
        }
    }

    pub(crate) async fn wait_exit(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            if let Some(status) = self.exit_status()? {
                return Ok(status);
            }
            if tokio::time::Instant::now() >= deadline {
                let tail = self.log_tail();
                return Err(Error::new(format!("{} still runs after {timeout:?}\n{tail}", self.name)));
            }
            tokio::time::sleep(EXIT_POLL).await;
        }
    }

    pub(crate) fn log_text(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    pub(crate) fn log_tail(&self) -> String {
        let text = self.log_text();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n  ");
        format!("the end of {}:\n  {tail}", self.log.display())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("harness: {} (process {}) could not be killed: {error}", self.name, self.pid());
        }
    }
}

type Started = std::io::Result<std::process::Child>;
type Order = (Command, mpsc::Sender<Started>);

fn spawn_on_lasting_thread(command: Command) -> Started {
    static STARTER: LazyLock<Mutex<mpsc::Sender<Order>>> = LazyLock::new(|| {
        let (sender, receiver) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in receiver {
                if let Err(mpsc::SendError(Ok(mut unwanted))) = answer.send(command.spawn()) {
                    drop(unwanted.kill());
                }
            }
        });
        Mutex::new(sender)
    });
    let (answer, started) = mpsc::channel();
    let gone = || std::io::Error::other("the thread that starts processes has ended");
    STARTER.lock().unwrap_or_else(PoisonError::into_inner).send((command, answer)).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn kill9_ends_a_stopped_child_and_the_log_keeps_its_words() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let mut child = Child::spawn("sleeper", "sh", &log, |command| {
            command.args(["-c", "echo here I am; exec sleep 1000"]);
        })?;
        crate::eventually("its words", Duration::from_secs(5), async || {
            child.log_text().contains("here I am").then_some(())
        })
        .await?;
        child.check_running()?;
        child.signal(Signal::Stop);
        child.kill9().await;
        let error = child.check_running().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("sleeper ended: signal: 9") && error.contains("here I am"), "{error}");
        Ok(())
    }

    #[tokio::test]
    async fn a_missing_program_is_named() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut child = Child::spawn("nothing", "/no/such/program", &folder.path().join("log"), |_| {})?;
        while child.exit_status()?.is_none() {
            tokio::time::sleep(EXIT_POLL).await;
        }
        let error = child.check_running().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("/no/such/program"), "{error}");
        Ok(())
    }
}
