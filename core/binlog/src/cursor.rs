//! Checked reading of little- and big-endian fields from a borrowed buffer.

use crate::{error::DecodeError, event_header::EventKind};

/// A position in a buffer that cannot be moved past its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    /// Offset, counted from the event's first byte, of the end of `rest`.
    end: usize,
    kind: EventKind,
}

impl<'a> Cursor<'a> {
    /// `start` is the offset of `buffer` within the event, for error messages.
    pub(crate) fn new(buffer: &'a [u8], start: usize, kind: EventKind) -> Self {
        Cursor { rest: buffer, end: start.saturating_add(buffer.len()), kind }
    }

    pub(crate) fn offset(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn kind(&self) -> EventKind {
        self.kind
    }

    #[inline]
    pub(crate) fn take(&mut self, n: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(n) {
            Some((head, tail)) => {
                self.rest = tail;
                Ok(head)
            }
            None => Err(self.truncated(n, expected)),
        }
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, tail)) => {
                self.rest = tail;
                Ok(*head)
            }
            None => Err(self.truncated(N, expected)),
        }
    }

    /// Everything that is left.
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    #[inline]
    pub(crate) fn u8(&mut self, expected: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(expected).map(|[b]| b)
    }

    #[inline]
    pub(crate) fn u16(&mut self, expected: &'static str) -> Result<u16, DecodeError> {
        self.array(expected).map(u16::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u24(&mut self, expected: &'static str) -> Result<u32, DecodeError> {
        self.array(expected).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    #[inline]
    pub(crate) fn u32(&mut self, expected: &'static str) -> Result<u32, DecodeError> {
        self.array(expected).map(u32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u56(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        self.array(expected).map(|[a, b, c, d, e, f, g]| u64::from_le_bytes([a, b, c, d, e, f, g, 0]))
    }

    #[inline]
    pub(crate) fn u64(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        self.array(expected).map(u64::from_le_bytes)
    }

    /// A little-endian unsigned integer of `n` bytes, `n` at most 8.
    #[inline]
    pub(crate) fn uint(&mut self, n: usize, expected: &'static str) -> Result<u64, DecodeError> {
        let bytes = self.take(n, expected)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// A big-endian unsigned integer of `n` bytes, `n` at most 8.
    #[inline]
    pub(crate) fn uint_be(&mut self, n: usize, expected: &'static str) -> Result<u64, DecodeError> {
        let bytes = self.take(n, expected)?;
        Ok(bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// MySQL's length-encoded integer: one byte below 251, or a marker and 2, 3 or 8 bytes.
    #[inline]
    pub(crate) fn lenenc(&mut self, expected: &'static str) -> Result<u64, DecodeError> {
        match self.u8(expected)? {
            small @ 0..=250 => Ok(u64::from(small)),
            252 => self.u16(expected).map(u64::from),
            253 => self.u24(expected).map(u64::from),
            254 => self.u64(expected),
            marker => Err(self.malformed(expected, format!("length marker {marker}"))),
        }
    }

    /// A length-encoded length followed by that many bytes.
    pub(crate) fn lenenc_bytes(&mut self, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.lenenc(expected)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX), expected)
    }

    /// One length byte followed by that many bytes.
    pub(crate) fn short_bytes(&mut self, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.u8(expected)?;
        self.take(usize::from(length), expected)
    }

    /// A sub-cursor over the next `n` bytes.
    pub(crate) fn sub(&mut self, n: usize, expected: &'static str) -> Result<Cursor<'a>, DecodeError> {
        let start = self.offset();
        let bytes = self.take(n, expected)?;
        Ok(Cursor::new(bytes, start, self.kind))
    }

    #[cold]
    pub(crate) fn truncated(&self, needed: usize, expected: &'static str) -> DecodeError {
        DecodeError::Truncated { kind: self.kind, offset: self.offset(), expected, needed, left: self.rest.len() }
    }

    #[cold]
    pub(crate) fn malformed(&self, expected: &'static str, found: impl Into<String>) -> DecodeError {
        DecodeError::Malformed { kind: self.kind, offset: self.offset(), expected, found: found.into() }
    }

    #[cold]
    pub(crate) fn unsupported(&self, what: impl Into<String>) -> DecodeError {
        DecodeError::Unsupported { kind: self.kind, what: what.into() }
    }

    #[cold]
    pub(crate) fn too_large(&self, what: &'static str, size: u64, limit: u64) -> DecodeError {
        DecodeError::TooLarge { kind: self.kind, what, size, limit }
    }
}
