//! Schema changes of the source in the words of the target.

use super::session::Session;
use crate::change::SchemaChange;
use crate::consumer::schema_policy::shown;
use mysql_async::Value;
use replicator_model::failure::Failure;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::{schemas, tables};
use replicator_schema::already::has_already;
use replicator_schema::catalogue::{self, Server};
use replicator_schema::effect::{self, Effect};
use replicator_schema::translate::{End, Translation, can_set_explicit, counterpart, translate};

/// MariaDB's modes that give statements another meaning, among them types of other names.
const ORACLE: u64 = 1 << 9;
const IGNORE_BAD_TABLE_OPTIONS: u64 = 1 << 4;

/// The target, as far as it decides what statements mean.
#[derive(Debug)]
pub(super) struct TargetDialect {
    end: End,
}

/// A schema change as the target is to run it.
#[derive(Debug)]
pub(super) struct Translated {
    /// To be run before; running it again does no harm.
    pub(super) first: Option<String>,
    pub(super) change: SchemaChange,
}

impl TargetDialect {
    pub(super) async fn ask(session: &mut Session, facts: &ServerFacts) -> Result<Self, Failure> {
        let rules = schemas::rules(session.conn(), facts).await?;
        let charsets = rules
            .charset_collations
            .iter()
            .fold(rules.server.charsets, |charsets, (charset, collation)| charsets.with_default(charset, collation));
        let explicit_timestamps = rules.explicit_timestamps.unwrap_or(false);
        let dialect = rules.server.dialect;
        Ok(Self { end: End { dialect, charsets, database_collation: None, explicit_timestamps } })
    }

    pub(super) async fn translate(&self, session: &mut Session, change: &SchemaChange) -> Result<Translated, Failure> {
        let as_is = || Translated { first: None, change: change.clone() };
        let Some(from) = change.source.as_deref() else { return Ok(as_is()) };
        let mut to = self.end.clone();
        if let Some((database, _)) = change.targets.first() {
            to.database_collation = default_of(session, database).await?;
        }
        let sql_mode = change.sql_mode.unwrap_or(0);
        if from.dialect.is_mariadb() && !to.dialect.is_mariadb() && sql_mode & ORACLE != 0 {
            return Err(refusal(change, "sql_mode = ORACLE", "types have other meanings there"));
        }
        if is_of_server(change, from)
            && let Some(name) = change.server_collation.as_deref()
            && counterpart(name, &to).is_none()
        {
            let why = "the target has no collation that compares alike";
            return Err(refusal(change, &format!("collation_server = {name}"), why));
        }
        match translate(&change.sql, sql_mode, from, &to) {
            Translation::AsIs => Ok(as_is()),
            Translation::Into { first, sql } => {
                tracing::info!(sql, from = shown(&change.sql), "a schema change is translated for the target");
                Ok(Translated { first, change: SchemaChange { sql, ..change.clone() } })
            }
            Translation::Refused { clause, why } => Err(refusal(change, &clause, why)),
        }
    }

    /// Whether the one table that the change is about has it already, from another that becomes the same.
    pub(super) async fn has_already(&self, session: &mut Session, change: &SchemaChange) -> Result<bool, Failure> {
        let [name] = change.targets.as_slice() else { return Ok(false) };
        let table = tables::schema(session.conn(), &name.0, &name.1).await?;
        session.rollback().await?;
        let Some(table) = table else { return Ok(false) };
        let server = Server { dialect: self.end.dialect, charsets: self.end.charsets.clone(), lower_case: false };
        let source = change.source.as_deref();
        let ran_with = catalogue::Session {
            database: change.database.clone(),
            sql_mode: change.sql_mode.unwrap_or(0),
            server_collation: change.server_collation.clone(),
            explicit_timestamps: Some(source.map_or(self.end.explicit_timestamps, |source| source.explicit_timestamps)),
            charset_collations: Vec::new(),
        };
        Ok(has_already(&change.sql, name, &table, &ran_with, &server))
    }

    /// Statements that make a session take for granted what the source's did.
    pub(super) fn context(&self, change: &SchemaChange) -> Vec<String> {
        let mut statements = Vec::new();
        let counterpart = |name: &Option<String>| name.as_deref().and_then(|name| counterpart(name, &self.end));
        if let Some(collation) = counterpart(&change.connection_collation) {
            statements.push(format!("SET SESSION collation_connection = {collation}"));
        }
        if let Some(collation) = counterpart(&change.server_collation) {
            statements.push(format!("SET SESSION collation_server = {collation}"));
        }
        if let Some(explicit) = self.explicit(change) {
            statements.push(format!("SET SESSION explicit_defaults_for_timestamp = {}", u8::from(explicit)));
        }
        statements
    }

    /// Statements that take that back.
    pub(super) fn end_of_context(&self, change: &SchemaChange) -> Option<&'static str> {
        self.explicit(change).map(|_| "SET SESSION explicit_defaults_for_timestamp = DEFAULT")
    }

    /// What TIMESTAMP is to mean, if the target means something else and can be told.
    fn explicit(&self, change: &SchemaChange) -> Option<bool> {
        let wanted = change.source.as_deref()?.explicit_timestamps;
        (can_set_explicit(self.end.dialect) && wanted != self.end.explicit_timestamps).then_some(wanted)
    }

    /// Bits of `sql_mode` that mean the same on both servers, besides those that all have.
    pub(super) fn common_modes(&self, change: &SchemaChange) -> u64 {
        let both =
            self.end.dialect.is_mariadb() && change.source.as_deref().is_some_and(|from| from.dialect.is_mariadb());
        if both { ORACLE | IGNORE_BAD_TABLE_OPTIONS } else { 0 }
    }
}

/// A database is made that gets its collation from the server.
fn is_of_server(change: &SchemaChange, from: &End) -> bool {
    match effect::read(&change.sql, change.sql_mode.unwrap_or(0), from.dialect) {
        Effect::CreateDatabase { named, .. } => named.is_empty(),
        _ => false,
    }
}

async fn default_of(session: &mut Session, database: &str) -> Result<Option<String>, Failure> {
    let sql =
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = CONVERT(? USING utf8)";
    let rows = session.rows(sql, vec![Value::Bytes(database.into())]).await?;
    session.commit().await?;
    Ok(rows.into_iter().next().and_then(|row| row.get_opt(0)).and_then(Result::ok))
}

fn refusal(change: &SchemaChange, clause: &str, why: &str) -> Failure {
    Failure::definite(
        "schema_change_not_translated",
        format!(
            "the schema change at {}:{} can't be told to the target, for `{clause}`: {why}; the statement is {}",
            change.file,
            change.offset,
            shown(&change.sql)
        ),
        "run at the target by hand what its table shall be, then leave this transaction out (replicator task skip)",
    )
}

#[cfg(test)]
impl TargetDialect {
    /// A MariaDB with these collations.
    pub(super) fn with(collations: &[&str]) -> Self {
        use replicator_schema::charset::Charsets;
        use replicator_schema::dialect::{Dialect, ServerFlavor, Version};
        let charset = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
        let collations = collations.iter().map(|name| ((*name).to_owned(), charset(name)));
        let dialect = Dialect::new(ServerFlavor::MariaDb, Version(10, 11, 6));
        let charsets = Charsets::new([], collations);
        Self { end: End { dialect, charsets, database_collation: None, explicit_timestamps: true } }
    }
}
