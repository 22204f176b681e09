//! Schema changes, which commit by themselves.
//!
//! Everything before one is committed with its marker. Then a row in `ddl` says which statement is about to run and what
//! the tables it names looked like; the statement runs; and a transaction writes the marker after it and deletes the
//! row. A crash in between leaves the row. Whoever comes next reads the same statement again and compares: if the
//! tables look as before, it has not run and does now; if they don't, it has.

use super::dialect::TargetDialect;
use super::session::{Session, session_settings};
use crate::change::{SchemaChange, Trail};
use crate::consumer::schema_policy::shown;
use mysql_async::{Row, Value};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::REPLICATOR_DATABASE;
use replicator_mysql::origin::{APPLIED_DDL, APPLIED_DDL_MAX};
use replicator_mysql::tables::quoted;

/// A change of one of several tables that are one at the target was refused.
const MERGED: &str = "schema_change_merged";

/// `sql_mode` bits that every server this side of 5.6 knows and that change what a schema change means
/// (`sql/system_variables.h` of both servers): the first four, and 19 to 31 without 27 (deprecated) and 28 (removed).
const SQL_MODE_MASK: u64 = 0b1111 | (0xfff8_0000 & !(1 << 27) & !(1 << 28));

/// What a schema change at one place in the source's log found and left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingDdl {
    pub file: String,
    pub offset: u64,
    pub before_state: String,
}

/// A statement that is about to run, and where it comes from.
pub(super) struct Announced<'a> {
    pub change: &'a SchemaChange,
    pub trail: &'a Trail,
}

pub(super) async fn read_pending(session: &mut Session, task: &TaskName) -> Result<Option<PendingDdl>, Failure> {
    let sql = format!("SELECT source_file, source_offset, before_state FROM {REPLICATOR_DATABASE}.ddl WHERE task = ?");
    let rows = session.rows(&sql, vec![Value::Bytes(task.as_str().into())]).await?;
    session.commit().await?;
    let read = |row: &Row| {
        Some(PendingDdl {
            file: row.get_opt(0)?.ok()?,
            offset: row.get_opt(1)?.ok()?,
            before_state: row.get_opt(2)?.ok()?,
        })
    };
    Ok(rows.first().and_then(read))
}

pub(super) async fn write_pending(
    session: &mut Session,
    task: &TaskName,
    epoch: u64,
    pending: &PendingDdl,
    announced: &Announced<'_>,
) -> Result<(), Failure> {
    let sql = format!(
        "REPLACE INTO {REPLICATOR_DATABASE}.ddl (task, epoch, source_file, source_offset, before_state) VALUES (?, ?, ?, ?, ?)"
    );
    let values = vec![
        Value::Bytes(task.as_str().into()),
        Value::UInt(epoch),
        Value::Bytes(pending.file.clone().into()),
        Value::UInt(pending.offset),
        Value::Bytes(pending.before_state.clone().into()),
    ];
    session.rows(&sql, values).await?;
    announce(session, task, announced).await?;
    session.commit().await
}

/// Says which statement is about to run on this connection, for tasks that read the target's log.
async fn announce(session: &mut Session, task: &TaskName, announced: &Announced<'_>) -> Result<(), Failure> {
    let sql = format!(
        "INSERT INTO {REPLICATOR_DATABASE}.{APPLIED_DDL} (task, connection, event_time, trail) VALUES (?, CONNECTION_ID(), ?, ?)"
    );
    let values = vec![
        Value::Bytes(task.as_str().into()),
        Value::Int(announced.change.timestamp_us / 1_000_000),
        Value::Bytes(announced.trail.to_string().into()),
    ];
    session.rows(&sql, values).await?;
    let sql = format!(
        "DELETE FROM {REPLICATOR_DATABASE}.{APPLIED_DDL} WHERE id < GREATEST(LAST_INSERT_ID(), {APPLIED_DDL_MAX}) - {APPLIED_DDL_MAX}"
    );
    session.rows(&sql, vec![]).await.map(|_| ())
}

