//! Rows of an event, written anew.

use super::table::ShapedTable;
use bytes::Bytes;
use replicator_binlog::{
    DecodeError, MAX_INFLATED_EVENT, RowsEvent, RowsKind, RowsLayout, RowsWriter, StoredValue, Value,
};
use replicator_model::failure::Failure;
use replicator_model::shape::{Cell, Made};

/// Rows of one kind, as they arrive.
#[derive(Debug)]
pub(in crate::producer) struct ShapedRows {
    pub(in crate::producer) kind: RowsKind,
    pub(in crate::producer) event: Bytes,
    pub(in crate::producer) layout: RowsLayout,
    pub(in crate::producer) row_count: u64,
}

/// Why an event could not be written anew.
pub(in crate::producer) enum ShapeError {
    Decode(DecodeError),
    Failed(Failure),
}

impl From<DecodeError> for ShapeError {
    fn from(error: DecodeError) -> Self {
        ShapeError::Decode(error)
    }
}

impl From<Failure> for ShapeError {
    fn from(failure: Failure) -> Self {
        ShapeError::Failed(failure)
    }
}

/// The images of one row; empty where there is none.
#[derive(Clone, Copy)]
struct Images<'r, 'a> {
    before: &'r [StoredValue<'a>],
    after: &'r [StoredValue<'a>],
}

/// Rows of one kind that are being written.
struct Run {
    kind: RowsKind,
    writer: RowsWriter,
    row_count: u64,
}

impl ShapedTable {
    /// The event's rows as they arrive, in their order, those of one kind together. Rows that the filter leaves out are not
    /// among them; a change across the filter arrives as the INSERT or DELETE that it means. `raw` is the event's bytes.
    pub(in crate::producer) fn shape(&self, event: &RowsEvent<'_>, raw: &[u8]) -> Result<Vec<ShapedRows>, ShapeError> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut rows = event.rows(&self.source.map)?;
        let (mut done, mut run) = (Vec::new(), None::<Run>);
        while rows.next_stored(&mut before, &mut after)? {
            let images = Images { before: &before, after: &after };
            let Some(kind) = self.outcome(event.kind(), images)? else { continue };
            if let Some(other) = run.take_if(|run| run.kind != kind) {
                done.push(other.finish()?);
            }
            let run = match &mut run {
                Some(run) => run,
                None => run.insert(self.begin(event, kind, raw)),
            };
            self.write(run, event, images)?;
        }
        done.extend(run.map(Run::finish).transpose()?);
        Ok(done)
    }

    /// What a row's change is at the target; `None`: nothing.
    fn outcome(&self, kind: RowsKind, images: Images<'_, '_>) -> Result<Option<RowsKind>, Failure> {
        Ok(match kind {
            RowsKind::Insert => self.passes(images, false)?.then_some(kind),
            RowsKind::Delete => self.passes(images, true)?.then_some(kind),
            RowsKind::Update => match (self.passes(images, true)?, self.passes(images, false)?) {
                // Only columns changed that do not arrive.
                (true, true) if !self.present(images.after).contains(&true) => None,
                (true, true) => Some(RowsKind::Update),
                (true, false) => Some(RowsKind::Delete),
                (false, true) => Some(RowsKind::Insert),
                (false, false) => None,
            },
        })
    }

    /// Whether the row passed the filter before the change, or passes it after.
    fn passes(&self, images: Images<'_, '_>, was: bool) -> Result<bool, Failure> {
        let Some(filter) = &self.plan.filter else { return Ok(true) };
        filter.passes(|index| {
            let value = if was { at(images.before, index) } else { images.now(index) };
            if value.value.is_absent() {
                return Err(self.lacking(index, "the route's `where` looks at it"));
            }
            self.cell(index, &value.value).map(|(cell, _)| cell)
        })
    }

    fn lacking(&self, index: usize, need: &str) -> Failure {
        Failure::definite(
            "image_lacks_column",
            format!("column `{}` of {} is not in a row's image, and {need}", self.name(index), self.origin),
            "set binlog_row_image = FULL on the source for all sessions, and copy the table again",
        )
    }

