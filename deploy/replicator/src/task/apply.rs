//! `replicator task apply`.

use super::changes::changes;
use super::order::{Order, wait};
use crate::arguments::Output;
use crate::client::{Client, SpecText};
use crate::exit::Failed;
use crate::output::show;
use crate::spec_file::SpecFile;
use crate::task::arguments::Apply;
use replicator_model::task::TaskSpec;
use serde::Serialize;
use std::path::Path;

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
    let file = SpecFile::read(file)?;
    let read = if file.is_json { TaskSpec::from_json(file.text.as_bytes()) } else { TaskSpec::from_toml(&file.text) };
    let spec = read.map_err(|error| file.refused(error))?;
    Ok((spec, SpecText { text: file.text, is_json: file.is_json }))
}
