//! The form of a task's spec for the OpenAPI document. The rules are the model's (`replicator_model::task`), which
//! knows nothing of OpenAPI; a test holds the two together.

use super::route::RouteDocument;
use super::words::{
    AppliedWord, CompareWord, CompressionWord, DdlWord, DeliveryWord, FormatWord, OnConflictWord, ProducerWord,
    StandbyWord, StartWord, TlsModeWord,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A task: from its source to its target. The same keys as in a task's TOML.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "copy_hot_item",
    "group": "group1",
    "standby": "hot",
    "producer": {
        "kind": "mysql", "host": "db1.example", "port": 3306, "user": "replicator",
        "password": {"env": "DB1_PASSWORD"}, "start": "latest",
        "tables": ["shop.item", "shop.order_[0-9]+"], "exclude": ["shop.*_bak"],
    },
    "route": [{"from": "shop.order_*", "to": "warehouse.orders"}],
    "consumer": {
        "kind": "mysql", "host": "db2.example", "user": "replicator", "password": {"file": "/run/secrets/db2"},
    },
}))]
pub struct TaskDocument {
    /// 1 to 100 of a-z, A-Z, 0-9, `_`, `-` and `.`, starting with a letter or digit.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    pub name: String,
    /// The group of Cores that runs it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    pub group: String,
    /// How it is kept running. Default: hot, one RUNNING and one STANDBY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbyDocument>,
    pub producer: ProducerDocument,
    /// Where tables go under another name, and what becomes of their rows; the first match counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<RouteDocument>,
    pub consumer: ConsumerDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipe: Option<PipeDocument>,
}

/// `"hot"`, `"cold"`, or how many Cores register.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum StandbyDocument {
    Word(StandbyWord),
    Count(HotDocument),
}

/// So many Cores register at once; the first of them runs the task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HotDocument {
    #[schema(minimum = 1, maximum = 16)]
    pub hot: u32,
}

/// Where changes come from: a MySQL or MariaDB server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProducerDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProducerWord>,
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, default = 3306)]
    pub port: Option<u16>,
    /// Other servers with the same transactions, `host` or `host:port`, tried in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback_hosts: Vec<String>,
    pub user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDocument>,
    /// Where to begin when nothing has been applied yet. Default: `latest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartDocument>,
    /// Patterns `database.table` of what to replicate. Default: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub tables: Option<Vec<String>>,
    /// Patterns of what to leave out of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What becomes of changes that tasks applied at the source: `carry` (the default) carries them on, but never to a server that
    /// they have passed; `leave_out` carries only the source's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<AppliedWord>,
    /// The replica id shown to the source. Default: derived from the task's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub server_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub heartbeat: Option<String>,
    /// How often the task writes a row into `mysql_replicator.heartbeat` at the source, to measure its lag by; `100ms` to
    /// `1m`. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub lag_heartbeat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub connect_timeout: Option<String>,
}

/// A secret, or where the Core that runs the task looks it up. In answers a secret itself reads `********`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SecretDocument {
    Text(String),
    Env(EnvDocument),
    File(FileDocument),
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvDocument {
    /// Name of a variable in the Core's environment.
    pub env: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDocument {
    /// Path of a file on the Core's host.
    pub file: String,
}

/// How a connection is encrypted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsDocument {
    /// Default: `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<TlsModeWord>,
    /// Path of certificates (PEM) on the Core's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Path of the certificate (PEM) shown to the server, on the Core's host. Goes with `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Path of its private key (PEM), on the Core's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `"latest"`, `"earliest"`, a GTID set, a file and an offset, or a time. (`"snapshot"` is not built yet.)
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum StartDocument {
    Word(StartWord),
    Gtid(GtidDocument),
    Position(PositionDocument),
    Time(TimeDocument),
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeDocument {
    /// At the first transaction committed then or later.
    #[schema(example = "2026-11-22T08:00:00Z")]
    pub time: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GtidDocument {
    /// After these transactions.
    pub gtid: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionDocument {
    pub file: String,
    #[schema(minimum = 4)]
    pub offset: u64,
}

/// Where changes go. Unknown keys are refused; the document can't say so, for `kind` is added to each.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ConsumerDocument {
    Mysql(MySqlTargetDocument),
    Kafka(KafkaDocument),
    Stdout(StdoutDocument),
}

/// Another MySQL or MariaDB server: changes are applied exactly once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MySqlTargetDocument {
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, default = 3306)]
    pub port: Option<u16>,
    pub user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDocument>,
    /// What happens to schema changes of replicated tables. Default: `apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ddl: Option<DdlDocument>,
    /// What happens where the row to update or delete is not there, or the one to insert is. Default: `stop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_conflict: Option<OnConflictWord>,
    /// What a row has to agree in with the one that the source changed: its key (the default), or the whole row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareWord>,
    /// The column that tells which row is newer, for `on_conflict = "newest"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_by: Option<String>,
    /// The task stops when so many conflicts are recorded at the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub conflicts_max: Option<u32>,
    /// Most rows of source transactions that are joined into one target transaction under backlog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub commit_rows_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub commit_bytes_max: Option<String>,
    /// Connections that apply at the same time under backlog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 64)]
    pub connections: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub connect_timeout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub statement_timeout: Option<String>,
}

