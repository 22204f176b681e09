//! `replicator task …`: what can be said to it.

use clap::{Args, Subcommand};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::span::Span;
use replicator_model::task::Start;
use replicator_server::view::TaskState;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Preflight {
    /// A task that the Server has
    #[arg(conflicts_with = "file", required_unless_present = "file")]
    pub name: Option<TaskName>,
    /// A task in TOML or JSON; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only these checks
    #[arg(long = "check", value_name = "CODE", value_delimiter = ',')]
    pub checks: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// A task that the Server has
    #[arg(conflicts_with = "file", required_unless_present = "file")]
    pub name: Option<TaskName>,
    /// A task in TOML or JSON; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Rows of each table, at most 50
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=50))]
    pub rows: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Create a task from a file, or bring it up to date with it
    #[command(after_help = "Examples:\n  replicator task apply -f copy.toml --start --wait\n  \
        replicator task apply -f - --dry-run < copy.toml")]
    Apply(Apply),
    /// Check a task before it is started: source, target, brokers, group; with what mends what is wrong
    #[command(after_help = "Examples:\n  replicator task preflight copy_hot_item\n  \
        replicator task preflight -f copy.toml --check source_row_image,target_tables")]
    Preflight(Preflight),
    /// Show what a task's routes make of its source's tables, with some of their rows as they would arrive
    #[command(after_help = "Examples:\n  replicator task preview -f copy.toml --rows 2\n  \
        replicator task preview copy_hot_item")]
    Preview(Preview),
    /// List tasks
    #[command(after_help = "Examples:\n  replicator task list\n  replicator task list --state failed -o json")]
    List(List),
    /// Show what a task does
    #[command(after_help = "Example:\n  replicator task show copy_hot_item --watch")]
    Show(Show),
    /// Write a task's spec as TOML, secrets redacted
    #[command(after_help = "Examples:\n  replicator task get copy_hot_item > copy.toml\n  \
        replicator task get copy_hot_item --version 3\n  replicator task get copy_hot_item -o json")]
    Get(Get),
    /// Compare a file with the task as it is, or two versions of a task
    #[command(after_help = "Examples:\n  replicator task diff -f copy.toml\n  \
        replicator task diff copy_hot_item 3 5\n  replicator task diff copy_hot_item 3")]
    Diff(Diff),
    /// List the versions of a task's spec
    #[command(after_help = "Example:\n  replicator task versions copy_hot_item")]
    Versions { name: TaskName },
    /// Make an earlier version of a task's spec the newest one
    #[command(after_help = "Example:\n  replicator task rollback copy_hot_item --to 3 --reason 'target too small'")]
    Rollback(Rollback),
    /// Start a task, or try a FAILED one again
    #[command(after_help = "Example:\n  replicator task start copy_hot_item --wait")]
    Start(Order),
    /// Stop a task; its checkpoint stays
    #[command(after_help = "Example:\n  replicator task stop copy_hot_item --wait --timeout 1m")]
    Stop(Order),
    /// Pause a task: its instances stay ready and no row moves
    #[command(after_help = "Example:\n  replicator task pause copy_hot_item")]
    Pause(Order),
    /// Resume a paused task
    #[command(after_help = "Example:\n  replicator task resume copy_hot_item")]
    Resume(Order),
    /// List rows at the target that were not what a change expected
    #[command(after_help = "Example:\n  replicator task conflicts copy_hot_item --limit 50")]
    Conflicts(Conflicts),
    /// Point a task elsewhere in its source's log; shows what that means and asks
    #[command(after_help = "Examples:\n  replicator task rewind copy_hot_item --to earliest --dry-run\n  \
        replicator task rewind copy_hot_item --to bin.000042:4\n  \
        replicator task rewind copy_hot_item --to time:2026-11-22T08:00:00Z --yes")]
    Rewind(Rewind),
    /// Leave out the transaction that a FAILED task can't carry; shows it and asks
    #[command(after_help = "Examples:\n  replicator task skip copy_hot_item --dry-run\n  \
        replicator task skip copy_hot_item --reason 'applied by hand'")]
    Skip(Skip),
    /// Have the next Core in line take a task over
    #[command(after_help = "Example:\n  replicator task handover copy_hot_item --to core2 --wait")]
    Handover(Handover),
    /// Delete a stopped task with its checkpoint and versions
    #[command(after_help = "Example:\n  replicator task delete copy_hot_item --yes")]
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The task, in TOML or JSON; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: PathBuf,
    /// Why, kept with the version
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Only show what would change
    #[arg(long, conflicts_with_all = ["start", "wait"])]
    pub dry_run: bool,
    /// Start it too
    #[arg(long)]
    pub start: bool,
    /// Wait until it runs
    #[arg(long, requires = "start")]
    pub wait: bool,
    /// How long to wait at most
    #[arg(long, default_value = "30s")]
    pub timeout: Span,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only tasks of this group
    #[arg(long)]
    pub group: Option<GroupName>,
    /// Only tasks in this state, such as state=failed or not_running
    #[arg(long, value_name = "STATE", value_parser = wanted_state)]
    pub state: Option<TaskState>,
    /// Show it again every second
    #[arg(long)]
    pub watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    pub name: TaskName,
    /// Show it again every second
    #[arg(long, conflicts_with = "wait_for")]
    pub watch: bool,
    /// Wait until it is in this state, such as state=running or state=failed, then show it
    #[arg(long, value_name = "state=STATE", value_parser = wanted_state)]
    pub wait_for: Option<TaskState>,
    /// How long to wait at most
    #[arg(long, default_value = "30s", requires = "wait_for")]
    pub timeout: Span,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    pub name: TaskName,
    /// An earlier version
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    #[arg(required_unless_present = "file")]
    pub name: Option<TaskName>,
    /// The version to compare from
    #[arg(required_unless_present = "file")]
    pub from: Option<u64>,
    /// The version to compare with; the newest if it is left out
    pub to: Option<u64>,
    /// The task, in TOML or JSON; `-` reads stdin
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["name", "from", "to"])]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    pub name: TaskName,
    /// The version to go back to
    #[arg(long, value_name = "NUMBER")]
    pub to: u64,
    /// Why, kept with the new version
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Order {
    pub name: TaskName,
    /// Wait until it is done
    #[arg(long)]
    pub wait: bool,
    /// How long to wait at most
    #[arg(long, default_value = "30s")]
    pub timeout: Span,
}

