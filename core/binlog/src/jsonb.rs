//! MySQL's binary JSON to the text the server itself prints.
//!
//! Containers hold a count, their size, then entries with offsets counted from the container's start; small values sit
//! in the entries. Format: `json_binary.h`, text: `Json_wrapper::to_string` in MySQL's sources.

use crate::{
    decimal::Decimal,
    error::DecodeError,
    event_header::EventKind,
    temporal::{Date, json_datetime, json_time},
    text,
};

/// The server refuses documents nested deeper.
pub const MAX_DEPTH: usize = 100;

/// Text is at most this many times longer than the binary form of a document whose parts do not overlap
/// (`\u0001` for one byte is the worst), plus a constant for scalars.
const MAX_GROWTH: usize = 8;
const SCALAR_TEXT: usize = 256;

pub(crate) const SMALL_OBJECT: u8 = 0;
pub(crate) const LARGE_OBJECT: u8 = 1;
pub(crate) const SMALL_ARRAY: u8 = 2;
pub(crate) const LARGE_ARRAY: u8 = 3;
pub(crate) const LITERAL: u8 = 4;
pub(crate) const INT16: u8 = 5;
pub(crate) const UINT16: u8 = 6;
pub(crate) const INT32: u8 = 7;
pub(crate) const UINT32: u8 = 8;
pub(crate) const INT64: u8 = 9;
pub(crate) const UINT64: u8 = 10;
pub(crate) const DOUBLE: u8 = 11;
pub(crate) const STRING: u8 = 12;
pub(crate) const OPAQUE: u8 = 15;

/// Column types that opaque values carry.
mod opaque {
    pub(super) const TIMESTAMP: u8 = 7;
    pub(super) const DATE: u8 = 10;
    pub(super) const TIME: u8 = 11;
    pub(super) const DATETIME: u8 = 12;
    pub(super) const DECIMAL: u8 = 246;
    pub(super) const VAR_STRING: u8 = 253;
}

/// Appends the document as MySQL prints it: `{"a": 1, "b": [1.0, "x"]}`, keys in stored order, decimals as numbers with
/// all their digits, dates and times as strings with six digits of fraction, other binary values as
/// `"base64:type<column type>:<base64>"`. An empty document is `null`, as for the server. On an error `out` is as before.
pub fn to_text(document: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let start = out.len();
    let limit = document.len().saturating_mul(MAX_GROWTH).saturating_add(SCALAR_TEXT).saturating_add(start);
    let mut writer = Writer { out, limit, visits_left: document.len() };
    let written = match document.split_first() {
        None => writer.literal(0),
        Some((kind, data)) => writer.value(*kind, data, 0),
    };
    if written.is_err() {
        out.truncate(start);
    }
    written
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    limit: usize,
    /// Each value has bytes of its own; more values than bytes means that offsets point to shared bytes.
    visits_left: usize,
}

/// Byte width of counts, sizes and offsets in a container.
#[derive(Clone, Copy)]
pub(crate) enum Width {
    Small,
    Large,
}

impl Width {
    pub(crate) fn bytes(self) -> usize {
        match self {
            Width::Small => 2,
            Width::Large => 4,
        }
    }

    /// The largest number.
    pub(crate) fn most(self) -> usize {
        match self {
            Width::Small => u16::MAX.into(),
            Width::Large => u32::MAX as usize,
        }
    }

    /// Whether values of the type are in their entry.
    pub(crate) fn holds(self, kind: u8) -> bool {
        matches!((kind, self), (LITERAL | INT16 | UINT16, _) | (INT32 | UINT32, Width::Large))
    }

    fn read(self, data: &[u8], at: usize) -> Result<usize, DecodeError> {
        let value = match self {
            Width::Small => u32::from(u16::from_le_bytes(fixed(data, at)?)),
            Width::Large => u32::from_le_bytes(fixed(data, at)?),
        };
        Ok(value as usize)
    }

    /// Appends a number that is not above [`Width::most`].
    pub(crate) fn push(self, out: &mut Vec<u8>, number: usize) {
        out.extend_from_slice((number as u32).to_le_bytes().get(..self.bytes()).unwrap_or_default());
    }
}

/// An object or array: count, size, entries of keys, entries of values, then keys and values.
#[derive(Clone, Copy)]
pub(crate) struct Container<'a> {
    data: &'a [u8],
    width: Width,
    pub(crate) count: usize,
    values_at: usize,
}

impl<'a> Container<'a> {
    /// `data` begins with the container and may be longer.
    pub(crate) fn read(data: &'a [u8], width: Width, object: bool) -> Result<Self, DecodeError> {
        let unit = width.bytes();
        let count = width.read(data, 0)?;
        let size = width.read(data, unit)?;
        let data = data.get(..size).ok_or_else(|| cut("container", size, data.len()))?;
        let key_entry = if object { unit + 2 } else { 0 };
        // Nothing overflows: count has 32 bits.
        let values_at = 2 * unit + count * key_entry;
        let needed = values_at + count * (1 + unit);
        if needed > size {
            return Err(cut("entries of a container", needed, size));
        }
        Ok(Container { data, width, count, values_at })
    }

