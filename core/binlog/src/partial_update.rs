//! PARTIAL_UPDATE_ROWS: an UPDATE whose after-images may hold changes inside of JSON values instead of the values
//! (`binlog_row_value_options=PARTIAL_JSON`).

use crate::{
    column::ColumnType,
    cursor::Cursor,
    error::DecodeError,
    event_header::{EventKind, HEADER_LENGTH},
    format_description::FormatDescription,
    json_diff::apply_json_diffs,
    rows::{Bitmap, RowsFlags, no_columns},
    table_map::{MAX_COLUMNS, TableMap},
    value::{self, Value},
};

/// The event, not yet walked through: [`PartialUpdate::expand`] makes an ordinary UPDATE_ROWS of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialUpdate<'a> {
    pub table_id: u64,
    pub flags: RowsFlags,
    /// The whole event, checksum cut off.
    raw: &'a [u8],
    width: usize,
    before: Bitmap<'a>,
    after: Bitmap<'a>,
    /// Offset of the rows.
    rows: usize,
}

/// Bit of a row's options: some of its JSON values are changes.
const PARTIAL_JSON: u64 = 1;

impl<'a> PartialUpdate<'a> {
    pub(crate) fn parse(raw: &'a [u8], format: &FormatDescription) -> Result<Self, DecodeError> {
        let kind = EventKind::PARTIAL_UPDATE_ROWS;
        let mut cursor = Cursor::new(raw, 0, kind);
        cursor.take(HEADER_LENGTH, "event header")?;
        let table_id = cursor.uint(format.table_id_length(kind), "table id")?;
        let flags = RowsFlags(cursor.u16("rows flags")?);
        let extra = cursor.u16("length of the extra data")?;
        let Some(extra) = extra.checked_sub(2) else {
            return Err(cursor.malformed("length of the extra data, at least 2", extra.to_string()));
        };
        cursor.take(extra.into(), "extra data")?;
        let width = cursor.lenenc("number of columns")?;
        let width = match usize::try_from(width) {
            Ok(width) if width <= MAX_COLUMNS => width,
            _ => return Err(cursor.too_large("number of columns", width, MAX_COLUMNS as u64)),
        };
        let before = Bitmap::new(cursor.take(width.div_ceil(8), "bitmap of columns")?);
        let after = Bitmap::new(cursor.take(width.div_ceil(8), "bitmap of updated columns")?);
        Ok(PartialUpdate { table_id, flags, raw, width, before, after, rows: cursor.offset() })
    }

    /// The same change as an UPDATE_ROWS event whose after-images hold whole values: header and body, without checksum,
    /// to be given to [`crate::Decoder::decode_inner`]. At most `limit` bytes.
    ///
    /// Errors: a change whose former value is not in the event (`binlog_row_image` is not FULL), or images without any
    /// column, are unsupported; the number of columns differs from the table's.
    pub fn expand(&self, table: &TableMap, limit: u64) -> Result<Vec<u8>, DecodeError> {
        let kind = EventKind::PARTIAL_UPDATE_ROWS;
        if self.width != table.columns.len() {
            let (table, columns) = (format!("{}.{}", table.database, table.table), table.columns.len());
            return Err(DecodeError::ColumnCount { kind, table, event: self.width, columns });
        }
        if self.before.count(self.width) + self.after.count(self.width) == 0 {
            return Err(no_columns(kind));
        }
        let mut cursor = Cursor::new(self.raw.get(self.rows..).unwrap_or_default(), self.rows, kind);
        let mut out = self.raw.get(..self.rows).unwrap_or_default().to_vec();
        let mut expansion = Expansion { event: self, table, documents: Vec::new(), out: &mut out };
        while !cursor.is_empty() {
            expansion.row(&mut cursor)?;
            let size = expansion.out.len() as u64;
            if size > limit.min(u64::from(u32::MAX)) {
                return Err(cursor.too_large("rows with whole JSON values", size, limit));
            }
        }
        let size = out.len() as u32;
        if let Some(place) = out.get_mut(4) {
            *place = EventKind::UPDATE_ROWS.0;
        }
        if let Some(place) = out.get_mut(9..13) {
            place.copy_from_slice(&size.to_le_bytes());
        }
        Ok(out)
    }
}

struct Expansion<'e, 'o> {
    event: &'e PartialUpdate<'e>,
    table: &'e TableMap,
    /// The JSON value before the change of each column, in this row.
    documents: Vec<Option<&'e [u8]>>,
    out: &'o mut Vec<u8>,
}

impl<'e> Expansion<'e, '_> {
    fn row(&mut self, cursor: &mut Cursor<'e>) -> Result<(), DecodeError> {
        let start = cursor.rest();
        self.documents.clear();
        self.documents.resize(self.table.columns.len(), None);
        let before = self.event.before;
        let nulls = Bitmap::new(cursor.take(before.count(self.event.width).div_ceil(8), "NULL bits of a row")?);
        let present = (0..self.event.width).filter(|index| before.contains(*index));
        for (position, (index, column)) in present.filter_map(|i| Some((i, self.table.columns.get(i)?))).enumerate() {
            if !nulls.contains(position)
                && let Value::Json(document) = value::read(cursor, column)?
                && let Some(place) = self.documents.get_mut(index)
            {
                *place = Some(document);
            }
        }
        let length = start.len() - cursor.rest().len();
        self.out.extend_from_slice(start.get(..length).unwrap_or_default());
        self.after(cursor)
    }

    fn after(&mut self, cursor: &mut Cursor<'e>) -> Result<(), DecodeError> {
        let options = cursor.lenenc("options of a row")?;
        let json_columns = self.table.columns.iter().filter(|column| column.kind == ColumnType::Json).count();
        let partial = match options {
            0 => Bitmap::new(&[]),
            PARTIAL_JSON => Bitmap::new(cursor.take(json_columns.div_ceil(8), "bits of changed JSON values")?),
            other => return Err(cursor.unsupported(format!("row with options {other:#x}"))),
        };
        let after = self.event.after;
        let nulls = cursor.take(after.count(self.event.width).div_ceil(8), "NULL bits of a row")?;
        self.out.extend_from_slice(nulls);
        let nulls = Bitmap::new(nulls);
        let (mut position, mut json) = (0, 0);
        for (index, column) in self.table.columns.iter().enumerate() {
            let is_partial = column.kind == ColumnType::Json && partial.contains(json);
            json += usize::from(column.kind == ColumnType::Json);
            if !after.contains(index) {
                continue;
            }
            let is_null = nulls.contains(position);
            position += 1;
            if is_null {
                continue;
            }
            if is_partial {
                self.changed(cursor, index)?;
                continue;
            }
            let start = cursor.rest();
            value::read(cursor, column)?;
            self.out.extend_from_slice(start.get(..start.len() - cursor.rest().len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Changes of one document: their length in four bytes, then one after the other.
    fn changed(&mut self, cursor: &mut Cursor<'e>, index: usize) -> Result<(), DecodeError> {
        let length = cursor.u32("length of JSON changes")?;
        let diffs = cursor.take(length as usize, "JSON changes")?;
        let Some(document) = self.documents.get(index).copied().flatten() else {
            return Err(cursor.unsupported(format!(
                "change inside of a JSON value ({}.{}, column {}) whose former value is not in the event",
                self.table.database,
                self.table.table,
                self.table.column_label(index)
            )));
        };
        let at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        apply_json_diffs(document, diffs, self.out)?;
        let written = u32::try_from(self.out.len() - at - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.out.get_mut(at..at + 4) {
            place.copy_from_slice(&written.to_le_bytes());
        }
        Ok(())
    }
}