/// One word for all schema changes, or one for each kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum DdlDocument {
    Word(DdlWord),
    Kinds(Box<DdlKindsDocument>),
}

/// A statement of several kinds takes the strictest: stop, then ignore, then apply. Columns, indexes and partitions that are
/// not named follow `alter_table`, everything else that is not named `default`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"default": "apply", "drop_table": "stop", "truncate": "ignore"}))]
pub struct DdlKindsDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_database: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alter_database: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_database: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_table: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alter_table: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_table: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rename_table: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_column: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_column: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_index: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_index: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_partition: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<DdlWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<DdlWord>,
}

/// Apache Kafka: one message a row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KafkaDocument {
    #[schema(min_items = 1)]
    pub brokers: Vec<String>,
    /// `{database}` and `{table}` stand for the source's names. Default: `{database}.{table}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatWord>,
    /// Default: `at_least_once`. (`exactly_once` is not built yet.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryWord>,
    /// Default: `zstd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<CompressionWord>,
    /// What happens to schema changes of replicated tables; `apply` sends them. Default: `apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ddl: Option<DdlDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub linger: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub delivery_timeout: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub message_bytes_max: Option<String>,
    /// Most bytes of messages on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub unacknowledged_bytes_max: Option<String>,
    /// The same limit in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub unacknowledged_messages_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sasl_password: Option<SecretDocument>,
    /// Further settings of librdkafka.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// The standard output of the Core, one line a row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StdoutDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatWord>,
}

/// Limits of what flows between the two ends.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PipeDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub queue_bytes_max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub event_bytes_max: Option<String>,
    /// Most bytes of rows held for distributed transactions between XA PREPARE and their outcome. Default: `16 MiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BytesText>)]
    pub prepared_bytes_max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub checkpoint_interval: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub status_interval: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub retry_backoff_min: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SpanText>)]
    pub retry_backoff_max: Option<String>,
}

/// A length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(ToSchema)]
#[schema(value_type = String, example = "10s", pattern = "^\\s*[0-9]+\\s*(ms|s|m|h|d)\\s*$")]
#[expect(dead_code, reason = "a name for a text in the OpenAPI document")]
pub(crate) struct SpanText(String);

/// An amount of memory: a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(ToSchema)]
#[schema(value_type = String, example = "64 MiB", pattern = "^\\s*[0-9]+\\s*(B|KiB|MiB|GiB)\\s*$")]
#[expect(dead_code, reason = "a name for a text in the OpenAPI document")]
pub(crate) struct BytesText(String);

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::task::{DdlKind, TaskSpec};
    use serde_json::{Value, json};

    /// Every key that the model writes is in the document, and what the document writes the model reads the same.
    #[test]
    fn the_document_has_the_keys_of_the_model() {
        let producer = json!({
            "host": "db1", "user": "r", "password": "x", "tls": {"mode": "verify", "ca": "/ca.pem"},
            "start": {"file": "bin.000001", "offset": 4}, "exclude": ["a.b"], "server_id": 7,
        });
        let every_kind: serde_json::Map<String, Value> =
            DdlKind::ALL.iter().map(|kind| (kind.word().to_owned(), json!("stop"))).collect();
        let mysql = json!({"kind": "mysql", "host": "db2", "user": "r", "password": {"env": "P"}, "ddl": every_kind});
        let kafka = json!({
            "kind": "kafka", "brokers": ["k:9092"], "sasl_password": {"file": "/p"},
            "ddl": {"default": "stop", "view": "apply"}, "properties": {"security.protocol": "sasl_ssl"},
        });
        for consumer in [mysql, kafka, json!({"kind": "stdout"})] {
            let route = json!([{"from": "a.*", "to": "b.{table}"}, {
                "from": "c.d_([0-9]+)", "to": "c.d", "source_column": "origin", "where": "x <> 'draft'", "drop": ["s"],
                "rename": {"n": "m"}, "add": {"t": "eu", "u": 1, "v": true}, "cast": {"e": "unsigned"},
                "mask": {"p": {"hash": {"env": "S"}}, "q": {"keep": 4}, "r": {"constant": ""}},
            }]);
            let spec = json!({"name": "t", "group": "g", "producer": producer, "route": route, "consumer": consumer});
            let spec = TaskSpec::from_json(spec.to_string().as_bytes()).unwrap();
            let written = serde_json::to_value(&spec).unwrap();
            let document: TaskDocument = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&document).unwrap(), written);
        }
    }

    #[test]
    fn the_documented_example_is_a_task() {
        let schema = serde_json::to_value(<TaskDocument as utoipa::PartialSchema>::schema()).unwrap();
        let example = schema.get("example").or_else(|| schema.pointer("/examples/0")).cloned().unwrap_or(Value::Null);
        let spec = TaskSpec::from_json(example.to_string().as_bytes()).unwrap();
        assert_eq!(spec.name.as_str(), "copy_hot_item");
    }
}
