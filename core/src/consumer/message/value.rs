//! The forms of values in canal-json.
//!
//! | column | value | `sqlType` |
//! |---|---|---|
//! | TINYINT, SMALLINT, MEDIUMINT, INT, BIGINT | decimal digits | -6, 5, 4, 4, -5; of an UNSIGNED value beyond the signed range 5, 4, 4, -5, 3 |
//! | FLOAT, DOUBLE | as Java prints them: `1.0`, `1.0E10` | 7, 8 |
//! | DECIMAL | digits with the column's scale | 3 |
//! | BIT | the number | -7 |
//! | ENUM | the member's number from 1; `mysqlType` has the labels | 4 |
//! | SET | the number whose bit n is member n+1 | -7 |
//! | YEAR | four digits | 12 |
//! | DATE, TIME, DATETIME | as the servers print them, all fraction digits of the column | 91, 92, 93 |
//! | TIMESTAMP | the same, in UTC (Canal: in the time zone of its host) | 93 |
//! | CHAR, VARCHAR, TEXT | text, read in the column's character set (Canal: VARCHAR always as UTF-8) | 1, 12, 2005 |
//! | JSON | MySQL's own text | 12 |
//! | UUID, INET6, INET4 of MariaDB | text (Canal: bytes) | 1 |
//! | BINARY, VARBINARY, BLOB, GEOMETRY, VECTOR | byte n as the character U+00nn; GEOMETRY is SRID and WKB | 2004 |
//!
//! BINARY(n) has its whole length: the binary log drops trailing zero bytes, and so does Canal. A column's `sqlType`
//! does not depend on whether the value is NULL (Canal: SET and JSON do).

use super::java_number::{push_double, push_float};
use super::json_string::{push_bytes, push_decoded, push_escaped};
use crate::change::charset::Charset;
use crate::change::{Column, TableSchema};
use replicator_binlog::{ColumnDef, ColumnType, Value, write_text};
use replicator_model::failure::Failure;

/// How the bytes of a column become a JSON string. Other values tell by themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    Text(Charset),
    /// Filled up with zeros to this many bytes.
    Binary {
        length: usize,
    },
}

/// Why a value can't be written; the caller knows the column.
pub(super) struct Problem {
    pub(super) reason: String,
    pub(super) hint: &'static str,
}

impl Form {
    pub(super) fn of(table: &TableSchema, column: &Column, def: &ColumnDef) -> Result<Self, Failure> {
        let fixed = if def.kind == ColumnType::Char { def.declared_bytes().unwrap_or(0) } else { 0 };
        let bytes = matches!(
            def.kind,
            ColumnType::Char
                | ColumnType::Varchar
                | ColumnType::Blob
                | ColumnType::VarcharCompressed
                | ColumnType::BlobCompressed
        );
        let Some(name) = column.charset.as_deref().filter(|name| bytes && *name != "binary") else {
            return Ok(Form::Binary { length: fixed.into() });
        };
        Charset::named(name).map(Form::Text).ok_or_else(|| {
            Failure::definite(
                "charset_not_carried",
                format!("column `{}` of {} is in character set {name}", column.name, table.source_name()),
                "convert the column to utf8mb4, or leave the table out of `tables`",
            )
        })
    }
}

/// Appends a JSON string or `null`.
pub(super) fn write(value: Value<'_>, form: Form, column: &ColumnDef, out: &mut Vec<u8>) -> Result<(), Problem> {
    match (value, form) {
        (Value::Null | Value::Absent, _) => out.extend_from_slice(b"null"),
        (Value::Bytes(bytes), Form::Text(charset)) => push_decoded(out, bytes, charset).map_err(|_| Problem {
            reason: format!("has a value that is no text in its character set, {}", charset_name(column)),
            hint: "mend the value at the source (CONVERT(column USING utf8mb4) shows where it breaks) and go on after it",
        })?,
        (Value::Bytes(bytes), Form::Binary { length }) => {
            push_bytes(out, bytes, length.saturating_sub(bytes.len()));
        }
        (Value::Compressed(value), form) => {
            let unreadable = |error| Problem { reason: format!("can't be read: {error}"), hint: REPORT };
            write(Value::Bytes(&value.bytes().map_err(unreadable)?), form, column, out)?;
        }
        (Value::Geometry(bytes) | Value::Vector(bytes), _) => push_bytes(out, bytes, 0),
        (Value::Enum(number), _) => plain(Value::UInt(number.into()), column, out)?,
        (Value::Set(bits), _) => plain(Value::UInt(bits), column, out)?,
        (Value::Float(number), _) => number_or_problem(out, |out| push_float(out, number))?,
        (Value::Double(number), _) => number_or_problem(out, |out| push_double(out, number))?,
        (Value::Json(_), _) => json(value, column, out)?,
        _ => plain(value, column, out)?,
    }
    Ok(())
}

