//! Where a source's binary log begins and ends.

use crate::answer;
use crate::facts::{ServerFacts, ServerFlavor};
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::position::Position;

/// The end of the source's binary log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHead {
    pub position: Position,
    /// Every transaction up to there, where each has a GTID.
    pub gtid_set: Option<GtidSet>,
    /// The source's clock, in microseconds since 1970 UTC.
    pub now_us: i64,
}

/// One file of the binary log, and its length in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub name: String,
    pub size: u64,
}

/// How often position and GTIDs are asked for until both belong together.
const TRIES_MAX: usize = 5;

/// Asks where the log ends. On a busy MariaDB the position may be a few transactions past the GTID set, never before.
pub async fn ask(conn: &mut Conn, facts: &ServerFacts) -> Result<SourceHead, Failure> {
    if facts.flavor == ServerFlavor::MySql {
        return status(conn, facts).await;
    }
    let mut before = mariadb_set(conn).await?;
    for _ in 0..TRIES_MAX {
        let head = status(conn, facts).await?;
        let after = mariadb_set(conn).await?;
        let settled = after == before;
        if settled {
            return Ok(SourceHead { gtid_set: Some(after), ..head });
        }
        before = after;
    }
    Ok(SourceHead { gtid_set: Some(before), ..status(conn, facts).await? })
}

async fn status(conn: &mut Conn, facts: &ServerFacts) -> Result<SourceHead, Failure> {
    let rows = answer::rows(conn, facts.log_status_sql()).await.map_err(monitor_privilege)?;
    let Some(mut row) = rows.into_iter().next() else { return Err(binlog_off()) };
    let position = Position::new(row.required(0)?, row.number(1)?);
    let gtid_set = match row.named("Executed_Gtid_Set")? {
        Some(text) if facts.gtids => Some(facts.parse_gtid_set(&text)?),
        _ => None,
    };
    let clock = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)";
    let Some(mut row) = answer::rows(conn, clock).await?.into_iter().next() else {
        return Err(answer::unexpected("nothing when asked for the time"));
    };
    Ok(SourceHead { position, gtid_set, now_us: row.number(0)? })
}

/// Databases that the server logs alone (`binlog_do_db`), and those that it leaves out (`binlog_ignore_db`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFilter {
    pub only: Vec<String>,
    pub without: Vec<String>,
}

/// Asks what the server leaves out of its log.
pub async fn log_filter(conn: &mut Conn, facts: &ServerFacts) -> Result<LogFilter, Failure> {
    let rows = answer::rows(conn, facts.log_status_sql()).await.map_err(monitor_privilege)?;
    let Some(mut row) = rows.into_iter().next() else { return Err(binlog_off()) };
    let names = |list: Option<String>| -> Vec<String> {
        list.unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    Ok(LogFilter { only: names(row.named("Binlog_Do_DB")?), without: names(row.named("Binlog_Ignore_DB")?) })
}

async fn mariadb_set(conn: &mut Conn) -> Result<GtidSet, Failure> {
    let rows = answer::rows(conn, "SELECT @@global.gtid_binlog_pos").await?;
    let Some(mut row) = rows.into_iter().next() else { return Err(answer::unexpected("no gtid_binlog_pos")) };
    crate::facts::parse_gtid_set(ServerFlavor::MariaDb, &row.text(0)?.unwrap_or_default())
}

/// The files of the binary log, oldest first.
pub async fn log_files(conn: &mut Conn) -> Result<Vec<LogFile>, Failure> {
    let rows = answer::rows(conn, "SHOW BINARY LOGS").await.map_err(|failure| {
        // Error 1381: the server runs without one.
        if failure.reason.contains("error 1381") { binlog_off() } else { monitor_privilege(failure) }
    })?;
    rows.into_iter().map(|mut row| Ok(LogFile { name: row.required(0)?, size: row.number(1)? })).collect()
}

/// What a source keeps of its binary log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLogs {
    /// The oldest file that there is.
    pub oldest: String,
    /// After so many seconds a file that is no longer written is purged; `None`: never by itself.
    pub retention_seconds: Option<u64>,
}

/// Asks what the source keeps of its binary log.
pub async fn kept(conn: &mut Conn) -> Result<KeptLogs, Failure> {
    let Some(oldest) = log_files(conn).await?.into_iter().next() else { return Err(binlog_off()) };
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
               ('binlog_expire_logs_seconds', 'expire_logs_days', 'binlog_expire_logs_auto_purge')";
    let mut settings = Vec::new();
    for mut row in answer::rows(conn, sql).await? {
        settings.push((row.required(0)?.to_ascii_lowercase(), row.required(1)?));
    }
    Ok(KeptLogs { oldest: oldest.name, retention_seconds: retention_seconds(&settings) })
}

/// What the server's variables mean: 0 is for ever, seconds come before days, and MySQL can be told not to purge.
fn retention_seconds(settings: &[(String, String)]) -> Option<u64> {
    let setting = |name| settings.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    if setting("binlog_expire_logs_auto_purge").is_some_and(|value| matches!(value, "OFF" | "0")) {
        return None;
    }
    // MariaDB's days may have a fraction.
    let number = |name| setting(name).and_then(|value| value.parse::<f64>().ok()).filter(|number| *number > 0.0);
    let seconds = number("binlog_expire_logs_seconds").or_else(|| Some(number("expire_logs_days")? * 86_400.0))?;
    Some(seconds as u64)
}

/// MariaDB: the transactions before a position. `None` if there is no such position.
pub async fn mariadb_gtids_before(conn: &mut Conn, position: &Position) -> Result<Option<GtidSet>, Failure> {
    let sql = format!("SELECT BINLOG_GTID_POS({}, {})", answer::literal(&position.file), position.offset);
    match answer::rows(conn, &sql).await?.into_iter().next() {
        Some(mut row) => {
            let text = row.text(0)?;
            text.map(|text| crate::facts::parse_gtid_set(ServerFlavor::MariaDb, &text)).transpose()
        }
        None => Ok(None),
    }
}

/// The server writes no binary log, so there is nothing to read.
pub fn binlog_off() -> Failure {
    Failure::definite(
        "binlog_off",
        "the server writes no binary log",
        "set `log_bin` (and `binlog_format = ROW`) in the server's configuration and restart it",
    )
}

fn monitor_privilege(failure: Failure) -> Failure {
    if failure.code != "privilege_missing" {
        return failure;
    }
    Failure {
        hint: "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* (MariaDB: also BINLOG MONITOR) to the user".into(),
        ..failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_logs_are_kept_for_is_read_as_servers_mean_it() {
        for (settings, expected) in [
            (&[("binlog_expire_logs_seconds", "2592000"), ("expire_logs_days", "0")][..], Some(2_592_000)),
            (&[("binlog_expire_logs_seconds", "0"), ("expire_logs_days", "10")], Some(864_000)),
            (&[("expire_logs_days", "0.5")], Some(43_200)),
            (&[("binlog_expire_logs_seconds", "0"), ("expire_logs_days", "0")], None),
            (&[("binlog_expire_logs_seconds", "60"), ("binlog_expire_logs_auto_purge", "OFF")], None),
            (&[("binlog_expire_logs_seconds", "60"), ("binlog_expire_logs_auto_purge", "ON")], Some(60)),
            (&[], None),
        ] {
            let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            assert_eq!(retention_seconds(&settings), expected, "{settings:?}");
        }
    }
}
