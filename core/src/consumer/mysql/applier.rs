//! Rows into statements into the open transaction of one connection.

use super::plans::Planned;
use super::session::Session;
use super::statement::Plan;
use super::value::param;
use crate::change::RowsChange;
use mysql_async::{Statement, Value as Param};
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use std::collections::HashMap;
use std::sync::Arc;

/// Statements that are kept prepared; beyond that all are closed, which only costs time. Servers allow 16,382 to all
/// their clients by default, and one of many rows may take megabytes there.
const STATEMENTS_MAX: usize = 1_000;

/// Most bytes of rows gathered for one statement. Larger ones take memory on both sides, and no less time.
pub(super) const STATEMENT_BYTES_MAX: usize = 128 << 10;

/// Applies rows on one connection, in order. Consecutive inserts into one table become one statement: they are equal
/// in effect, since nothing can come between them.
#[derive(Default)]
pub(super) struct Applier {
    /// By the address of the plan, which is kept alive.
    tables: HashMap<usize, Statements>,
    inserts: Option<Inserts>,
    foreign_key_checks_off: bool,
    /// Statements prepared, of all tables.
    prepared: usize,
}

/// The prepared statements of a table.
struct Statements {
    _table: Arc<Planned>,
    by_shape: HashMap<Shape, Statement>,
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
    /// Of one row, in the place of all that have one of its unique keys.
    Replace {
        written: Vec<usize>,
    },
    /// Of the row with this key, if it has these values too.
    UpdateSame {
        written: Vec<usize>,
        key: Vec<usize>,
        compared: Vec<usize>,
    },
    DeleteSame {
        key: Vec<usize>,
        compared: Vec<usize>,
    },
}

/// Rows of one table that wait to be inserted together.
struct Inserts {
    table: Arc<Planned>,
    written: Vec<usize>,
    parameters: Vec<Param>,
    rows: usize,
    bytes: usize,
    place: String,
}

impl Applier {
    async fn close_statements(&mut self, session: &mut Session) -> Result<(), Failure> {
        self.prepared = 0;
        for (_, mut known) in self.tables.drain() {
            for (_, statement) in known.by_shape.drain() {
                session.close(statement).await?;
            }
        }
        Ok(())
    }

    /// Applies the rows of one event. Inserts may stay gathered until [`Applier::flush`].
    pub(super) async fn apply(
        &mut self,
        session: &mut Session,
        rows: &RowsChange,
        table: &Arc<Planned>,
    ) -> Result<(), Failure> {
        self.set_foreign_key_checks(session, !rows.no_foreign_key_checks).await?;
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            match view.kind() {
                RowsKind::Insert => self.insert(session, rows, table, &after).await?,
                RowsKind::Update => {
                    let (shape, parameters) = update_of(rows, &table.plan, &before, &after)?;
                    self.flush(session).await?;
                    one_row(rows, self.execute(session, table, shape, parameters).await)?;
                }
                RowsKind::Delete => {
                    let (shape, parameters) = delete_of(rows, &table.plan, &before)?;
                    self.flush(session).await?;
                    one_row(rows, self.execute(session, table, shape, parameters).await)?;
                }
            }
        }
        Ok(())
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
                self.execute(session, &table, shape, parameters).await.map_err(|failure| failure.at(&place))?;
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

