//! Messages as the protocol cuts them into packets: three bytes of length, one of a running number, the body. A message
//! of 16 MiB or more goes on in the next packet.

use bytes::{Buf, Bytes, BytesMut};
use replicator_model::failure::Failure;

const HEADER: usize = 4;

/// Body of a packet that is not the last of its message.
const FULL: usize = 0xff_ffff;

/// Read from the connection at a time: many small events, and not more than a kept slice of them may hold in memory.
const READ_BYTES: usize = 64 << 10;

/// With less room than this a read is not worth its call.
const READ_BYTES_MIN: usize = 4 << 10;

/// What was read from the connection and not taken yet. Bodies are handed out as slices of what was read.
#[derive(Debug, Default)]
pub(super) struct Packets {
    buffer: BytesMut,
    /// Number of the next packet.
    number: u8,
    body: Option<Body>,
    /// Of a message that comes in several packets.
    joined: BytesMut,
}

/// The packet whose header was taken.
#[derive(Debug, Clone, Copy)]
struct Body {
    /// Bytes of it that were not taken yet.
    left: usize,
    goes_on: bool,
}

/// The other side does not speak the protocol, or something between the two has torn it.
pub(super) fn malformed(found: impl std::fmt::Display) -> Failure {
    Failure::transient(
        "packet_malformed",
        format!("the source sent what is not a whole packet of the protocol: {found}"),
        "check the network and what stands between (a proxy?); it is tried again on a new connection",
    )
}

impl Packets {
    /// Where to read to. `whole`: the packet that has begun will be taken as a whole.
    pub(super) fn room(&mut self, whole: bool) -> &mut BytesMut {
        let missing = match self.body {
            Some(body) if whole => body.left.saturating_sub(self.buffer.len()),
            _ => 0,
        };
        if self.buffer.capacity() - self.buffer.len() < missing.max(READ_BYTES_MIN) {
            self.buffer.reserve(missing.max(READ_BYTES));
        }
        &mut self.buffer
    }

    /// A message that is sent, in packets. The answer's are numbered after it.
    pub(super) fn encode(&mut self, message: &[u8], is_command: bool) -> Vec<u8> {
        if is_command {
            self.number = 0;
        }
        let mut packets = Vec::with_capacity(message.len() + HEADER);
        let mut rest = message;
        loop {
            let (part, further) = rest.split_at(rest.len().min(FULL));
            packets.extend_from_slice(part.len().to_le_bytes().get(..3).unwrap_or_default());
            packets.push(self.number);
            self.number = self.number.wrapping_add(1);
            packets.extend_from_slice(part);
            rest = further;
            if part.len() < FULL {
                return packets;
            }
        }
    }

    /// Takes the next packet's header, unless that was done. False: it has not come yet.
    fn begin(&mut self) -> Result<bool, Failure> {
        if self.body.is_some() {
            return Ok(true);
        }
        let Some(&[a, b, c, number]) = self.buffer.first_chunk::<HEADER>() else { return Ok(false) };
        if number != self.number {
            return Err(malformed(format!("packet {number} where {} is to come", self.number)));
        }
        self.number = number.wrapping_add(1);
        self.buffer.advance(HEADER);
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        self.body = Some(Body { left: length, goes_on: length == FULL });
        Ok(true)
    }

    /// The first bytes of the next message, `most` of them or as many as it has. Nothing is taken. `None`: they have not
    /// come yet.
    pub(super) fn peek(&mut self, most: usize) -> Result<Option<&[u8]>, Failure> {
        if !self.begin()? {
            return Ok(None);
        }
        let length = self.body.map_or(0, |body| body.left).min(most);
        Ok(self.buffer.get(..length))
    }

    /// The next whole message. `None`: not all of it has come yet. `limit`: most bytes it may have.
    pub(super) fn message(&mut self, limit: usize) -> Result<Option<Bytes>, Failure> {
        while self.begin()? {
            let Some(Body { left, goes_on }) = self.body else { break };
            if self.joined.len().saturating_add(left) > limit {
                return Err(malformed(format!("a message of more than {limit} bytes")));
            }
            if self.buffer.len() < left {
                return Ok(None);
            }
            let part = self.buffer.split_to(left);
            self.body = None;
            if !goes_on && self.joined.is_empty() {
                return Ok(Some(part.freeze()));
            }
            if self.joined.is_empty() {
                self.joined.reserve(limit);
            }
            self.joined.extend_from_slice(&part);
            if !goes_on {
                return Ok(Some(std::mem::take(&mut self.joined).freeze()));
            }
        }
        Ok(None)
    }

