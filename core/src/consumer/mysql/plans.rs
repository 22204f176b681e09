//! How the rows of each table are written, as the target's tables are now: read when the first rows of a table come.

use super::session::Session;
use super::statement::Plan;
use super::write_set::{Equality, Place, Reach, WriteKey};
use crate::change::TableSchema;
use replicator_model::failure::Failure;
use replicator_mysql::tables::{self, Ties};
use replicator_schema::table::{ColumnDefinition, Key, TableSchema as TargetSchema};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tables whose plans are kept. Beyond that all are forgotten, which only costs time.
const TABLES_MAX: usize = 1_000;

/// A table of the source, and how its rows are written.
#[derive(Debug)]
pub(super) struct Planned {
    /// Kept alive, so that its address stays its own.
    _schema: Arc<TableSchema>,
    pub(super) plan: Plan,
    pub(super) reach: Reach,
    /// Rows have to be what the source had, so each is written by itself, in the source's order.
    pub(super) compares: bool,
    /// Of the target's table: several of the source may be one of the target.
    pub(super) place: Place,
    /// An update of these columns alone was refused once.
    updates_whole_rows: AtomicBool,
}

pub(super) struct Plans {
    compares: bool,
    /// By the address of the schema, which the plan keeps alive.
    tables: HashMap<usize, Arc<Planned>>,
}

impl Plans {
    pub(super) fn new(compares: bool) -> Self {
        Self { compares, tables: HashMap::new() }
    }

    /// Forgets what it knew of the target's tables: after a schema change.
    pub(super) fn forget(&mut self) {
        self.tables.clear();
    }

    /// How rows of this table are written.
    pub(super) async fn of(
        &mut self,
        schema: &Arc<TableSchema>,
        session: &mut Session,
    ) -> Result<Arc<Planned>, Failure> {
        let id = Arc::as_ptr(schema) as usize;
        if let Some(known) = self.tables.get(&id) {
            return Ok(Arc::clone(known));
        }
        if self.tables.len() >= TABLES_MAX {
            self.forget();
        }
        let (database, table) = (&schema.target_database, &schema.target_table);
        let Some(definition) = tables::schema(session.conn(), database, table).await? else {
            return Err(Failure::definite(
                "unknown_table",
                format!(
                    "{} does not exist on the target, and {} has rows for it",
                    schema.target_name(),
                    schema.source_name()
                ),
                "create it there as it is on the source, or exclude it, and start the task again",
            ));
        };
        let ties = tables::ties(session.conn(), database, table).await?;
        session.rollback().await?;
        let planned = Planned::new(Arc::clone(schema), &definition, ties)?;
        let planned = Arc::new(Planned { compares: self.compares, ..planned });
        self.tables.insert(id, Arc::clone(&planned));
        Ok(planned)
    }
}

impl Planned {
    pub(super) fn new(schema: Arc<TableSchema>, target: &TargetSchema, ties: Ties) -> Result<Self, Failure> {
        let plan = Plan::new(&schema, target, ties)?;
        let mut hasher = DefaultHasher::new();
        (schema.target_database.to_lowercase(), schema.target_table.to_lowercase()).hash(&mut hasher);
        let table = hasher.finish();
        let (reach, place) = match ties {
            Ties { triggers: true, .. } | Ties { without_transactions: true, .. } => {
                (Reach::Everything, Place::Table(table))
            }
            Ties { foreign_keys: true, .. } => (Reach::Linked, Place::Linked),
            Ties { .. } => (write_keys(&schema, target, table).map_or(Reach::Table, Reach::Rows), Place::Table(table)),
        };
        Ok(Self { _schema: schema, plan, reach, compares: false, place, updates_whole_rows: AtomicBool::new(false) })
    }

    /// Whether updates of many rows name the changed columns alone. Not where that was refused: a CHECK may be about
    /// others, which such a statement has as NULL until it finds its row.
    pub(super) fn updates_narrowly(&self) -> bool {
        !self.updates_whole_rows.load(Ordering::Relaxed)
    }

    /// Folded rows were refused.
    pub(super) fn update_whole_rows(&self) {
        self.updates_whole_rows.store(true, Ordering::Relaxed);
    }
}

/// All unique keys, the one that rows are found by first; `None` if one of them can't be told from a row's image.
fn write_keys(source: &TableSchema, target: &TargetSchema, table: u64) -> Option<Vec<WriteKey>> {
    let found_by: Vec<&str> =
        source.key.as_ref()?.iter().filter_map(|&index| source.columns.get(index)).map(|c| c.name.as_str()).collect();
    let mut keys = Vec::new();
    for key in target.keys.iter().filter(|key| key.unique) {
        let columns = key_columns(key, source, target)?;
        let names: Vec<&str> = key.parts.iter().flatten().map(String::as_str).collect();
        let is_found_by = names.len() == found_by.len()
            && names.iter().all(|name| found_by.iter().any(|found| found.eq_ignore_ascii_case(name)));
        let mut hasher = DefaultHasher::new();
        (table, key.name.to_lowercase()).hash(&mut hasher);
        keys.push((!is_found_by, WriteKey { number: hasher.finish(), columns }));
    }
    keys.sort_by_key(|(is_other, _)| *is_other);
    match keys.first() {
        Some((false, _)) => Some(keys.into_iter().map(|(_, key)| key).collect()),
        _ => None,
    }
}

fn key_columns(key: &Key, source: &TableSchema, target: &TargetSchema) -> Option<Vec<(usize, Equality)>> {
    if key.partial {
        return None;
    }
    let column = |name: &String| {
        let index = source.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))?;
        let column = target.columns.get(target.column(name)?)?;
        Some((index, equality(column)?))
    };
    key.parts.iter().map(|part| column(part.as_ref()?)).collect()
}

fn equality(column: &ColumnDefinition) -> Option<Equality> {
    if column.generated {
        return None;
    }
    // ENUM and SET are compared by number.
    let is_text = column.charset.is_some() && !matches!(column.data_type.as_str(), "enum" | "set");
    Some(match &column.collation {
        Some(collation) if is_text => Equality::of_collation(collation),
        _ => Equality::Bytes,
    })
}
