//! Preflight: what is asked and what is answered.

use super::task_spec::TaskDocument;
use crate::preflight::finding::{About, Checked, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A task to check, whether or not it is stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreflightRequest {
    pub spec: TaskDocument,
    /// The task that this is an edit of; its stored passwords are meant by `********`.
    #[serde(default)]
    pub task: Option<String>,
    /// Codes to check alone. Default: all.
    #[serde(default)]
    pub checks: Vec<String>,
}

/// What was found, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreflightView {
    pub checks: Vec<CheckView>,
    pub passed: usize,
    pub warnings: usize,
    pub failed: usize,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "source_row_image", "about": "source", "state": "failed", "title": "Rows are logged whole",
    "found": "binlog_row_image is MINIMAL",
    "why": "A row without some of its columns can't be carried faithfully.",
    "fix": "SET PERSIST binlog_row_image = 'FULL';", "millis": 12,
}))]
pub struct CheckView {
    /// Stable: programs may depend on it.
    pub code: String,
    pub about: CheckSide,
    pub state: CheckState,
    pub title: String,
    pub found: String,
    pub why: String,
    /// Exactly what mends it: SQL, lines of a configuration, a command, or keys of the task.
    pub fix: Option<String>,
    /// How long it took to ask for the facts that it rests on.
    pub millis: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckSide {
    Source,
    Target,
    Kafka,
    Coordination,
    Task,
}

/// `warning`: it runs, and could be better. `failed`: it would stop, or do harm. `skipped`: it can't be told or does
/// not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    Passed,
    Warning,
    Failed,
    Skipped,
}

impl From<Vec<Checked>> for PreflightView {
    fn from(checked: Vec<Checked>) -> Self {
        let count = |verdict| checked.iter().filter(|check| check.finding.verdict == verdict).count();
        Self {
            passed: count(Verdict::Passed),
            warnings: count(Verdict::Warning),
            failed: count(Verdict::Failed),
            checks: checked.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Checked> for CheckView {
    fn from(checked: Checked) -> Self {
        Self {
            code: checked.code.to_owned(),
            about: match checked.about {
                About::Source => CheckSide::Source,
                About::Target => CheckSide::Target,
                About::Kafka => CheckSide::Kafka,
                About::Coordination => CheckSide::Coordination,
                About::Task => CheckSide::Task,
            },
            state: match checked.finding.verdict {
                Verdict::Passed => CheckState::Passed,
                Verdict::Warning => CheckState::Warning,
                Verdict::Failed => CheckState::Failed,
                Verdict::Skipped => CheckState::Skipped,
            },
            title: checked.title.to_owned(),
            found: checked.finding.found,
            why: checked.why.to_owned(),
            fix: checked.finding.fix,
            millis: u64::try_from(checked.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
