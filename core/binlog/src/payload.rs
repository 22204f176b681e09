//! TRANSACTION_PAYLOAD: a whole transaction in one compressed event (`binlog_transaction_compression`).

use std::io::{ErrorKind, Read};

use crate::{
    cursor::Cursor,
    error::DecodeError,
    event_header::{EventHeader, EventKind, HEADER_LENGTH},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadCompression {
    Zstd,
    None,
}

/// The compressed transaction. Its GTID stands before it, outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionPayload<'a> {
    pub compression: PayloadCompression,
    /// As announced; not to be trusted for allocation.
    pub uncompressed_size: Option<u64>,
    pub payload: &'a [u8],
}

/// What stands before the compressed bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PayloadFields {
    pub(crate) size: u64,
    pub(crate) compression: PayloadCompression,
    pub(crate) uncompressed_size: Option<u64>,
}

impl PayloadFields {
    /// Fields are (number, length, value), each a length-encoded integer, up to number 0; the payload follows.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let (mut size, mut compression, mut uncompressed_size) = (None, None, None);
        loop {
            let field = cursor.lenenc("payload field")?;
            if field == 0 {
                break;
            }
            let length = cursor.lenenc("length of a payload field")?;
            let mut value = cursor.sub(usize::try_from(length).unwrap_or(usize::MAX), "payload field")?;
            match field {
                1 => size = Some(value.lenenc("payload size")?),
                2 => compression = Some(value.lenenc("compression type")?),
                3 => uncompressed_size = Some(value.lenenc("uncompressed size")?),
                _ => {}
            }
        }
        let Some(size) = size else {
            return Err(cursor.malformed("payload size", "none"));
        };
        let compression = match compression {
            Some(0) => PayloadCompression::Zstd,
            Some(255) => PayloadCompression::None,
            Some(other) => return Err(cursor.unsupported(format!("payload compression {other}"))),
            None => return Err(cursor.malformed("compression type", "none")),
        };
        Ok(PayloadFields { size, compression, uncompressed_size })
    }
}

/// Bounds on what a payload may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InflateLimits {
    /// Most bytes of a single inner event: what has to be in memory at once.
    pub event_bytes: u64,
    /// Most bytes of the whole transaction.
    pub total_bytes: u64,
}

impl<'a> TransactionPayload<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let PayloadFields { size, compression, uncompressed_size } = PayloadFields::parse(cursor)?;
        let payload = cursor.take(usize::try_from(size).unwrap_or(usize::MAX), "payload")?;
        Ok(TransactionPayload { compression, uncompressed_size, payload })
    }

    /// Inflates piecewise: one inner event is in memory at a time, besides zstd's window (8 MB at most as the servers
    /// compress). Give each event to [`crate::Decoder::decode_inner`].
    pub fn events(&self, limits: InflateLimits) -> Result<InnerEvents<'a>, DecodeError> {
        let source = match self.compression {
            PayloadCompression::None => Source::Plain(self.payload),
            PayloadCompression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(self.payload)
                    .map_err(|error| malformed(0, "zstd data", error.to_string()))?;
                Source::Zstd(Box::new(decoder))
            }
        };
        Ok(InnerEvents { source, limits, read: 0, buffer: Vec::new(), ended: false })
    }
}

enum Source<'a> {
    Plain(&'a [u8]),
    Zstd(Box<zstd::stream::read::Decoder<'a, &'a [u8]>>),
}

/// Raw events (header and body, no checksum, `log_pos` 0) of a transaction, one after the other.
pub struct InnerEvents<'a> {
    source: Source<'a>,
    limits: InflateLimits,
    read: u64,
    buffer: Vec<u8>,
    ended: bool,
}

impl std::fmt::Debug for InnerEvents<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InnerEvents({} bytes read)", self.read)
    }
}

impl InnerEvents<'_> {
    /// The next event, `None` behind the last. The buffer is used again by the following call. After an error there
    /// is nothing more to be had.
    pub fn next_event(&mut self) -> Option<Result<&[u8], DecodeError>> {
        if self.ended {
            return None;
        }
        match self.fill() {
            Ok(true) => Some(Ok(&self.buffer)),
            Ok(false) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }

    /// False at the clean end.
    fn fill(&mut self) -> Result<bool, DecodeError> {
        self.buffer.clear();
        if self.read_upto(HEADER_LENGTH as u64)? == 0 {
            return Ok(false);
        }
        let header = EventHeader::parse(&self.buffer)?;
        let size = u64::from(header.event_size);
        if size < HEADER_LENGTH as u64 {
            return Err(malformed(self.read, "inner event of at least 19 bytes", size.to_string()));
        }
        for (what, size, limit) in [
            ("size of an inner event", size, self.limits.event_bytes),
            ("uncompressed transaction", self.read.saturating_add(size), self.limits.total_bytes),
        ] {
            if size > limit {
                return Err(DecodeError::TooLarge { kind: EventKind::TRANSACTION_PAYLOAD, what, size, limit });
            }
        }
        let body = size - HEADER_LENGTH as u64;
        if self.read_upto(body)? != body {
            return Err(malformed(self.read, "a whole inner event", format!("{} bytes", self.buffer.len())));
        }
        self.read = self.read.saturating_add(size);
        Ok(true)
    }

    /// Appends up to `n` bytes; the buffer grows with what is really there, not with what was announced.
    fn read_upto(&mut self, n: u64) -> Result<u64, DecodeError> {
        let read = match &mut self.source {
            Source::Plain(bytes) => bytes.take(n).read_to_end(&mut self.buffer),
            Source::Zstd(decoder) => decoder.take(n).read_to_end(&mut self.buffer),
        };
        match read {
            Ok(read) => Ok(read as u64),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(malformed(self.read, "whole zstd frame", "its beginning only".to_owned()))
            }
            Err(error) => Err(malformed(self.read, "zstd data", error.to_string())),
        }
    }
}

/// `at` counts uncompressed bytes.
pub(crate) fn malformed(at: u64, expected: &'static str, found: String) -> DecodeError {
    let offset = usize::try_from(at).unwrap_or(usize::MAX);
    DecodeError::Malformed { kind: EventKind::TRANSACTION_PAYLOAD, offset, expected, found }
}