/// Digits and punctuation that need no escapes.
fn plain(value: Value<'_>, column: &ColumnDef, out: &mut Vec<u8>) -> Result<(), Problem> {
    out.push(b'"');
    write_text(&value, column, out)
        .map_err(|error| Problem { reason: format!("can't be read: {error}"), hint: REPORT })?;
    out.push(b'"');
    Ok(())
}

const REPORT: &str = "keep the binary log file and report it";

fn number_or_problem(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>) -> bool) -> Result<(), Problem> {
    out.push(b'"');
    if !push(out) {
        return Err(Problem { reason: "has a FLOAT or DOUBLE that is no number".into(), hint: REPORT });
    }
    out.push(b'"');
    Ok(())
}

fn json(value: Value<'_>, column: &ColumnDef, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut text = Vec::new();
    let broken = |reason: String| Problem { reason, hint: REPORT };
    write_text(&value, column, &mut text).map_err(|error| broken(format!("can't be read: {error}")))?;
    let text = std::str::from_utf8(&text).map_err(|_| broken("has JSON that is not UTF-8".into()))?;
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
    Ok(())
}

fn charset_name(column: &ColumnDef) -> String {
    column.collation.map_or_else(|| "see its definition".into(), |collation| format!("collation number {collation}"))
}

/// `java.sql.Types` of the column, as Canal chooses it.
pub(super) fn sql_type(value: Value<'_>, form: Form, column: &ColumnDef) -> i16 {
    let beyond = |signed_max: u64| matches!(value, Value::UInt(number) if number > signed_max);
    match column.kind {
        ColumnType::TinyInt => {
            if beyond(0x7f) {
                5
            } else {
                -6
            }
        }
        ColumnType::SmallInt => {
            if beyond(0x7fff) {
                4
            } else {
                5
            }
        }
        ColumnType::MediumInt => 4,
        ColumnType::Int => {
            if beyond(0x7fff_ffff) {
                -5
            } else {
                4
            }
        }
        ColumnType::BigInt => {
            if beyond(i64::MAX as u64) {
                3
            } else {
                -5
            }
        }
        ColumnType::Float => 7,
        ColumnType::Double => 8,
        ColumnType::Decimal | ColumnType::OldDecimal => 3,
        ColumnType::Bit | ColumnType::Set => -7,
        ColumnType::Enum => 4,
        ColumnType::Date => 91,
        ColumnType::Time | ColumnType::OldTime => 92,
        ColumnType::DateTime | ColumnType::OldDateTime | ColumnType::Timestamp | ColumnType::OldTimestamp => 93,
        ColumnType::Year | ColumnType::Json => 12,
        ColumnType::Uuid | ColumnType::Inet6 | ColumnType::Inet4 => 1,
        ColumnType::Geometry | ColumnType::Vector => 2004,
        ColumnType::Char
        | ColumnType::Varchar
        | ColumnType::Blob
        | ColumnType::VarcharCompressed
        | ColumnType::BlobCompressed => match (form, column.kind) {
            (Form::Binary { .. }, _) => 2004,
            (Form::Text(_), ColumnType::Char) => 1,
            (Form::Text(_), ColumnType::Blob | ColumnType::BlobCompressed) => 2005,
            (Form::Text(_), _) => 12,
        },
        ColumnType::Null | ColumnType::TypedArray | ColumnType::Unknown(_) => 1111,
    }
}
