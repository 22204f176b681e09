//! The command line.

use crate::access::arguments::{Audit, Login, Setup, Token, User};
use crate::alerting::arguments::{Alerts, Channels, Rules, Silence};
use clap::{Args, Parser, Subcommand, ValueEnum};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::span::Span;
use replicator_model::task::Start;
use replicator_server::view::TaskState;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: the request was refused, or the task FAILED
  2  the command line is wrong
  3  there is no such task
  4  the login was refused, nobody is signed in, or the role is not enough
  5  somebody else changed it, or its state does not allow it
  6  unreachable, or not done in time";

/// Carries the changes of MySQL and MariaDB to where they are wanted.
#[derive(Debug, Parser)]
#[command(name = "replicator", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The Server to ask
    #[arg(long, global = true, env = "REPLICATOR_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub server: String,
    /// A file with the API token to show; before REPLICATOR_TOKEN and what `replicator login` stored
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// How to write what is answered
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    #[command(subcommand)]
    pub command: Command,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For programs: the Server's JSON, and errors as problem+json on stderr
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run Core, Server and Monitor in this process, with the coordination tree in a folder
    #[command(after_help = "Example:\n  replicator standalone --data /var/lib/replicator")]
    Standalone(Standalone),
    /// Show the changes of a server as canal-json lines; nothing is stored anywhere
    #[command(after_help = "Examples:\n  \
        REPLICATOR_PASSWORD=secret replicator try mysql://replicator@127.0.0.1:3306/ --tables 'shop.*'\n  \
        replicator try mysql://replicator@db1/ --password-file /run/secrets/db1 --start earliest")]
    Try(Try),
    /// Show what a server needs to be a source or a target, with the exact fix; nothing is changed there
    #[command(after_help = "Examples:\n  \
        REPLICATOR_PASSWORD=secret replicator doctor mysql://replicator@db1/ --tables 'shop.*'\n  \
        replicator doctor mysql://replicator@db2/ --as target --password-file /run/secrets/db2")]
    Doctor(Doctor),
    /// Define, see and steer tasks
    #[command(subcommand)]
    Task(Task),
    /// See what is wrong, and say that somebody is at it
    #[command(after_help = "Examples:\n  replicator alerts --watch\n  replicator alerts --history -o json")]
    Alerts(Alerts),
    /// Keep alerts quiet for a while
    #[command(subcommand)]
    Silence(Silence),
    /// See and set by which rules alerts are raised
    #[command(subcommand)]
    Rules(Rules),
    /// Define, try and see where people are told
    #[command(subcommand)]
    Channels(Channels),
    /// List the Cores that are alive
    #[command(after_help = "Example:\n  replicator cores")]
    Cores,
    /// Make the first user, with the one-time token that the Server printed, and sign in
    #[command(after_help = "Examples:\n  replicator setup --user alice\n  \
        replicator setup --user alice --setup-token-file token --password-file password")]
    Setup(Setup),
    /// Sign in: an API token is made and kept in ~/.config/replicator/credentials.toml
    #[command(after_help = "Examples:\n  replicator login --user alice\n  \
        replicator login --user alice --password-file - < password")]
    Login(Login),
    /// Sign out: what `login` made is revoked and forgotten
    #[command(after_help = "Example:\n  replicator logout")]
    Logout,
    /// Show who is signed in
    #[command(after_help = "Example:\n  replicator whoami -o json")]
    Whoami,
    /// Make, see and change users
    #[command(subcommand)]
    User(User),
    /// Make, see and revoke API tokens
    #[command(subcommand)]
    Token(Token),
    /// See who did what, or was refused to
    #[command(
        after_help = "Examples:\n  replicator audit --task copy_shop --diff\n  replicator audit --user bob --limit 10 -o json\n  \
        replicator audit --action deleteTask --watch"
    )]
    Audit(Audit),
    /// Show the program's version
    #[command(after_help = "Example:\n  replicator version")]
    Version,
    /// Write a completion script for a shell
    #[command(after_help = "Example:\n  replicator completion bash > /etc/bash_completion.d/replicator")]
    Completion { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub(crate) struct Standalone {
    /// The folder that keeps tasks and checkpoints; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where REST is served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Listen on an address that other hosts reach, although nothing is encrypted
    #[arg(long)]
    pub allow_insecure: bool,
    /// The group of the Core here: tasks of other groups do not run
    #[arg(long, default_value = "group1")]
    pub group: GroupName,
    /// Where the Core serves /healthz, /readyz and /metrics; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub core_admin: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    /// mysql://user[:password]@host[:port]/
    pub source: String,
    /// A file with the password. Or set REPLICATOR_PASSWORD; one in the address is seen by all users of this host
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Which tables, as `database.table` patterns
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', default_value = "*.*")]
    pub tables: Vec<String>,
    /// Where to begin: latest, earliest, FILE:OFFSET or a GTID set
    #[arg(long, default_value = "latest", value_name = "WHERE")]
    pub start: String,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// mysql://user[:password]@host[:port]/
    #[arg(value_name = "ADDRESS")]
    pub server_address: String,
    /// What it is to be
    #[arg(long = "as", value_enum, default_value_t = DoctorSide::Source, value_name = "SIDE")]
    pub as_side: DoctorSide,
    /// A file with the password. Or set REPLICATOR_PASSWORD; one in the address is seen by all users of this host
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Which tables, as `database.table` patterns
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', default_value = "*.*")]
    pub tables: Vec<String>,
}

/// The two ends of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorSide {
    Source,
    Target,
}

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
    /// Only tasks in this state, such as running, failed, not_running, stopped
    #[arg(long)]
    pub state: Option<String>,
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

fn wanted_state(text: &str) -> Result<TaskState, String> {
    let state = text.strip_prefix("state=").unwrap_or(text).to_lowercase();
    serde_json::from_value(serde_json::Value::String(state.clone()))
        .map_err(|_| format!("`{state}` is not a state: try running, paused, stopped, failed, retrying or not_running"))
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
    use clap::CommandFactory;

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

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            if command.has_subcommands() {
                command.get_subcommands().for_each(|sub| check(sub, &format!("{path} {}", sub.get_name())));
            } else {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example") && help.contains("replicator"), "`{path}` shows no example");
            }
        }
        let command = Arguments::command();
        command.clone().debug_assert();
        check(&command, "replicator");
    }
}
