//! Packets to events, without I/O.
//!
//! An event is handed on whole; only a compressed transaction is not: it is unpacked while it comes, and its events are
//! handed on one by one. Whatever it inflates to, one of them is in memory at a time.

use super::packet::{Packets, malformed};
use super::{EventPart, RawEvent, handshake};
use crate::stream_error::stream_failure;
use bytes::Bytes;
use crc32fast::Hasher;
use mysql_async::Error;
use replicator_binlog::{ChecksumAlg, DecodeError, Decoder, EventHeader, EventKind, HEADER_LENGTH, PayloadInflater};
use replicator_model::failure::Failure;

/// Before an event stands a byte that says that it is one.
const STATUS: usize = 1;

/// What was received of a source's log and not taken yet.
#[derive(Debug)]
pub(super) struct Events {
    packets: Packets,
    event_bytes_max: u64,
    /// How events end, as the last file said.
    checksum: ChecksumAlg,
    compressed: Option<Compressed>,
    /// Header of the event that has begun to come.
    begun: Option<EventHeader>,
}

/// A compressed transaction on its way.
#[derive(Debug)]
struct Compressed {
    inflater: PayloadInflater,
    /// Bytes of its body that have not come yet.
    left: u64,
    /// What came and was not unpacked yet.
    input: Bytes,
    sum: Hasher,
    /// The checksum, as far as it has come.
    stored: Vec<u8>,
    stored_length: usize,
    /// The last inner event. It is kept back until something follows it or the transaction has proved to be whole: no
    /// commit is seen of a transaction that is not.
    kept: Option<Bytes>,
}

impl Events {
    pub(super) fn new(packets: Packets, event_bytes_max: u64) -> Self {
        Self { packets, event_bytes_max, checksum: ChecksumAlg::Unknown, compressed: None, begun: None }
    }

    /// Where to read to.
    pub(super) fn room(&mut self) -> &mut bytes::BytesMut {
        self.packets.room(self.compressed.is_none())
    }

    /// The next event. `None`: more has to be read for it.
    pub(super) fn next(&mut self) -> Result<Option<RawEvent>, Failure> {
        if self.compressed.is_some() {
            if let Some(event) = self.next_inner()? {
                return Ok(Some(event));
            }
            if self.compressed.is_some() {
                return Ok(None);
            }
        }
        let header = match self.begun {
            Some(begun) => begun,
            None => match self.packets.peek(STATUS + HEADER_LENGTH)? {
                Some(start) if start.first() == Some(&0xff) => return self.refused(),
                Some(start) => header(start)?,
                None => return Ok(None),
            },
        };
        self.begun = Some(header);
        if header.kind == EventKind::TRANSACTION_PAYLOAD {
            return self.begin_compressed(&header);
        }
        self.whole(&header)
    }

    fn whole(&mut self, header: &EventHeader) -> Result<Option<RawEvent>, Failure> {
        let size = u64::from(header.event_size);
        if size > self.event_bytes_max {
            return Err(too_large(header.kind, size, self.event_bytes_max));
        }
        let whole = STATUS + header.event_size as usize;
        let Some(message) = self.packets.message(whole)? else { return Ok(None) };
        if message.len() != whole {
            return Err(malformed(format!("{} bytes of a {} event of {size}", message.len() - STATUS, header.kind)));
        }
        self.begun = None;
        let bytes = message.slice(STATUS..);
        if header.kind == EventKind::FORMAT_DESCRIPTION {
            let mut decoder = Decoder::new();
            decoder.decode(&bytes).map_err(|error| damaged(&error))?;
            self.checksum = decoder.format().checksum;
        }
        Ok(Some(RawEvent { bytes, part: EventPart::Whole }))
    }

    fn refused(&mut self) -> Result<Option<RawEvent>, Failure> {
        match self.packets.message(handshake::MESSAGE_MAX)? {
            Some(message) => Err(stream_failure(&Error::Server(handshake::error(&message)))),
            None => Ok(None),
        }
    }

