//! Rows events: INSERT, UPDATE and DELETE of any number of rows of one table.

use std::borrow::Cow;

use crate::{
    cursor::Cursor,
    deflate,
    error::DecodeError,
    event_header::{EventKind, HEADER_LENGTH},
    format_description::FormatDescription,
    table_map::{MAX_COLUMNS, TableMap},
    value::{self, Value},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowsKind {
    Insert,
    Update,
    Delete,
}

/// Flag bits of a rows event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowsFlags(pub u16);

impl RowsFlags {
    /// Last rows event of its statement.
    pub fn is_statement_end(self) -> bool {
        self.0 & 1 != 0
    }

    /// The session had foreign_key_checks=0.
    pub fn no_foreign_key_checks(self) -> bool {
        self.0 & 2 != 0
    }

    /// The session had unique_checks=0.
    pub fn relaxed_unique_checks(self) -> bool {
        self.0 & 4 != 0
    }

    /// MySQL 9.6 and later: the SQL layer carried out foreign keys, so that changes made by ON DELETE and ON UPDATE are
    /// in the log as rows of their own.
    pub fn cascades_are_logged(self) -> bool {
        self.0 & 16 != 0
    }

    /// All that happened is in the log: foreign keys that acted once more would undo some of it. REPLACE of a parent, for
    /// one, keeps the children in MySQL 9.6 and later, and is logged as a deletion and an insertion.
    pub fn without_foreign_keys(self) -> bool {
        self.no_foreign_key_checks() || self.cascades_are_logged()
    }

    /// MariaDB: the session had check_constraint_checks=0.
    pub fn no_check_constraints(self) -> bool {
        self.0 & 128 != 0
    }

    /// The images hold every column.
    pub fn complete_rows(self) -> bool {
        self.0 & 8 != 0
    }
}

/// Where things are in the raw bytes of a rows event: enough to borrow a [`RowsEvent`] from the same bytes again, on
/// the other side of a queue, without the decoder and without another checksum pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsLayout {
    pub table_id: u64,
    pub flags: RowsFlags,
    pub kind: RowsKind,
    pub(crate) event: EventKind,
    pub(crate) width: u16,
    pub(crate) compressed: bool,
    /// Offsets in the raw event, header included.
    pub(crate) bitmaps: u32,
    pub(crate) rows: u32,
    pub(crate) end: u32,
    pub(crate) max_inflated: u32,
}

/// A rows event. Rows are decoded on demand, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsEvent<'a> {
    layout: RowsLayout,
    before: Option<Bitmap<'a>>,
    after: Option<Bitmap<'a>>,
    /// Owned where the event was compressed.
    rows: Cow<'a, [u8]>,
}

/// One bit per column, from the lowest of each byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitmap<'a>(&'a [u8]);

impl<'a> Bitmap<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Bitmap(bytes)
    }

    #[inline]
    pub fn contains(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    pub(crate) fn count(&self, width: usize) -> usize {
        (0..width).filter(|index| self.contains(*index)).count()
    }
}

/// What a statement that changed nothing leaves to mark its end.
const DUMMY_TABLE: u64 = 0xff_ffff;

impl RowsLayout {
    /// `cursor` stands behind the header of a whole raw event and ends before its checksum.
    pub(crate) fn parse(
        cursor: &mut Cursor<'_>,
        format: &FormatDescription,
        max_inflated: u32,
    ) -> Result<Self, DecodeError> {
        let event = cursor.kind();
        let (kind, has_extra, compressed) = match event {
            EventKind::WRITE_ROWS_V1 => (RowsKind::Insert, false, false),
            EventKind::UPDATE_ROWS_V1 => (RowsKind::Update, false, false),
            EventKind::DELETE_ROWS_V1 => (RowsKind::Delete, false, false),
            EventKind::WRITE_ROWS => (RowsKind::Insert, true, false),
            EventKind::UPDATE_ROWS => (RowsKind::Update, true, false),
            EventKind::DELETE_ROWS => (RowsKind::Delete, true, false),
            EventKind::MARIADB_WRITE_ROWS_COMPRESSED_V1 => (RowsKind::Insert, false, true),
            EventKind::MARIADB_UPDATE_ROWS_COMPRESSED_V1 => (RowsKind::Update, false, true),
            EventKind::MARIADB_DELETE_ROWS_COMPRESSED_V1 => (RowsKind::Delete, false, true),
            EventKind::MARIADB_WRITE_ROWS_COMPRESSED => (RowsKind::Insert, true, true),
            EventKind::MARIADB_UPDATE_ROWS_COMPRESSED => (RowsKind::Update, true, true),
            EventKind::MARIADB_DELETE_ROWS_COMPRESSED => (RowsKind::Delete, true, true),
            other => return Err(cursor.unsupported(format!("{other} as a rows event"))),
        };
        let table_id = cursor.uint(format.table_id_length(event), "table id")?;
        let flags = RowsFlags(cursor.u16("rows flags")?);
        if has_extra {
            // NDB's own data and partition numbers: nothing a row change means depends on them.
            let length = usize::from(cursor.u16("length of the extra data")?);
            let Some(length) = length.checked_sub(2) else {
                return Err(cursor.malformed("length of the extra data, at least 2", length.to_string()));
            };
            cursor.take(length, "extra data")?;
        }
        let width = cursor.lenenc("number of columns")?;
        if width > MAX_COLUMNS as u64 {
            return Err(cursor.too_large("number of columns", width, MAX_COLUMNS as u64));
        }
        let bitmap = (width as usize).div_ceil(8);
        let bitmaps = cursor.offset();
        cursor.take(bitmap, "bitmap of columns")?;
        if kind == RowsKind::Update {
            cursor.take(bitmap, "bitmap of updated columns")?;
        }
        let rows = cursor.offset();
        let end = rows.saturating_add(cursor.rest().len());
        let offset =
            |at: usize| u32::try_from(at).map_err(|_| cursor.too_large("event size", at as u64, u64::from(u32::MAX)));
        let (bitmaps, rows, end) = (offset(bitmaps)?, offset(rows)?, offset(end)?);
        let width = width as u16;
        Ok(RowsLayout { table_id, flags, kind, event, width, compressed, bitmaps, rows, end, max_inflated })
    }

