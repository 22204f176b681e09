//! A source's value as a parameter of a statement. Pure.

use mysql_async::Value as Param;
use replicator_binlog::{ColumnDef, DecodeError, Value, jsonb, write_text};
use std::borrow::Cow;

/// The parameter that writes or finds this value, byte for byte.
///
/// Numbers go as numbers and ENUM and SET by number, so no label is translated on the way. Dates and times go as text,
/// because the binary protocol has no form for `2020-00-00`. BINARY(n), which the log stores without its zero bytes at
/// the end, gets them back: without them it would not be found again.
pub(super) fn param(value: &Value<'_>, column: &ColumnDef) -> Result<Param, DecodeError> {
    Ok(match value {
        Value::Absent | Value::Null => Param::NULL,
        Value::Int(number) => Param::Int(*number),
        Value::UInt(number) => Param::UInt(*number),
        Value::Float(number) => Param::Float(*number),
        Value::Double(number) => Param::Double(*number),
        Value::Bit(bits) => Param::UInt(*bits),
        Value::Enum(member) => Param::UInt(u64::from(*member)),
        Value::Set(members) => Param::UInt(*members),
        Value::Year(year) => Param::UInt(u64::from(*year)),
        Value::Bytes(bytes) => Param::Bytes(padded(bytes, column).into_owned()),
        Value::Compressed(value) => Param::Bytes(value.bytes()?.into_owned()),
        Value::Geometry(bytes) | Value::Vector(bytes) => Param::Bytes(bytes.to_vec()),
        Value::Json(document) => {
            let mut text = Vec::with_capacity(document.len() * 2);
            jsonb::to_text(document, &mut text)?;
            Param::Bytes(text)
        }
        Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Timestamp { .. }
        | Value::Uuid(_)
        | Value::Inet6(_)
        | Value::Inet4(_) => {
            let mut text = Vec::with_capacity(32);
            write_text(value, column, &mut text)?;
            Param::Bytes(text)
        }
    })
}

/// With the zero bytes at the end that BINARY(n) has and the log does not.
pub(super) fn padded<'a>(bytes: &'a [u8], column: &ColumnDef) -> Cow<'a, [u8]> {
    match (column.is_fixed_binary(), column.declared_bytes()) {
        (Some(true), Some(length)) if bytes.len() < usize::from(length) => {
            let mut padded = bytes.to_vec();
            padded.resize(usize::from(length), 0);
            Cow::Owned(padded)
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// Adds bytes that are the same for the same values of a key, and for no others.
pub(super) fn bytes_of_key(key: &[Param], bytes: &mut Vec<u8>) {
    for value in key {
        let (kind, value): (u8, &[u8]) = match value {
            Param::Bytes(value) => (1, value),
            Param::Int(number) => (2, &number.to_be_bytes()),
            Param::UInt(number) => (3, &number.to_be_bytes()),
            Param::Float(number) => (4, &number.to_bits().to_be_bytes()),
            Param::Double(number) => (5, &number.to_bits().to_be_bytes()),
            // Never of a key; the others are sent as text.
            Param::NULL | Param::Date(..) | Param::Time(..) => (0, &[]),
        };
        bytes.push(kind);
        bytes.extend((value.len() as u64).to_be_bytes());
        bytes.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_bytes_only_where_they_are_the_same() {
        let text = |text: &str| Param::Bytes(text.into());
        let keys = [
            vec![text("a"), text("bc")],
            vec![text("ab"), text("c")],
            vec![text("a")],
            vec![Param::Int(1)],
            vec![Param::UInt(1)],
            vec![Param::Int(256)],
        ];
        let bytes = |key: &[Param]| {
            let mut bytes = Vec::new();
            bytes_of_key(key, &mut bytes);
            bytes
        };
        for (index, key) in keys.iter().enumerate() {
            for (other, second) in keys.iter().enumerate() {
                assert_eq!(bytes(key) == bytes(second), index == other, "{key:?} {second:?}");
            }
        }
    }
}
