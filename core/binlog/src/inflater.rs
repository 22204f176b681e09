//! A compressed transaction as it comes over the wire: piece by piece in, one inner event at a time out.

use zstd::stream::raw::{Decoder as Zstd, InBuffer, Operation, OutBuffer};

use crate::{
    cursor::Cursor,
    error::DecodeError,
    event_header::{EventHeader, EventKind, HEADER_LENGTH},
    payload::{PayloadCompression, PayloadFields, malformed},
};

/// Bytes inflated at a time. What is in memory is the largest inner event, this much, and zstd's window.
const STEP: usize = 64 << 10;

/// Longest that the fields before the payload may be: the servers write three of them.
const FIELDS_MAX: usize = 256;

/// Unpacks the body of one TRANSACTION_PAYLOAD event (what follows its header, without the checksum) without ever
/// holding the event or the transaction. Give each inner event to [`crate::Decoder::decode_inner`].
pub struct PayloadInflater {
    /// Most bytes of an inner event.
    event_bytes: u64,
    /// The fields, until they are complete.
    head: Vec<u8>,
    payload: Option<Payload>,
    inflated: Vec<u8>,
    /// Of `inflated`, what was answered already.
    taken: usize,
    total: u64,
}

struct Payload {
    fields: PayloadFields,
    /// Bytes of the payload still to come.
    left: u64,
    /// `None`: not compressed.
    zstd: Option<Zstd<'static>>,
    /// zstd stands between two frames.
    is_between: bool,
}

impl std::fmt::Debug for PayloadInflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PayloadInflater({} bytes inflated)", self.total)
    }
}

impl PayloadInflater {
    /// `event_bytes`: largest inner event that is accepted.
    pub fn new(event_bytes: u64) -> Self {
        PayloadInflater { event_bytes, head: Vec::new(), payload: None, inflated: Vec::new(), taken: 0, total: 0 }
    }

