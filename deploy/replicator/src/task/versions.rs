//! `replicator task get|diff|versions|rollback`.

use super::{apply, confirm, not_found};
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed, printable};
use crate::output::show;
use crate::table::{Table, moment};
use crate::task::arguments::{Diff, Get, Rollback};
use replicator_model::name::TaskName;
use replicator_model::task::TaskSpec;
use replicator_server::view::{DiffView, RollbackRequest, VersionList};
use serde::Serialize;
use std::path::Path;

/// Unchanged lines that are shown around a change.
const CONTEXT_LINES: usize = 3;

/// What differs between a file and the task.
#[derive(Debug, Serialize)]
struct FileDiff {
    name: TaskName,
    /// The version that the file was compared with; absent if there is no such task yet.
    version: Option<u64>,
    diff: String,
}

pub(super) async fn get(client: &Client, Get { name, version }: &Get, output: Output) -> Result<(), Failed> {
    match version {
        Some(version) => {
            let kept = client.version(name, *version).await?;
            let text = toml(&kept.spec)?;
            show(output, &kept, |_| text);
        }
        None => {
            let task = client.task(name).await?.ok_or_else(|| not_found(name))?;
            let text = toml(&task.spec)?;
            show(output, &task, |_| text);
        }
    }
    Ok(())
}

pub(super) async fn diff(client: &Client, diff: &Diff, output: Output) -> Result<(), Failed> {
    match diff {
        Diff { file: Some(file), .. } => diff_file(client, file, output).await,
        Diff { name: Some(name), from: Some(from), to, .. } => {
            let to = match to {
                Some(to) => *to,
                None => client.task(name).await?.ok_or_else(|| not_found(name))?.version,
            };
            show(output, &client.diff(name, *from, to).await?, version_diff);
            Ok(())
        }
        Diff { .. } => {
            let hint = "give a file with -f, or the task's name and a version";
            Err(Failed::new(Exit::Usage, "nothing_to_compare", "there is nothing to compare", hint))
        }
    }
}

async fn diff_file(client: &Client, file: &Path, output: Output) -> Result<(), Failed> {
    let (spec, _) = apply::read(file)?;
    let (name, new) = (spec.name.clone(), toml(&spec)?);
    let before = client.task(&name).await?;
    let (version, old) = match &before {
        Some(task) => (Some(task.version), toml(&task.spec)?),
        None => (None, String::new()),
    };
    let head = version.map_or("no task yet".to_owned(), |version| format!("version {version}"));
    let diff = similar::TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(&head, &file.display().to_string())
        .to_string();
    let diff = FileDiff { name, version, diff: if old == new { String::new() } else { diff } };
    show(output, &diff, |diff| match diff.diff.as_str() {
        "" => format!("task {} is as the file says, but for secrets, which are not compared\n", diff.name),
        text => printable(text),
    });
    Ok(())
}

fn version_diff(diff: &DiffView) -> String {
    let mut text = printable(&diff.diff);
    for key in &diff.secrets_changed {
        text.push_str(&format!("~ {key} (a secret)\n"));
    }
    if text.is_empty() { format!("versions {} and {} are the same\n", diff.from, diff.to) } else { text }
}

pub(super) async fn list(client: &Client, name: &TaskName, output: Output) -> Result<(), Failed> {
    show(output, &client.versions(name).await?, versions);
    Ok(())
}

fn versions(list: &VersionList) -> String {
    let mut table = Table::new(&["VERSION", "AT", "BY", "WHY"]);
    for version in &list.versions {
        let at = moment(version.at.as_ref());
        let by = if version.by.is_empty() { "-".to_owned() } else { version.by.clone() };
        table.row([version.version.to_string(), at, by, version.reason.clone()]);
    }
    table.to_string()
}

pub(super) async fn roll_back(client: &Client, rollback: Rollback, output: Output) -> Result<(), Failed> {
    let Rollback { name, to, reason, yes } = rollback;
    let task = client.task(&name).await?.ok_or_else(|| not_found(&name))?;
    if !yes {
        eprint!("{}", version_diff(&client.diff(&name, task.version, to).await?));
    }
    confirm(yes, &format!("Go from version {} of task {name} back to version {to}?", task.version))?;
    let made = client.roll_back(&name, task.version, &RollbackRequest { version: to, reason }).await?;
    show(output, &made, |made| match made.version == task.version {
        true => format!("task {name}: version {} is the same as version {to}\n", made.version),
        false => format!("task {name} is at version {}, the same as version {to}\n", made.version),
    });
    Ok(())
}

fn toml(spec: &TaskSpec) -> Result<String, Failed> {
    let hint = "see it as JSON with -o json";
    spec.to_toml().map_err(|error| Failed::new(Exit::Failed, "spec_syntax", error.to_string(), hint))
}