    async fn insert(
        &mut self,
        session: &mut Session,
        rows: &RowsChange,
        table: &Arc<Planned>,
        after: &[Value<'_>],
    ) -> Result<(), Failure> {
        let written = written(&table.plan, after);
        let fits = self.inserts.as_ref().is_none_or(|inserts| {
            Arc::ptr_eq(&inserts.table, table)
                && inserts.written == written
                && inserts.rows < Plan::rows_max(written.len())
                && inserts.bytes < STATEMENT_BYTES_MAX
        });
        if !fits {
            self.flush(session).await?;
        }
        let inserts = self.inserts.get_or_insert_with(|| Inserts {
            table: Arc::clone(table),
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

    /// Runs a statement of a planned table and answers how many rows it matched.
    pub(super) async fn execute(
        &mut self,
        session: &mut Session,
        table: &Arc<Planned>,
        shape: Shape,
        parameters: Vec<Param>,
    ) -> Result<u64, Failure> {
        if matches!(&shape, Shape::Update { written, .. } | Shape::UpdateSame { written, .. } if written.is_empty()) {
            return Ok(1);
        }
        let id = Arc::as_ptr(table) as usize;
        let is_prepared = || self.tables.get(&id).is_some_and(|known| known.by_shape.contains_key(&shape));
        if self.prepared >= STATEMENTS_MAX && !is_prepared() {
            self.close_statements(session).await?;
        }
        let known =
            self.tables.entry(id).or_insert_with(|| Statements { _table: Arc::clone(table), by_shape: HashMap::new() });
        let statement = match known.by_shape.get(&shape) {
            Some(statement) => statement.clone(),
            None => {
                let statement = session.prepare(&shape.sql(&table.plan)).await?;
                known.by_shape.insert(shape, statement.clone());
                self.prepared += 1;
                statement
            }
        };
        session.execute(&statement, parameters).await
    }

    pub(super) async fn set_foreign_key_checks(&mut self, session: &mut Session, on: bool) -> Result<(), Failure> {
        if self.foreign_key_checks_off == on {
            self.flush(session).await?;
            session.run(&format!("SET SESSION foreign_key_checks = {}", u8::from(on))).await?;
            self.foreign_key_checks_off = !on;
        }
        Ok(())
    }
}

impl Shape {
    /// Whether it is a row's key that it is searched by.
    pub(super) fn has_key(&self, plan: &Plan) -> bool {
        matches!(self, Self::Update { search, .. } | Self::Delete { search } if plan.has_key(search))
    }

    fn sql(&self, plan: &Plan) -> String {
        match self {
            Self::Insert { written, rows } => plan.insert(written, *rows),
            Self::Update { written, search } => plan.update(written, search),
            Self::Delete { search } => plan.delete(search),
            Self::UpdateSame { written, key, compared } => plan.update_same(written, key, compared),
            Self::DeleteSame { key, compared } => plan.delete_same(key, compared),
            Self::Replace { written } => plan.replace(written),
        }
    }
}

/// The statement that inserts one row.
pub(super) fn insert_of(rows: &RowsChange, plan: &Plan, after: &[Value<'_>]) -> Result<(Shape, Vec<Param>), Failure> {
    let written = written(plan, after);
    let parameters = written.iter().map(|&index| parameter(rows, after, index)).collect::<Result<_, _>>()?;
    Ok((Shape::Insert { written, rows: 1 }, parameters))
}

/// The statement that deletes a row.
pub(super) fn delete_of(rows: &RowsChange, plan: &Plan, before: &[Value<'_>]) -> Result<(Shape, Vec<Param>), Failure> {
    let search = search(rows, plan, before)?;
    let parameters = plan.search_parameters(&search).into_iter().map(|index| parameter(rows, before, index));
    let parameters = parameters.collect::<Result<_, _>>()?;
    Ok((Shape::Delete { search }, parameters))
}

/// Whether the images have every column.
pub(super) fn is_full(rows: &RowsChange) -> bool {
    let Ok(view) = rows.view() else { return false };
    let width = rows.table.columns.len();
    [view.columns_before(), view.columns_after()]
        .into_iter()
        .flatten()
        .all(|present| (0..width).all(|index| present.contains(index)))
}

/// The statement that gives a row its new image, which changes nothing where the image has no column that is written.
pub(super) fn update_of(
    rows: &RowsChange,
    plan: &Plan,
    before: &[Value<'_>],
    after: &[Value<'_>],
) -> Result<(Shape, Vec<Param>), Failure> {
    let written = written(plan, after);
    let search = search(rows, plan, before)?;
    let mut parameters = Vec::with_capacity(written.len() + search.len());
    for &index in &written {
        parameters.push(parameter(rows, after, index)?);
    }
    for index in plan.search_parameters(&search) {
        parameters.push(parameter(rows, before, index)?);
    }
    Ok((Shape::Update { written, search }, parameters))
}

/// The statement, so that it finds the row only if it has all values of its image before the change. A row without a key is
/// found by all of them anyway.
pub(super) fn same(
    rows: &RowsChange,
    plan: &Plan,
    before: &[Value<'_>],
    (shape, mut parameters): (Shape, Vec<Param>),
) -> Result<(Shape, Vec<Param>), Failure> {
    let present: Vec<bool> = before.iter().map(|value| !value.is_absent()).collect();
    let compared = plan.compared(&present);
    for &index in &compared {
        parameters.push(parameter(rows, before, index)?);
    }
    Ok(match shape {
        Shape::Update { written, search } => (Shape::UpdateSame { written, key: search, compared }, parameters),
        Shape::Delete { search } => (Shape::DeleteSame { key: search, compared }, parameters),
        shape => (shape, parameters),
    })
}

pub(super) fn written(plan: &Plan, image: &[Value<'_>]) -> Vec<usize> {
    let is_there = |index: &usize| !image.get(*index).is_none_or(Value::is_absent);
    (0..image.len()).filter(is_there).filter(|index| plan.writes(*index)).collect()
}

fn search(rows: &RowsChange, plan: &Plan, image: &[Value<'_>]) -> Result<Vec<usize>, Failure> {
    let present: Vec<bool> = image.iter().map(|value| !value.is_absent()).collect();
    let search = plan.search_columns(&present);
    if search.is_empty() {
        return Err(Failure::definite(
            "row_has_no_key",
            format!("{}: the row image has no column to find the row by", rows.place()),
            "set binlog_row_image = FULL on the source",
        ));
    }
    Ok(search)
}

pub(super) fn parameter(rows: &RowsChange, image: &[Value<'_>], index: usize) -> Result<Param, Failure> {
    match (image.get(index), rows.table.map.columns.get(index)) {
        (Some(value), Some(column)) => param(value, column).map_err(|error| rows.error(error).into()),
        _ => Ok(Param::NULL),
    }
}

/// The greatest power of two that is not above `rows`, which is above 0.
fn power_of_two_within(rows: usize) -> usize {
    1 << rows.max(1).ilog2()
}

/// What rows that are written together found is not what they expect.
pub(super) fn rows_differ(found: u64, rows: usize) -> Failure {
    Failure::definite(
        "row_not_found",
        format!("{found} of {rows} rows were there"),
        "someone else writes to the target, or it was no copy at the start position",
    )
}

/// The statement of one row has to find exactly one: none means that the target is no copy of the source any more.
pub(super) fn one_row(rows: &RowsChange, affected: Result<u64, Failure>) -> Result<(), Failure> {
    let what = match rows.kind {
        RowsKind::Insert => "insert",
        RowsKind::Update => "update",
        RowsKind::Delete => "delete",
    };
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