    /// The next inner event. Takes from the front of `input` what it needs for it; `None` when all of `input` is taken
    /// and more is needed. After an error there is nothing more to be had.
    pub fn next_event(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, DecodeError> {
        while self.payload.is_none() {
            let Some((first, rest)) = input.split_first() else { return Ok(None) };
            self.head.push(*first);
            *input = rest;
            self.parse_fields()?;
        }
        loop {
            if let Some(size) = self.complete()? {
                let begin = self.taken;
                self.taken += size;
                return Ok(self.inflated.get(begin..self.taken));
            }
            self.inflated.drain(..self.taken);
            self.taken = 0;
            let before = self.inflated.len();
            self.inflate(input)?;
            if self.inflated.len() == before && input.is_empty() {
                return Ok(None);
            }
        }
    }

    /// After the last byte of the body: whether everything that was announced has come, and nothing else.
    pub fn finish(&self) -> Result<(), DecodeError> {
        let Some(payload) = &self.payload else {
            return Err(malformed(0, "a whole payload", "its first fields only".to_owned()));
        };
        if payload.left > 0 || !payload.is_between {
            return Err(malformed(self.total, "a whole payload", "its beginning only".to_owned()));
        }
        if self.taken < self.inflated.len() {
            let rest = self.inflated.len() - self.taken;
            return Err(malformed(self.total, "a whole inner event", format!("{rest} bytes")));
        }
        match payload.fields.uncompressed_size {
            Some(size) if size != self.total => {
                Err(malformed(self.total, "as many bytes as announced", format!("{size} are announced")))
            }
            _ => Ok(()),
        }
    }

    /// Waits for more where the fields are not complete.
    fn parse_fields(&mut self) -> Result<(), DecodeError> {
        let mut cursor = Cursor::new(&self.head, HEADER_LENGTH, EventKind::TRANSACTION_PAYLOAD);
        let fields = match PayloadFields::parse(&mut cursor) {
            Ok(fields) => fields,
            Err(DecodeError::Truncated { .. }) if self.head.len() < FIELDS_MAX => return Ok(()),
            Err(error) => return Err(error),
        };
        let zstd = match fields.compression {
            PayloadCompression::None => None,
            PayloadCompression::Zstd => {
                Some(Zstd::new().map_err(|error| malformed(0, "zstd data", error.to_string()))?)
            }
        };
        self.payload = Some(Payload { fields, left: fields.size, zstd, is_between: true });
        Ok(())
    }

    /// The size of the inner event that is complete.
    fn complete(&self) -> Result<Option<usize>, DecodeError> {
        let rest = self.inflated.get(self.taken..).unwrap_or_default();
        if rest.len() < HEADER_LENGTH {
            return Ok(None);
        }
        let size = EventHeader::parse(rest)?.event_size;
        if (size as usize) < HEADER_LENGTH {
            return Err(malformed(self.total, "inner event of at least 19 bytes", size.to_string()));
        }
        if u64::from(size) > self.event_bytes {
            return Err(DecodeError::TooLarge {
                kind: EventKind::TRANSACTION_PAYLOAD,
                what: "size of an inner event",
                size: size.into(),
                limit: self.event_bytes,
            });
        }
        Ok((size as usize <= rest.len()).then_some(size as usize))
    }

    /// Appends up to a step's bytes.
    fn inflate(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        let Some(payload) = &mut self.payload else { return Ok(()) };
        let there = input.len().min(usize::try_from(payload.left).unwrap_or(usize::MAX));
        let (usable, beyond) = input.split_at(there);
        if usable.is_empty() && !beyond.is_empty() {
            return Err(malformed(self.total, "nothing behind the payload", format!("{} bytes", beyond.len())));
        }
        let before = self.inflated.len();
        let used = match &mut payload.zstd {
            None => {
                let used = usable.len().min(STEP);
                self.inflated.extend_from_slice(usable.get(..used).unwrap_or_default());
                used
            }
            Some(zstd) => {
                self.inflated.reserve(STEP);
                let mut from = InBuffer::around(usable);
                let mut into = OutBuffer::around_pos(&mut self.inflated, before);
                let hint = zstd
                    .run(&mut from, &mut into)
                    .map_err(|error| malformed(self.total, "zstd data", error.to_string()))?;
                // With nothing in and nothing out it asks for the next frame.
                if from.pos() > 0 || into.pos() > before {
                    payload.is_between = hint == 0;
                }
                from.pos()
            }
        };
        payload.left -= used as u64;
        *input = input.get(used..).unwrap_or_default();
        self.total += (self.inflated.len() - before) as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(kind: u8, body: &[u8]) -> Vec<u8> {
        let size = (HEADER_LENGTH + body.len()) as u32;
        let mut event = vec![0; HEADER_LENGTH];
        event[4] = kind;
        event[9..13].copy_from_slice(&size.to_le_bytes());
        event.extend_from_slice(body);
        event
    }

    fn lenenc(n: u64) -> Vec<u8> {
        let mut bytes = vec![0xfe];
        bytes.extend_from_slice(&n.to_le_bytes());
        bytes
    }

    /// A body with these inner events, compressed or not.
    fn body(events: &[Vec<u8>], compression: u64) -> Vec<u8> {
        let plain = events.concat();
        let payload = if compression == 0 { zstd::encode_all(&*plain, 3).unwrap() } else { plain.clone() };
        let mut body = Vec::new();
        for (field, value) in [(1, payload.len() as u64), (2, compression), (3, plain.len() as u64)] {
            body.extend([field, 9]);
            body.extend(lenenc(value));
        }
        body.push(0);
        body.extend(payload);
        body
    }

    /// Fed in pieces of this size.
    fn unpack(body: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, DecodeError> {
        let mut inflater = PayloadInflater::new(1 << 20);
        let mut events = Vec::new();
        for mut input in body.chunks(piece) {
            while let Some(event) = inflater.next_event(&mut input)? {
                events.push(event.to_vec());
            }
            assert!(input.is_empty());
        }
        inflater.finish().map(|()| events)
    }

    #[test]
    fn pieces_of_any_size_give_the_same_events() {
        let events = vec![inner(2, b"BEGIN"), inner(30, &vec![7; 300_000]), inner(30, &[1, 2, 3]), inner(16, &[0; 8])];
        for compression in [0, 255] {
            let body = body(&events, compression);
            for piece in [1, 2, 3, 7, 64, 1000, 65_536, 1 << 20] {
                assert_eq!(unpack(&body, piece).unwrap(), events, "{compression}, {piece}");
            }
        }
    }

    #[test]
    fn whatever_inflates_only_a_step_of_it_is_in_memory() {
        let events: Vec<_> = (0..2000).map(|_| inner(30, &vec![7; 8000])).collect();
        let body = body(&events, 0);
        assert!(body.len() < 20_000);
        let mut inflater = PayloadInflater::new(1 << 20);
        let mut input = &*body;
        let mut count = 0;
        while let Some(event) = inflater.next_event(&mut input).unwrap() {
            assert_eq!(event, events[count]);
            count += 1;
            assert!(inflater.inflated.capacity() < 4 * STEP, "{}", inflater.inflated.capacity());
        }
        assert_eq!(count, 2000);
        inflater.finish().unwrap();
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let whole = body(&[inner(2, b"BEGIN"), inner(30, &vec![7; 3000]), inner(16, &[0; 8])], 0);
        for cut in 0..whole.len() {
            assert!(unpack(&whole[..cut], 5).is_err(), "cut at {cut}");
        }
        assert!(unpack(&[&whole[..], b"x"].concat(), 9).is_err());
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            // What the checksum of the event is there for may pass here; it only has to end.
            unpack(&damaged, 11).ok();
        }
        let small = [inner(2, &vec![0; 2 << 20])];
        assert!(matches!(unpack(&body(&small, 255), 4096), Err(DecodeError::TooLarge { .. })));
    }
}
