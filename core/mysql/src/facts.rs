//! What a server is: flavour, version, identity, and how its binary log is set up.

use crate::answer::{self, Answer};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use replicator_model::failure::Failure;
use replicator_model::gtid::{GtidSet, MariaDbGtidSet, MySqlGtidSet};
pub use replicator_schema::dialect::{ServerFlavor, Version};
use std::collections::BTreeMap;

/// A server as it describes itself. Settings that a version does not have are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    pub flavor: ServerFlavor,
    pub version: Version,
    /// The version as the server writes it.
    pub version_text: String,
    /// MySQL's `server_uuid`, or `server-<server_id>` where there is none: what [`Checkpoint::server`] holds.
    ///
    /// [`Checkpoint::server`]: replicator_model::checkpoint::Checkpoint::server
    pub server: String,
    pub server_id: u32,
    pub log_bin: bool,
    /// `ROW`, `STATEMENT` or `MIXED`: what sessions begin with.
    pub binlog_format: Option<String>,
    /// `FULL`, `MINIMAL`, `NOBLOB` or `FULL_NODUP`.
    pub row_image: Option<String>,
    /// `FULL`, `MINIMAL` or `NO_LOG`.
    pub row_metadata: Option<String>,
    /// `PARTIAL_JSON` or empty.
    pub row_value_options: Option<String>,
    /// Whether every transaction has a GTID. MariaDB: always.
    pub gtids: bool,
    /// Every transaction the server has: `gtid_executed`, or MariaDB's `gtid_binlog_pos` and `gtid_slave_pos` together.
    pub executed: Option<GtidSet>,
    /// What of it is no longer in the binary log: MySQL's `gtid_purged`. MariaDB does not say.
    pub purged: Option<GtidSet>,
    /// 0: names differ by case, 1: names are kept in lower case, 2: kept as written, compared without case.
    pub lower_case_table_names: u8,
    /// `time_zone` and, where that is `SYSTEM`, the system's.
    pub time_zone: String,
    pub sql_mode: String,
    pub max_allowed_packet: u64,
    pub read_only: bool,
}

/// Settings asked for. `SHOW VARIABLES` leaves out those that a version does not have, and cuts long values short; so
/// GTID sets are asked for apart.
const SETTINGS: [&str; 18] = [
    "version",
    "version_comment",
    "server_uuid",
    "server_id",
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "binlog_row_value_options",
    "gtid_mode",
    "gtid_binlog_pos",
    "lower_case_table_names",
    "time_zone",
    "system_time_zone",
    "sql_mode",
    "max_allowed_packet",
    "read_only",
    "super_read_only",
];

impl ServerFacts {
    /// Asks the server: two queries.
    pub async fn ask(conn: &mut Conn) -> Result<Self, Failure> {
        let settings = settings(conn, &SETTINGS).await?;
        let flavor = flavor(&settings);
        let sets = match flavor {
            ServerFlavor::MariaDb => {
                "SELECT CONCAT_WS(',', NULLIF(@@global.gtid_binlog_pos, ''), NULLIF(@@global.gtid_slave_pos, '')), NULL"
            }
            ServerFlavor::MySql => "SELECT @@global.gtid_executed, @@global.gtid_purged",
        };
        let row = match conn.query_first::<mysql_async::Row, _>(sets).await {
            Ok(row) => row.map(Answer::new),
            // Before 5.6 there were no GTIDs.
            Err(mysql_async::Error::Server(error)) if error.code == 1193 => None,
            Err(error) => return Err(crate::error::failure(&error)),
        };
        let (executed, purged) = match row {
            Some(mut row) => (row.text(0)?, row.text(1)?),
            None => (None, None),
        };
        facts(flavor, &settings, executed.as_deref(), purged.as_deref())
    }

    /// MySQL's set, or MariaDB's, from a text in this server's form.
    pub fn parse_gtid_set(&self, text: &str) -> Result<GtidSet, Failure> {
        parse_gtid_set(self.flavor, text)
    }

    /// What shows where the log ends: renamed in MySQL 8.2, the old name removed in 8.4.
    pub fn log_status_sql(&self) -> &'static str {
        if self.flavor == ServerFlavor::MySql && self.version >= Version(8, 2, 0) {
            "SHOW BINARY LOG STATUS"
        } else {
            "SHOW MASTER STATUS"
        }
    }
}

