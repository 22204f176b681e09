//! The source's tables followed through their statements, where the log does not describe them itself.
//!
//! A history begins with a picture of all tables of the task's databases and is kept by whoever runs the task: written
//! before a change behind it is handed on, so that no checkpoint passes a statement that the history lacks. What it says
//! counts only as far as the rows' own table maps agree with it.

use super::scope::Scope;
use async_trait::async_trait;
use mysql_async::Conn;
use replicator_binlog::SessionContext;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::position::Position;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::head;
use replicator_mysql::privileges::Privileges;
use replicator_mysql::schemas::{self, Rules};
use replicator_mysql::tables::{Collations, TableDefinition};
use replicator_schema::catalogue::{Session, TableName};
use replicator_schema::effect::{self, Effect};
use replicator_schema::history::{History, Known, Taken};
use replicator_schema::stored::{Kept, PART_BYTES_MAX, StoredPart};
use replicator_schema::table::TableSchema;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Columns of the first picture. Beyond that each table is asked for when it is met.
const COLUMNS_MAX: u64 = 500_000;

/// Where the history of a task is kept so that it survives this process. Parts have names and at most
/// [`PART_BYTES_MAX`](replicator_schema::stored::PART_BYTES_MAX) bytes.
#[async_trait]
pub trait SchemaStore: Send + Sync {
    async fn load(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure>;

    /// Replaces parts, in their order. `Ok` means that they are durable.
    async fn save(&self, parts: Vec<StoredPart>) -> Result<(), Failure>;

    /// So many versions of tables are in it now.
    fn holds(&self, versions: usize);
}

/// A table as the server has it, and when it was asked.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    pub(super) schema: TableSchema,
    pub(super) taken: Taken,
}

#[derive(Debug, Clone)]
pub(super) struct Followed {
    kept: Kept,
    rules: Rules,
    /// Tables that are known otherwise than when they were last kept.
    changed: BTreeSet<TableName>,
}

/// A position as a number that grows with the log. Files are counted by the number at their end.
pub(super) fn moment(file: &str, offset: u64) -> u64 {
    const OFFSET_BITS: u32 = 40;
    let number = file.rsplit('.').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    (number << OFFSET_BITS) | offset.min((1 << OFFSET_BITS) - 1)
}

fn moment_of(position: &Position) -> u64 {
    moment(&position.file, position.offset)
}

impl Followed {
    /// Goes on with what is kept, or begins with a picture. `None`: the log describes its tables itself.
    pub(super) async fn open(
        conn: &mut Conn,
        facts: &ServerFacts,
        scope: &Scope,
        store: &Arc<dyn SchemaStore>,
        resume: Option<&Checkpoint>,
        start: &Position,
    ) -> Result<Option<Self>, Failure> {
        let kept = Kept::read(&store.load().await?);
        let picture = kept.as_ref().map_or(0, |kept| kept.picture);
        if facts.row_metadata.as_deref() == Some("FULL") {
            // From here on statements are not followed: what was kept would be missing them.
            if kept.is_some_and(|kept| !kept.server.is_empty()) {
                let nothing =
                    Kept { history: History::default(), picture: picture + 1, server: String::new(), since: 0 };
                store.save(nothing.changed(&BTreeSet::new())).await?;
            }
            return Ok(None);
        }
        let rules = schemas::rules(conn, facts).await?;
        if let Some(kept) = kept.and_then(|kept| resumed(kept, facts, resume, start)) {
            store.holds(kept.history.versions());
            return Ok(Some(Self { kept, rules, changed: BTreeSet::new() }));
        }
        let from = head_moment(conn, facts).await?;
        let wanted = |database: &str| scope.has_database(database);
        let Some(mut catalogue) = schemas::catalogue(conn, wanted, COLUMNS_MAX).await? else {
            tracing::warn!(columns_max = COLUMNS_MAX, "too many columns to follow; set binlog_row_metadata = FULL");
            return Ok(None);
        };
        let privileges = Privileges::ask(conn).await?;
        for (name, database) in &mut catalogue.databases {
            // Who may read all tables sees all: what he does not see is not there.
            database.complete = privileges.on_database("SELECT", name);
        }
        let taken = Taken { from, to: head_moment(conn, facts).await? };
        let history = History::pictured(catalogue, taken);
        let kept = Kept { history, picture: picture + 1, server: facts.server.clone(), since: moment_of(start) };
        let (parts, tables) = (kept.all(), kept.history.len());
        tracing::info!(
            tables,
            bytes = parts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(),
            "tables are followed"
        );
        warn_of_cut(&parts);
        store.holds(kept.history.versions());
        store.save(parts).await?;
        Ok(Some(Self { kept, rules, changed: BTreeSet::new() }))
    }

