//! Failures as people and scripts see them: two lines and an exit code.

use crate::arguments::Output;
use replicator_model::failure::Failure;
use replicator_server::view::Problem;
use std::io::Write;
use std::process::ExitCode;

/// Exit codes, as `replicator --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Auth = 4,
    Conflict = 5,
    Unreachable = 6,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failed {
    pub exit: Exit,
    pub problem: Box<Problem>,
}

impl Failed {
    pub(crate) fn new(exit: Exit, code: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: "Failed".to_owned(),
            status: 0,
            code: code.to_owned(),
            detail: detail.into(),
            hint: hint.into(),
            errors: Vec::new(),
            setup_needed: None,
        };
        Self { exit, problem: Box::new(problem) }
    }

    /// Writes it to stderr.
    pub(crate) fn report(&self, output: Output) -> ExitCode {
        let text = match output {
            Output::Json | Output::JsonLines => serde_json::to_string(&self.problem).unwrap_or_default() + "\n",
            Output::Table => self.text(),
        };
        // Where nobody reads, the exit code is left.
        std::io::stderr().lock().write_all(text.as_bytes()).ok();
        ExitCode::from(self.exit as u8)
    }

    fn text(&self) -> String {
        let Problem { detail, hint, code, errors, .. } = &*self.problem;
        let mut text = format!("replicator: {} [{code}]\n", printable(detail));
        if errors.is_empty() {
            text.push_str(&format!("  hint: {}\n", printable(hint)));
        }
        for error in errors {
            text.push_str(&format!("  {}: {}; {}\n", error.key, printable(&error.problem), printable(&error.hint)));
        }
        text
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        let exit = match problem.status {
            404 => Exit::NotFound,
            401 | 403 => Exit::Auth,
            409 | 412 | 428 => Exit::Conflict,
            502..=504 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self { exit, problem: Box::new(problem) }
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let exit = match failure.code.as_str() {
            "access_denied" => Exit::Auth,
            _ if failure.is_transient() => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::new(exit, &failure.code, failure.reason, failure.hint)
    }
}

/// Without control characters: what servers say may not steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_their_exit_codes() {
        for (status, exit) in [
            (400, Exit::Failed),
            (403, Exit::Auth),
            (404, Exit::NotFound),
            (409, Exit::Conflict),
            (412, Exit::Conflict),
            (422, Exit::Failed),
            (500, Exit::Failed),
            (503, Exit::Unreachable),
        ] {
            let problem = Problem { status, ..*Failed::new(Exit::Failed, "x", "", "").problem };
            assert_eq!(Failed::from(problem).exit, exit, "{status}");
        }
    }

    #[test]
    fn a_failure_is_two_lines_without_control_characters() {
        let failed = Failed::new(Exit::Failed, "access_denied", "db1\u{1b}[2J refused", "check the password");
        assert_eq!(failed.text(), "replicator: db1\u{fffd}[2J refused [access_denied]\n  hint: check the password\n");
    }
}
