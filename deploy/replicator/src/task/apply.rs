//! `replicator task apply`.

use super::changes::changes;
use super::order::{Order, wait};
use crate::arguments::Output;
use crate::client::{Client, SpecText};
use crate::exit::{Exit, Failed};
use crate::output::show;
use crate::task::arguments::Apply;
use replicator_model::task::{SpecError, TaskSpec};
use replicator_server::view::ProblemDetail;
use serde::Serialize;
use std::io::Read;
use std::path::Path;

/// Longest file that is read; a Server takes less.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// What was, or would be, done.
#[derive(Debug, Serialize)]
struct Applied {
    name: String,
    action: Action,
    /// The version in force; absent for a task that is only proposed.
    version: Option<u64>,
    changes: Vec<String>,
    started: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Created,
    Updated,
    Unchanged,
    WouldCreate,
    WouldUpdate,
}

pub(crate) async fn run(client: &Client, apply: Apply, output: Output) -> Result<(), Failed> {
    let (spec, text) = read(&apply.file)?;
    let name = spec.name.clone();
    let after = serde_json::to_value(&spec).unwrap_or_default();
    let before = client.task(&name).await?;
    let changes = match &before {
        Some(before) => changes(&serde_json::to_value(&before.spec).unwrap_or_default(), &after),
        None => Vec::new(),
    };
    let (action, version) = match (before, apply.dry_run) {
        (None, true) => (Action::WouldCreate, None),
        (Some(before), true) if changes.is_empty() => (Action::Unchanged, Some(before.version)),
        (Some(before), true) => (Action::WouldUpdate, Some(before.version)),
        (None, false) => (Action::Created, Some(client.create(text, &apply.reason).await?.version)),
        (Some(before), false) => {
            let updated = client.update(&name, before.version, text, &apply.reason).await?;
            let action = if updated.version == before.version { Action::Unchanged } else { Action::Updated };
            (action, Some(updated.version))
        }
    };
    if apply.start {
        client.order(&name, "start").await?;
    }
    if apply.wait {
        wait(client, &name, Order::Start, apply.timeout).await?;
    }
    let applied = Applied { name: name.into(), action, version, changes, started: apply.start };
    show(output, &applied, summary);
    Ok(())
}

fn summary(applied: &Applied) -> String {
    let version = applied.version.map(|version| format!(" (version {version})")).unwrap_or_default();
    let done = match applied.action {
        Action::Created => "created",
        Action::Updated => "updated",
        Action::Unchanged => "unchanged",
        Action::WouldCreate => "would be created",
        Action::WouldUpdate => "would be updated",
    };
    let started = if applied.started { ", started" } else { "" };
    let mut text = format!("task {} {done}{version}{started}\n", applied.name);
    for change in &applied.changes {
        text.push_str(&crate::table::cut(change, crate::table::WIDTH));
        text.push('\n');
    }
    if applied.action == Action::Updated && applied.changes.is_empty() {
        text.push_str("  ~ a secret\n");
    }
    text
}

/// The spec, and the text that it was read from: only the text has the secrets.
pub(crate) fn read(file: &Path) -> Result<(TaskSpec, SpecText), Failed> {
    let shown = if file == Path::new("-") { "stdin".to_owned() } else { file.display().to_string() };
    let unreadable = |error: std::io::Error| {
        let hint = "give the path of a task in TOML or JSON with -f";
        Failed::new(Exit::Failed, "file_unreadable", format!("{shown} can't be read: {error}"), hint)
    };
    let input: Box<dyn Read> = match shown.as_str() {
        "stdin" => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(file).map_err(unreadable)?),
    };
    let mut text = String::new();
    input.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    let is_json = text.trim_start().starts_with('{');
    let spec = if is_json { TaskSpec::from_json(text.as_bytes()) } else { TaskSpec::from_toml(&text) };
    let spec = spec.map_err(|error| refused(&shown, error))?;
    Ok((spec, SpecText { text, is_json }))
}

fn refused(file: &str, error: SpecError) -> Failed {
    match error {
        SpecError::Syntax(problem) => {
            Failed::new(Exit::Failed, "spec_syntax", format!("{file}: {problem}"), "mend the line or key that it names")
        }
        SpecError::Invalid(problems) => {
            let mut failed =
                Failed::new(Exit::Failed, "spec_invalid", format!("{file} can't work"), "mend each of them");
            failed.problem.errors = problems
                .into_iter()
                .map(|problem| ProblemDetail { key: problem.key, problem: problem.problem, hint: problem.hint })
                .collect();
            failed
        }
    }
}
