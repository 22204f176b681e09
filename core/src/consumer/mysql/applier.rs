//! Rows into statements into the open transaction.

use super::session::Session;
use super::statement::{Plan, Tied};
use super::value::param;
use crate::change::{RowsChange, TableSchema};
use mysql_async::{Statement, Value as Param};
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use replicator_mysql::tables;
use std::collections::HashMap;
use std::sync::Arc;

/// Tables whose plans are kept. Beyond that all are forgotten, which only costs time.
const TABLES_MAX: usize = 1_000;

/// Statements that are kept prepared; beyond that all are closed, which only costs time. Servers allow 16,382 to all
/// their clients by default, and one of many rows may take megabytes there.
const STATEMENTS_MAX: usize = 1_000;

/// Most bytes of rows gathered for one statement.
pub(super) const STATEMENT_BYTES_MAX: usize = 512 << 10;

/// Applies rows on one connection, in order. Consecutive inserts into one table become one statement: they are equal
/// in effect, since nothing can come between them.
#[derive(Default)]
pub(super) struct Applier {
    tables: HashMap<usize, PlannedTable>,
    inserts: Option<Inserts>,
    foreign_key_checks_off: bool,
    /// Statements prepared, of all tables.
    prepared: usize,
}

struct PlannedTable {
    /// Keeps the schema alive, so that its address stays its own.
    schema: Arc<TableSchema>,
    plan: Plan,
    statements: HashMap<Shape, Statement>,
}

/// What tells the statements of one table apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Insert {
        written: Vec<usize>,
        rows: usize,
    },
    Update {
        written: Vec<usize>,
        search: Vec<usize>,
    },
    Delete {
        search: Vec<usize>,
    },
    /// By the key, of rows that are all there.
    UpdateMany {
        written: Vec<usize>,
        rows: usize,
    },
    DeleteMany {
        key: Vec<usize>,
        rows: usize,
    },
}

/// Rows of one table that wait to be inserted together.
struct Inserts {
    table: usize,
    written: Vec<usize>,
    parameters: Vec<Param>,
    rows: usize,
    bytes: usize,
    place: String,
}

impl Applier {
    /// Forgets what it knew of the target's tables: after a schema change.
    pub(super) async fn forget_tables(&mut self, session: &mut Session) -> Result<(), Failure> {
        self.close_statements(session).await?;
        self.tables.clear();
        Ok(())
    }

    async fn close_statements(&mut self, session: &mut Session) -> Result<(), Failure> {
        self.prepared = 0;
        for known in self.tables.values_mut() {
            for (_, statement) in known.statements.drain() {
                session.close(statement).await?;
            }
        }
        Ok(())
    }