    /// The event again, from the same raw bytes (header included). Cheap, except that a compressed event is inflated.
    pub fn view<'a>(&self, raw: &'a [u8]) -> Result<RowsEvent<'a>, DecodeError> {
        let width = usize::from(self.width);
        let mut cursor = Cursor::new(raw.get(..self.end as usize).unwrap_or(raw), 0, self.event);
        cursor.take(self.bitmaps as usize, "start of the rows event")?;
        let bitmap = width.div_ceil(8);
        let first = Some(Bitmap(cursor.take(bitmap, "bitmap of columns")?));
        let (before, after) = match self.kind {
            RowsKind::Insert => (None, first),
            RowsKind::Delete => (first, None),
            RowsKind::Update => (first, Some(Bitmap(cursor.take(bitmap, "bitmap of updated columns")?))),
        };
        let rows = if self.compressed && !cursor.is_empty() {
            Cow::Owned(deflate::inflate(&mut cursor, deflate::Limit(self.max_inflated.into()))?)
        } else {
            let expected = (self.end as usize).saturating_sub(self.rows as usize);
            Cow::Borrowed(cursor.take(expected, "rows")?)
        };
        Ok(RowsEvent { layout: *self, before, after, rows })
    }

    /// Number of columns of the table.
    pub fn width(&self) -> usize {
        self.width.into()
    }
}

impl<'a> RowsEvent<'a> {
    pub fn table_id(&self) -> u64 {
        self.layout.table_id
    }

    pub fn kind(&self) -> RowsKind {
        self.layout.kind
    }

    pub fn flags(&self) -> RowsFlags {
        self.layout.flags
    }

    /// To borrow this event again from its raw bytes, see [`RowsLayout`].
    pub fn layout(&self) -> RowsLayout {
        self.layout
    }

    /// Columns the images before the change hold; `None` for INSERT.
    pub fn columns_before(&self) -> Option<Bitmap<'a>> {
        self.before
    }

    /// Columns the images after the change hold; `None` for DELETE.
    pub fn columns_after(&self) -> Option<Bitmap<'a>> {
        self.after
    }

    /// Bytes of all row images.
    pub fn row_bytes(&self) -> usize {
        self.rows.len()
    }

    /// True for the event without table that only marks the end of a statement.
    pub fn is_dummy(&self) -> bool {
        self.layout.table_id == DUMMY_TABLE && self.layout.width == 0
    }

    /// The rows. `table` is the table map this event refers to.
    ///
    /// Errors: the number of columns differs from the table's; images without any column, whose number the event does
    /// not tell.
    pub fn rows<'r>(&'r self, table: &'r TableMap) -> Result<Rows<'r>, DecodeError> {
        let width = self.layout.width();
        let kind = self.layout.event;
        if !self.is_dummy() && width != table.columns.len() {
            let (table, columns) = (format!("{}.{}", table.database, table.table), table.columns.len());
            return Err(DecodeError::ColumnCount { kind, table, event: width, columns });
        }
        let image = |bitmap: Bitmap<'r>| Image { present: bitmap, null_bytes: bitmap.count(width).div_ceil(8) };
        let (before, after) = (self.before.map(image), self.after.map(image));
        let columns = [&before, &after].into_iter().flatten().map(|image| image.null_bytes).sum::<usize>();
        if columns == 0 && !self.is_dummy() {
            return Err(no_columns(kind));
        }
        // Compressed rows have no offset in the event; counting from the start of the rows is as good.
        let start = if self.layout.compressed { 0 } else { self.layout.rows as usize };
        Ok(Rows { cursor: Cursor::new(&self.rows, start, kind), table, before, after })
    }

    /// `raw` is a whole raw event, checksum cut off.
    pub(crate) fn parse(
        raw: &'a [u8],
        kind: EventKind,
        format: &FormatDescription,
        max_inflated: u32,
    ) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(raw, 0, kind);
        cursor.take(HEADER_LENGTH, "event header")?;
        RowsLayout::parse(&mut cursor, format, max_inflated)?.view(raw)
    }
}

