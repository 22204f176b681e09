//! What a check found.

use replicator_model::failure::Failure;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Passed,
    /// The task runs, and something about it is worse than it could be.
    Warning,
    /// The task would stop, or do harm.
    Failed,
    /// It can't be told, or it does not apply; `found` says why.
    Skipped,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    pub found: String,
    /// Exactly what mends it: statements for the server, lines of its configuration, a command, a key of the task.
    pub fix: Option<String>,
}

/// A check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub code: &'static str,
    pub about: About,
    pub title: &'static str,
    pub why: &'static str,
    pub finding: Finding,
    /// How long it took to ask for the facts that it rests on.
    pub took: Duration,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Source,
    Target,
    Kafka,
    Coordination,
    Task,
}

/// Names that are listed in a sentence; beyond that they are counted.
const NAMES_MAX: usize = 5;

/// Statements in one fix.
const STATEMENTS_MAX: usize = 50;

impl Finding {
    pub(crate) fn passed(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Passed, found: found.into(), fix: None }
    }

    pub(crate) fn skipped(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, found: found.into(), fix: None }
    }

    pub(crate) fn failed(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, found: found.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn warning(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, found: found.into(), fix: Some(fix.into()) }
    }

    /// Something is wrong that no statement mends.
    pub(crate) fn without_fix(verdict: Verdict, found: impl Into<String>) -> Self {
        Self { verdict, found: found.into(), fix: None }
    }
}

/// What was asked for and not answered makes no verdict.
pub(crate) fn known<T>(answer: &Result<T, Failure>) -> Result<&T, Finding> {
    answer.as_ref().map_err(|failure| Finding::skipped(format!("it can't be told: {}", failure.reason)))
}

/// `a, b, c and 4 more`.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// One statement a line.
pub(crate) fn statements(statements: &[String]) -> String {
    let mut text = statements.iter().take(STATEMENTS_MAX).map(|one| format!("{one};")).collect::<Vec<_>>().join("\n");
    if statements.len() > STATEMENTS_MAX {
        text.push_str(&format!("\n-- and {} more", statements.len() - STATEMENTS_MAX));
    }
    text
}