    /// Applies the rows of one event. Inserts may stay gathered until [`Applier::flush`]. Answers how many rows it
    /// took.
    pub(super) async fn apply(&mut self, session: &mut Session, rows: &RowsChange) -> Result<u64, Failure> {
        self.set_foreign_key_checks(session, !rows.no_foreign_key_checks).await?;
        let table = self.plan(session, &rows.table).await?;
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut count = 0;
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            count += 1;
            match view.kind() {
                RowsKind::Insert => self.insert(session, rows, table, &after).await?,
                RowsKind::Update => self.update(session, rows, table, &before, &after).await?,
                RowsKind::Delete => self.delete(session, rows, table, &before).await?,
            }
        }
        Ok(count)
    }

    /// Sends what is gathered.
    pub(super) async fn flush(&mut self, session: &mut Session) -> Result<(), Failure> {
        let Some(inserts) = self.inserts.take() else { return Ok(()) };
        let Inserts { table, written, mut parameters, rows, place, .. } = inserts;
        let mut left = rows;
        // Powers of two, so that few statements serve every number of rows.
        while left > 0 {
            let rows = power_of_two_within(left);
            let rest = parameters.split_off(rows * written.len());
            let shape = Shape::Insert { written: written.clone(), rows };
            let affected =
                self.execute(session, table, shape, parameters).await.map_err(|failure| failure.at(&place))?;
            if affected != rows as u64 {
                return Err(Failure::definite(
                    "rows_not_inserted",
                    format!("{place}: {affected} of {rows} rows were inserted"),
                    "look for a trigger or a view on the target's table",
                ));
            }
            left -= rows;
            parameters = rest;
        }
        Ok(())
    }

    /// Forgets what is gathered: it was rolled back.
    pub(super) fn drop_gathered(&mut self) {
        self.inserts = None;
    }

    /// Whether the plan of this table is there.
    pub(super) fn has_plan(&self, schema: &Arc<TableSchema>) -> bool {
        self.tables.get(&id_of(schema)).is_some_and(|known| Arc::ptr_eq(&known.schema, schema))
    }

    /// How rows of this table are written; the plan is made if there is none yet, and then other plans may be forgotten.
    pub(super) async fn plan(&mut self, session: &mut Session, schema: &Arc<TableSchema>) -> Result<usize, Failure> {
        let id = id_of(schema);
        if self.has_plan(schema) {
            return Ok(id);
        }
        // A schema seen for the first time may be the old table after a change: gathered rows belong before it.
        self.flush(session).await?;
        if self.tables.len() >= TABLES_MAX {
            self.forget_tables(session).await?;
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
        let tied = if tables::is_tied(session.conn(), database, table).await? { Tied::Yes } else { Tied::No };
        let plan = Plan::new(schema, &definition, tied)?;
        self.tables.insert(id, PlannedTable { schema: Arc::clone(schema), plan, statements: HashMap::new() });
        Ok(id)
    }

    pub(super) fn planned(&self, table: usize) -> Result<&Plan, Failure> {
        self.tables.get(&table).map(|known| &known.plan).ok_or_else(plan_lost)
    }

    async fn insert(
        &mut self,
        session: &mut Session,
        rows: &RowsChange,
        table: usize,
        after: &[Value<'_>],
    ) -> Result<(), Failure> {
        let written = self.written(table, after);
        let fits = self.inserts.as_ref().is_none_or(|inserts| {
            inserts.table == table
                && inserts.written == written
                && inserts.rows < Plan::rows_max(written.len())
                && inserts.bytes < STATEMENT_BYTES_MAX
        });
        if !fits {
            self.flush(session).await?;
        }
        let inserts = self.inserts.get_or_insert_with(|| Inserts {
            table,
            parameters: Vec::with_capacity(written.len() * 16),
            written,
            rows: 0,
            bytes: 0,
            place: rows.place(),
        });
        for &index in &inserts.written {
            let parameter = parameter(rows, after, index)?;
            if let Param::Bytes(bytes) = &parameter {
                inserts.bytes += bytes.len();
            }
            inserts.bytes += 8;
            inserts.parameters.push(parameter);
        }
        inserts.rows += 1;
        Ok(())
    }

    pub(super) async fn update(
        &mut self,
        session: &mut Session,
        rows: &RowsChange,
        table: usize,
        before: &[Value<'_>],
        after: &[Value<'_>],
    ) -> Result<(), Failure> {
        self.flush(session).await?;
        let written = self.written(table, after);
        if written.is_empty() {
            return Ok(());
        }
        let search = self.search(rows, table, before)?;
        let mut parameters = Vec::with_capacity(written.len() + search.len());
        for &index in &written {
            parameters.push(parameter(rows, after, index)?);
        }
        for &index in &search {
            parameters.push(parameter(rows, before, index)?);
        }
        let affected = self.execute(session, table, Shape::Update { written, search }, parameters).await;
        one_row(rows, "update", affected)
    }

    async fn delete(
        &mut self,
        session: &mut Session,
        rows: &RowsChange,
        table: usize,
        before: &[Value<'_>],
    ) -> Result<(), Failure> {
        self.flush(session).await?;
        let search = self.search(rows, table, before)?;
        let mut parameters = Vec::with_capacity(search.len());
        for &index in &search {
            parameters.push(parameter(rows, before, index)?);
        }
        let affected = self.execute(session, table, Shape::Delete { search }, parameters).await;
        one_row(rows, "delete", affected)
    }

    fn written(&self, table: usize, image: &[Value<'_>]) -> Vec<usize> {
        let writes = |index: &usize| self.tables.get(&table).is_some_and(|known| known.plan.writes(*index));
        (0..image.len()).filter(|&index| !image.get(index).is_none_or(Value::is_absent)).filter(writes).collect()
    }

    fn search(&self, rows: &RowsChange, table: usize, image: &[Value<'_>]) -> Result<Vec<usize>, Failure> {
        let present: Vec<bool> = image.iter().map(|value| !value.is_absent()).collect();
        let search = self.tables.get(&table).map(|known| known.plan.search_columns(&present)).unwrap_or_default();
        if search.is_empty() {
            return Err(Failure::definite(
                "row_has_no_key",
                format!("{}: the row image has no column to find the row by", rows.place()),
                "set binlog_row_image = FULL on the source",
            ));
        }
        Ok(search)
    }

    /// Runs a statement of a planned table and answers how many rows it matched.
    pub(super) async fn execute(
        &mut self,
        session: &mut Session,
        table: usize,
        shape: Shape,
        parameters: Vec<Param>,
    ) -> Result<u64, Failure> {
        let is_prepared = || self.tables.get(&table).is_some_and(|known| known.statements.contains_key(&shape));
        if self.prepared >= STATEMENTS_MAX && !is_prepared() {
            self.close_statements(session).await?;
        }
        let Some(known) = self.tables.get_mut(&table) else { return Err(plan_lost()) };
        let statement = match known.statements.get(&shape) {
            Some(statement) => statement.clone(),
            None => {
                let sql = match &shape {
                    Shape::Insert { written, rows } => known.plan.insert(written, *rows),
                    Shape::Update { written, search } => known.plan.update(written, search),
                    Shape::Delete { search } => known.plan.delete(search),
                    Shape::UpdateMany { written, rows } => {
                        known.plan.update_many(written, *rows, session.names_new_row())
                    }
                    Shape::DeleteMany { key, rows } => known.plan.delete_many(key, *rows),
                };
                let statement = session.prepare(&sql).await?;
                known.statements.insert(shape, statement.clone());
                self.prepared += 1;
                statement
            }
        };
        session.execute(&statement, parameters).await
    }

    async fn set_foreign_key_checks(&mut self, session: &mut Session, on: bool) -> Result<(), Failure> {
        if self.foreign_key_checks_off == on {
            self.flush(session).await?;
            session.run(&format!("SET SESSION foreign_key_checks = {}", u8::from(on))).await?;
            self.foreign_key_checks_off = !on;
        }
        Ok(())
    }
}

fn id_of(schema: &Arc<TableSchema>) -> usize {
    Arc::as_ptr(schema) as usize
}

fn plan_lost() -> Failure {
    Failure::transient("plan_lost", "the plan of a table was lost", "it is made again")
}

pub(super) fn parameter(rows: &RowsChange, image: &[Value<'_>], index: usize) -> Result<Param, Failure> {
    match (image.get(index), rows.table.map.columns.get(index)) {
        (Some(value), Some(column)) => param(value, column).map_err(|error| rows.error(error).into()),
        _ => Ok(Param::NULL),
    }
}

/// The greatest power of two that is not above `rows`, which is above 0.
pub(super) fn power_of_two_within(rows: usize) -> usize {
    1 << rows.max(1).ilog2()
}

/// An update or delete has to find exactly one row: none means that the target is no copy of the source any more.
fn one_row(rows: &RowsChange, what: &str, affected: Result<u64, Failure>) -> Result<(), Failure> {
    match affected.map_err(|failure| failure.at(rows.place()))? {
        1 => Ok(()),
        0 => Err(Failure::definite(
            "row_not_found",
            format!("{}: the row to {what} is not there in {}", rows.place(), rows.table.target_name()),
            "someone else writes to the target, or it was no copy at the start position; mend the row, then start the task again",
        )),
        many => Err(Failure::definite(
            "rows_ambiguous",
            format!("{}: {many} rows in {} match the one to {what}", rows.place(), rows.table.target_name()),
            "give the target's table the source's primary key",
        )),
    }
}
