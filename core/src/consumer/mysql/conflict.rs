//! Rows that are not what the source's change expects: stopped at, overwritten or skipped, and recorded.
//!
//! A change conflicts if the row that it updates or deletes is not there, or if the row that it inserts, or the unique key
//! that it gives, is there already; where the task compares rows (`compare.rs`), also if the row is not what the source had.
//! A row that is already as the change makes it is none then: both sites did the same. What else goes wrong (a value that does not fit, a foreign key, rows that can't be
//! told apart) is no conflict, and stops the task.

use super::applier::{Applier, Shape, delete_of, insert_of, is_full, one_row, parameter, same, update_of, written};
use super::plans::Planned;
use super::session::Session;
use super::write_set::Reach;
use crate::change::{RowsChange, TableSchema};
use crate::consumer::message::canal_json::{Envelope, RowImages, TableEncoding};
use mysql_async::{Row, Value as Param};
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{MySqlTargetSpec, OnConflict, REPLICATOR_DATABASE};
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
    compares: bool,
    newest_by: Option<String>,
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
    /// It is there, and not what the source had.
    Differs,
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

/// What is there where a change conflicts, and what it is about.
#[derive(Debug, Clone, Copy)]
struct Case {
    kind: RowsKind,
    conflict: Conflict,
    /// The image after the change has every column.
    is_full: bool,
    /// The row with this key, where rows are compared: whether the change is newer.
    is_newer: Option<bool>,
}

