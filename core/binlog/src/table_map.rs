//! TABLE_MAP: what a table looks like, sent before its rows.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{
    column::{ColumnDef, ColumnType},
    cursor::Cursor,
    error::DecodeError,
    event_header::{EventKind, HEADER_LENGTH},
    format_description::{Flavor, FormatDescription},
    optional_metadata,
};

/// The servers allow 4096 columns in a table.
pub const MAX_COLUMNS: usize = 4096;

/// A TABLE_MAP event, not yet parsed: the same bytes come again before every rows event of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableMapEvent<'a> {
    pub table_id: u64,
    /// Everything behind the header, checksum cut off.
    pub body: &'a [u8],
}

/// A table as the log describes it. Owned, to be kept in an `Arc` and shared with those who read the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMap {
    pub table_id: u64,
    pub flags: u16,
    pub database: String,
    pub table: String,
    pub columns: Vec<ColumnDef>,
    /// (index of the column, length of the prefix in characters, 0 for the whole column), in key order. `None`: the
    /// log does not say or the table has no primary key.
    pub primary_key: Option<Vec<(usize, u32)>>,
}

impl<'a> TableMapEvent<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>, format: &FormatDescription) -> Result<Self, DecodeError> {
        let body = cursor.rest();
        let table_id = cursor.uint(format.table_id_length(EventKind::TABLE_MAP), "table id")?;
        Ok(TableMapEvent { table_id, body })
    }
}

impl TableMap {
    /// Parses the body of a TABLE_MAP event (header and checksum cut off).
    pub fn parse(body: &[u8], format: &FormatDescription) -> Result<TableMap, DecodeError> {
        let mut cursor = Cursor::new(body, HEADER_LENGTH, EventKind::TABLE_MAP);
        let table_id = cursor.uint(format.table_id_length(EventKind::TABLE_MAP), "table id")?;
        let flags = cursor.u16("flags")?;
        let database = name(&mut cursor, "database name")?;
        let table = name(&mut cursor, "table name")?;
        let count = cursor.lenenc("number of columns")?;
        let count = match usize::try_from(count) {
            Ok(count) if count <= MAX_COLUMNS => count,
            _ => return Err(cursor.too_large("number of columns", count, MAX_COLUMNS as u64)),
        };
        let codes = cursor.take(count, "column types")?;
        let size = cursor.lenenc("size of the column metadata")?;
        let mut metadata = cursor.sub(usize::try_from(size).unwrap_or(usize::MAX), "column metadata")?;
        let nullable = cursor.take(count.div_ceil(8), "NULL bits")?;
        let mut columns = Vec::with_capacity(count);
        for (index, code) in codes.iter().enumerate() {
            let nullable = nullable.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
            columns.push(column(*code, nullable, &mut metadata)?);
        }
        if !metadata.is_empty() {
            return Err(metadata.malformed("end of the column metadata", format!("{} bytes", metadata.rest().len())));
        }
        let mut map = TableMap { table_id, flags, database, table, columns, primary_key: None };
        optional_metadata::read(&mut cursor, &mut map, format.flavor)?;
        Ok(map)
    }

    /// True when the source sent everything needed to interpret rows without asking it for table definitions:
    /// column names, signedness of every number and the character set of every text
    /// (`binlog_row_metadata=FULL`).
    pub fn has_full_metadata(&self) -> bool {
        self.columns.iter().all(|column| {
            let signed = !column.kind.is_integer() || column.unsigned.is_some();
            let text = matches!(column.kind, ColumnType::Char | ColumnType::Varchar | ColumnType::Blob);
            let members = !matches!(column.kind, ColumnType::Enum | ColumnType::Set) || column.members.is_some();
            column.name.is_some() && signed && members && (!text || column.collation.is_some())
        })
    }

    /// `name` of the column, or `#3` (from 1) where names are not known.
    pub fn column_label(&self, index: usize) -> String {
        match self.columns.get(index).and_then(|column| column.name.as_deref()) {
            Some(name) => name.to_owned(),
            None => format!("#{}", index.saturating_add(1)),
        }
    }
}

/// One length byte, the name in utf8, a zero byte.
fn name(cursor: &mut Cursor<'_>, expected: &'static str) -> Result<String, DecodeError> {
    let bytes = cursor.short_bytes(expected)?;
    if cursor.u8(expected)? != 0 {
        return Err(cursor.malformed("zero byte after a name", "another byte"));
    }
    match std::str::from_utf8(bytes) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(cursor.malformed("name in utf8", format!("{bytes:02x?}"))),
    }
}

