//! What `mysqlbinlog -vv` prints of rows, against what was decoded.

use super::Image;
use replicator_binlog::{ColumnDef, Value, write_text};
use replicator_tests::Flavor;

/// What a value is printed as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    Exactly(Vec<u8>),
    /// These bytes in quotes, with the tool's own escapes.
    Quoted(Vec<u8>),
    /// 5.6 prints its parts without the zeros between them.
    Decimal(Vec<u8>),
    /// Printed with a few digits only.
    About(f64),
    /// The number, or what the same bits are with a sign; both are printed of a negative one.
    Integer {
        value: i128,
        bits: u32,
    },
    /// Not in the image.
    Absent,
    /// The tool does not know the type.
    Anything,
}

/// A row as it was printed: statement, table, and the numbered values before and after.
#[derive(Debug, Default)]
struct Printed {
    verb: String,
    table: String,
    parts: Vec<Vec<(usize, Vec<u8>)>>,
}

pub(crate) fn image(values: &[Value<'_>], columns: &[ColumnDef]) -> Vec<Expected> {
    values.iter().zip(columns).map(|(value, column)| expected(value, column)).collect()
}

fn expected(value: &Value<'_>, column: &ColumnDef) -> Expected {
    use replicator_binlog::ColumnType::*;
    let exactly = |text: String| Expected::Exactly(text.into_bytes());
    let mut text = Vec::new();
    let mut written = |value: &Value<'_>| {
        write_text(value, column, &mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    };
    match value {
        Value::Absent => Expected::Absent,
        Value::Null => exactly("NULL".into()),
        Value::Int(_) | Value::UInt(_) => {
            let bits = match column.kind {
                TinyInt => 8,
                SmallInt => 16,
                MediumInt => 24,
                Int => 32,
                _ => 64,
            };
            Expected::Integer { value: written(value).parse().unwrap(), bits }
        }
        Value::Float(number) => Expected::About(f64::from(*number)),
        Value::Double(number) => Expected::About(*number),
        // The tools print 0 as 1900; that it is 0 is what SELECT says.
        Value::Year(0) => exactly("1900".into()),
        Value::Year(_) => exactly(written(value)),
        Value::Decimal(_) => Expected::Decimal(written(value).into_bytes()),
        Value::Bytes(bytes) | Value::Geometry(bytes) => Expected::Quoted(bytes.to_vec()),
        // The tool knows of bytes only, and prints them as they are logged.
        Value::Uuid(bytes) | Value::Inet6(bytes) => Expected::Quoted(logged(bytes)),
        Value::Inet4(bytes) => Expected::Quoted(logged(bytes)),
        Value::Json(_) => match written(value) {
            // The tool takes a document that is nothing but a string out of its quotes.
            text if text.starts_with('"') && text.contains('\\') => Expected::Anything,
            text if text.starts_with('"') => Expected::Quoted(text[1..text.len() - 1].into()),
            text => Expected::Quoted(text.into_bytes()),
        },
        Value::Bit(number) => exactly(binary(*number, column.bits().unwrap_or(64).into())),
        // Byte by byte, from the lowest on.
        Value::Set(number) => {
            exactly(binary(number.swap_bytes() >> (64 - 8 * column.meta), usize::from(column.meta) * 8))
        }
        Value::Enum(number) => exactly(number.to_string()),
        Value::Date(_) => exactly(format!("'{}'", written(value).replace('-', ":"))),
        Value::Time(_) | Value::DateTime(_) => exactly(format!("'{}'", written(value))),
        Value::Timestamp { seconds, micros } => match column.fraction_digits() {
            0 => exactly(seconds.to_string()),
            digits => exactly(format!("{seconds}.{}", &format!("{micros:06}")[..digits.into()])),
        },
        Value::Vector(_) | Value::Compressed(_) => Expected::Anything,
    }
}

/// Without zeros at the end.
fn logged(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes[..length].into()
}

fn binary(number: u64, bits: usize) -> String {
    format!("b'{number:0bits$b}'")
}

/// The bytes that a tool has printed in quotes: 5.6 escapes control characters alone, as `\x01`; the others know the short
/// forms, too.
fn unquoted(flavor: Flavor, text: &[u8]) -> Option<Vec<u8>> {
    let mut rest = text.strip_prefix(b"'")?.strip_suffix(b"'")?;
    let mut bytes = Vec::new();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.strip_prefix(b"x").and_then(|digits| digits.get(..2));
        let hex = hex.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        rest = behind;
        match (first, hex) {
            (b'\\', Some(byte)) if byte < 0x20 || flavor != Flavor::MySql56 => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            (b'\\', _) if flavor == Flavor::MySql97 => {
                let (escaped, behind) = behind.split_first()?;
                bytes.push(match escaped {
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'f' => 12,
                    b'r' => b'\r',
                    other => *other,
                });
                rest = behind;
            }
            _ => bytes.push(*first),
        }
    }
    Some(bytes)
}