    /// Hands on the header alone.
    fn begin_compressed(&mut self, header: &EventHeader) -> Result<Option<RawEvent>, Failure> {
        let Some(start) = self.packets.piece(STATUS + HEADER_LENGTH)? else { return Ok(None) };
        self.begun = None;
        let bytes = start.slice(STATUS.min(start.len())..);
        let stored_length = self.checksum.length();
        let body = (header.event_size as usize).checked_sub(HEADER_LENGTH + stored_length);
        let Some(body) = body else { return Err(malformed("a compressed transaction without a body")) };
        let mut sum = Hasher::new();
        sum.update(&bytes);
        self.compressed = Some(Compressed {
            inflater: PayloadInflater::new(self.event_bytes_max),
            left: body as u64,
            input: Bytes::new(),
            sum,
            stored: Vec::with_capacity(stored_length),
            stored_length,
            kept: None,
        });
        Ok(Some(RawEvent { bytes, part: EventPart::Compressed }))
    }

    /// `None`: more has to be read, unless the transaction is over.
    fn next_inner(&mut self) -> Result<Option<RawEvent>, Failure> {
        while let Some(compressed) = &mut self.compressed {
            if let Some(event) = compressed.unpack()? {
                return Ok(Some(inner(event)));
            }
            if compressed.left > 0 {
                let Some(piece) = self.packets.piece(usize::try_from(compressed.left).unwrap_or(usize::MAX))? else {
                    return Ok(None);
                };
                compressed.take(piece);
            } else if compressed.stored.len() < compressed.stored_length {
                let missing = compressed.stored_length - compressed.stored.len();
                let Some(piece) = self.packets.piece(missing)? else { return Ok(None) };
                compressed.stored.extend_from_slice(&piece);
            } else if self.packets.ended()? {
                let last = compressed.finish()?;
                self.compressed = None;
                return Ok(last.map(inner));
            } else {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

impl Compressed {
    fn take(&mut self, piece: Bytes) {
        self.left = self.left.saturating_sub(piece.len() as u64);
        self.sum.update(&piece);
        self.input = piece;
    }

    /// The inner event that is known not to be the last.
    fn unpack(&mut self) -> Result<Option<Bytes>, Failure> {
        let mut rest = &*self.input;
        loop {
            let event = self.inflater.next_event(&mut rest).map_err(|error| damaged(&error))?;
            let Some(event) = event else { break };
            if let Some(kept) = self.kept.replace(Bytes::copy_from_slice(event)) {
                let used = self.input.len() - rest.len();
                self.input = self.input.slice(used..);
                return Ok(Some(kept));
            }
        }
        self.input = Bytes::new();
        Ok(None)
    }

    /// Everything has come: the last inner event, if it is all right.
    fn finish(&mut self) -> Result<Option<Bytes>, Failure> {
        self.inflater.finish().map_err(|error| damaged(&error))?;
        if let Ok(stored) = <[u8; 4]>::try_from(self.stored.as_slice()) {
            let (stored, computed) = (u32::from_le_bytes(stored), self.sum.clone().finalize());
            if stored != computed {
                return Err(damaged(&DecodeError::Checksum { kind: EventKind::TRANSACTION_PAYLOAD, stored, computed }));
            }
        }
        Ok(self.kept.take())
    }
}

/// The header of an event, of the bytes that a message begins with.
fn header(start: &[u8]) -> Result<EventHeader, Failure> {
    match start.split_first() {
        Some((0, rest)) => match EventHeader::parse(rest) {
            Ok(header) if header.event_size as usize >= HEADER_LENGTH => Ok(header),
            _ => Err(malformed("an event without a whole header")),
        },
        Some((0xfe, rest)) if rest.len() < HEADER_LENGTH => Err(ended()),
        _ => Err(malformed("an unknown message between events")),
    }
}

fn inner(bytes: Bytes) -> RawEvent {
    RawEvent { bytes, part: EventPart::Inner }
}

fn damaged(error: &DecodeError) -> Failure {
    match error {
        DecodeError::TooLarge { kind, size, limit, .. } => too_large(*kind, *size, *limit),
        _ => Failure::definite("event_malformed", error.to_string(), "check the source's binary log with mysqlbinlog"),
    }
}

fn too_large(kind: EventKind, size: u64, limit: u64) -> Failure {
    Failure::definite(
        "event_too_large",
        format!("a {kind} event of {size} bytes is larger than the limit of {limit}"),
        "raise `pipe.event_bytes_max`; the memory for one such event is needed besides the queue",
    )
}

fn ended() -> Failure {
    Failure::transient(
        "connection_lost",
        "the source ended the binlog connection",
        "it may have been shut down; it is tried again",
    )
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
