//! Rows that are not what the source's change expects: stopped at, overwritten or skipped, and recorded.
//!
//! A change conflicts if the row that it updates or deletes is not there, or if the row that it inserts, or the unique key
//! that it gives, is there already. What else goes wrong (a value that does not fit, a foreign key, rows that can't be
//! told apart) is no conflict, and stops the task.

use super::applier::{Applier, Shape, delete_of, insert_of, is_full, one_row, update_of};
use super::plans::Planned;
use super::session::Session;
use super::write_set::Reach;
use crate::change::{RowsChange, TableSchema};
use crate::consumer::message::canal_json::{Envelope, RowImages, TableEncoding};
use mysql_async::Value as Param;
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{OnConflict, REPLICATOR_DATABASE};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tables whose encodings are kept. Beyond that all are forgotten.
const TABLES_MAX: usize = 100;

/// What a task does about conflicts, on one connection.
pub(super) struct Conflicts {
    task: TaskName,
    policy: OnConflict,
    conflicts_max: u64,
    /// Recorded and durable, of all connections and earlier runs.
    recorded: Arc<AtomicU64>,
    /// Recorded in the open transaction.
    open: u64,
    encodings: HashMap<usize, TableEncoding>,
}

/// What is not as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Missing,
    Duplicate,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Stop,
    /// The target stays as it is.
    Leave,
    /// The row gets the image after the change, whatever is there.
    Overwrite,
}

/// `is_full`: the image after the change has every column.
fn remedy(policy: OnConflict, kind: RowsKind, is_full: bool) -> Remedy {
    match (policy, kind) {
        (OnConflict::Stop, _) => Remedy::Stop,
        (OnConflict::Skip, _) => Remedy::Leave,
        // What was to be deleted is gone.
        (OnConflict::Overwrite, RowsKind::Delete) => Remedy::Leave,
        (OnConflict::Overwrite, _) if is_full => Remedy::Overwrite,
        (OnConflict::Overwrite, _) => Remedy::Stop,
    }
}

impl Conflict {
    fn of(found: &Result<u64, Failure>) -> Option<Self> {
        match found {
            Ok(0) => Some(Self::Missing),
            Err(failure) if failure.code == "duplicate_key" => Some(Self::Duplicate),
            _ => None,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Missing => "row_not_found",
            Self::Duplicate => "duplicate_key",
        }
    }
}

/// One row's change.
struct RowChange<'r, 'v> {
    rows: &'r RowsChange,
    table: &'r Arc<Planned>,
    before: &'r [Value<'v>],
    after: &'r [Value<'v>],
}

impl Conflicts {
    pub(super) fn new(task: &TaskName, policy: OnConflict, conflicts_max: u64, recorded: &Arc<AtomicU64>) -> Self {
        let (task, recorded) = (task.clone(), Arc::clone(recorded));
        Self { task, policy, conflicts_max, recorded, open: 0, encodings: HashMap::new() }
    }

    pub(super) fn stops(&self) -> bool {
        self.policy == OnConflict::Stop
    }

    /// The open transaction is rolled back.
    pub(super) fn roll_back(&mut self) {
        self.open = 0;
    }

    /// The open transaction is durable.
    pub(super) fn commit(&mut self) {
        self.recorded.fetch_add(std::mem::take(&mut self.open), Ordering::Relaxed);
    }