/// Rows of no bytes: how many there are nobody can say.
pub(crate) fn no_columns(kind: EventKind) -> DecodeError {
    let what = "row image without any column (INSERT of defaults only under binlog_row_image=MINIMAL)";
    DecodeError::Unsupported { kind, what: what.to_owned() }
}

#[derive(Debug, Clone, Copy)]
struct Image<'a> {
    present: Bitmap<'a>,
    null_bytes: usize,
}

/// Walks through the rows of an event.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    cursor: Cursor<'a>,
    table: &'a TableMap,
    before: Option<Image<'a>>,
    after: Option<Image<'a>>,
}

/// A value with the bytes it was read from, which are those of its column's type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoredValue<'a> {
    pub value: Value<'a>,
    pub bytes: &'a [u8],
}

/// One changed row. Images have one value per column of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange<'a> {
    pub before: Option<Vec<Value<'a>>>,
    pub after: Option<Vec<Value<'a>>>,
}

impl<'a> Rows<'a> {
    /// Decodes the next row into vectors that are used again and again; the one the kind of event has no image for is
    /// left empty. False behind the last row. After an error there is nothing more to be had from this event.
    pub fn next_into(&mut self, before: &mut Vec<Value<'a>>, after: &mut Vec<Value<'a>>) -> Result<bool, DecodeError> {
        before.clear();
        after.clear();
        if self.cursor.is_empty() {
            return Ok(false);
        }
        for (image, values) in [(self.before, before), (self.after, after)] {
            if let Some(image) = image {
                self.read_image(image, values, |value, _, _| value)?;
            }
        }
        Ok(true)
    }

    /// As [`Rows::next_into`], each value with its own bytes.
    pub fn next_stored(
        &mut self,
        before: &mut Vec<StoredValue<'a>>,
        after: &mut Vec<StoredValue<'a>>,
    ) -> Result<bool, DecodeError> {
        before.clear();
        after.clear();
        if self.cursor.is_empty() {
            return Ok(false);
        }
        for (image, values) in [(self.before, before), (self.after, after)] {
            if let Some(image) = image {
                self.read_image(image, values, |value, start, rest| {
                    let length = start.len().saturating_sub(rest.len());
                    StoredValue { value, bytes: start.get(..length).unwrap_or_default() }
                })?;
            }
        }
        Ok(true)
    }

    /// `made` gets a value, the rows from its first byte on, and the rows behind it.
    #[inline]
    fn read_image<T>(
        &mut self,
        image: Image<'a>,
        values: &mut Vec<T>,
        made: impl Fn(Value<'a>, &'a [u8], &'a [u8]) -> T,
    ) -> Result<(), DecodeError> {
        let table = self.table;
        values.reserve(table.columns.len());
        // A row without a single column would never end: `rows` has refused those.
        let nulls = Bitmap(self.cursor.take(image.null_bytes, "NULL bits of a row")?);
        let mut position = 0;
        for (index, column) in table.columns.iter().enumerate() {
            if !image.present.contains(index) {
                values.push(made(Value::Absent, &[], &[]));
                continue;
            }
            let is_null = nulls.contains(position);
            position += 1;
            if is_null {
                values.push(made(Value::Null, &[], &[]));
                continue;
            }
            let start = self.cursor.rest();
            match value::read(&mut self.cursor, column) {
                Ok(value) => values.push(made(value, start, self.cursor.rest())),
                Err(error) => return Err(self.in_column(index, error)),
            }
        }
        Ok(())
    }

    #[cold]
    fn in_column(&mut self, index: usize, source: DecodeError) -> DecodeError {
        self.cursor.take_rest();
        DecodeError::Column {
            table: format!("{}.{}", self.table.database, self.table.table),
            column: self.table.column_label(index),
            source: Box::new(source),
        }
    }
}

/// For when two allocations a row do not matter; see [`Rows::next_into`].
impl<'a> Iterator for Rows<'a> {
    type Item = Result<RowChange<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        match self.next_into(&mut before, &mut after) {
            Ok(true) => Some(Ok(RowChange {
                before: self.before.is_some().then_some(before),
                after: self.after.is_some().then_some(after),
            })),
            Ok(false) => None,
            Err(error) => {
                self.cursor.take_rest();
                Some(Err(error))
            }
        }
    }
}
