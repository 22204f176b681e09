//! The command line of users, tokens and the audit.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use replicator_model::name::{TaskName, UserName};
use replicator_model::span::Span;
use replicator_server::view::RoleWord;
use std::path::PathBuf;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// See tasks and alerts
    Viewer,
    /// Steer tasks, acknowledge and silence alerts, see the audit
    Operator,
    /// Users, everybody's tokens, rules and channels too
    Admin,
}

impl From<Role> for RoleWord {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => RoleWord::Viewer,
            Role::Operator => RoleWord::Operator,
            Role::Admin => RoleWord::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The first user's name
    #[arg(long)]
    pub user: UserName,
    /// A file with the one-time token that the Server printed. Or set REPLICATOR_SETUP_TOKEN; else it is asked for
    #[arg(long, value_name = "FILE")]
    pub setup_token_file: Option<PathBuf>,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Who signs in
    #[arg(long)]
    pub user: UserName,
    #[command(flatten)]
    pub password: Password,
    /// How long the login lasts
    #[arg(long, default_value = "90d")]
    pub expires_in: Span,
}

/// Never an argument: arguments are seen by all users of this host.
#[derive(Debug, Args)]
pub(crate) struct Password {
    /// A file with the password; `-` reads stdin. Else it is asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// List users
    #[command(after_help = "Example:\n  replicator user list")]
    List,
    /// Make a user
    #[command(after_help = "Examples:\n  replicator user add bob --role operator\n  \
        replicator user add bob --role viewer --password-file /run/secrets/bob")]
    Add(AddUser),
    /// Change a user; its sessions end
    #[command(
        after_help = "Examples:\n  replicator user set bob --role viewer\n  replicator user set bob --disable\n  \
        replicator user set bob --password"
    )]
    Set(SetUser),
    /// Remove a user with its tokens
    #[command(after_help = "Example:\n  replicator user remove bob")]
    Remove { name: UserName },
}

#[derive(Debug, Args)]
pub(crate) struct AddUser {
    pub name: UserName,
    /// What it may do
    #[arg(long, value_enum)]
    pub role: Role,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["role", "disable", "enable", "password", "password_file"]))]
pub(crate) struct SetUser {
    pub name: UserName,
    /// What it may do from now on
    #[arg(long, value_enum)]
    pub role: Option<Role>,
    /// Let it sign in no more
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
    /// Let it sign in again
    #[arg(long)]
    pub enable: bool,
    /// Ask for a new password
    #[arg(long, conflicts_with = "password_file")]
    pub password: bool,
    /// A file with the new password; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// List API tokens: the own ones, or everybody's for an admin
    #[command(after_help = "Example:\n  replicator token list")]
    List,
    /// Make an API token for the own user; it is shown this once
    #[command(after_help = "Example:\n  replicator token create --name deploys --role operator --expires-in 90d")]
    Create(CreateToken),
    /// Revoke an API token by its id
    #[command(after_help = "Example:\n  replicator token revoke 5f3a0c1d2e4b6a79")]
    Revoke {
        /// As `replicator token list` shows it
        #[arg(value_name = "TOKEN")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    /// What it is for
    #[arg(long)]
    pub name: String,
    /// What it may do, not more than its user
    #[arg(long, value_enum)]
    pub role: Option<Role>,
    /// How long it lives; without, it has no end
    #[arg(long)]
    pub expires_in: Option<Span>,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Only what was done to this task
    #[arg(long)]
    pub task: Option<TaskName>,
    /// Only what this user did
    #[arg(long)]
    pub user: Option<UserName>,
    /// Only this operation, by its id in the API, such as startTask
    #[arg(long, value_name = "OPERATION")]
    pub action: Option<String>,
    /// Most entries, newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Show what each changed too
    #[arg(long)]
    pub diff: bool,
    /// Show anew every second, until interrupted
    #[arg(long)]
    pub watch: bool,
}