fn remedy(policy: OnConflict, case: Case) -> Remedy {
    let with_image = if case.is_full { Remedy::Overwrite } else { Remedy::Stop };
    match (policy, case.kind, case.conflict) {
        (OnConflict::Stop, ..) => Remedy::Stop,
        (OnConflict::Skip, ..) => Remedy::Leave,
        // What was to be deleted is gone; and a deletion has no time of its own, so it goes before any change of its row.
        (OnConflict::Overwrite | OnConflict::Newest, RowsKind::Delete, Conflict::Differs) => Remedy::Overwrite,
        (OnConflict::Overwrite | OnConflict::Newest, RowsKind::Delete, _) => Remedy::Leave,
        (OnConflict::Overwrite, ..) => with_image,
        (OnConflict::Newest, _, Conflict::Missing) => Remedy::Leave,
        // Another row has one of its unique keys: of which of them is the newer?
        (OnConflict::Newest, RowsKind::Update, Conflict::Duplicate) => Remedy::Stop,
        (OnConflict::Newest, ..) => match case.is_newer {
            Some(true) => with_image,
            Some(false) => Remedy::Leave,
            None => Remedy::Stop,
        },
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
            Self::Differs => "row_differs",
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
    pub(super) fn new(task: &TaskName, spec: &MySqlTargetSpec, recorded: &Arc<AtomicU64>) -> Self {
        Self {
            task: task.clone(),
            policy: spec.on_conflict,
            compares: spec.compares(),
            newest_by: spec.newest_by.clone(),
            conflicts_max: spec.conflicts_max.into(),
            recorded: Arc::clone(recorded),
            open: 0,
            encodings: HashMap::new(),
        }
    }

    /// Whether the first row that is not there, or is, is an error and nothing else.
    pub(super) fn stops(&self) -> bool {
        self.policy == OnConflict::Stop && !self.compares
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
            self.apply_row(applier, session, &row, is_full).await?;
        }
        Ok(())
    }

    async fn apply_row(
        &mut self,
        applier: &mut Applier,
        session: &mut Session,
        row: &RowChange<'_, '_>,
        is_full: bool,
    ) -> Result<(), Failure> {
        let RowChange { rows, table, before, after } = row;
        let plain = match rows.kind {
            RowsKind::Insert => insert_of(rows, &table.plan, after)?,
            RowsKind::Update => update_of(rows, &table.plan, before, after)?,
            RowsKind::Delete => delete_of(rows, &table.plan, before)?,
        };
        let has_key = rows.kind == RowsKind::Insert || plain.0.has_key(&table.plan);
        let (shape, parameters) = match self.compares && has_key && rows.kind != RowsKind::Insert {
            true => same(rows, &table.plan, before, plain)?,
            false => plain,
        };
        let found = applier.execute(session, table, shape, parameters).await;
        let Some(mut conflict) = Conflict::of(&found) else { return one_row(rows, found) };
        let mut is_newer = None;
        if self.compares
            && has_key
            && let Some(there) = look(session, row, self.newest_by.as_deref()).await?
        {
            if conflict == Conflict::Missing {
                conflict = Conflict::Differs;
            }
            if there.is_same && !(rows.kind == RowsKind::Update && conflict == Conflict::Duplicate) {
                return Ok(());
            }
            is_newer = Some(there.is_newer);
        }
        let remedy = remedy(self.policy, Case { kind: rows.kind, conflict, is_full, is_newer });
        let is_settled = match (remedy, conflict) {
            (Remedy::Stop, _) => false,
            (Remedy::Leave, _) => true,
            (Remedy::Overwrite, Conflict::Differs) => self.give(applier, session, row).await?,
            (Remedy::Overwrite, _) => overwrite(applier, session, row, conflict, self.may_replace()).await?,
        };
        match (is_settled, conflict) {
            (true, _) => self.record(session, row, conflict, remedy).await,
            (false, Conflict::Differs) => Err(row_differs(rows)),
            (false, _) => one_row(rows, found),
        }
    }

    /// Whether rows that have a unique key of another may go for it.
    fn may_replace(&self) -> bool {
        self.policy != OnConflict::Newest
    }

    /// Gives a row that is there what the change makes of it, whatever it was.
    async fn give(
        &self,
        applier: &mut Applier,
        session: &mut Session,
        row: &RowChange<'_, '_>,
    ) -> Result<bool, Failure> {
        let RowChange { rows, table, before, after } = row;
        let (shape, parameters) = match rows.kind {
            RowsKind::Delete => delete_of(rows, &table.plan, before)?,
            RowsKind::Insert | RowsKind::Update => update_of(rows, &table.plan, before, after)?,
        };
        let found = applier.execute(session, table, shape, parameters).await;
        match Conflict::of(&found) {
            Some(conflict) => overwrite(applier, session, row, conflict, self.may_replace()).await,
            None => one_row(rows, found).map(|()| true),
        }
    }

    /// Writes the conflict down in the open transaction.
    async fn record(
        &mut self,
        session: &mut Session,
        row: &RowChange<'_, '_>,
        conflict: Conflict,
        remedy: Remedy,
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
        let done = match (self.policy, remedy) {
            (OnConflict::Overwrite, _) | (_, Remedy::Overwrite) => "overwritten",
            _ => "skipped",
        };
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
        // Each is recorded; a log line for each would drown the others.
        tracing::debug!(task = %self.task, at = rows.place(), reason = conflict.code(), action = done, "a conflict");
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

/// What there is with the key of a change.
struct There {
    /// It is as the change makes it.
    is_same: bool,
    /// The change is newer.
    is_newer: bool,
}

/// Looks at the row that a change is about, and locks it; `None` if none has its key.
async fn look(
    session: &mut Session,
    row: &RowChange<'_, '_>,
    newest_by: Option<&str>,
) -> Result<Option<There>, Failure> {
    let RowChange { rows, table, before, after } = row;
    let found_by = if rows.kind == RowsKind::Insert { after } else { before };
    let key = rows.table.key.clone().unwrap_or_default();
    let newest = match newest_by {
        Some(name) if rows.kind != RowsKind::Delete => Some(newest_column(rows, after, name)?),
        _ => None,
    };
    let look = table.plan.look(&key, &written(&table.plan, after), newest);
    let values = look.parameters.iter().map(|&index| parameter(rows, after, index));
    let keys = key.iter().map(|&index| parameter(rows, found_by, index));
    let answer = session.rows(&look.sql, values.chain(keys).collect::<Result<_, _>>()?).await?;
    let is = |row: &Row, index| row.get_opt::<Option<i64>, _>(index).and_then(Result::ok).flatten() == Some(1);
    Ok(answer.first().map(|answer| There { is_same: is(answer, 0), is_newer: is(answer, 1) }))
}

fn newest_column(rows: &RowsChange, after: &[Value<'_>], name: &str) -> Result<usize, Failure> {
    let found = rows.table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    found.filter(|&index| after.get(index).is_some_and(|value| !value.is_absent())).ok_or_else(|| {
        Failure::definite(
            "newest_column_missing",
            format!("{}: the row has no value of `{name}` in the source's log", rows.place()),
            "add the column to the table at all sites, have binlog_row_image = FULL there, or exclude the table",
        )
    })
}

fn row_differs(rows: &RowsChange) -> Failure {
    Failure::definite(
        "row_differs",
        format!("{}: the row in {} is not what the source changed", rows.place(), rows.table.target_name()),
        "somebody else changed it; make it what it shall be at all sites and leave this transaction out, or choose a policy in consumer.on_conflict",
    )
}

/// Gives the row its image after the change, in the place of what is there: its own older self, and rows that have a
/// unique key that it gets. `false` if that would remove rows that others depend on.
async fn overwrite(
    applier: &mut Applier,
    session: &mut Session,
    row: &RowChange<'_, '_>,
    conflict: Conflict,
    may_replace: bool,
) -> Result<bool, Failure> {
    let RowChange { rows, table, before, after } = row;
    let is_free = may_replace && matches!(table.reach, Reach::Rows(_) | Reach::Table);
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
        (Some(Conflict::Missing | Conflict::Differs), false) => {
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
        use Conflict::{Differs, Duplicate, Missing};
        use OnConflict::{Newest, Overwrite, Skip, Stop};
        use RowsKind::{Delete, Insert, Update};
        let (full, partial, newer, older, unknown) = (true, false, Some(true), Some(false), None);
        for (policy, kind, conflict, is_full, is_newer, done) in [
            (Stop, Insert, Duplicate, full, unknown, Remedy::Stop),
            (Stop, Delete, Missing, full, unknown, Remedy::Stop),
            (Stop, Update, Differs, full, newer, Remedy::Stop),
            (Skip, Insert, Duplicate, full, unknown, Remedy::Leave),
            (Skip, Update, Missing, partial, unknown, Remedy::Leave),
            (Skip, Delete, Differs, partial, unknown, Remedy::Leave),
            (Overwrite, Insert, Duplicate, full, unknown, Remedy::Overwrite),
            (Overwrite, Update, Missing, full, unknown, Remedy::Overwrite),
            (Overwrite, Update, Differs, partial, unknown, Remedy::Stop),
            (Overwrite, Delete, Missing, full, unknown, Remedy::Leave),
            (Overwrite, Delete, Differs, partial, unknown, Remedy::Overwrite),
            (Newest, Insert, Duplicate, full, newer, Remedy::Overwrite),
            (Newest, Insert, Duplicate, full, older, Remedy::Leave),
            // By another unique key than the one that rows are found by.
            (Newest, Insert, Duplicate, full, unknown, Remedy::Stop),
            (Newest, Update, Duplicate, full, newer, Remedy::Stop),
            (Newest, Update, Differs, full, newer, Remedy::Overwrite),
            (Newest, Update, Differs, partial, newer, Remedy::Stop),
            (Newest, Update, Differs, full, older, Remedy::Leave),
            (Newest, Update, Missing, full, unknown, Remedy::Leave),
            (Newest, Delete, Differs, full, older, Remedy::Overwrite),
            (Newest, Delete, Missing, full, unknown, Remedy::Leave),
        ] {
            let case = Case { kind, conflict, is_full, is_newer };
            assert_eq!(remedy(policy, case), done, "{policy:?} {case:?}");
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