/// Deletes the row in the open transaction.
pub(super) async fn delete_pending(session: &mut Session, task: &TaskName) -> Result<(), Failure> {
    let sql = format!("DELETE FROM {REPLICATOR_DATABASE}.ddl WHERE task = ?");
    session.rows(&sql, vec![Value::Bytes(task.as_str().into())]).await.map(|_| ())
}

/// A fingerprint of the tables that a statement names, their definitions and times of creation, so that a second run
/// can be told from the first.
pub(super) async fn state_of(session: &mut Session, change: &SchemaChange) -> Result<String, Failure> {
    let mut state = String::new();
    let mut names = change.targets.clone();
    names.sort();
    names.dedup();
    for (database, table) in &names {
        let created = session
            .rows(
                "SELECT CAST(CREATE_TIME AS CHAR), TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = CONVERT(? USING utf8) AND TABLE_NAME = CONVERT(? USING utf8)",
                vec![Value::Bytes(database.clone().into()), Value::Bytes(table.clone().into())],
            )
            .await?;
        state.push_str(&format!("{database}.{table}:"));
        for row in created {
            state.push_str(&format!("{:?}", row.get_opt::<Option<String>, _>(0).and_then(Result::ok)));
            let definition =
                session.rows(&format!("SHOW CREATE TABLE {}.{}", quoted(database), quoted(table)), vec![]).await?;
            let text = definition.first().and_then(|row| row.get_opt::<Vec<u8>, _>(1)).and_then(Result::ok);
            state.push_str(&format!("{text:?}"));
        }
    }
    if names.is_empty() {
        // A statement about a database is told by which databases there are.
        let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME";
        for row in session.rows(sql, vec![]).await? {
            state.push_str(&format!("database {:?}", row.get_opt::<String, _>(0).and_then(Result::ok)));
        }
    }
    session.commit().await?;
    Ok(digest(&state))
}

/// 256 bits out of four FNV-1a hashes with different starts: it has to tell two states of a few tables apart, not to
/// withstand an attacker.
fn digest(text: &str) -> String {
    let hash =
        |start: u64| text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb]
        .iter()
        .fold(String::new(), |text, &start| text + &format!("{:016x}", hash(start)))
}

/// Runs the statement as in the source's session, and puts the session back.
pub(super) async fn run(session: &mut Session, change: &SchemaChange, target: &TargetDialect) -> Result<(), Failure> {
    for sql in context(change, target) {
        session.run(&sql).await?;
    }
    if !change.database.is_empty() && !creates_or_drops_database(&change.sql) {
        session.run(&format!("USE {}", quoted(&change.database))).await?;
    }
    let shown = shown(&change.sql);
    let ran = session.run(&change.sql).await.map_err(|failure| of_merged(failure, change));
    if let Err(failure) = ran {
        if failure.code != MERGED || !target.has_already(session, change).await? {
            return Err(failure.at(format!("schema change `{shown}`")));
        }
        tracing::info!(sql = shown, "the target has this change already, from another table that becomes the same");
    }
    session.run("SET SESSION collation_server = DEFAULT, timestamp = DEFAULT, time_zone = '+00:00'").await?;
    if let Some(sql) = target.end_of_context(change) {
        session.run(sql).await?;
    }
    for sql in session_settings() {
        session.run(&sql).await?;
    }
    Ok(())
}

/// Runs what comes before a statement. After a crash it runs again: it is before the state that tells whether the
/// statement has run, and no row is applied in between.
pub(super) async fn run_first(
    session: &mut Session,
    task: &TaskName,
    sql: &str,
    announced: &Announced<'_>,
) -> Result<(), Failure> {
    announce(session, task, announced).await?;
    session.commit().await?;
    let change = announced.change;
    let (checks, time) = (u8::from(change.foreign_key_checks), change.timestamp_us / 1_000_000);
    session.run(&format!("SET SESSION foreign_key_checks = {checks}, timestamp = {time}")).await?;
    if !change.database.is_empty() {
        session.run(&format!("USE {}", quoted(&change.database))).await?;
    }
    session.run(sql).await.map_err(|failure| failure.at(format!("schema change `{sql}`")))?;
    session.run("SET SESSION foreign_key_checks = 1, timestamp = DEFAULT").await.map(|_| ())
}

