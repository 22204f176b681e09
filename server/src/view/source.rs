//! A look at a server before there is a task: what is asked and what is answered.

use super::task_spec::{ConsumerDocument, ProducerDocument};
use crate::inspect::source::{Matched, Matches};
use crate::inspect::stage::{Stage, StageName, StageState};
use replicator_mysql::catalogue::ListedTable;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::tables::{ColumnDefinition, TableDefinition};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A source to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceRequest {
    pub producer: ProducerDocument,
    /// The task whose stored password is meant by `********`.
    #[serde(default)]
    pub task: Option<String>,
}

/// A source whose tables are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TablesRequest {
    pub producer: ProducerDocument,
    #[serde(default)]
    pub task: Option<String>,
    /// Only this database's.
    #[serde(default)]
    pub schema: Option<String>,
}

/// A source and a table of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnsRequest {
    pub producer: ProducerDocument,
    #[serde(default)]
    pub task: Option<String>,
    pub schema: String,
    pub name: String,
}

/// A source and patterns.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    pub producer: ProducerDocument,
    #[serde(default)]
    pub task: Option<String>,
    pub tables: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// An end of a task to connect to: `producer` for a source, `consumer` for a target.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionRequest {
    pub end: EndWord,
    #[serde(default)]
    pub producer: Option<ProducerDocument>,
    #[serde(default)]
    pub consumer: Option<ConsumerDocument>,
    #[serde(default)]
    pub task: Option<String>,
}

/// The two ends of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndWord {
    Source,
    Target,
}

/// The steps of a connection, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionView {
    pub stages: Vec<StageView>,
}

/// A step of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageView {
    pub stage: StageStep,
    pub state: StageOutcome,
    /// What was found.
    pub detail: String,
    /// What to do, where something is to be done.
    pub hint: Option<String>,
    pub millis: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageStep {
    Address,
    Connect,
    Tls,
    Login,
    Version,
    Grants,
}

/// How a step went. One is skipped after another failed, where it does not apply, or where only a Core can take it
/// (`secret_elsewhere`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageOutcome {
    Passed,
    Failed,
    Skipped,
}

/// A source: how far one got, what it is, what it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceView {
    pub stages: Vec<StageView>,
    /// Absent when the server was not reached.
    pub server: Option<ServerView>,
    pub schemas: Vec<SchemaView>,
}

/// A server as it describes itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerView {
    /// `MySQL` or `MariaDB`.
    pub flavor: String,
    pub version: String,
    pub server_id: u32,
    pub log_bin: bool,
    pub binlog_format: Option<String>,
    pub row_image: Option<String>,
    pub row_metadata: Option<String>,
    /// Whether every transaction has a GTID.
    pub gtid: bool,
    pub read_only: bool,
    pub time_zone: String,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SchemaView {
    pub name: String,
    pub tables: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceTableList {
    pub tables: Vec<SourceTableView>,
    /// There are more: the list was cut at the Server's `[inspect] tables_max`.
    pub cut: bool,
}

/// A table of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceTableView {
    pub schema: String,
    pub name: String,
    pub engine: Option<String>,
    pub columns: u64,
    /// The storage engine's estimate; absent where it has none.
    pub rows_estimate: Option<u64>,
    pub primary_key: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceColumnList {
    pub columns: Vec<SourceColumnView>,
}

/// A column of a source's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceColumnView {
    pub name: String,
    /// The whole type, such as `int unsigned`.
    #[serde(rename = "type")]
    pub column_type: String,
    pub nullable: bool,
    pub charset: Option<String>,
    pub generated: bool,
    /// Part of the key that tells rows apart.
    pub key: bool,
}

/// What patterns match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchView {
    pub patterns: Vec<PatternView>,
    pub exclude: Vec<PatternView>,
    /// Tables that are replicated.
    pub total: usize,
    /// Tables that there are.
    pub of: usize,
    /// Some of those that are replicated.
    pub sample: Vec<String>,
    /// There are more tables than were looked at.
    pub cut: bool,
}

/// What one pattern matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternView {
    pub pattern: String,
    pub matches: usize,
    pub sample: Vec<String>,
}

impl From<&Stage> for StageView {
    fn from(stage: &Stage) -> Self {
        Self {
            stage: match stage.name {
                StageName::Address => StageStep::Address,
                StageName::Connect => StageStep::Connect,
                StageName::Tls => StageStep::Tls,
                StageName::Login => StageStep::Login,
                StageName::Version => StageStep::Version,
                StageName::Grants => StageStep::Grants,
            },
            state: match stage.state {
                StageState::Passed => StageOutcome::Passed,
                StageState::Failed => StageOutcome::Failed,
                StageState::Skipped => StageOutcome::Skipped,
            },
            detail: stage.detail.clone(),
            hint: stage.hint.clone(),
            millis: u64::try_from(stage.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<&ServerFacts> for ServerView {
    fn from(facts: &ServerFacts) -> Self {
        Self {
            flavor: facts.flavor.to_string(),
            version: facts.version_text.clone(),
            server_id: facts.server_id,
            log_bin: facts.log_bin,
            binlog_format: facts.binlog_format.clone(),
            row_image: facts.row_image.clone(),
            row_metadata: facts.row_metadata.clone(),
            gtid: facts.gtids,
            read_only: facts.read_only,
            time_zone: facts.time_zone.clone(),
        }
    }
}

impl From<ListedTable> for SourceTableView {
    fn from(table: ListedTable) -> Self {
        Self {
            schema: table.database,
            name: table.table,
            engine: table.engine,
            columns: table.columns,
            rows_estimate: table.rows_estimate,
            primary_key: table.has_primary_key,
        }
    }
}

impl From<TableDefinition> for SourceColumnList {
    fn from(table: TableDefinition) -> Self {
        let key = table.key.unwrap_or_default();
        let column = |(index, column): (usize, ColumnDefinition)| SourceColumnView {
            name: column.name,
            column_type: column.column_type,
            nullable: column.nullable,
            charset: column.charset,
            generated: column.generated,
            key: key.contains(&index),
        };
        Self { columns: table.columns.into_iter().enumerate().map(column).collect() }
    }
}

impl MatchView {
    pub(crate) fn new(found: Matches, cut: bool) -> Self {
        let each = |matched: Vec<Matched>| {
            let view = |one: Matched| PatternView { pattern: one.pattern, matches: one.matches, sample: one.sample };
            matched.into_iter().map(view).collect()
        };
        Self {
            patterns: each(found.patterns),
            exclude: each(found.exclude),
            total: found.total,
            of: found.of,
            sample: found.sample,
            cut,
        }
    }
}
