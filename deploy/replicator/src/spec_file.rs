//! Files that people write: tasks and channels, in TOML or JSON.

use crate::exit::{Exit, Failed};
use replicator_model::task::SpecError;
use replicator_server::view::ProblemDetail;
use std::io::Read;
use std::path::Path;

/// Longest file that is read; a Server takes less.
const BYTES_MAX: u64 = 8 << 20;

/// What a file holds.
pub(crate) struct SpecFile {
    /// How it is called in errors.
    shown: String,
    pub(crate) text: String,
    pub(crate) is_json: bool,
}

impl SpecFile {
    /// `-` is stdin.
    pub(crate) fn read(file: &Path) -> Result<Self, Failed> {
        let shown = if file == Path::new("-") { "stdin".to_owned() } else { file.display().to_string() };
        let unreadable = |error: std::io::Error| {
            let hint = "give the path of a file in TOML or JSON with -f, or `-` for stdin";
            Failed::new(Exit::Failed, "file_unreadable", format!("{shown} can't be read: {error}"), hint)
        };
        let input: Box<dyn Read> = match shown.as_str() {
            "stdin" => Box::new(std::io::stdin()),
            _ => Box::new(std::fs::File::open(file).map_err(unreadable)?),
        };
        let mut text = String::new();
        input.take(BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
        let is_json = text.trim_start().starts_with('{');
        Ok(Self { shown, text, is_json })
    }

    /// What was wrong with what it holds.
    pub(crate) fn refused(&self, error: SpecError) -> Failed {
        let file = &self.shown;
        match error {
            SpecError::Syntax(problem) => {
                let hint = "mend the line or key that it names";
                Failed::new(Exit::Failed, "spec_syntax", format!("{file}: {problem}"), hint)
            }
            SpecError::Invalid(problems) => {
                let detail = format!("{file} can't work");
                let mut failed = Failed::new(Exit::Failed, "spec_invalid", detail, "mend each of them");
                failed.problem.errors = problems
                    .into_iter()
                    .map(|problem| ProblemDetail { key: problem.key, problem: problem.problem, hint: problem.hint })
                    .collect();
                failed
            }
        }
    }
}
