//! Values of MariaDB's COMPRESSED columns. Format: `Field_longstr::compress` in MariaDB's `field.cc`.

use std::borrow::Cow;

use crate::{
    decoder::MAX_INFLATED_EVENT,
    deflate::{Wrapping, inflate_exactly},
    error::DecodeError,
    event_header::EventKind,
};

/// A value as it is stored: a byte that says how, the length before in up to four bytes, then the compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compressed<'a>(pub(crate) &'a [u8]);

/// The header's parts.
const METHOD: u8 = 0xf0;
const STORED: u8 = 0;
const ZLIB: u8 = 0x80;
/// Deflated without zlib's own header and checksum (`column_compression_zlib_wrap=OFF`).
const RAW: u8 = 0x08;
const LENGTH_BYTES: u8 = 0x07;

impl<'a> Compressed<'a> {
    /// What was stored: text in the column's character set, or bytes. Borrowed where it was not worth compressing.
    ///
    /// Errors: unknown or damaged compression; more than a gigabyte.
    pub fn bytes(self) -> Result<Cow<'a, [u8]>, DecodeError> {
        // The empty value has no header.
        let Some((head, rest)) = self.0.split_first() else {
            return Ok(Cow::Borrowed(&[]));
        };
        match head & METHOD {
            STORED if *head == 0 => return Ok(Cow::Borrowed(rest)),
            ZLIB => {}
            _ => {
                let what = format!("column compression {head:#04x}");
                return Err(DecodeError::Unsupported { kind: EventKind::WRITE_ROWS, what });
            }
        }
        let Some((length, compressed)) = rest.split_at_checked(usize::from(head & LENGTH_BYTES)) else {
            return Err(malformed("length of a compressed value", format!("{} bytes", rest.len())));
        };
        let length = length.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        if length > u64::from(MAX_INFLATED_EVENT) {
            let (what, limit) = ("length of a compressed value", u64::from(MAX_INFLATED_EVENT));
            return Err(DecodeError::TooLarge { kind: EventKind::WRITE_ROWS, what, size: length, limit });
        }
        let wrapping = if head & RAW == 0 { Wrapping::Zlib } else { Wrapping::Nothing };
        inflate_exactly(compressed, length, wrapping)
            .map(Cow::Owned)
            .map_err(|(expected, found)| malformed(expected, found))
    }
}

fn malformed(expected: &'static str, found: String) -> DecodeError {
    DecodeError::Malformed { kind: EventKind::WRITE_ROWS, offset: 0, expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(Compressed(&[]).bytes().unwrap(), b"".as_slice());
        assert_eq!(Compressed(&[0, b'x']).bytes().unwrap(), b"x".as_slice());
        for wrong in [&[0x90, 1, 1][..], &[0x82, 1], &[0x84, 255, 255, 255, 255, 1], &[0x81, 9, 1, 2, 3], &[0x89, 1]] {
            assert!(Compressed(wrong).bytes().is_err(), "{wrong:02x?}");
        }
    }
}
