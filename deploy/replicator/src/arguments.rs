//! The command line.

use crate::access::arguments::{Audit, Login, Setup, Token, User};
use crate::alerting::arguments::{Alerts, Channels, Rules, Silence};
use crate::binlog::arguments::Binlog;
use crate::completion::script::Shell;
use crate::task::arguments::Task;
use clap::{Args, Parser, Subcommand, ValueEnum};
use replicator_model::name::GroupName;
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
    /// A file with certificates (PEM) that the Server's has to be signed by, instead of this host's own
    #[arg(long, global = true, env = "REPLICATOR_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
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
    /// The same in one line: one after another where one watches
    #[value(skip)]
    JsonLines,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run Core, Server and Monitor in this process, with the coordination tree in a folder
    #[command(after_help = "Examples:\n  replicator standalone --data /var/lib/replicator\n  \
        replicator standalone --data data --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem")]
    Standalone(Standalone),
    /// Show the changes of a server: for people on a terminal, else as canal-json lines; nothing is stored anywhere
    #[command(after_help = "Examples:\n  \
        REPLICATOR_PASSWORD=secret replicator try mysql://replicator@127.0.0.1:3306/ --tables 'shop.*'\n  \
        replicator try mysql://replicator@db1/ --password-file /run/secrets/db1 --start earliest")]
    Try(Try),
    /// Show the rows and statements in binary log files as JSON lines, without a server
    #[command(after_help = "Examples:\n  \
        replicator binlog /var/lib/mysql/binlog.000042 --tables 'shop.*' | jq -c .after\n  \
        zcat binlog.000042.gz | replicator binlog - --start 4711 --rows-only")]
    Binlog(Binlog),
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
    #[command(after_help = "Examples:\n  replicator cores\n  replicator cores --watch")]
    Cores(Cores),
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
    #[command(after_help = "Examples:\n  replicator completion bash > /etc/bash_completion.d/replicator\n  \
        replicator completion zsh > /usr/local/share/zsh/site-functions/_replicator\n  \
        replicator completion fish > ~/.config/fish/completions/replicator.fish")]
    Completion { shell: Shell },
    /// What the completion scripts ask: how a command line up to the cursor may go on, a line each
    #[command(hide = true, after_help = "Example:\n  replicator complete 'replicator task show co'")]
    Complete { line: String },
}

#[derive(Debug, Args)]
pub(crate) struct Cores {
    /// Show it again every second
    #[arg(long)]
    pub watch: bool,
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
    /// Encrypt with this certificate (PEM, with those that it was signed by); taken over when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
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
    /// Where to begin: latest, earliest, FILE:OFFSET, a GTID set, or a time such as 2026-11-22T08:00:00Z
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
