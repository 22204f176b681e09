//! The target's side of a task. A new kind of consumer is one more variant here.

use super::ddl::DdlPolicies;
use super::producer::Tls;
use crate::secret::SecretSource;
use crate::span::{Bytes, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where changes go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ConsumerSpec {
    Mysql(MySqlTargetSpec),
    Kafka(KafkaSpec),
    Stdout(StdoutSpec),
}

/// Another MySQL or MariaDB server: changes are applied exactly once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MySqlTargetSpec {
    pub host: String,
    #[serde(default = "default_port")]
    pub port: u16,
    pub user: String,
    #[serde(default)]
    pub password: SecretSource,
    #[serde(default)]
    pub tls: Tls,
    /// What to do with schema changes of replicated tables, perhaps by kind. Default: apply.
    #[serde(default)]
    pub ddl: DdlPolicies,
    /// What to do about a row that is not what a change of it expects. Default: stop.
    #[serde(default)]
    pub on_conflict: OnConflict,
    /// What a row has to agree in with the one that the source changed. Default: its key.
    #[serde(default)]
    pub compare: Compare,
    /// The column that tells which row is newer, for `on_conflict = "newest"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_by: Option<String>,
    /// The task stops when so many conflicts are recorded at the target.
    #[serde(default = "default_conflicts_max")]
    pub conflicts_max: u32,
    /// Under backlog, adjacent source transactions are joined into one target transaction of up to this many rows.
    /// Larger is faster and holds locks longer. A source transaction is never split.
    #[serde(default = "default_commit_rows_max")]
    pub commit_rows_max: u32,
    /// The same limit in bytes of the binary log.
    #[serde(default = "default_commit_bytes_max")]
    pub commit_bytes_max: Bytes,
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
    /// Connections that apply at the same time under backlog, 1 to 64. Changes of the same rows wait for each other, and
    /// all become visible in the source's order.
    #[serde(default = "default_connections")]
    pub connections: u32,
    /// How long one statement may take before the target counts as gone.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: Span,
}

/// What happens where the row to update or delete is not there, or the one to insert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Stop the task, so that someone mends the row.
    #[default]
    Stop,
    /// Give the row the source's image, and record what happened.
    Overwrite,
    /// Leave the row alone, and record what should have happened.
    Skip,
    /// Keep the row that is newer by `newest_by`, and record the other.
    Newest,
}

/// What a row of the target has to agree in with the one that the source changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compare {
    /// In its key.
    #[default]
    Key,
    /// In every column that the source's log has: a row that somebody else changed is a conflict.
    Row,
}

/// Most connections that a task applies over.
pub const CONNECTIONS_MAX: u32 = 64;

/// Apache Kafka: one message a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSpec {
    pub brokers: Vec<String>,
    /// The topic; `{database}` and `{table}` stand for the source's names. Default: `{database}.{table}`.
    #[serde(default = "default_topic")]
    pub topic: String,
    #[serde(default)]
    pub format: MessageFormat,
    #[serde(default)]
    pub delivery: Delivery,
    #[serde(default)]
    pub compression: Compression,
    /// What to do with schema changes of replicated tables, perhaps by kind; `apply` is to send them. Default: apply.
    #[serde(default)]
    pub ddl: DdlPolicies,
    /// How long to gather messages before a request is sent. Longer is cheaper, shorter is sooner.
    #[serde(default = "default_linger")]
    pub linger: Span,
    /// How long a message may take until a broker has it before the task counts the brokers as gone.
    #[serde(default = "default_delivery_timeout")]
    pub delivery_timeout: Span,
    /// Largest message. A row that is larger stops the task.
    #[serde(default = "default_message_bytes_max")]
    pub message_bytes_max: Bytes,
    /// Messages that wait for a broker's acknowledgement, in bytes; beyond that the task waits. Default: 32 MiB.
    #[serde(default = "default_unacknowledged_bytes_max")]
    pub unacknowledged_bytes_max: Bytes,
    /// The same limit in messages; each takes a few hundred bytes more than its own. Default: 50000.
    #[serde(default = "default_unacknowledged_messages_max")]
    pub unacknowledged_messages_max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sasl_password: Option<SecretSource>,
    /// Further settings of librdkafka, such as `"security.protocol" = "sasl_ssl"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// How a row is written in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageFormat {
    /// Canal's "flat message".
    #[default]
    CanalJson,
}

/// What is promised of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// None is lost; after a crash, those that were not yet acknowledged come again.
    #[default]
    AtLeastOnce,
    /// None is lost and none comes twice to a reader of committed messages.
    ExactlyOnce,
}

/// How messages are compressed on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    Gzip,
    Lz4,
    Snappy,
    #[default]
    Zstd,
}

/// The standard output of the process, one line a row: to look at changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdoutSpec {
    #[serde(default)]
    pub format: MessageFormat,
}

const fn default_port() -> u16 {
    3306
}

const fn default_conflicts_max() -> u32 {
    10_000
}

const fn default_connections() -> u32 {
    4
}

const fn default_commit_rows_max() -> u32 {
    10_000
}

const fn default_commit_bytes_max() -> Bytes {
    Bytes::from_mib(1)
}

const fn default_connect_timeout() -> Span {
    Span::from_secs(10)
}

const fn default_statement_timeout() -> Span {
    Span::from_secs(300)
}

const fn default_linger() -> Span {
    Span::from_millis(5)
}

const fn default_delivery_timeout() -> Span {
    Span::from_secs(30)
}

const fn default_message_bytes_max() -> Bytes {
    Bytes::from_mib(1)
}

const fn default_unacknowledged_bytes_max() -> Bytes {
    Bytes::from_mib(32)
}

const fn default_unacknowledged_messages_max() -> u32 {
    50_000
}

fn default_topic() -> String {
    "{database}.{table}".into()
}

impl MySqlTargetSpec {
    /// Whether rows have to be what the source had.
    pub fn compares(&self) -> bool {
        self.compare == Compare::Row || self.on_conflict == OnConflict::Newest
    }
}

impl ConsumerSpec {
    /// The word that stands for it in specs, metrics and messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            ConsumerSpec::Mysql(_) => "mysql",
            ConsumerSpec::Kafka(_) => "kafka",
            ConsumerSpec::Stdout(_) => "stdout",
        }
    }

    /// What happens to schema changes; all are shown on the standard output.
    pub fn ddl(&self) -> DdlPolicies {
        match self {
            ConsumerSpec::Mysql(target) => target.ddl.clone(),
            ConsumerSpec::Kafka(kafka) => kafka.ddl.clone(),
            ConsumerSpec::Stdout(_) => DdlPolicies::default(),
        }
    }

    /// Where it goes, for messages.
    pub fn address(&self) -> String {
        match self {
            ConsumerSpec::Mysql(target) => format!("{}:{}", target.host, target.port),
            ConsumerSpec::Kafka(kafka) => kafka.brokers.join(","),
            ConsumerSpec::Stdout(_) => "stdout".into(),
        }
    }
}
