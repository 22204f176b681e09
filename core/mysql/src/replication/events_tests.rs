use super::*;
use replicator_binlog::HEADER_LENGTH;

const LIMIT: u64 = 18 << 20;

/// An event with this body, and a checksum where there is to be one.
fn event(kind: EventKind, body: &[u8], has_sum: bool) -> Vec<u8> {
    let size = HEADER_LENGTH + body.len() + if has_sum { 4 } else { 0 };
    let mut bytes = vec![0; HEADER_LENGTH];
    bytes[4] = kind.0;
    bytes[9..13].copy_from_slice(&(size as u32).to_le_bytes());
    bytes.extend_from_slice(body);
    if has_sum {
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// As a source with checksums begins.
fn format() -> Vec<u8> {
    let mut body = 4_u16.to_le_bytes().to_vec();
    let mut version = [0; 50];
    version[..5].copy_from_slice(b"9.7.4");
    body.extend(version);
    body.extend([0; 4]);
    body.push(19);
    body.extend([0; 42]);
    body.push(1);
    event(EventKind::FORMAT_DESCRIPTION, &body, true)
}

fn lenenc(n: u64) -> Vec<u8> {
    [&[0xfe][..], &n.to_le_bytes()].concat()
}

fn payload(inner: &[Vec<u8>]) -> Vec<u8> {
    let plain = inner.concat();
    let mut body = Vec::new();
    for (field, value) in [(1, plain.len() as u64), (2, 255), (3, plain.len() as u64)] {
        body.extend([field, 9]);
        body.extend(lenenc(value));
    }
    body.push(0);
    body.extend(plain);
    event(EventKind::TRANSACTION_PAYLOAD, &body, true)
}

/// As a source sends them.
fn sent(events: &[Vec<u8>]) -> Vec<u8> {
    let mut packets = Packets::default();
    events.iter().flat_map(|event| packets.encode(&[&[0], &event[..]].concat(), false)).collect()
}

/// What comes of a stream that is received in pieces of this size.
fn received(stream: &[u8], piece: usize) -> (Vec<(Vec<u8>, EventPart)>, Option<Failure>) {
    let mut events = Events::new(Packets::default(), LIMIT);
    let mut seen = Vec::new();
    for piece in stream.chunks(piece) {
        events.room().extend_from_slice(piece);
        loop {
            match events.next() {
                Ok(Some(event)) => seen.push((event.bytes.to_vec(), event.part)),
                Ok(None) => break,
                Err(failure) => return (seen, Some(failure)),
            }
        }
    }
    (seen, None)
}

fn inner_events() -> Vec<Vec<u8>> {
    vec![
        event(EventKind::QUERY, b"BEGIN", false),
        event(EventKind::WRITE_ROWS, &[7; 3000], false),
        event(EventKind::XID, &[0; 8], false),
    ]
}

#[test]
fn a_stream_split_at_any_byte_gives_the_same_events() {
    let xid = event(EventKind::XID, &[1; 8], true);
    let (format, payload) = (format(), payload(&inner_events()));
    let stream = sent(&[format.clone(), payload.clone(), xid.clone()]);
    let mut expected = vec![(format, EventPart::Whole), (payload[..HEADER_LENGTH].to_vec(), EventPart::Compressed)];
    expected.extend(inner_events().into_iter().map(|event| (event, EventPart::Inner)));
    expected.push((xid, EventPart::Whole));
    for piece in [1, 2, 3, 5, 19, 20, 100, 1000, stream.len()] {
        let (seen, failure) = received(&stream, piece);
        assert_eq!(failure, None, "{piece}");
        assert!(seen == expected, "{piece}");
    }
}

#[test]
fn events_of_16_mib_and_more() {
    for length in [(1 << 24) - 21, (1 << 24) - 20] {
        let large = event(EventKind::WRITE_ROWS, &vec![5; length], false);
        let stream = sent(&[large.clone(), large.clone()]);
        assert!(received(&stream, 1 << 20).0 == [(large.clone(), EventPart::Whole), (large, EventPart::Whole)]);
    }
    let large = event(EventKind::WRITE_ROWS, &vec![5; 17 << 20], false);
    let inner = vec![large.clone(), event(EventKind::XID, &[0; 8], false)];
    let (seen, failure) = received(&sent(&[format(), payload(&inner), large.clone()]), 1 << 20);
    assert_eq!(failure, None);
    let parts: Vec<_> = seen.iter().filter(|(bytes, _)| *bytes == large).map(|(_, part)| *part).collect();
    assert_eq!(parts, [EventPart::Inner, EventPart::Whole]);
    let (seen, failure) = received(&sent(&[event(EventKind::WRITE_ROWS, &vec![5; 19 << 20], false)]), 1 << 20);
    assert_eq!((seen.len(), failure.unwrap().code.as_str()), (0, "event_too_large"));
}

#[test]
fn no_end_is_seen_of_a_compressed_transaction_that_is_damaged() {
    let mut damaged = payload(&inner_events());
    let middle = damaged.len() - 1000;
    damaged[middle] ^= 1;
    let (seen, failure) = received(&sent(&[format(), damaged]), 64);
    let failure = failure.unwrap();
    assert!(!failure.is_transient() && failure.code == "event_malformed", "{failure}");
    let kinds: Vec<u8> = seen.iter().map(|(bytes, _)| bytes[4]).collect();
    assert!(!kinds.contains(&EventKind::XID.0), "{kinds:?}");
}

#[test]
fn refusals_and_ends() {
    let mut packets = Packets::default();
    let refused =
        packets.encode(b"\xff\xd4\x04#HY000Could not find first log file name in binary log index file", false);
    assert_eq!(received(&refused, 7).1.unwrap().code, "binlog_file_missing");
    let ended = Packets::default().encode(&[0xfe, 0, 0, 2, 0], false);
    assert_eq!(received(&ended, 9).1.unwrap().code, "connection_lost");
    for message in [&[][..], &[7], &[0], &[0; 12], &[0; 40], &[0xfe; 30]] {
        let stream = Packets::default().encode(message, false);
        assert_eq!(received(&stream, 50).1.unwrap().code, "packet_malformed", "{message:?}");
    }
    // Sizes that the header and the packet do not agree about.
    let whole = event(EventKind::XID, &[1; 8], false);
    for message in [&whole[..whole.len() - 1], &[&whole[..], &[9]].concat()] {
        assert_eq!(received(&sent(&[message.to_vec()]), 50).1.unwrap().code, "packet_malformed");
    }
}
