//! A source's value as a literal in a statement's text. Pure.

use super::label::AS_TEXT;
use super::value::padded;
use replicator_binlog::{ColumnDef, DecodeError, Value, jsonb, write_text};
use std::io::Write as _;

/// What stands before and behind a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Around {
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl Around {
    /// Of the text with a `?` that stands for a parameter of this character set. `CONVERT(? USING latin1)` becomes
    /// `_latin1'…'`, which says the same of bytes and costs the server no function call.
    pub(super) fn new(parameter: &str, charset: Option<&str>) -> Self {
        let text = match charset {
            _ if parameter == AS_TEXT && charset.is_none() => "'?'".to_owned(),
            Some(charset) => parameter.replace(&format!("CONVERT(? USING {charset})"), &format!("_{charset}?")),
            None => parameter.to_owned(),
        };
        let (before, after) = text.split_once('?').unwrap_or((&text, ""));
        Self { before: before.as_bytes().into(), after: after.as_bytes().into() }
    }
}

/// Appends the literal that means this value, byte for byte, in a session with `SET NAMES binary` and without
/// `NO_BACKSLASH_ESCAPES` (MySQL manual, "String Literals"). As [`super::value::param`] has it: numbers as numbers, ENUM and SET by
/// number, dates and times as text.
pub(super) fn write_literal(
    value: &Value<'_>,
    column: &ColumnDef,
    around: &Around,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    if matches!(value, Value::Absent | Value::Null) {
        out.extend_from_slice(b"NULL");
        return Ok(());
    }
    out.extend_from_slice(&around.before);
    match value {
        Value::Enum(number) => write_text(&Value::UInt(u64::from(*number)), column, out)?,
        Value::Set(bits) => write_text(&Value::UInt(*bits), column, out)?,
        Value::Year(year) => write_text(&Value::UInt(u64::from(*year)), column, out)?,
        Value::Float(number) if number.is_finite() => write_double(f64::from(*number), out),
        Value::Double(number) if number.is_finite() => write_double(*number, out),
        // Unquoted: a text that is compared with a number is a DOUBLE.
        Value::Int(_) | Value::UInt(_) | Value::Bit(_) | Value::Decimal(_) | Value::Float(_) | Value::Double(_) => {
            write_text(value, column, out)?;
        }
        Value::Bytes(bytes) => quote(&padded(bytes, column), out),
        Value::Geometry(bytes) | Value::Vector(bytes) => quote(bytes, out),
        Value::Compressed(value) => quote(&value.bytes()?, out),
        Value::Json(document) => {
            let mut text = Vec::with_capacity(document.len() * 2);
            jsonb::to_text(document, &mut text)?;
            quote(&text, out);
        }
        // Digits and letters only.
        _ => {
            out.push(b'\'');
            write_text(value, column, out)?;
            out.push(b'\'');
        }
    }
    out.extend_from_slice(&around.after);
    Ok(())
}

/// With an exponent, which makes it a DOUBLE and no DECIMAL, and with as many digits as it takes to read it back.
fn write_double(number: f64, out: &mut Vec<u8>) {
    // A Vec takes everything.
    let _written = write!(out, "{number:e}");
}

fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    out.push(b'\'');
    for part in bytes.split_inclusive(|byte| matches!(byte, b'\'' | b'\\')) {
        match part.split_last() {
            Some((special @ (b'\'' | b'\\'), plain)) => {
                out.extend_from_slice(plain);
                out.extend_from_slice(&[b'\\', *special]);
            }
            _ => out.extend_from_slice(part),
        }
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_binlog::ColumnType;

    fn literal(value: &Value<'_>, kind: ColumnType, parameter: &str, charset: Option<&str>) -> String {
        let column = ColumnDef::new(kind, 0, true);
        let mut out = Vec::new();
        write_literal(value, &column, &Around::new(parameter, charset), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_literals() {
        for (value, kind, expected) in [
            (Value::Null, ColumnType::Int, "NULL"),
            (Value::Int(-5), ColumnType::Int, "-5"),
            (Value::UInt(u64::MAX), ColumnType::BigInt, "18446744073709551615"),
            (Value::Double(0.1), ColumnType::Double, "1e-1"),
            (Value::Double(-0.0), ColumnType::Double, "-0e0"),
            (Value::Double(f64::MAX), ColumnType::Double, "1.7976931348623157e308"),
            (Value::Float(0.1), ColumnType::Float, "1.0000000149011612e-1"),
            (Value::Enum(3), ColumnType::Enum, "3"),
            (Value::Set(9), ColumnType::Set, "9"),
            (Value::Year(0), ColumnType::Year, "0"),
            (Value::Bit(5), ColumnType::Bit, "5"),
            (Value::Bytes(b"it's \\"), ColumnType::Varchar, r"'it\'s \\'"),
            (Value::Bytes(b"'"), ColumnType::Varchar, r"'\''"),
            (Value::Bytes(b""), ColumnType::Varchar, "''"),
            (Value::Bytes(b"\0a"), ColumnType::Varchar, "'\0a'"),
        ] {
            assert_eq!(literal(&value, kind, "?", None), expected, "{value:?}");
        }
    }

    #[test]
    fn what_stands_around_a_parameter_stands_around_a_literal() {
        let text = |parameter: &str, charset| literal(&Value::Bytes(b"x"), ColumnType::Varchar, parameter, charset);
        assert_eq!(text("CONVERT(? USING latin1)", Some("latin1")), "_latin1'x'");
        assert_eq!(
            text("CONVERT(CONVERT(? USING gbk) USING utf8mb4) COLLATE utf8mb4_bin", Some("gbk")),
            "CONVERT(_gbk'x' USING utf8mb4) COLLATE utf8mb4_bin"
        );
        assert_eq!(text("UNHEX(REPLACE(?,'-',''))", Some("ascii")), "UNHEX(REPLACE('x','-',''))");
        assert_eq!(literal(&Value::Null, ColumnType::Varchar, "CONVERT(? USING latin1)", Some("latin1")), "NULL");
    }

    #[test]
    fn a_double_that_is_no_number_is_an_error() {
        let column = ColumnDef::new(ColumnType::Double, 0, true);
        let around = Around::new("?", None);
        assert!(write_literal(&Value::Double(f64::NAN), &column, &around, &mut Vec::new()).is_err());
    }
}