/// A change of one of several tables that are one at the target failed: most often because another of them brought it before.
fn of_merged(failure: Failure, change: &SchemaChange) -> Failure {
    if !change.merged || failure.is_transient() {
        return failure;
    }
    Failure::definite(
        MERGED,
        format!("several tables become this one, and the target refused the change: {}", failure.reason),
        "the target's table is not what this change would make of it: make the change that all of them can live with by hand, \
         then leave this one out with `replicator task skip`",
    )
}

/// CREATE or DROP DATABASE.
fn creates_or_drops_database(sql: &str) -> bool {
    let mut words = sql.split_ascii_whitespace().map(str::to_ascii_uppercase);
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    matches!(first.as_str(), "CREATE" | "DROP") && matches!(second.as_str(), "DATABASE" | "SCHEMA")
}

/// Statements that make the session like the source's. A collation that the target does not have, nor one that compares
/// alike, is left out: a statement that needs it is refused before.
fn context(change: &SchemaChange, target: &TargetDialect) -> Vec<String> {
    let mut statements = vec![format!(
        "SET SESSION foreign_key_checks = {}, timestamp = {}.{:06}",
        u8::from(change.foreign_key_checks),
        change.timestamp_us / 1_000_000,
        change.timestamp_us.rem_euclid(1_000_000),
    )];
    if let Some(bits) = change.sql_mode {
        let mask = SQL_MODE_MASK | target.common_modes(change);
        statements.push(format!("SET SESSION sql_mode = {}", bits & mask));
    }
    statements.push("SET NAMES utf8mb4".into());
    statements.extend(target.context(change));
    if let Some(zone) = &change.time_zone {
        statements.push(format!("SET SESSION time_zone = '{}'", zone.replace(['\'', '\\'], "")));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(sql: &str) -> SchemaChange {
        SchemaChange {
            sql_mode: Some(u64::MAX),
            connection_collation: Some("latin1_swedish_ci".into()),
            server_collation: Some("utf8mb4_0900_ai_ci".into()),
            time_zone: Some("+02:00'; DROP".into()),
            foreign_key_checks: false,
            timestamp_us: 1_700_000_000_000_042,
            ..SchemaChange::of(sql)
        }
    }

    #[test]
    fn the_session_becomes_like_the_source_s() {
        let names = ["latin1_swedish_ci", "utf8mb4_uca1400_nopad_ai_ci"];
        let statements = context(&change("ALTER TABLE t ADD c INT"), &TargetDialect::with(&names));
        assert_eq!(
            statements,
            [
                "SET SESSION foreign_key_checks = 0, timestamp = 1700000000.000042",
                "SET SESSION sql_mode = 3891789839",
                "SET NAMES utf8mb4",
                "SET SESSION collation_connection = latin1_swedish_ci",
                "SET SESSION collation_server = utf8mb4_uca1400_nopad_ai_ci",
                "SET SESSION time_zone = '+02:00; DROP'",
            ]
        );
    }

    #[test]
    fn a_change_that_another_table_brought_says_what_to_do() {
        let refused = Failure::definite("server_error", "Duplicate column name 'x'", "look");
        let merged = SchemaChange { merged: true, ..change("ALTER TABLE t ADD x INT") };
        let failure = of_merged(refused.clone(), &merged);
        assert_eq!(failure.code, "schema_change_merged");
        assert!(failure.reason.contains("Duplicate column") && failure.hint.contains("task skip"), "{failure}");
        assert_eq!(of_merged(refused.clone(), &change("x")), refused);
        let lost = Failure::transient("connection_lost", "x", "y");
        assert_eq!(of_merged(lost.clone(), &merged), lost);
    }

    #[test]
    fn different_states_have_different_digests() {
        assert_ne!(digest("a"), digest("b"));
        assert_eq!(digest("a").len(), 64);
    }
}
