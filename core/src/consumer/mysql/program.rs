//! What a group of transactions has to do at the target, and what of it has to wait for groups before it. Pure.
//!
//! Rows are folded (`fold.rs`) table by table where their tables allow it. Changes of different tables do not depend on
//! each other unless the tables are linked (`Place`), so each place has its steps, in order.

use super::applier::{Shape, is_full, parameter, rows_differ, update_of};
use super::fold::{Fold, Folded, Unfolded};
use super::group::{Group, PlannedRows};
use super::plans::{Planned, values_of};
use super::value::bytes_of_key;
use super::write_set::{KeyValue, Place, Reach, WriteKey, Writers, Written};
use crate::change::RowsChange;
use mysql_async::Value as Param;
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One thing to do.
pub(super) enum Step {
    /// Folded rows of one table, each kind in its turn.
    Folded(Arc<Planned>, Folded<Image>),
    /// A statement of one row.
    One(Arc<Planned>, Shape, Vec<Param>),
    /// The event of the group with this index, row by row.
    Event(usize),
}

/// A row that is written folded: its hash, and the values that it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image {
    pub(super) row: u64,
    pub(super) values: Vec<Param>,
}

/// The steps of a group.
#[derive(Default)]
pub(super) struct Program {
    pub(super) early: Vec<Step>,
    /// After the group with this number is durable, 0 if there is nothing to wait for: `late`.
    pub(super) after: u64,
    pub(super) late: Vec<Step>,
    /// The rows of some table have effects that are not known here, or have to be what the source had: nothing is folded, nothing is written ahead.
    pub(super) in_order: bool,
}

impl Program {
    /// The steps of this group, and none to wait for.
    pub(super) fn alone(group: &Group) -> Result<Self, Failure> {
        if reaches_everything(group) {
            return Ok(Self { in_order: true, ..Self::default() });
        }
        let early = works(group)?.into_values().flat_map(|work| work.steps).collect();
        Ok(Self { early, ..Self::default() })
    }

    /// The steps of the group with this number, of which those wait that are at odds with what `writers` knows of. What
    /// the group writes is added there.
    pub(super) fn behind(group: &Group, number: u64, writers: &mut Writers) -> Result<Self, Failure> {
        if reaches_everything(group) {
            let after = writers.last();
            writers.write_everything(number);
            return Ok(Self { after, in_order: true, ..Self::default() });
        }
        let mut program = Self::default();
        for (place, mut work) in works(group)? {
            program.add(place, &mut work, writers);
            writers.write(number, place, &work.written);
        }
        Ok(program)
    }

    fn add(&mut self, place: Place, work: &mut Work, writers: &Writers) {
        let written = &work.written;
        let after = match written.whole {
            true => writers.of_place(place),
            false => written.rows.iter().map(|row| writers.of_row(place, *row)).max().unwrap_or(0),
        };
        let mut steps = std::mem::take(&mut work.steps);
        self.after = self.after.max(after);
        if after == 0 {
            self.early.append(&mut steps);
            return;
        }
        let splits = !written.whole && !work.has_other_keys && writers.of_whole(place) == 0;
        match (splits, steps.as_mut_slice()) {
            (true, [Step::Folded(table, folded)]) => {
                let late = folded.split(|image| writers.of_row(place, image.row) > 0);
                self.late.push(Step::Folded(Arc::clone(table), late));
                self.early.append(&mut steps);
            }
            _ => self.late.append(&mut steps),
        }
    }
}

/// Whether every row is written by itself, in the source's order.
fn reaches_everything(group: &Group) -> bool {
    group.events.iter().any(|event| event.table.compares || event.table.reach == Reach::Everything)
}

/// What is to be done, by place.
fn works(group: &Group) -> Result<BTreeMap<Place, Work>, Failure> {
    let mut works: BTreeMap<Place, Work> = BTreeMap::new();
    for (index, event) in group.events.iter().enumerate() {
        works.entry(event.table.place).or_default().take(event, index)?;
    }
    works.values_mut().for_each(Work::close_fold);
    Ok(works)
}

/// What is to be done at one place.
#[derive(Default)]
struct Work {
    steps: Vec<Step>,
    written: Written,
    /// Rows can be at odds over another key than the one they are found by.
    has_other_keys: bool,
    fold: Fold<Image>,
    /// The table of what is folded.
    folding: Option<Arc<Planned>>,
}

impl Work {
    fn take(&mut self, event: &PlannedRows, index: usize) -> Result<(), Failure> {
        let PlannedRows { rows, table } = event;
        if self.folding.as_ref().is_some_and(|folding| !Arc::ptr_eq(folding, table)) {
            self.close_fold();
        }
        let keys = match &table.reach {
            Reach::Rows(keys) => keys.as_slice(),
            Reach::Table | Reach::Linked | Reach::Everything => {
                self.written.whole = true;
                &[]
            }
        };
        self.has_other_keys |= keys.len() > 1;
        // A fold needs to know the whole row.
        match table.plan.folding_key().filter(|_| is_full(rows)) {
            Some(found_by) => self.fold_rows(rows, table, found_by, keys),
            None => {
                self.close_fold();
                self.steps.push(Step::Event(index));
                self.hash_rows(rows, keys)
            }
        }
    }

