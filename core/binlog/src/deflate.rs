//! Deflated bytes, as in MariaDB's compressed events (`log_bin_compress`): a small header, then zlib.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};

use crate::{cursor::Cursor, error::DecodeError};

/// Most bytes an event may have after inflation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u64);

/// Inflates everything left in `cursor`. The header byte is 1 LLL 0NNN in bits: the algorithm L (0: zlib) and the count
/// N of big-endian bytes of uncompressed length that follow. Format: `binlog_buf_compress` in MariaDB's `log_event.cc`.
pub(crate) fn inflate(cursor: &mut Cursor<'_>, limit: Limit) -> Result<Vec<u8>, DecodeError> {
    let head = cursor.u8("compression header")?;
    let length_bytes = usize::from(head & 0x07);
    if head & 0xe0 != 0x80 || !(1..=4).contains(&length_bytes) {
        return Err(cursor.malformed("compression header", format!("{head:#04x}")));
    }
    let algorithm = (head & 0x70) >> 4;
    if algorithm != 0 {
        return Err(cursor.unsupported(format!("compression algorithm {algorithm}")));
    }
    let length = cursor.uint_be(length_bytes, "uncompressed length")?;
    if length > limit.0 {
        return Err(cursor.too_large("uncompressed length", length, limit.0));
    }
    let compressed = cursor.take_rest();
    inflate_exactly(compressed, length, Wrapping::Zlib).map_err(|(expected, found)| cursor.malformed(expected, found))
}

/// What stands around deflated bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    Zlib,
    Nothing,
}

/// Inflates to just as many bytes as were announced. The error says what was expected and what was found.
pub(crate) fn inflate_exactly(
    compressed: &[u8],
    length: u64,
    wrapping: Wrapping,
) -> Result<Vec<u8>, (&'static str, String)> {
    // Deflate expands at most 1032 times: a lying length reserves no more than the bytes could give.
    let most = compressed.len().saturating_mul(1032);
    let mut output = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).min(most));
    let limit = length.saturating_add(1);
    let read = match wrapping {
        Wrapping::Zlib => ZlibDecoder::new(compressed).take(limit).read_to_end(&mut output),
        Wrapping::Nothing => DeflateDecoder::new(compressed).take(limit).read_to_end(&mut output),
    };
    match read {
        Ok(read) if read as u64 == length => Ok(output),
        Ok(read) => Err(("the announced uncompressed length", format!("{read} instead of {length}"))),
        Err(error) => Err(("deflated data", error.to_string())),
    }
}
