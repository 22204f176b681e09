//! The lines: a JSON object each.

use replicator_binlog::{BINARY_COLLATION, ColumnDef, DecodeError, RowsKind, TableMap, Value, write_text};
use std::io::Write as _;

/// Where a line is from.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) offset: u64,
    /// Seconds since the epoch.
    pub(super) time: u32,
    pub(super) gtid: Option<&'a str>,
}

pub(super) struct RowLine<'a> {
    pub(super) place: Place<'a>,
    pub(super) kind: RowsKind,
    pub(super) table: &'a TableMap,
    /// Of the row in its event, from 0.
    pub(super) index: usize,
    pub(super) before: &'a [Value<'a>],
    pub(super) after: &'a [Value<'a>],
}

impl Place<'_> {
    fn write(&self, kind: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"file\":");
        string(self.file, out);
        write!(out, ",\"offset\":{},\"time\":{}", self.offset, self.time).ok();
        if let Some(gtid) = self.gtid {
            out.extend_from_slice(b",\"gtid\":");
            string(gtid, out);
        }
        write!(out, ",\"kind\":\"{kind}\",\"database\":").ok();
    }
}

impl RowLine<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let kind = match self.kind {
            RowsKind::Insert => "insert",
            RowsKind::Update => "update",
            RowsKind::Delete => "delete",
        };
        self.place.write(kind, out);
        string(&self.table.database, out);
        out.extend_from_slice(b",\"table\":");
        string(&self.table.table, out);
        write!(out, ",\"row\":{}", self.index).ok();
        for (name, image) in [("before", self.before), ("after", self.after)] {
            if !image.is_empty() {
                write!(out, ",\"{name}\":").ok();
                self.image(image, out)?;
            }
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }

    /// Columns that the image does not hold are left out: they are not NULL.
    fn image(&self, values: &[Value<'_>], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut separator = b'{';
        for (index, (value, column)) in values.iter().zip(&self.table.columns).enumerate() {
            if value.is_absent() {
                continue;
            }
            out.push(separator);
            separator = b',';
            match &column.name {
                Some(name) => string(name, out),
                // As mysqlbinlog calls columns without a name.
                None => drop(write!(out, "\"@{}\"", index + 1)),
            }
            out.push(b':');
            write_value(value, column, out)?;
        }
        if separator == b'{' {
            out.push(b'{');
        }
        out.push(b'}');
        Ok(())
    }
}

pub(super) fn write_statement(place: &Place<'_>, database: &[u8], sql: &[u8], out: &mut Vec<u8>) {
    place.write("statement", out);
    string(&String::from_utf8_lossy(database), out);
    out.extend_from_slice(b",\"sql\":");
    string(&String::from_utf8_lossy(sql), out);
    out.extend_from_slice(b"}\n");
}

/// Numbers as numbers, except DECIMAL, which a reader's floating point would bend; JSON as it is; bytes in hex.
fn write_value(value: &Value<'_>, column: &ColumnDef, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    match value {
        Value::Null | Value::Absent => out.extend_from_slice(b"null"),
        Value::Int(_) | Value::UInt(_) | Value::Bit(_) | Value::Float(_) | Value::Double(_) | Value::Json(_) => {
            write_text(value, column, out)?;
        }
        Value::Year(year) => drop(write!(out, "{year}")),
        Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Timestamp { .. }
        | Value::Uuid(_)
        | Value::Inet6(_)
        | Value::Inet4(_) => {
            out.push(b'"');
            write_text(value, column, out)?;
            out.push(b'"');
        }
        Value::Enum(number) if column.members.is_none() => drop(write!(out, "{number}")),
        Value::Set(bits) if column.members.is_none() => drop(write!(out, "{bits}")),
        Value::Enum(_) | Value::Set(_) => {
            let mut label = Vec::new();
            write_text(value, column, &mut label)?;
            text(&label, column.collation, out);
        }
        Value::Bytes(bytes) if column.is_fixed_binary() == Some(true) => {
            let mut padded = bytes.to_vec();
            padded.resize(padded.len().max(column.declared_bytes().unwrap_or(0).into()), 0);
            hex(&padded, out);
        }
        Value::Bytes(bytes) => text(bytes, column.collation, out),
        Value::Compressed(value) => text(&value.bytes()?, column.collation, out),
        Value::Geometry(bytes) | Value::Vector(bytes) => hex(bytes, out),
    }
    Ok(())
}