/// Global settings by name, those that the server has.
pub async fn settings(conn: &mut Conn, names: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
    let names: Vec<String> = names.iter().map(|name| answer::literal(name)).collect();
    let sql = format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", names.join(","));
    let mut settings = BTreeMap::new();
    for mut row in answer::rows(conn, &sql).await? {
        settings.insert(row.required(0)?.to_lowercase(), row.required(1)?);
    }
    Ok(settings)
}

fn flavor(settings: &BTreeMap<String, String>) -> ServerFlavor {
    let says = |name: &str| settings.get(name).is_some_and(|text| text.to_lowercase().contains("mariadb"));
    if says("version") || says("version_comment") || settings.contains_key("gtid_binlog_pos") {
        ServerFlavor::MariaDb
    } else {
        ServerFlavor::MySql
    }
}

fn facts(
    flavor: ServerFlavor,
    settings: &BTreeMap<String, String>,
    executed: Option<&str>,
    purged: Option<&str>,
) -> Result<ServerFacts, Failure> {
    let setting = |name: &str| settings.get(name).cloned();
    let on = |name: &str| settings.get(name).is_some_and(|value| value == "ON" || value == "1");
    let number = |name: &str| settings.get(name).and_then(|value| value.parse::<u64>().ok());
    let version_text = setting("version").unwrap_or_default();
    let Some(version) = Version::parse(&version_text) else {
        return Err(answer::unexpected(&format!("`{version_text}` as its version")));
    };
    let server_id = number("server_id").and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
    let server = setting("server_uuid").filter(|uuid| !uuid.is_empty() && flavor == ServerFlavor::MySql);
    let set = |text: Option<&str>| text.map(|text| parse_gtid_set(flavor, text)).transpose();
    let time_zone = setting("time_zone").filter(|zone| zone != "SYSTEM").or_else(|| setting("system_time_zone"));
    Ok(ServerFacts {
        flavor,
        version,
        version_text,
        server: server.unwrap_or_else(|| format!("server-{server_id}")),
        server_id,
        log_bin: on("log_bin"),
        binlog_format: setting("binlog_format"),
        row_image: setting("binlog_row_image"),
        row_metadata: setting("binlog_row_metadata"),
        row_value_options: setting("binlog_row_value_options"),
        gtids: flavor == ServerFlavor::MariaDb || on("gtid_mode"),
        executed: set(executed)?,
        purged: set(purged)?,
        lower_case_table_names: number("lower_case_table_names").and_then(|n| u8::try_from(n).ok()).unwrap_or(0),
        time_zone: time_zone.unwrap_or_default(),
        sql_mode: setting("sql_mode").unwrap_or_default(),
        max_allowed_packet: number("max_allowed_packet").unwrap_or(0),
        read_only: on("read_only") || on("super_read_only"),
    })
}

pub(crate) fn parse_gtid_set(flavor: ServerFlavor, text: &str) -> Result<GtidSet, Failure> {
    let parsed = match flavor {
        ServerFlavor::MySql => text.parse::<MySqlGtidSet>().map(GtidSet::MySql),
        ServerFlavor::MariaDb => text.parse::<MariaDbGtidSet>().map(GtidSet::MariaDb),
    };
    parsed.map_err(|error| {
        Failure::definite("gtid_set_not_understood", error.to_string(), "write the set as the server itself shows it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_all_their_forms() {
        for (text, version) in [
            ("9.7.4", Version(9, 7, 4)),
            ("5.6.14-log", Version(5, 6, 14)),
            ("10.11.19-MariaDB-0+deb12u1-log", Version(10, 11, 19)),
            ("5.5.5-10.4.1-MariaDB", Version(10, 4, 1)),
            ("8.0", Version(8, 0, 0)),
        ] {
            assert_eq!(Version::parse(text), Some(version), "{text}");
        }
        assert_eq!(Version::parse("mysql"), None);
    }

    #[test]
    fn a_server_without_uuid_is_named_by_its_id() {
        let settings = [("version", "10.11.2-MariaDB"), ("server_id", "7"), ("log_bin", "ON")];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let facts = facts(flavor(&settings), &settings, Some("0-1-5,1-2-3,0-1-9"), None).unwrap();
        assert_eq!((facts.server.as_str(), facts.gtids, facts.log_bin), ("server-7", true, true));
        assert_eq!(facts.executed.unwrap().to_string(), "0-1-9,1-2-3");
    }
}
