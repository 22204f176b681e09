//! The bytes of a log file, as they come in pieces of any size, cut into raw events.

use crate::{
    error::DecodeError,
    event_header::{EventHeader, EventKind, HEADER_LENGTH},
};

/// What every log file begins with.
pub const FILE_MAGIC: [u8; 4] = *b"\xfebin";

/// What an encrypted log file of MySQL begins with instead.
const ENCRYPTED_MAGIC: [u8; 4] = *b"\xfdbin";

/// Holds what has come of an event that is not whole yet, and of those behind it that were not taken.
#[derive(Debug)]
pub struct FileSplitter {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were handed out already.
    taken: usize,
    /// Offset in the file of the next event.
    offset: u64,
    event_bytes_max: u32,
    is_begun: bool,
}

impl FileSplitter {
    /// For a file from its first byte on. An event above `event_bytes_max` is refused before it is held.
    pub fn new(event_bytes_max: u32) -> Self {
        FileSplitter { buffer: Vec::new(), taken: 0, offset: 0, event_bytes_max, is_begun: false }
    }

    /// Adds what was read. Between two calls every whole event should be taken, or they pile up.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event and its offset in the file; `None` until more was pushed. After an error there is nothing
    /// more to be had.
    ///
    /// Errors: it is no log file, or an encrypted one; an event that is too large or has an impossible size.
    pub fn next_event(&mut self) -> Result<Option<(u64, &[u8])>, DecodeError> {
        if !self.is_begun {
            let Some(magic) = self.buffer.first_chunk::<4>() else { return Ok(None) };
            check_magic(*magic)?;
            (self.is_begun, self.taken, self.offset) = (true, FILE_MAGIC.len(), FILE_MAGIC.len() as u64);
        }
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        if rest.len() < HEADER_LENGTH {
            return Ok(None);
        }
        let header = EventHeader::parse(rest)?;
        let (size, kind) = (header.event_size, header.kind);
        if (size as usize) < HEADER_LENGTH {
            let (expected, found) = ("event of at least 19 bytes", format!("{size} at offset {}", self.offset));
            return Err(DecodeError::Malformed { kind, offset: 9, expected, found });
        }
        if size > self.event_bytes_max {
            let (size, limit) = (size.into(), self.event_bytes_max.into());
            return Err(DecodeError::TooLarge { kind, what: "size of an event", size, limit });
        }
        let Some(event) = rest.get(..size as usize) else { return Ok(None) };
        let offset = self.offset;
        self.taken += size as usize;
        self.offset += u64::from(size);
        Ok(Some((offset, event)))
    }

    /// Offset in the file behind the last event that was handed out.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that are there of an event that is not whole: not zero at the end of a file that was cut short.
    pub fn unfinished(&self) -> usize {
        self.buffer.len().saturating_sub(self.taken)
    }
}

fn check_magic(magic: [u8; 4]) -> Result<(), DecodeError> {
    let kind = EventKind::FORMAT_DESCRIPTION;
    match magic {
        FILE_MAGIC => Ok(()),
        ENCRYPTED_MAGIC => {
            Err(DecodeError::Unsupported { kind, what: "an encrypted log file (MySQL's binlog_encryption)".into() })
        }
        other => {
            let (expected, found) = ("fe 62 69 6e at the start of a log file", format!("{other:02x?}"));
            Err(DecodeError::Malformed { kind, offset: 0, expected, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_log_is_refused_and_what_is_too_large_is_not_held() {
        for (bytes, problem) in [
            (&b"\xfdbin"[..], "encrypted"),
            (b"#!/bin/sh", "start of a log file"),
            (b"\xfebin\0\0\0\0\x02\0\0\0\0\x12\0\0\0\0\0\0\0\0\0", "at least 19"),
            (b"\xfebin\0\0\0\0\x02\0\0\0\0\x12\0\0\x7f\0\0\0\0\0\0", "limit"),
        ] {
            let mut splitter = FileSplitter::new(1 << 20);
            splitter.push(bytes);
            let error = splitter.next_event().unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let mut splitter = FileSplitter::new(1 << 20);
        splitter.push(b"\xfebi");
        assert_eq!(splitter.next_event().unwrap(), None);
        assert_eq!(splitter.unfinished(), 3);
    }
}