pub(crate) fn compare(flavor: Flavor, output: &[u8], decoded: &[Image]) {
    let mut decoded = decoded.iter().peekable();
    for printed in parse(output) {
        let Some(image) = decoded.next() else { panic!("{flavor}: {printed:?} was not decoded") };
        assert_eq!((printed.verb.as_str(), &printed.table), (image.verb, &image.table), "{flavor}");
        // At a type that it does not know the tool says so, and leaves out the rest of the event.
        let stops = printed.parts.iter().flatten().any(|(_, text)| text.starts_with(b"!!"));
        assert!(stops || printed.parts.len() == image.parts.len(), "{flavor}: {} of {}", image.verb, image.table);
        for (printed, values) in printed.parts.iter().zip(&image.parts) {
            compare_values(flavor, image, printed, values, stops);
        }
        if stops {
            while decoded.next_if(|next| next.event == image.event).is_some() {}
        }
    }
    assert!(decoded.next().is_none(), "{flavor}: more was decoded than printed");
}

fn compare_values(flavor: Flavor, image: &Image, printed: &[(usize, Vec<u8>)], values: &[Expected], stops: bool) {
    let place = format!("{flavor}: {} of {}", image.verb, image.table);
    let present = values.iter().enumerate().filter(|(_, value)| **value != Expected::Absent);
    let mut present = present.map(|(index, value)| (index + 1, value));
    for (number, text) in printed.iter().filter(|(_, text)| !text.starts_with(b"!!")) {
        let Some((expected, value)) = present.next() else { panic!("{place}: @{number} was not decoded") };
        assert_eq!(*number, expected, "{place}");
        let shown = match value {
            Expected::Exactly(bytes) | Expected::Quoted(bytes) | Expected::Decimal(bytes) => {
                bytes.escape_ascii().to_string()
            }
            other => format!("{other:?}"),
        };
        assert!(agrees(flavor, text, value), "{place}, @{number}: decoded {shown}\nprinted {}", text.escape_ascii());
    }
    assert!(stops || present.next().is_none(), "{place}: more values were decoded than printed");
}

fn agrees(flavor: Flavor, text: &[u8], value: &Expected) -> bool {
    let number = || String::from_utf8_lossy(text).trim().to_owned();
    match value {
        Expected::Anything => true,
        Expected::Absent => false,
        Expected::Decimal(_) if flavor == Flavor::MySql56 => true,
        Expected::Exactly(expected) | Expected::Decimal(expected) => text == expected,
        // A change inside of the value, or no change: `JSON_SET(@3, …)`, `@3`.
        Expected::Quoted(_) if text.starts_with(b"JSON_") || text.starts_with(b"@") => true,
        Expected::Quoted(expected) => unquoted(flavor, text).as_ref() == Some(expected),
        Expected::About(expected) => {
            number().parse::<f64>().is_ok_and(|printed| (printed - expected).abs() <= expected.abs() * 1e-5)
        }
        Expected::Integer { value, bits } => {
            let number = number();
            let first = number.split_whitespace().next().unwrap_or_default();
            first.parse::<i128>().is_ok_and(|printed| printed == *value || printed + (1 << bits) == *value)
        }
    }
}

/// Lines of rows begin with `### `; values are `@1=… /* type … */`.
fn parse(output: &[u8]) -> Vec<Printed> {
    let mut rows: Vec<Printed> = Vec::new();
    for line in output.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"### ")) {
        let words = String::from_utf8_lossy(line).into_owned();
        let verb = words.split(' ').next().unwrap_or_default().to_owned();
        match verb.as_str() {
            "INSERT" | "UPDATE" | "DELETE" => {
                let table = words.rsplit('`').nth(1).unwrap_or_default().to_owned();
                rows.push(Printed { verb, table, parts: Vec::new() });
            }
            "WHERE" | "SET" => rows.last_mut().unwrap().parts.push(Vec::new()),
            _ => {
                let Some(value) = line.strip_prefix(b"  @") else { continue };
                let equals = value.iter().position(|byte| *byte == b'=').unwrap();
                let number = String::from_utf8_lossy(&value[..equals]).parse().unwrap();
                let text = &value[equals + 1..];
                let end = text.windows(4).rposition(|window| window == b" /* ").unwrap_or(text.len());
                rows.last_mut().unwrap().parts.last_mut().unwrap().push((number, text[..end].to_vec()));
            }
        }
    }
    rows
}
