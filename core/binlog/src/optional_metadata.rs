//! The optional part of TABLE_MAP: fields of (type byte, length, bytes), `binlog_row_metadata` deciding which are sent.
//! Format: `Table_map_log_event` in the servers' `log_event.cc`.

use crate::{
    column::{ColumnDef, ColumnType},
    cursor::Cursor,
    error::DecodeError,
    format_description::Flavor,
    table_map::{TableMap, is_character},
};

pub(crate) fn read(cursor: &mut Cursor<'_>, map: &mut TableMap, flavor: Flavor) -> Result<(), DecodeError> {
    while !cursor.is_empty() {
        let field = cursor.u8("optional metadata")?;
        let length = cursor.lenenc("length of optional metadata")?;
        let mut value = cursor.sub(usize::try_from(length).unwrap_or(usize::MAX), "optional metadata")?;
        let text = |column: &ColumnDef| is_character(column.kind, flavor);
        match field {
            1 => signedness(&mut value, &mut map.columns)?,
            2 => default_collation(&mut value, &mut map.columns, text)?,
            3 => collations(&mut value, &mut map.columns, text)?,
            4 => names(&mut value, &mut map.columns)?,
            5 => members(&mut value, &mut map.columns, ColumnType::Set)?,
            6 => members(&mut value, &mut map.columns, ColumnType::Enum)?,
            7 => geometry_types(&mut value, &mut map.columns)?,
            8 => map.primary_key = Some(primary_key(&mut value, map.columns.len(), false)?),
            9 => map.primary_key = Some(primary_key(&mut value, map.columns.len(), true)?),
            10 => default_collation(&mut value, &mut map.columns, is_enum_or_set)?,
            11 => collations(&mut value, &mut map.columns, is_enum_or_set)?,
            12 => visibility(&mut value, &mut map.columns)?,
            13 => vector_dimensions(&mut value, &mut map.columns)?,
            // A server newer than this decoder: what it adds is optional by the format's definition.
            _ => {}
        }
    }
    Ok(())
}

fn is_enum_or_set(column: &ColumnDef) -> bool {
    matches!(column.kind, ColumnType::Enum | ColumnType::Set)
}

/// Bits run from the highest of each byte on.
fn bit(bytes: &[u8], index: usize) -> Option<bool> {
    bytes.get(index / 8).map(|byte| byte & (0x80 >> (index % 8)) != 0)
}

fn signedness(value: &mut Cursor<'_>, columns: &mut [ColumnDef]) -> Result<(), DecodeError> {
    let bits = value.rest();
    for (index, column) in columns.iter_mut().filter(|column| column.kind.is_numeric()).enumerate() {
        match bit(bits, index) {
            Some(unsigned) => column.unsigned = Some(unsigned),
            None => return Err(value.truncated(index / 8 + 1, "signedness of every number")),
        }
    }
    Ok(())
}

fn visibility(value: &mut Cursor<'_>, columns: &mut [ColumnDef]) -> Result<(), DecodeError> {
    let bits = value.rest();
    for (index, column) in columns.iter_mut().enumerate() {
        match bit(bits, index) {
            Some(visible) => column.visible = Some(visible),
            None => return Err(value.truncated(index / 8 + 1, "visibility of every column")),
        }
    }
    Ok(())
}

fn collation(value: &mut Cursor<'_>) -> Result<u16, DecodeError> {
    let number = value.lenenc("collation")?;
    u16::try_from(number).map_err(|_| value.too_large("collation number", number, u64::from(u16::MAX)))
}

/// One collation for all columns that `applies` to, then (index among them, collation) for the exceptions.
fn default_collation(
    value: &mut Cursor<'_>,
    columns: &mut [ColumnDef],
    applies: impl Fn(&ColumnDef) -> bool,
) -> Result<(), DecodeError> {
    let default = collation(value)?;
    let mut subject: Vec<_> = columns.iter_mut().filter(|column| applies(column)).collect();
    for column in &mut subject {
        column.collation = Some(default);
    }
    while !value.is_empty() {
        let index = value.lenenc("index of a character column")?;
        let number = collation(value)?;
        match usize::try_from(index).ok().and_then(|index| subject.get_mut(index)) {
            Some(column) => column.collation = Some(number),
            None => return Err(value.too_large("index of a character column", index, subject.len() as u64)),
        }
    }
    Ok(())
}

/// One collation per column that `applies` to.
fn collations(
    value: &mut Cursor<'_>,
    columns: &mut [ColumnDef],
    applies: impl Fn(&ColumnDef) -> bool,
) -> Result<(), DecodeError> {
    for column in columns.iter_mut().filter(|column| applies(column)) {
        column.collation = Some(collation(value)?);
    }
    end(value, "one collation per character column")
}

/// Fields with one entry per column must be used up, else entries went to the wrong columns.
fn end(value: &Cursor<'_>, expected: &'static str) -> Result<(), DecodeError> {
    if value.is_empty() { Ok(()) } else { Err(value.malformed(expected, format!("{} bytes more", value.rest().len()))) }
}

fn names(value: &mut Cursor<'_>, columns: &mut [ColumnDef]) -> Result<(), DecodeError> {
    for column in columns.iter_mut() {
        let bytes = value.lenenc_bytes("column name")?;
        match std::str::from_utf8(bytes) {
            Ok(name) => column.name = Some(name.into()),
            Err(_) => return Err(value.malformed("column name in utf8", format!("{bytes:02x?}"))),
        }
    }
    end(value, "one name per column")
}

fn members(value: &mut Cursor<'_>, columns: &mut [ColumnDef], kind: ColumnType) -> Result<(), DecodeError> {
    for column in columns.iter_mut().filter(|column| column.kind == kind) {
        let count = value.lenenc("number of members")?;
        let mut members = Vec::new();
        for _ in 0..count {
            members.push(Box::from(value.lenenc_bytes("member")?));
        }
        column.members = Some(members.into_boxed_slice());
    }
    end(value, "members of every ENUM or SET column")
}

fn geometry_types(value: &mut Cursor<'_>, columns: &mut [ColumnDef]) -> Result<(), DecodeError> {
    for column in columns.iter_mut().filter(|column| column.kind == ColumnType::Geometry) {
        let number = value.lenenc("geometry type")?;
        column.geometry_type = u8::try_from(number).ok();
    }
    end(value, "one type per GEOMETRY column")
}

fn vector_dimensions(value: &mut Cursor<'_>, columns: &mut [ColumnDef]) -> Result<(), DecodeError> {
    for column in columns.iter_mut().filter(|column| column.kind == ColumnType::Vector) {
        let number = value.lenenc("vector dimensions")?;
        column.vector_dimensions = u32::try_from(number).ok();
    }
    end(value, "dimensions of every VECTOR column")
}

fn primary_key(value: &mut Cursor<'_>, columns: usize, prefixed: bool) -> Result<Vec<(usize, u32)>, DecodeError> {
    let mut key = Vec::new();
    while !value.is_empty() {
        let index = value.lenenc("column of the primary key")?;
        let Some(column) = usize::try_from(index).ok().filter(|index| *index < columns) else {
            return Err(value.too_large("column of the primary key", index, columns as u64));
        };
        let prefix = if prefixed { value.lenenc("prefix length")? } else { 0 };
        let prefix = u32::try_from(prefix).map_err(|_| value.too_large("prefix length", prefix, u32::MAX.into()))?;
        key.push((column, prefix));
    }
    Ok(key)
}