    /// Does what a statement does, if it is about tables; one that can't be read leaves doubts about those it seems to name.
    /// Whether something is known otherwise from here on.
    pub(super) fn follow(
        &mut self,
        sql: Result<&str, Cow<'_, str>>,
        database: &str,
        context: &SessionContext<'_>,
        collations: &Collations,
        moment: u64,
    ) -> bool {
        let (sql_mode, dialect) = (context.sql_mode.unwrap_or(0), self.rules.server.dialect);
        let effect = match sql {
            Ok(sql) => effect::read(sql, sql_mode, dialect),
            Err(sql) => effect::not_read(&sql, sql_mode, dialect),
        };
        if effect == Effect::Nothing {
            return false;
        }
        let session = self.session(database, context, collations);
        let changed = self.kept.history.apply(&effect, moment, &session, &self.rules.server);
        let is_news = !changed.is_empty();
        self.changed.extend(changed);
        is_news
    }

    fn session(&self, database: &str, context: &SessionContext<'_>, collations: &Collations) -> Session {
        let name = |number: u16| collations.get(number).map(|collation| collation.name.clone());
        let server = context.charsets.and_then(|charsets| name(charsets.server));
        let pairs = context.character_set_collations.iter().flatten().copied();
        let chosen = |(of, chosen): (u16, u16)| Some((collations.charset(of)?.to_owned(), name(chosen)?));
        let utf8mb4 = context.default_collation_for_utf8mb4.and_then(name);
        let of_server = self.rules.charset_collations.iter().cloned();
        Session {
            database: database.to_owned(),
            sql_mode: context.sql_mode.unwrap_or(0),
            server_collation: server.or_else(|| self.rules.collation.clone()),
            explicit_timestamps: context.explicit_defaults_for_timestamp.or(self.rules.explicit_timestamps),
            charset_collations: of_server
                .chain(pairs.filter_map(chosen))
                .chain(utf8mb4.map(|name| ("utf8mb4".to_owned(), name)))
                .collect(),
        }
    }

    /// The form a table had at a moment, if that is certain.
    pub(super) fn definition(&self, database: &str, table: &str, moment: u64) -> Option<TableDefinition> {
        match self.kept.history.at(database, table, moment) {
            Known::Certain(schema) => Some(schema.definition(database, table)),
            Known::Uncertain(reason) => {
                tracing::info!(database, table, reason, "the table could not be followed; the source is asked");
                None
            }
            Known::Unknown => None,
        }
    }

    /// Takes over what the source said and the log has proven.
    pub(super) fn adopt(&mut self, name: TableName, looked: Looked, moment: u64) {
        self.kept.history.adopt(name.clone(), looked.schema, moment, looked.taken);
        self.changed.insert(name);
    }

    /// What has to be durable before a change that was read from here on is handed on. What concerns other databases
    /// alone waits until then: of it no row is read.
    pub(super) fn take_unsaved(&mut self, scope: &Scope) -> Option<Vec<StoredPart>> {
        if !self.changed.iter().any(|(database, _)| scope.has_database(database)) {
            return None;
        }
        let parts = self.kept.changed(&std::mem::take(&mut self.changed));
        warn_of_cut(&parts);
        Some(parts)
    }

    /// Versions of tables that are known.
    pub(super) fn versions(&self) -> usize {
        self.kept.history.versions()
    }
}

fn warn_of_cut(parts: &[StoredPart]) {
    for (name, _) in parts.iter().filter(|part| Kept::is_cut(part)) {
        tracing::warn!(
            part = name,
            bytes_max = PART_BYTES_MAX,
            "a part of the tables' history is too large to be kept; set binlog_row_metadata = FULL"
        );
    }
}

/// What was kept, as at the position to go on from. `None`: it says nothing about that.
fn resumed(kept: Kept, facts: &ServerFacts, resume: Option<&Checkpoint>, start: &Position) -> Option<Kept> {
    let (resume, mut kept) = (resume?, kept);
    let durable = moment_of(&resume.position);
    if kept.server.is_empty() || resume.server != kept.server || durable < kept.since {
        return None;
    }
    kept.history.go_back_to(durable);
    kept.history.forget_before(durable);
    if kept.server != facts.server {
        kept.history.move_to_another_log(durable);
        kept.server.clone_from(&facts.server);
        kept.since = moment_of(start);
    } else {
        kept.since = durable;
    }
    Some(kept)
}

async fn head_moment(conn: &mut Conn, facts: &ServerFacts) -> Result<u64, Failure> {
    Ok(moment_of(&head::ask(conn, facts).await?.position))
}

/// Asks the source for a table.
pub(super) async fn look_up(
    conn: &mut Conn,
    facts: &ServerFacts,
    database: &str,
    table: &str,
) -> Result<Option<Looked>, Failure> {
    let from = head_moment(conn, facts).await?;
    let schema = replicator_mysql::tables::schema(conn, database, table).await?;
    let taken = Taken { from, to: head_moment(conn, facts).await? };
    Ok(schema.map(|schema| Looked { schema, taken }))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_grow_with_the_log() {
        let moments = [
            moment("binlog.000009", 4),
            moment("binlog.000009", 5_000_000_000),
            moment("binlog.000010", 4),
            moment("a.b.999999", 100),
            moment("a.b.1000000", 4),
        ];
        assert!(moments.is_sorted() && moments.iter().all(|moment| *moment > 0), "{moments:?}");
    }
}