/// A string where the column's character set is UTF-8, latin1, or not known and the bytes are UTF-8; else hex.
fn text(bytes: &[u8], collation: Option<u16>, out: &mut Vec<u8>) {
    let charset = collation.map_or(Charset::Utf8, Charset::of);
    match (charset, std::str::from_utf8(bytes)) {
        (Charset::Utf8, Ok(text)) => string(text, out),
        (Charset::Other, Ok(text)) if text.is_ascii() => string(text, out),
        (Charset::Latin1, Ok(text)) if text.is_ascii() => string(text, out),
        (Charset::Latin1, _) if bytes.iter().all(|byte| !(0x80..0xa0).contains(byte)) => {
            string(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), out);
        }
        _ => hex(bytes, out),
    }
}

/// How bytes may be read. Collation numbers are those of the servers' `INFORMATION_SCHEMA.COLLATIONS`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Charset {
    Utf8,
    Latin1,
    /// Some other whose lower half is ASCII.
    Other,
    /// Two or four bytes a character, or no text at all.
    Bytes,
}

impl Charset {
    fn of(collation: u16) -> Self {
        match collation {
            // ucs2, utf16, utf16le and utf32.
            BINARY_COLLATION | 35 | 54..=56 | 60..=62 | 90 | 101..=124 | 128..=151 | 159..=183 => Charset::Bytes,
            5 | 8 | 15 | 31 | 47..=49 | 94 => Charset::Latin1,
            33 | 45 | 46 | 76 | 83 | 192..=247 | 255..=323 => Charset::Utf8,
            // MariaDB: numbers of NOPAD collations are higher by 1024, those of UCA 14 begin at 2048 in groups of 256.
            1057 | 1069 | 1070 | 1107 | 1216..=1271 | 2048..=2559 => Charset::Utf8,
            1032 | 1071 => Charset::Latin1,
            1059 | 1078..=1086 | 1114 | 1125..=1207 | 2560.. => Charset::Bytes,
            _ => Charset::Other,
        }
    }
}

/// Bytes that are no text, apart from all strings.
fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"$hex\":\"");
    bytes.iter().for_each(|byte| drop(write!(out, "{byte:02X}")));
    out.extend_from_slice(b"\"}");
}

fn string(text: &str, out: &mut Vec<u8>) {
    // Writing into memory can't fail.
    serde_json::to_writer(out, text).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], collation: Option<u16>) -> String {
        let mut out = Vec::new();
        text(bytes, collation, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_a_string_where_its_characters_are_known() {
        for (bytes, collation, expected) in [
            ("ü\n".as_bytes(), Some(255), "\"ü\\n\""),
            ("ü".as_bytes(), None, "\"ü\""),
            (b"\xfc", None, r#"{"$hex":"FC"}"#),
            (b"\xfc", Some(8), "\"ü\""),
            (b"\x80", Some(8), r#"{"$hex":"80"}"#),
            (b"abc", Some(28), "\"abc\""),
            (b"\xb0\xa1", Some(28), r#"{"$hex":"B0A1"}"#),
            (b"ab", Some(35), r#"{"$hex":"6162"}"#),
            (b"ab", Some(BINARY_COLLATION), r#"{"$hex":"6162"}"#),
        ] {
            assert_eq!(shown(bytes, collation), expected, "{collation:?}");
        }
    }
}