    /// Which of the arriving columns an image has.
    fn present(&self, image: &[StoredValue<'_>]) -> Vec<bool> {
        let has = |made: &Made| made.source().is_none_or(|index| !at(image, index).value.is_absent());
        self.plan.columns.iter().map(|column| has(&column.made)).collect()
    }

    fn begin(&self, event: &RowsEvent<'_>, kind: RowsKind, raw: &[u8]) -> Run {
        let of = |bitmap: Option<replicator_binlog::Bitmap<'_>>| -> Vec<bool> {
            let has = |index: usize| bitmap.is_some_and(|bitmap| bitmap.contains(index));
            self.plan.columns.iter().map(|column| column.made.source().is_none_or(has)).collect()
        };
        let images = match (kind, event.kind()) {
            (RowsKind::Update, _) => vec![of(event.columns_before()), of(event.columns_after())],
            (RowsKind::Delete, _) => vec![of(event.columns_before())],
            (RowsKind::Insert, RowsKind::Insert) => vec![of(event.columns_after())],
            // Made of an UPDATE: a row that is new to the target has to be whole.
            (RowsKind::Insert, _) => vec![vec![true; self.plan.columns.len()]],
        };
        let images: Vec<&[bool]> = images.iter().map(Vec::as_slice).collect();
        Run { kind, writer: RowsWriter::new(raw, event.table_id(), event.flags(), kind, &images), row_count: 0 }
    }

    fn write(&self, run: &mut Run, event: &RowsEvent<'_>, images: Images<'_, '_>) -> Result<(), Failure> {
        run.row_count += 1;
        if run.kind != RowsKind::Insert {
            self.write_image(run, |index| at(images.before, index))?;
        }
        match (run.kind, event.kind()) {
            (RowsKind::Delete, _) => Ok(()),
            (RowsKind::Insert, RowsKind::Update) => {
                let made = self.plan.columns.iter().filter_map(|column| column.made.source());
                match made.into_iter().find(|index| images.now(*index).value.is_absent()) {
                    Some(index) => Err(self.lacking(index, "the change makes the row new to the target")),
                    None => self.write_image(run, |index| images.now(index)),
                }
            }
            _ => self.write_image(run, |index| at(images.after, index)),
        }
    }

    fn write_image<'a>(&self, run: &mut Run, value: impl Fn(usize) -> StoredValue<'a>) -> Result<(), Failure> {
        let is_there = |made: &Made| made.source().is_none_or(|index| !value(index).value.is_absent());
        run.writer.begin_image(self.plan.columns.iter().filter(|column| is_there(&column.made)).count());
        for (place, column) in self.plan.columns.iter().enumerate() {
            if !is_there(&column.made) {
                continue;
            }
            match (&column.made, column.made.source().map(&value)) {
                (Made::Copied(_), Some(StoredValue { value: Value::Null, .. })) => run.writer.null(),
                (Made::Copied(_), Some(stored)) => run.writer.stored(stored.bytes),
                (made, stored) => self.write_made(run, place, made, stored)?,
            }
        }
        Ok(())
    }

    fn write_made(
        &self,
        run: &mut Run,
        place: usize,
        made: &Made,
        stored: Option<StoredValue<'_>>,
    ) -> Result<(), Failure> {
        let index = made.source().unwrap_or_default();
        let (cell, printed) = match (made, &stored) {
            (Made::Constant(..) | Made::Origin, _) | (_, None) => (Cell::Null, String::new()),
            (_, Some(stored)) => self.cell(index, &stored.value)?,
        };
        let refuse = |problem: &str| self.not_taken(index, problem);
        let made = made.value(cell, &printed, &self.origin).map_err(|problem| refuse(&format!("a value {problem}")))?;
        match made {
            Cell::Null => run.writer.null(),
            Cell::Number(number) => {
                let whole = number.to_i128().ok_or_else(|| refuse("a value is no whole number"))?;
                // The low 64 bits, of a negative number too.
                run.writer.bigint(whole as u64);
            }
            Cell::Text(text) => {
                let declared = self.arriving.map.columns.get(place).map_or(0, |column| column.meta);
                if !run.writer.text(declared, text.as_bytes()) {
                    return Err(refuse("a value is longer than it may arrive"));
                }
            }
        }
        Ok(())
    }
}

impl<'a> Images<'_, 'a> {
    /// A value after the change: what the image lacks has not changed.
    fn now(&self, index: usize) -> StoredValue<'a> {
        let after = at(self.after, index);
        if after.value.is_absent() { at(self.before, index) } else { after }
    }
}

fn at<'a>(image: &[StoredValue<'a>], index: usize) -> StoredValue<'a> {
    image.get(index).copied().unwrap_or(StoredValue { value: Value::Absent, bytes: &[] })
}

impl Run {
    fn finish(self) -> Result<ShapedRows, ShapeError> {
        let (event, layout) = self.writer.finish(MAX_INFLATED_EVENT.into())?;
        Ok(ShapedRows { kind: self.kind, event: event.into(), layout, row_count: self.row_count })
    }
}
