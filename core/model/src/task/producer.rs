//! The source's side of a task.

use crate::secret::SecretSource;
use crate::span::Span;
use crate::table_pattern::{TableFilter, TablePattern};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where changes come from: a MySQL or MariaDB server, which of the two is found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerSpec {
    #[serde(default)]
    pub kind: ProducerKind,
    pub host: String,
    #[serde(default = "default_port")]
    pub port: u16,
    /// Other servers with the same transactions, `host` or `host:port`, tried in this order where the one before can't be
    /// reached or lacks what was applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback_hosts: Vec<String>,
    pub user: String,
    #[serde(default)]
    pub password: SecretSource,
    #[serde(default)]
    pub tls: Tls,
    /// Where to begin when nothing has been applied yet. Default: `"latest"`.
    #[serde(default)]
    pub start: Start,
    /// Patterns of the tables to replicate. Default: all.
    #[serde(default = "all_tables")]
    pub tables: Vec<TablePattern>,
    /// Patterns of tables to leave out of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<TablePattern>,
    /// What becomes of changes that tasks applied at the source. Default: carried on, but never to a server that they have
    /// passed.
    #[serde(default)]
    pub applied: AppliedChanges,
    /// The replica id this task shows to the source. It has to be unlike every other replica's; the source ends the
    /// older of two connections with one id. Default: derived from the task's name, stable over restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<u32>,
    /// How often an idle source says that it is there. A connection silent for three of them is given up.
    #[serde(default = "default_heartbeat")]
    pub heartbeat: Span,
    /// How often the task writes a row into `mysql_replicator.heartbeat` at the source, to measure the lag by when it
    /// comes back through the binary log. Default: never; the lag is told from where the log ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_heartbeat: Option<Span>,
    /// How long to wait for a connection to the source.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
}

/// Kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProducerKind {
    #[default]
    Mysql,
}

/// What becomes of changes that tasks applied at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppliedChanges {
    /// They are carried on, with the source's own, unless they have passed this task's target: pairs, chains, rings, stars.
    #[default]
    Carry,
    /// Only the source's own changes are carried: where every site has a task to every other.
    LeaveOut,
}

/// Where a task without a checkpoint begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Start {
    /// At the end of the source's binary log: only what comes from now on.
    #[default]
    Latest,
    /// At the oldest binary log that the source still has.
    Earliest,
    /// With the rows that are there, then what came since.
    Snapshot,
    /// After these transactions.
    #[serde(untagged)]
    Gtid { gtid: String },
    /// At this offset of this file, which has to be the border of an event.
    #[serde(untagged)]
    Position { file: String, offset: u64 },
    /// At the first transaction committed at or after this time.
    #[serde(untagged)]
    Time { time: String },
}

/// How a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    #[serde(default)]
    pub mode: TlsMode,
    /// Certificates (PEM) that the server's has to be signed by. Default: the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The certificate (PEM) that we show the server, with those that signed it. Goes with `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// What is demanded of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// No encryption.
    #[default]
    Off,
    /// Encrypted, with whatever certificate the server shows.
    Required,
    /// Encrypted, and the certificate is valid for the host's name.
    Verify,
}

const fn default_port() -> u16 {
    3306
}

const fn default_heartbeat() -> Span {
    Span::from_secs(5)
}

const fn default_connect_timeout() -> Span {
    Span::from_secs(10)
}

fn all_tables() -> Vec<TablePattern> {
    TablePattern::new("*.*").into_iter().collect()
}

/// Reads `host`, `host:port`, `[::1]` and `[::1]:port`.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!host.is_empty()).then_some((host, port))
}

impl Start {
    /// The time in a text such as `2026-11-22T08:00:00Z`, in microseconds since 1970 UTC.
    pub fn time_us(text: &str) -> Result<i64, String> {
        text.parse::<jiff::Timestamp>().map(|time| time.as_microsecond()).map_err(|error| error.to_string())
    }
}

impl Tls {
    /// The files it names. They are read on the host that connects.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca, &self.certificate, &self.key].into_iter().flatten().map(PathBuf::as_path)
    }
}

impl ProducerSpec {
    /// More often, and heartbeat rows are a load of their own.
    pub const LAG_HEARTBEAT_MIN: Span = Span::from_millis(100);

    /// Less often, and they tell less of the lag than the log's end does.
    pub const LAG_HEARTBEAT_MAX: Span = Span::from_secs(60);

    pub fn filter(&self) -> TableFilter {
        TableFilter::new(&self.tables, &self.exclude)
    }

    /// Hosts and ports of the source, the preferred first. Of a fallback that can't be read, the text is the host.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        let others = self.fallback_hosts.iter().map(|text| host_and_port(text).unwrap_or((text, None)));
        let others = others.map(|(host, port)| (host, port.unwrap_or(self.port)));
        std::iter::once((self.host.as_str(), self.port)).chain(others)
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        for (text, expected) in [
            ("db2", Some(("db2", None))),
            ("db2.example:3307", Some(("db2.example", Some(3307)))),
            ("[::1]:3307", Some(("::1", Some(3307)))),
            ("[::1]", Some(("::1", None))),
            ("", None),
            (":3307", None),
            ("db2:", None),
            ("db2:0", None),
            ("db2:70000", None),
            ("[::1", None),
            ("[::1]x", None),
        ] {
            assert_eq!(host_and_port(text), expected, "{text}");
        }
    }
}