fn column(code: u8, nullable: bool, metadata: &mut Cursor<'_>) -> Result<ColumnDef, DecodeError> {
    let mut kind = ColumnType::from_code(code);
    let meta = match kind {
        ColumnType::Float
        | ColumnType::Double
        | ColumnType::Blob
        | ColumnType::BlobCompressed
        | ColumnType::Json
        | ColumnType::Geometry
        | ColumnType::Vector
        | ColumnType::Timestamp
        | ColumnType::DateTime
        | ColumnType::Time => u16::from(metadata.u8("column metadata")?),
        ColumnType::Varchar | ColumnType::VarcharCompressed | ColumnType::Bit => metadata.u16("column metadata")?,
        ColumnType::Decimal => metadata.array("column metadata").map(u16::from_be_bytes)?,
        ColumnType::Char | ColumnType::Enum | ColumnType::Set => {
            let [real, length] = metadata.array("column metadata")?;
            let (real_kind, meta) = string_metadata(real, length);
            kind = real_kind;
            meta
        }
        ColumnType::TypedArray => {
            return Err(metadata.unsupported("column of a multi-valued index (typed array)"));
        }
        ColumnType::Unknown(code) => return Err(metadata.unsupported(format!("column type {code}"))),
        _ => 0,
    };
    check(kind, meta, metadata)?;
    Ok(ColumnDef::new(kind, meta, nullable))
}

/// CHAR over 255 bytes long hides two bits of its length, inverted, in the byte of the real type.
fn string_metadata(real: u8, length: u8) -> (ColumnType, u16) {
    if real & 0x30 == 0x30 {
        return (ColumnType::from_code(real), u16::from(length));
    }
    let high = u16::from((real & 0x30) ^ 0x30) << 4;
    (ColumnType::from_code(real | 0x30), high | u16::from(length))
}

/// Sizes a row is later cut by are checked once, here.
fn check(kind: ColumnType, meta: u16, cursor: &Cursor<'_>) -> Result<(), DecodeError> {
    let [low, high] = meta.to_le_bytes();
    let valid = match kind {
        ColumnType::Float => meta == 4,
        ColumnType::Double => meta == 8,
        ColumnType::Blob | ColumnType::BlobCompressed => (1..=4).contains(&meta),
        ColumnType::Json | ColumnType::Geometry | ColumnType::Vector => (1..=4).contains(&meta),
        ColumnType::Timestamp | ColumnType::DateTime | ColumnType::Time => meta <= 6,
        ColumnType::Decimal => (1..=65).contains(&high) && low <= high,
        ColumnType::Bit => low < 8 && (1..=64).contains(&(u16::from(high) * 8 + u16::from(low))),
        ColumnType::Enum => (1..=2).contains(&meta),
        ColumnType::Set => (1..=8).contains(&meta),
        ColumnType::Unknown(_) => false,
        _ => true,
    };
    if valid { Ok(()) } else { Err(cursor.malformed("possible size of the column", format!("{kind:?} with {meta}"))) }
}

/// Table maps seen on a connection. The same bytes are parsed once; ids that come to mean another table are parsed anew.
#[derive(Debug, Default)]
pub struct TableMapCache {
    entries: HashMap<u64, (Box<[u8]>, Arc<TableMap>)>,
}

impl TableMapCache {
    /// Tables kept at once; beyond that the cache starts over, which only costs time.
    pub const MAX_TABLES: usize = 16_384;

    /// The parsed table, from the cache where the event's bytes are those of last time. `complete` is called for a
    /// table parsed anew, to fill in what the source does not send (signedness, names, …) or to refuse it.
    pub fn resolve<E: From<DecodeError>>(
        &mut self,
        event: &TableMapEvent<'_>,
        format: &FormatDescription,
        complete: impl FnOnce(&mut TableMap) -> Result<(), E>,
    ) -> Result<&Arc<TableMap>, E> {
        let known = self.entries.get(&event.table_id).is_some_and(|(body, _)| **body == *event.body);
        if !known {
            let mut table = TableMap::parse(event.body, format)?;
            complete(&mut table)?;
            if self.entries.len() >= Self::MAX_TABLES {
                self.entries.clear();
            }
            self.entries.insert(event.table_id, (event.body.into(), Arc::new(table)));
        }
        match self.entries.get(&event.table_id) {
            Some((_, table)) => Ok(table),
            None => Err(E::from(DecodeError::Unsupported {
                kind: EventKind::TABLE_MAP,
                what: "a table map lost from its cache".to_owned(),
            })),
        }
    }

    /// The table a rows event refers to, if its TABLE_MAP was seen.
    pub fn get(&self, table_id: u64) -> Option<&Arc<TableMap>> {
        self.entries.get(&table_id).map(|(_, table)| table)
    }

    /// Forget everything: after DDL, a new file, a new connection.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Whether a column has an entry in the character set metadata. MySQL counts VECTOR in, MariaDB GEOMETRY and its compressed
/// types.
pub(crate) fn is_character(kind: ColumnType, flavor: Flavor) -> bool {
    match kind {
        ColumnType::Char | ColumnType::Varchar | ColumnType::Blob => true,
        ColumnType::BlobCompressed | ColumnType::VarcharCompressed => true,
        ColumnType::Geometry => flavor == Flavor::MariaDb,
        ColumnType::Vector => flavor == Flavor::MySql,
        _ => false,
    }
}
