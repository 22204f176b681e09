//! Values of a row, borrowed from the event.

use crate::{
    address,
    column::{ColumnDef, ColumnType},
    compressed_column::Compressed,
    cursor::Cursor,
    decimal::Decimal,
    error::DecodeError,
    old_temporal,
    temporal::{self, Date, DateTime, Time},
};

/// A column's value in a row image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// The row image does not contain the column (`binlog_row_image` MINIMAL or NOBLOB). Not NULL: unknown.
    Absent,
    Null,
    Int(i64),
    UInt(u64),
    Float(f32),
    Double(f64),
    Decimal(Decimal<'a>),
    /// CHAR, VARCHAR, TEXT in the column's character set; BINARY (trailing zero bytes cut off), VARBINARY, BLOB.
    Bytes(&'a [u8]),
    Bit(u64),
    /// Number of the member from 1; 0 is the empty string an invalid value was replaced with.
    Enum(u16),
    /// Bit n stands for member n+1.
    Set(u64),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    /// Seconds and microseconds since the epoch, UTC. Both zero: '0000-00-00 00:00:00'.
    Timestamp {
        seconds: u32,
        micros: u32,
    },
    /// 0 or 1901 to 2155.
    Year(u16),
    /// MySQL's binary JSON, see [`crate::jsonb`]. MariaDB's JSON is text: `Bytes`.
    Json(&'a [u8]),
    /// SRID (4 bytes, little-endian) and WKB.
    Geometry(&'a [u8]),
    /// 32-bit little-endian floats.
    Vector(&'a [u8]),
    /// Of MariaDB's COMPRESSED columns; [`Compressed::bytes`] is the value.
    Compressed(Compressed<'a>),
    /// Of MariaDB, as its text has them.
    Uuid([u8; 16]),
    Inet6([u8; 16]),
    Inet4([u8; 4]),
}

impl Value<'_> {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }
}

/// Reads one value that is present and not NULL.
#[inline]
pub(crate) fn read<'a>(cursor: &mut Cursor<'a>, column: &ColumnDef) -> Result<Value<'a>, DecodeError> {
    Ok(match column.kind {
        ColumnType::TinyInt => integer(cursor, column, 1)?,
        ColumnType::SmallInt => integer(cursor, column, 2)?,
        ColumnType::MediumInt => integer(cursor, column, 3)?,
        ColumnType::Int => integer(cursor, column, 4)?,
        ColumnType::BigInt => integer(cursor, column, 8)?,
        ColumnType::Float => Value::Float(f32::from_bits(cursor.u32("FLOAT")?)),
        ColumnType::Double => Value::Double(f64::from_bits(cursor.u64("DOUBLE")?)),
        ColumnType::Decimal => decimal(cursor, column)?,
        ColumnType::Null => Value::Null,
        ColumnType::Varchar | ColumnType::Char => {
            let prefix = if column.meta > 255 { 2 } else { 1 };
            Value::Bytes(prefixed(cursor, prefix, "text")?)
        }
        ColumnType::Uuid => Value::Uuid(fixed(cursor)?),
        ColumnType::Inet6 => Value::Inet6(fixed(cursor)?),
        ColumnType::Inet4 => Value::Inet4(fixed(cursor)?),
        ColumnType::Blob => Value::Bytes(prefixed(cursor, column.meta.into(), "BLOB")?),
        ColumnType::Json => Value::Json(prefixed(cursor, column.meta.into(), "JSON")?),
        ColumnType::Geometry => Value::Geometry(prefixed(cursor, column.meta.into(), "GEOMETRY")?),
        ColumnType::Vector => Value::Vector(prefixed(cursor, column.meta.into(), "VECTOR")?),
        ColumnType::Bit => {
            let [spare, bytes] = column.meta.to_le_bytes();
            let length = usize::from(bytes) + usize::from(spare > 0);
            Value::Bit(cursor.uint_be(length, "BIT")?)
        }
        ColumnType::Enum => Value::Enum(cursor.uint(column.meta.min(2).into(), "ENUM")? as u16),
        ColumnType::Set => Value::Set(cursor.uint(column.meta.min(8).into(), "SET")?),
        ColumnType::Year => Value::Year(match cursor.u8("YEAR")? {
            0 => 0,
            years => 1900 + u16::from(years),
        }),
        ColumnType::Date => Value::Date(Date::from_packed(cursor.u24("DATE")?)),
        ColumnType::OldTime => Value::Time(old_temporal::time(cursor, column.meta)?),
        ColumnType::OldDateTime => Value::DateTime(old_temporal::datetime(cursor, column.meta)?),
        ColumnType::OldTimestamp => {
            let (seconds, micros) = old_temporal::timestamp(cursor, column.meta)?;
            Value::Timestamp { seconds, micros }
        }
        ColumnType::Time => Value::Time(temporal::time(cursor, column.meta)?),
        ColumnType::DateTime => Value::DateTime(temporal::datetime(cursor, column.meta)?),
        ColumnType::Timestamp => {
            let [a, b, c, d] = cursor.array("TIMESTAMP")?;
            Value::Timestamp {
                seconds: u32::from_be_bytes([a, b, c, d]),
                micros: temporal::fraction(cursor, column.meta)?,
            }
        }
        ColumnType::VarcharCompressed => {
            let prefix = if column.meta > 255 { 2 } else { 1 };
            Value::Compressed(Compressed(prefixed(cursor, prefix, "compressed text")?))
        }
        ColumnType::BlobCompressed => {
            Value::Compressed(Compressed(prefixed(cursor, column.meta.into(), "compressed BLOB")?))
        }
        ColumnType::OldDecimal => return Err(cursor.unsupported("DECIMAL of MySQL 4")),
        ColumnType::TypedArray => return Err(cursor.unsupported("column of a multi-valued index")),
        ColumnType::Unknown(code) => return Err(cursor.unsupported(format!("column type {code}"))),
    })
}

#[inline]
fn integer<'a>(cursor: &mut Cursor<'a>, column: &ColumnDef, bytes: u32) -> Result<Value<'a>, DecodeError> {
    let Some(unsigned) = column.unsigned else {
        return Err(DecodeError::UnknownSignedness { kind: cursor.kind() });
    };
    let raw = match bytes {
        1 => u64::from(cursor.u8("TINYINT")?),
        2 => u64::from(cursor.u16("SMALLINT")?),
        3 => u64::from(cursor.u24("MEDIUMINT")?),
        4 => u64::from(cursor.u32("INT")?),
        _ => cursor.u64("BIGINT")?,
    };
    if unsigned {
        return Ok(Value::UInt(raw));
    }
    // The sign bit is moved to the top and back down.
    let shift = 64 - 8 * bytes;
    Ok(Value::Int(((raw << shift) as i64) >> shift))
}

fn decimal<'a>(cursor: &mut Cursor<'a>, column: &ColumnDef) -> Result<Value<'a>, DecodeError> {
    let [precision, scale] = column.meta.to_be_bytes();
    let bytes = cursor.take(Decimal::stored_length(precision, scale), "DECIMAL")?;
    match Decimal::new(bytes, precision, scale) {
        Some(decimal) => Ok(Value::Decimal(decimal)),
        None => Err(cursor.malformed("DECIMAL of nine-digit groups", format!("{bytes:02x?}"))),
    }
}

fn fixed<const N: usize>(cursor: &mut Cursor<'_>) -> Result<[u8; N], DecodeError> {
    let bytes = prefixed(cursor, 1, "UUID or address")?;
    address::fixed(cursor, bytes)
}

#[inline]
fn prefixed<'a>(cursor: &mut Cursor<'a>, length_bytes: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
    let length = match length_bytes {
        1 => u64::from(cursor.u8(expected)?),
        2 => u64::from(cursor.u16(expected)?),
        3 => u64::from(cursor.u24(expected)?),
        _ => u64::from(cursor.u32(expected)?),
    };
    cursor.take(usize::try_from(length).unwrap_or(usize::MAX), expected)
}
