//! Headers, checksums and the events that frame the data, from hand-built bytes.

use replicator_binlog::{
    ChecksumAlg, DecodeError, Decoder, EventBody, EventHeader, EventKind, InflateLimits, PayloadCompression,
};

fn event(kind: EventKind, log_pos: u32, body: &[u8]) -> Vec<u8> {
    let mut raw = vec![1, 0, 0, 0, kind.0, 9, 0, 0, 0];
    raw.extend((19 + body.len() as u32).to_le_bytes());
    raw.extend(log_pos.to_le_bytes());
    raw.extend([0x20, 0]);
    raw.extend(body);
    raw
}

fn with_checksum(mut raw: Vec<u8>) -> Vec<u8> {
    let size = raw.len() as u32 + 4;
    raw[9..13].copy_from_slice(&size.to_le_bytes());
    let checksum = crc32fast::hash(&raw);
    raw.extend(checksum.to_le_bytes());
    raw
}

fn plain() -> Decoder {
    Decoder::with_checksum(ChecksumAlg::Off)
}

#[test]
fn header_fields() {
    let raw = event(EventKind::STOP, 77, &[]);
    let event = plain().decode(&raw).unwrap();
    let expected = EventHeader {
        timestamp: 1,
        kind: EventKind::STOP,
        server_id: 9,
        event_size: 19,
        log_pos: 77,
        flags: EventHeader::ARTIFICIAL,
    };
    assert_eq!((event.header, event.body), (expected, EventBody::Stop));
    assert!(event.header.is_artificial());
}

/// MariaDB sends the made-up ROTATE before any FORMAT_DESCRIPTION, and with a checksum: it is no part of the name.
#[test]
fn the_first_rotate_is_read_with_and_without_checksum() {
    let mut body = 4u64.to_le_bytes().to_vec();
    body.extend(b"mbin.000002");
    let raw = event(EventKind::ROTATE, 0, &body);
    let expected = EventBody::Rotate { position: 4, file: b"mbin.000002" };
    assert_eq!(Decoder::new().decode(&raw).unwrap().body, expected);
    assert_eq!(Decoder::new().decode(&with_checksum(raw)).unwrap().body, expected);
}

#[test]
fn heartbeats_of_both_versions() {
    let raw = event(EventKind::HEARTBEAT, 1234, b"binlog.000007");
    let expected = EventBody::Heartbeat { file: b"binlog.000007", position: 1234 };
    assert_eq!(plain().decode(&raw).unwrap().body, expected);

    let mut body = vec![1, 13];
    body.extend(b"binlog.000007");
    body.extend([2, 9, 254]);
    body.extend(0x1_2345_6789u64.to_le_bytes());
    body.push(0);
    let expected = EventBody::Heartbeat { file: b"binlog.000007", position: 0x1_2345_6789 };
    assert_eq!(plain().decode(&event(EventKind::HEARTBEAT_V2, 0, &body)).unwrap().body, expected);
}

#[test]
fn an_incident_has_its_message() {
    let raw = event(EventKind::INCIDENT, 0, b"\x01\0\x04lost");
    assert_eq!(plain().decode(&raw).unwrap().body, EventBody::Incident { number: 1, message: b"lost" });
}

#[test]
fn sizes_must_agree() {
    let mut raw = event(EventKind::XID, 0, &7u64.to_le_bytes());
    raw.push(0);
    let error = plain().decode(&raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "XID event is malformed at byte 0: expected as many bytes as the header says, found 28 bytes"
    );
    let error = plain().decode(&raw[..26]).unwrap_err();
    assert!(matches!(error, DecodeError::Truncated { needed: 27, left: 26, .. }), "{error}");
    assert!(plain().decode(&[]).is_err());
}

#[test]
fn unknown_kinds_are_handed_over_not_skipped() {
    let raw = event(EventKind(99), 0, b"what");
    let event = plain().decode(&raw).unwrap();
    assert_eq!(event.body, EventBody::Unknown(b"what"));
    assert_eq!(event.header.kind.to_string(), "unknown(99)");
}

#[test]
fn an_uncompressed_payload() {
    let inner = event(EventKind::XID, 0, &7u64.to_le_bytes());
    let mut body = vec![2, 3, 252, 255, 0, 1, 1, inner.len() as u8, 0];
    body.extend(&inner);
    let raw = event(EventKind::TRANSACTION_PAYLOAD, 0, &body);
    let decoder = plain();
    let EventBody::TransactionPayload(payload) = decoder.clone().decode(&raw).unwrap().body else { panic!() };
    assert_eq!(payload.compression, PayloadCompression::None);
    let mut events = payload.events(InflateLimits { event_bytes: 100, total_bytes: 100 }).unwrap();
    let inner = events.next_event().unwrap().unwrap().to_vec();
    assert_eq!(decoder.decode_inner(&inner).unwrap().body, EventBody::Xid(7));
    assert!(events.next_event().is_none());
}
