//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use replicator_model::name::{GroupName, TaskName};
use replicator_model::span::Span;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: the request was refused, or the task FAILED
  2  the command line is wrong
  3  there is no such task
  4  the login was refused
  5  somebody else changed it, or its state does not allow it
  6  unreachable, or not done in time";

/// Carries the changes of MySQL and MariaDB to where they are wanted.
#[derive(Debug, Parser)]
#[command(name = "replicator", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The Server to ask
    #[arg(long, global = true, env = "REPLICATOR_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub server: String,
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
    /// List the Cores that are alive
    #[command(after_help = "Example:\n  replicator cores")]
    Cores,
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
    /// Listen on an address that other hosts reach, although there is no login yet
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
    #[arg(long)]
    pub watch: bool,
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
pub(crate) struct Delete {
    pub name: TaskName,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

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
