//! The project's own programs, each with its settings, so that it can be started again.

use replicator_tests::{Error, Process, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

const END_TIMEOUT: Duration = Duration::from_secs(30);

/// One program under one name.
pub(crate) struct Program {
    program: &'static str,
    config: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl Program {
    /// Writes its settings into `folder` and starts it.
    pub(crate) fn start(program: &'static str, name: &str, folder: &Path, settings: &str) -> Result<Program> {
        let config = folder.join(format!("{name}.toml"));
        std::fs::write(&config, settings)?;
        let mut started = Program { program, config, log: folder.join(format!("{name}.log")), process: None };
        started.start_again()?;
        Ok(started)
    }

    /// What a spec tells it: `kill`, `start`, `end` (SIGTERM), `freeze` and `thaw` (SIGSTOP, SIGCONT).
    pub(crate) async fn act(&mut self, act: &str) -> Result<()> {
        match (act, &mut self.process) {
            ("start", None) => self.start_again()?,
            ("kill", Some(process)) => {
                process.kill9().await;
                self.process = None;
            }
            ("end", Some(process)) => {
                process.sigterm();
                process.wait_exit(END_TIMEOUT).await?;
                self.process = None;
            }
            ("freeze", Some(process)) => process.sigstop(),
            ("thaw", Some(process)) => process.sigcont(),
            ("start", Some(_)) | ("kill" | "end", None) => {}
            (act, _) => return Err(Error::new(format!("`{act}` is no act, or not now; see tests/stage/programs.rs"))),
        }
        Ok(())
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn start_again(&mut self) -> Result<()> {
        let config = self.config.display().to_string();
        let env = [("RUST_LOG", "info")];
        self.process = Some(Process::spawn(self.program, &["--config", &config], &env, &self.log)?);
        Ok(())
    }
}