    /// Folds the rows of an event.
    fn fold_rows(
        &mut self,
        rows: &RowsChange,
        table: &Arc<Planned>,
        found_by: &[usize],
        keys: &[WriteKey],
    ) -> Result<(), Failure> {
        self.folding = Some(Arc::clone(table));
        let written = table.plan.written();
        let changes_only_key = table.plan.beside_key().is_empty();
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let parameters = |image: &[Value<'_>], columns: &[usize]| -> Result<Vec<Param>, Failure> {
            columns.iter().map(|&index| parameter(rows, image, index)).collect()
        };
        let (first, others) = keys.split_first().map_or((None, keys), |(first, others)| (Some(first), others));
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            for key in others {
                self.hash_images(rows, key, &before, &after)?;
            }
            let taken = match view.kind() {
                RowsKind::Insert => {
                    let (key, row) = self.row(first, found_by, &parameters(&after, found_by)?);
                    Row::Inserted(key, Image { row, values: parameters(&after, &written)? })
                }
                RowsKind::Delete => {
                    let values = parameters(&before, found_by)?;
                    let (key, row) = self.row(first, found_by, &values);
                    Row::Deleted(key, Image { row, values })
                }
                RowsKind::Update => {
                    let (key, row) = self.row(first, found_by, &parameters(&before, found_by)?);
                    let (key_after, _) = self.row(first, found_by, &parameters(&after, found_by)?);
                    if changes_only_key || key != key_after {
                        // A row that gets another key is not the same row any more.
                        self.push_update(rows, table, &before, &after)?;
                        continue;
                    }
                    Row::Updated(key, Image { row, values: parameters(&after, &written)? })
                }
            };
            if let Err(unfolded) = self.fold_in(taken) {
                self.close_fold();
                self.folding = Some(Arc::clone(table));
                // Nothing is there any more that it could not be joined with.
                if self.fold_in(unfolded).is_err() {
                    return Err(rows_differ(0, 1));
                }
            }
        }
        Ok(())
    }

    fn push_update(
        &mut self,
        rows: &RowsChange,
        table: &Arc<Planned>,
        before: &[Value<'_>],
        after: &[Value<'_>],
    ) -> Result<(), Failure> {
        self.close_fold();
        let (shape, values) = update_of(rows, &table.plan, before, after)?;
        self.steps.push(Step::One(Arc::clone(table), shape, values));
        self.folding = Some(Arc::clone(table));
        Ok(())
    }

    /// The bytes that the row is told by within the group, and its hash, which is noted as written.
    fn row(&mut self, key: Option<&WriteKey>, found_by: &[usize], values: &[Param]) -> (Vec<u8>, u64) {
        let mut bytes = Vec::with_capacity(16 * values.len());
        bytes_of_key(values, &mut bytes);
        let Some(key) = key else { return (bytes, 0) };
        let of = |index: usize| found_by.iter().position(|column| *column == index).and_then(|at| values.get(at));
        let ordered: Vec<Param> =
            key.columns.iter().map(|(index, _)| of(*index).cloned().unwrap_or(Param::NULL)).collect();
        let row = self.note(key.value(&ordered));
        (bytes, row)
    }

    fn note(&mut self, value: KeyValue) -> u64 {
        match value {
            KeyValue::Hash(hash) => {
                self.written.rows.push(hash);
                hash
            }
            KeyValue::Null => 0,
            KeyValue::Any => {
                self.written.whole = true;
                0
            }
        }
    }

    /// Notes the keys of rows that are written one by one.
    fn hash_rows(&mut self, rows: &RowsChange, keys: &[WriteKey]) -> Result<(), Failure> {
        if self.written.whole {
            return Ok(());
        }
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            for key in keys {
                self.hash_images(rows, key, &before, &after)?;
            }
        }
        Ok(())
    }

    fn hash_images(
        &mut self,
        rows: &RowsChange,
        key: &WriteKey,
        before: &[Value<'_>],
        after: &[Value<'_>],
    ) -> Result<(), Failure> {
        for image in [before, after].into_iter().filter(|image| !image.is_empty()) {
            match values_of(key, image, |image, index| parameter(rows, image, index))? {
                Some(values) => {
                    self.note(key.value(&values));
                }
                // What an image lacks is unknown.
                None => self.written.whole = true,
            }
        }
        Ok(())
    }

    fn fold_in(&mut self, row: Row) -> Result<(), Row> {
        let fold = &mut self.fold;
        match row {
            Row::Inserted(key, row) => fold.insert(&key, row).map_err(|Unfolded(row)| Row::Inserted(key, row)),
            Row::Updated(key, row) => fold.update(&key, row).map_err(|Unfolded(row)| Row::Updated(key, row)),
            Row::Deleted(key, row) => fold.delete(&key, row).map_err(|Unfolded(row)| Row::Deleted(key, row)),
        }
    }

    /// What is folded so far is one step, before all that come.
    fn close_fold(&mut self) {
        let folded = self.fold.take();
        if let Some(table) = self.folding.take()
            && !folded.is_empty()
        {
            self.steps.push(Step::Folded(table, folded));
        }
    }
}

/// What a row has become by one change, with the bytes of its key.
enum Row {
    Inserted(Vec<u8>, Image),
    Updated(Vec<u8>, Image),
    Deleted(Vec<u8>, Image),
}