    /// Applies the rows of one event, each with its own statement.
    pub(super) async fn apply(
        &mut self,
        applier: &mut Applier,
        session: &mut Session,
        rows: &RowsChange,
        table: &Arc<Planned>,
    ) -> Result<(), Failure> {
        applier.set_foreign_key_checks(session, !rows.no_foreign_key_checks).await?;
        let is_full = is_full(rows);
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            let row = RowChange { rows, table, before: &before, after: &after };
            let (shape, parameters) = match view.kind() {
                RowsKind::Insert => insert_of(rows, &table.plan, &after)?,
                RowsKind::Update => update_of(rows, &table.plan, &before, &after)?,
                RowsKind::Delete => delete_of(rows, &table.plan, &before)?,
            };
            let found = applier.execute(session, table, shape, parameters).await;
            let Some(conflict) = Conflict::of(&found) else {
                one_row(rows, found)?;
                continue;
            };
            let is_settled = match remedy(self.policy, view.kind(), is_full) {
                Remedy::Stop => false,
                Remedy::Leave => true,
                Remedy::Overwrite => overwrite(applier, session, &row, conflict).await?,
            };
            match is_settled {
                true => self.record(session, &row, conflict).await?,
                false => one_row(rows, found)?,
            }
        }
        Ok(())
    }

    /// Writes the conflict down in the open transaction.
    async fn record(
        &mut self,
        session: &mut Session,
        row: &RowChange<'_, '_>,
        conflict: Conflict,
    ) -> Result<(), Failure> {
        let RowChange { rows, before, after, .. } = row;
        if self.recorded.load(Ordering::Relaxed) + self.open >= self.conflicts_max {
            return Err(Failure::definite(
                "too_many_conflicts",
                format!("{}: {} conflicts are recorded", rows.place(), self.conflicts_max),
                format!(
                    "look at {REPLICATOR_DATABASE}.conflict on the target: is it still a copy? Then delete its rows, or raise consumer.conflicts_max, and start the task again"
                ),
            ));
        }
        let message = self.message(&rows.table, rows.kind, RowImages { before, after })?;
        let done = if self.policy == OnConflict::Overwrite { "overwritten" } else { "skipped" };
        let sql = format!(
            "INSERT INTO {REPLICATOR_DATABASE}.conflict
               (task, source_file, source_offset, target_database, target_table, reason, action, row_change)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        );
        let text = |text: &str| Param::Bytes(text.into());
        let values = vec![
            text(self.task.as_str()),
            text(&rows.file),
            Param::UInt(rows.offset),
            text(&rows.table.target_database),
            text(&rows.table.target_table),
            text(conflict.code()),
            text(done),
            Param::Bytes(message),
        ];
        session.rows(&sql, values).await?;
        self.open += 1;
        tracing::warn!(task = %self.task, at = rows.place(), reason = conflict.code(), action = done, "a conflict");
        Ok(())
    }

    /// The change as a message in Canal's form.
    fn message(
        &mut self,
        schema: &Arc<TableSchema>,
        kind: RowsKind,
        images: RowImages<'_, '_>,
    ) -> Result<Vec<u8>, Failure> {
        if self.encodings.len() >= TABLES_MAX {
            self.encodings.clear();
        }
        let encoding = match self.encodings.entry(Arc::as_ptr(schema) as usize) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(TableEncoding::new(Arc::clone(schema))?),
        };
        let envelope = Envelope { id: 0, gtid: "", committed_ms: 0, now_ms: 0 };
        let mut message = Vec::new();
        encoding.write_row(&envelope, kind, images, &mut message)?;
        Ok(message)
    }
}

/// Gives the row its image after the change, in the place of what is there: its own older self, and rows that have a
/// unique key that it gets. `false` if that would remove rows that others depend on.
async fn overwrite(
    applier: &mut Applier,
    session: &mut Session,
    row: &RowChange<'_, '_>,
    conflict: Conflict,
) -> Result<bool, Failure> {
    let RowChange { rows, table, before, after } = row;
    let is_free = matches!(table.reach, Reach::Rows(_) | Reach::Table);
    if rows.kind == RowsKind::Update && conflict == Conflict::Duplicate {
        if !is_free {
            return Ok(false);
        }
        let (shape, parameters) = delete_of(rows, &table.plan, before)?;
        applier.execute(session, table, shape, parameters).await?;
    }
    let (shape, parameters) = update_of(rows, &table.plan, after, after)?;
    let found = match shape.has_key(&table.plan) {
        true => applier.execute(session, table, shape, parameters).await,
        // Without a key nothing else is this row.
        false => Ok(0),
    };
    match (Conflict::of(&found), is_free) {
        (None, _) => one_row(rows, found).map(|()| true),
        (Some(Conflict::Missing), false) => {
            let (shape, parameters) = insert_of(rows, &table.plan, after)?;
            one_row(rows, applier.execute(session, table, shape, parameters).await).map(|()| true)
        }
        (Some(Conflict::Duplicate), false) => Ok(false),
        (Some(_), true) => {
            let (shape, parameters) = insert_of(rows, &table.plan, after)?;
            let shape = match shape {
                Shape::Insert { written, .. } => Shape::Replace { written },
                other => other,
            };
            applier.execute(session, table, shape, parameters).await.map_err(|failure| failure.at(rows.place()))?;
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_about_a_conflict() {
        use OnConflict::{Overwrite, Skip, Stop};
        for (policy, kind, is_full, done) in [
            (Stop, RowsKind::Insert, true, Remedy::Stop),
            (Stop, RowsKind::Delete, true, Remedy::Stop),
            (Skip, RowsKind::Insert, true, Remedy::Leave),
            (Skip, RowsKind::Update, false, Remedy::Leave),
            (Skip, RowsKind::Delete, false, Remedy::Leave),
            (Overwrite, RowsKind::Insert, true, Remedy::Overwrite),
            (Overwrite, RowsKind::Update, true, Remedy::Overwrite),
            (Overwrite, RowsKind::Update, false, Remedy::Stop),
            (Overwrite, RowsKind::Delete, false, Remedy::Leave),
        ] {
            assert_eq!(remedy(policy, kind, is_full), done, "{policy:?} {kind:?} {is_full}");
        }
    }

    #[test]
    fn only_missing_rows_and_duplicates_are_conflicts() {
        assert_eq!(Conflict::of(&Ok(0)), Some(Conflict::Missing));
        assert_eq!(Conflict::of(&Ok(1)), None);
        assert_eq!(Conflict::of(&Ok(2)), None);
        assert_eq!(Conflict::of(&Err(Failure::definite("duplicate_key", "", ""))), Some(Conflict::Duplicate));
        assert_eq!(Conflict::of(&Err(Failure::definite("value_does_not_fit", "", ""))), None);
    }
}