    /// The key with this index, of an object.
    pub(crate) fn key(&self, index: usize) -> Result<&'a [u8], DecodeError> {
        let unit = self.width.bytes();
        let entry = 2 * unit + index * (unit + 2);
        let length = usize::from(u16::from_le_bytes(fixed(self.data, entry + unit)?));
        slice(self.data, self.width.read(self.data, entry)?, length)
    }

    /// The type of the value with this index, bytes that begin with it, and whether it was in its entry.
    pub(crate) fn entry(&self, index: usize) -> Result<(u8, &'a [u8], bool), DecodeError> {
        let at = self.values_at + index * (1 + self.width.bytes());
        let [kind] = fixed(self.data, at)?;
        if self.width.holds(kind) {
            return Ok((kind, slice(self.data, at + 1, self.width.bytes())?, true));
        }
        let offset = self.width.read(self.data, at + 1)?;
        let value = self.data.get(offset..).ok_or_else(|| cut("value", offset, self.data.len()))?;
        Ok((kind, value, false))
    }
}

impl Writer<'_> {
    fn value(&mut self, kind: u8, data: &[u8], depth: usize) -> Result<(), DecodeError> {
        match kind {
            SMALL_OBJECT => self.container(data, Width::Small, true, depth),
            LARGE_OBJECT => self.container(data, Width::Large, true, depth),
            SMALL_ARRAY => self.container(data, Width::Small, false, depth),
            LARGE_ARRAY => self.container(data, Width::Large, false, depth),
            _ => self.scalar(kind, data),
        }
    }

    fn container(&mut self, data: &[u8], width: Width, object: bool, depth: usize) -> Result<(), DecodeError> {
        if depth >= MAX_DEPTH {
            return Err(malformed("at most 100 levels", "more"));
        }
        let container = Container::read(data, width, object)?;
        self.out.push(if object { b'{' } else { b'[' });
        for index in 0..container.count {
            self.visit()?;
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            if object {
                self.string(container.key(index)?)?;
                self.out.extend_from_slice(b": ");
            }
            match container.entry(index)? {
                (kind, bytes, true) => self.scalar(kind, bytes)?,
                (kind, bytes, false) => self.value(kind, bytes, depth + 1)?,
            }
        }
        self.out.push(if object { b'}' } else { b']' });
        Ok(())
    }

    fn scalar(&mut self, kind: u8, data: &[u8]) -> Result<(), DecodeError> {
        match kind {
            LITERAL => return self.literal(fixed::<1>(data, 0).map(|[byte]| byte)?),
            INT16 => text::push_i64(self.out, i16::from_le_bytes(fixed(data, 0)?).into()),
            UINT16 => text::push_unsigned(self.out, u16::from_le_bytes(fixed(data, 0)?).into()),
            INT32 => text::push_i64(self.out, i32::from_le_bytes(fixed(data, 0)?).into()),
            UINT32 => text::push_unsigned(self.out, u32::from_le_bytes(fixed(data, 0)?).into()),
            INT64 => text::push_i64(self.out, i64::from_le_bytes(fixed(data, 0)?)),
            UINT64 => text::push_unsigned(self.out, u64::from_le_bytes(fixed(data, 0)?)),
            DOUBLE => self.double(f64::from_le_bytes(fixed(data, 0)?))?,
            STRING => {
                let bytes = variable(data, 0)?;
                self.string(bytes)?;
            }
            OPAQUE => {
                let [kind] = fixed(data, 0)?;
                self.opaque(kind, variable(data, 1)?)?;
            }
            other => return Err(malformed("type of a JSON value", other.to_string())),
        }
        self.check()
    }

    fn literal(&mut self, byte: u8) -> Result<(), DecodeError> {
        let word: &[u8] = match byte {
            0 => b"null",
            1 => b"true",
            2 => b"false",
            other => return Err(malformed("null, true or false", other.to_string())),
        };
        self.out.extend_from_slice(word);
        self.check()
    }

    /// `.0` is what tells an integral DOUBLE from an integer.
    fn double(&mut self, number: f64) -> Result<(), DecodeError> {
        let start = self.out.len();
        text::push_double(self.out, number)?;
        let written = self.out.get(start..).unwrap_or_default();
        if !written.iter().any(|byte| matches!(byte, b'.' | b'e')) {
            self.out.extend_from_slice(b".0");
        }
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.out.push(b'"');
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\')) {
            let (plain, special) = rest.split_at(at);
            self.out.extend_from_slice(plain);
            let Some((byte, behind)) = special.split_first() else { break };
            self.escape(*byte);
            rest = behind;
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
        self.check()
    }

    fn escape(&mut self, byte: u8) {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let short = match byte {
            b'\x08' => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            b'\x0c' => b'f',
            b'\r' => b'r',
            b'"' | b'\\' => byte,
            _ => {
                self.out.extend_from_slice(b"\\u00");
                self.out.extend([byte >> 4, byte & 15].iter().filter_map(|nibble| HEX.get(usize::from(*nibble))));
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }

    fn opaque(&mut self, kind: u8, data: &[u8]) -> Result<(), DecodeError> {
        match kind {
            opaque::DECIMAL => {
                let [precision, scale] = fixed(data, 0)?;
                let digits = data.get(2..).unwrap_or_default();
                let digits = slice(digits, 0, Decimal::stored_length(precision, scale))?;
                Decimal::new(digits, precision, scale)
                    .ok_or_else(|| malformed("DECIMAL", format!("{data:02x?}")))?
                    .write(self.out);
                Ok(())
            }
            opaque::DATE | opaque::DATETIME | opaque::TIMESTAMP => {
                let packed = i64::from_le_bytes(fixed(data, 0)?);
                let value = json_datetime(packed).ok_or_else(|| malformed("DATETIME", packed.to_string()))?;
                self.out.push(b'"');
                if kind == opaque::DATE {
                    text::push_date(self.out, Date { year: value.year, month: value.month, day: value.day });
                } else {
                    text::push_datetime(self.out, value, 6);
                }
                self.out.push(b'"');
                Ok(())
            }
            opaque::TIME => {
                let packed = i64::from_le_bytes(fixed(data, 0)?);
                let value = json_time(packed).ok_or_else(|| malformed("TIME", packed.to_string()))?;
                self.out.push(b'"');
                text::push_time(self.out, value, 6);
                self.out.push(b'"');
                Ok(())
            }
            opaque::VAR_STRING => self.string(data),
            _ => self.base64(kind, data),
        }
    }

    /// The server breaks lines after 76 characters and then escapes the line break.
    fn base64(&mut self, kind: u8, data: &[u8]) -> Result<(), DecodeError> {
        const ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const GROUPS_PER_LINE: usize = 76 / 4;
        self.out.extend_from_slice(b"\"base64:type");
        text::push_unsigned(self.out, kind.into());
        self.out.push(b':');
        for (index, group) in data.chunks(3).enumerate() {
            if index > 0 && index % GROUPS_PER_LINE == 0 {
                self.out.extend_from_slice(b"\\n");
            }
            let bits =
                group.iter().chain([0, 0].iter()).take(3).fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte));
            for place in 0..4u32 {
                let index = (bits >> (18 - 6 * place) & 63) as usize;
                let significant = place as usize <= group.len();
                self.out.push(if significant { ALPHABET.get(index).copied().unwrap_or(b'=') } else { b'=' });
            }
        }
        self.out.push(b'"');
        Ok(())
    }

    fn visit(&mut self) -> Result<(), DecodeError> {
        match self.visits_left.checked_sub(1) {
            Some(left) => {
                self.visits_left = left;
                Ok(())
            }
            None => Err(malformed("values with bytes of their own", "overlapping values")),
        }
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self.out.len() <= self.limit {
            Ok(())
        } else {
            Err(malformed("values with bytes of their own", "overlapping values"))
        }
    }
}

