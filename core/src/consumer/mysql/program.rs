//! What a group of transactions has to do at the target, and what of it has to wait for groups before it. Pure.
//!
//! Rows are folded (`fold.rs`) table by table where their tables allow it. Changes of different tables do not depend on
//! each other unless the tables are linked (`Place`), so each place has its steps, in order.

use super::applier::{Shape, is_full, parameter, rows_differ, update_of};
use super::bulk::{Columns, RowText};
use super::fold::{Fold, Folded, Unfolded};
use super::group::{Group, PlannedRows};
use super::literal::{Around, write_literal};
use super::plans::Planned;
use super::statement::Plan;
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

/// A row that is written folded: its hash, and what of it goes into the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) row: u64,
    pub(super) text: RowText,
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
    /// Of the row at hand, by which it is told from others within the group.
    key: Vec<u8>,
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
        let plan = &table.plan;
        let changes_only_key = plan.beside_key().is_empty();
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let (first, others) = keys.split_first().map_or((None, keys), |(first, others)| (Some(first), others));
        let (mut found, mut found_after) = (FoundBy::new(found_by), FoundBy::new(found_by));
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            for key in others {
                self.hash_images(rows, key, &before, &after)?;
            }
            let kind = view.kind();
            found.read(rows, if kind == RowsKind::Insert { &after } else { &before })?;
            let row = first.map_or(0, |key| self.note(found.value(key)));
            if kind == RowsKind::Update {
                found_after.read(rows, &after)?;
                if changes_only_key || found.bytes != found_after.bytes {
                    // A row that gets another key is not the same row any more.
                    first.map(|key| self.note(found_after.value(key)));
                    self.push_update(rows, table, &before, &after)?;
                    continue;
                }
            }
            self.key.clone_from(&found.bytes);
            let columns = match kind {
                RowsKind::Update if table.updates_narrowly() => {
                    let joined = self.fold.written(&self.key).map(|image| &image.text.columns);
                    plan.changed_columns(found_by, &before, &after, joined)
                }
                _ => Columns::All,
            };
            let text = text_of(rows, plan, found_by, columns, &before, &after)?;
            if let Err(Unfolded(image)) = self.fold_in(kind, Image { row, text }) {
                self.close_fold();
                self.folding = Some(Arc::clone(table));
                // Nothing is there any more that it could not be joined with.
                if self.fold_in(kind, image).is_err() {
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
            let columns = || key.columns.iter().map(|(index, _)| *index);
            if columns().all(|index| image.get(index).is_some_and(|value| !value.is_absent())) {
                let values = columns().map(|index| parameter(rows, image, index)).collect::<Result<Vec<_>, _>>()?;
                self.note(key.value(&values));
            } else {
                // What an image lacks is unknown.
                self.written.whole = true;
            }
        }
        Ok(())
    }

    /// The row at hand has become this.
    fn fold_in(&mut self, kind: RowsKind, image: Image) -> Result<(), Unfolded<Image>> {
        match kind {
            RowsKind::Insert => self.fold.insert(&self.key, image),
            RowsKind::Update => self.fold.update(&self.key, image),
            RowsKind::Delete => self.fold.delete(&self.key, image),
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

/// The values of the key that rows are found by, of one image after the other.
struct FoundBy<'a> {
    columns: &'a [usize],
    values: Vec<Param>,
    /// The same for the same values, and for no others.
    bytes: Vec<u8>,
}

impl<'a> FoundBy<'a> {
    fn new(columns: &'a [usize]) -> Self {
        Self { columns, values: Vec::new(), bytes: Vec::new() }
    }

    fn read(&mut self, rows: &RowsChange, image: &[Value<'_>]) -> Result<(), Failure> {
        self.values.clear();
        for &index in self.columns {
            self.values.push(parameter(rows, image, index)?);
        }
        self.bytes.clear();
        bytes_of_key(&self.values, &mut self.bytes);
        Ok(())
    }

    /// Of a write key with the same columns, perhaps in another order.
    fn value(&self, key: &WriteKey) -> KeyValue {
        let at = |index: usize| self.columns.iter().position(|column| *column == index);
        key.value(
            key.columns.iter().map(|(index, _)| at(*index).and_then(|at| self.values.get(at)).unwrap_or(&Param::NULL)),
        )
    }
}

/// What of a row goes into the statement.
fn text_of(
    rows: &RowsChange,
    plan: &Plan,
    found_by: &[usize],
    columns: Columns,
    before: &[Value<'_>],
    after: &[Value<'_>],
) -> Result<RowText, Failure> {
    let of = |image: &[Value<'_>], index: usize, around: &Around, out: &mut Vec<u8>| {
        let column = rows.table.map.columns.get(index);
        let (Some(value), Some(column)) = (image.get(index), column) else { return Err(rows_differ(0, 1)) };
        write_literal(value, column, around, out).map_err(|error| rows.error(error).into())
    };
    let key = || plan.key_text(found_by, |index, around, out| of(before, index, around, out));
    Ok(match rows.kind {
        RowsKind::Insert => {
            let values = plan.values_text(&columns, None, |index, around, out| of(after, index, around, out))?;
            RowText { values, ..RowText::default() }
        }
        RowsKind::Delete => RowText { key: key()?, ..RowText::default() },
        RowsKind::Update => {
            let mut ends = Vec::with_capacity(plan.columns.len());
            let values =
                plan.values_text(&columns, Some(&mut ends), |index, around, out| of(after, index, around, out))?;
            RowText { key: key()?, values, ends, columns }
        }
    })
}
