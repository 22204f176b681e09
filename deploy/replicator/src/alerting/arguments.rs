//! The command line about alerts.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName};
use replicator_model::span::Span;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Alerts {
    /// Show it again every second
    #[arg(long)]
    pub watch: bool,
    /// Only alerts about this task
    #[arg(long, value_name = "TASK")]
    pub task: Option<TaskName>,
    /// Those that are over, of the last seven days
    #[arg(long, conflicts_with = "watch")]
    pub history: bool,
    #[command(subcommand)]
    pub command: Option<AlertsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Say that somebody is at it: nobody is told of this firing again, only of its end
    #[command(
        after_help = "Example:\n  replicator alerts acknowledge task_failed:copy_hot_item --note 'the disk is being replaced'"
    )]
    Acknowledge(Acknowledge),
    /// Take that back
    #[command(after_help = "Example:\n  replicator alerts unacknowledge task_failed:copy_hot_item")]
    Unacknowledge {
        #[arg(value_name = "ALERT")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Acknowledge {
    /// As `replicator alerts` shows it
    #[arg(value_name = "ALERT")]
    pub id: String,
    /// For the others
    #[arg(long, default_value = "", hide_default_value = true)]
    pub note: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Silence {
    /// Tell nobody of what matches until it ends
    #[command(
        after_help = "Examples:\n  replicator silence add --task copy_hot_item --for 2h --reason 'the target moves'\n  \
        replicator silence add --core core7 --for 1d --reason maintenance"
    )]
    Add(SilenceAdd),
    /// List silences
    #[command(after_help = "Example:\n  replicator silence list")]
    List,
    /// End a silence now
    #[command(after_help = "Example:\n  replicator silence end 0b0e7c1e-6f0c-4b0e-9a52-3d7f3c1f6c55")]
    End {
        /// As `replicator silence list` shows it
        #[arg(value_name = "SILENCE")]
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("matcher").required(true).multiple(true).args(["rule", "task", "group", "core", "severity"]))]
pub(crate) struct SilenceAdd {
    /// Only alerts of this rule
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    #[arg(long)]
    pub task: Option<TaskName>,
    #[arg(long)]
    pub group: Option<GroupName>,
    #[arg(long)]
    pub core: Option<CoreName>,
    #[arg(long, value_enum)]
    pub severity: Option<Severity>,
    /// How long, at most 30d
    #[arg(long = "for", value_name = "TIME")]
    pub lasts: Span,
    /// For the others
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// List the rules as they hold
    #[command(after_help = "Example:\n  replicator rules list")]
    List,
    /// Set a rule, for all tasks or for one
    #[command(after_help = "Examples:\n  replicator rules set task_lag_warning --threshold 60 --for 5m\n  \
        replicator rules set task_lag_critical --task copy_hot_item --severity warning\n  \
        replicator rules set paused_too_long --enabled false\n  \
        replicator rules set task_lag_warning --reset")]
    Set(RuleSet),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["reset", "enabled", "severity", "hold", "keep", "threshold", "clear", "repeat"]))]
pub(crate) struct RuleSet {
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// For this task alone
    #[arg(long)]
    pub task: Option<TaskName>,
    /// As the rule was made; what else is given is set then
    #[arg(long)]
    pub reset: bool,
    #[arg(long)]
    pub enabled: Option<bool>,
    #[arg(long, value_enum)]
    pub severity: Option<Severity>,
    /// How long the condition must hold before somebody is told
    #[arg(long = "for", value_name = "TIME")]
    pub hold: Option<Span>,
    /// How long it must have been gone before that is told
    #[arg(long, value_name = "TIME")]
    pub keep: Option<Span>,
    /// In the unit of the rule
    #[arg(long)]
    pub threshold: Option<f64>,
    /// In the unit of the rule
    #[arg(long)]
    pub clear: Option<f64>,
    /// How often an alert that goes on is told again
    #[arg(long, value_name = "TIME")]
    pub repeat: Option<Span>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channels {
    /// List channels
    #[command(after_help = "Example:\n  replicator channels list")]
    List,
    /// Make a channel from a file, or bring it up to date with it
    #[command(
        after_help = "Examples:\n  replicator channels apply -f dba.toml\n  replicator channels apply -f - < dba.json"
    )]
    Apply {
        /// The channel, in TOML or JSON; `-` reads stdin
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Send a test message and see what the receiver says
    #[command(after_help = "Example:\n  replicator channels test dba")]
    Test { name: ChannelName },
    /// See what became of messages
    #[command(after_help = "Example:\n  replicator channels deliveries dba")]
    Deliveries { name: ChannelName },
    /// Delete a channel
    #[command(after_help = "Example:\n  replicator channels delete dba")]
    Delete { name: ChannelName },
}