pub(crate) fn slice(data: &[u8], at: usize, length: usize) -> Result<&[u8], DecodeError> {
    data.get(at..)
        .and_then(|rest| rest.get(..length))
        .ok_or_else(|| cut("value", at.saturating_add(length), data.len()))
}

pub(crate) fn fixed<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], DecodeError> {
    data.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(|| cut("value", at + N, data.len()))
}

/// The bytes behind a length of seven bits a byte, low bits first, at most five bytes.
fn variable(data: &[u8], at: usize) -> Result<&[u8], DecodeError> {
    let (start, length) = variable_span(data, at)?;
    slice(data, start, length)
}

/// Where [`variable`] bytes at `at` end.
pub(crate) fn variable_end(data: &[u8], at: usize) -> Result<usize, DecodeError> {
    let (start, length) = variable_span(data, at)?;
    Ok(start + length)
}

fn variable_span(data: &[u8], at: usize) -> Result<(usize, usize), DecodeError> {
    let mut length = 0usize;
    for index in 0..5usize {
        let [byte] = fixed(data, at + index)?;
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((at + index + 1, length));
        }
    }
    Err(malformed("length of at most five bytes", "a longer one"))
}

pub(crate) fn cut(expected: &'static str, needed: usize, left: usize) -> DecodeError {
    DecodeError::Truncated { kind: EventKind::WRITE_ROWS, offset: 0, expected, needed, left }
}

pub(crate) fn malformed(expected: &'static str, found: impl Into<String>) -> DecodeError {
    DecodeError::Malformed { kind: EventKind::WRITE_ROWS, offset: 0, expected, found: found.into() }
}

/// A document as text.
#[cfg(test)]
pub(crate) fn text(document: &[u8]) -> String {
    let mut out = Vec::new();
    to_text(document, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