    /// Some of the message's next bytes, at most so many, as they come. `None`: there are none yet.
    pub(super) fn piece(&mut self, most: usize) -> Result<Option<Bytes>, Failure> {
        while self.begin()? {
            match self.body {
                Some(Body { left: 0, goes_on: true }) => self.body = None,
                Some(Body { left: 0, goes_on: false }) => return Err(malformed("an event without its end")),
                Some(Body { left, goes_on }) => {
                    let length = left.min(most).min(self.buffer.len());
                    if length == 0 {
                        return Ok(None);
                    }
                    self.body = Some(Body { left: left - length, goes_on });
                    return Ok(Some(self.buffer.split_to(length).freeze()));
                }
                None => {}
            }
        }
        Ok(None)
    }

    /// After the last piece. False: the packet that says that nothing follows has not come yet.
    pub(super) fn ended(&mut self) -> Result<bool, Failure> {
        while self.begin()? {
            match self.body.take() {
                Some(Body { left: 0, goes_on: false }) => return Ok(true),
                Some(Body { left: 0, goes_on: true }) => {}
                body => {
                    let left = body.map_or(0, |body| body.left);
                    return Err(malformed(format!("{left} bytes behind the end of an event")));
                }
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_le_bytes()[..3], &[number], body].concat()
    }

    fn received(bytes: &[u8]) -> Packets {
        let mut packets = Packets::default();
        packets.room(false).extend_from_slice(bytes);
        packets
    }

    #[test]
    fn messages_split_at_any_byte_are_the_same() {
        let stream = [packet(0, b"one"), packet(1, b""), packet(2, b"three")].concat();
        for cut in 0..=stream.len() {
            let mut packets = received(&stream[..cut]);
            let mut messages = Vec::new();
            while let Some(message) = packets.message(100).unwrap() {
                messages.push(message);
            }
            packets.room(true).extend_from_slice(&stream[cut..]);
            while let Some(message) = packets.message(100).unwrap() {
                messages.push(message);
            }
            assert_eq!(messages, [&b"one"[..], b"", b"three"], "cut at {cut}");
        }
    }

    #[test]
    fn a_message_of_16_mib_and_more_is_joined() {
        for length in [FULL - 1, FULL, 2 * FULL + 5] {
            let mut message = vec![7; length];
            message[length - 3..].copy_from_slice(b"end");
            message[FULL - 3] = 9;
            let sent = Packets::default().encode(&message, true);
            assert_eq!(sent.len(), length + HEADER * (length / FULL + 1));
            assert!(received(&sent).message(3 * FULL).unwrap().unwrap() == message, "{length}");
            let mut packets = received(&sent);
            let mut pieces = Vec::new();
            while pieces.len() < length {
                pieces.extend_from_slice(&packets.piece(1_000_003.min(length - pieces.len())).unwrap().unwrap());
            }
            assert!(packets.ended().unwrap() && pieces == message, "{length}");
            assert!(received(&sent).message(length - 1).is_err());
        }
    }

    #[test]
    fn what_is_not_the_protocol_is_an_error() {
        assert!(received(&packet(1, b"x")).message(100).is_err());
        assert!(received(&packet(0, &[0; 200])).message(100).is_err());
        let mut short = received(&packet(0, b"abc"));
        assert_eq!(short.piece(2).unwrap().unwrap(), &b"ab"[..]);
        assert!(short.ended().is_err());
        let mut over = received(&packet(0, b"abc"));
        over.piece(3).unwrap();
        assert!(over.piece(1).is_err());
    }

    #[test]
    fn packets_are_numbered_on_and_a_command_begins_anew() {
        let mut packets = received(&packet(0, b"hello"));
        packets.message(10).unwrap();
        assert_eq!(packets.encode(b"login", false)[3], 1);
        assert_eq!(packets.encode(b"quit", true)[3], 0);
    }
}