#[derive(Debug, Args)]
pub(crate) struct Rewind {
    pub name: TaskName,
    /// earliest, latest, FILE:OFFSET, gtid:SET or time:RFC3339
    #[arg(long, value_name = "WHERE", value_parser = start)]
    pub to: Start,
    /// Only show what it means
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Conflicts {
    pub(crate) name: TaskName,
    /// Most of them, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
    /// Only those that are older than this one
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Skip {
    pub name: TaskName,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true, required_unless_present = "dry_run")]
    pub reason: String,
    /// Only show the transaction
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Wait until the task runs
    #[arg(long)]
    pub wait: bool,
    /// How long to wait at most
    #[arg(long, default_value = "30s")]
    pub timeout: Span,
}

#[derive(Debug, Args)]
pub(crate) struct Handover {
    pub name: TaskName,
    /// The Core that is expected to take over
    #[arg(long, value_name = "CORE")]
    pub to: Option<CoreName>,
    /// Wait until another instance runs it
    #[arg(long)]
    pub wait: bool,
    /// How long to wait at most
    #[arg(long, default_value = "30s")]
    pub timeout: Span,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    pub name: TaskName,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

const STATES: &str = "running, starting, retrying, failed, not_running, pausing, paused, stopping and stopped";

fn wanted_state(text: &str) -> Result<TaskState, String> {
    let state = text.strip_prefix("state=").unwrap_or(text).to_lowercase();
    serde_json::from_value(serde_json::Value::String(state.clone()))
        .map_err(|_| format!("`{state}` is not a state: there are {STATES}"))
}

fn start(text: &str) -> Result<Start, String> {
    let position = || {
        let (file, offset) = text.rsplit_once(':')?;
        Some(Start::Position { file: file.to_owned(), offset: offset.parse().ok()? })
    };
    match text {
        "earliest" => Ok(Start::Earliest),
        "latest" => Ok(Start::Latest),
        _ => match (text.strip_prefix("gtid:"), text.strip_prefix("time:")) {
            (Some(gtid), _) => Ok(Start::Gtid { gtid: gtid.to_owned() }),
            (_, Some(time)) => Ok(Start::Time { time: time.to_owned() }),
            _ => position().ok_or_else(|| "write earliest, latest, FILE:OFFSET, gtid:SET or time:RFC3339".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_log_are_read_in_each_form() {
        let position = |file: &str, offset| Start::Position { file: file.to_owned(), offset };
        for (text, place) in [
            ("earliest", Some(Start::Earliest)),
            ("latest", Some(Start::Latest)),
            ("bin.000042:4", Some(position("bin.000042", 4))),
            ("gtid:0-1-7", Some(Start::Gtid { gtid: "0-1-7".into() })),
            ("time:2026-11-22T08:00:00Z", Some(Start::Time { time: "2026-11-22T08:00:00Z".into() })),
            ("yesterday", None),
            ("bin.000042:x", None),
        ] {
            assert_eq!(start(text).ok(), place, "{text}");
        }
    }
}
