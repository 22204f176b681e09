//! MySQL's transaction identifiers: GTID, ANONYMOUS_GTID, GTID_TAGGED and PREVIOUS_GTIDS.

use crate::{cursor::Cursor, error::DecodeError};

/// What opens a transaction on MySQL. ANONYMOUS_GTID has the same body with a zero `uuid` and `gno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MysqlGtid<'a> {
    /// Bit 0: the transaction may contain statements (it is not purely row based).
    pub flags: u8,
    /// The server the transaction was first committed on.
    pub uuid: [u8; 16],
    /// Tag of MySQL 8.3 and later, empty where there is none.
    pub tag: &'a str,
    pub gno: u64,
    /// Logical clock of the group commit, 0 where the server wrote none (5.6).
    pub last_committed: u64,
    pub sequence_number: u64,
    /// Microseconds since the epoch at which the server the log was read from committed. `None` before 8.0.
    pub immediate_commit_timestamp_us: Option<u64>,
    /// Microseconds since the epoch at which the first server committed. `None` before 8.0.
    pub original_commit_timestamp_us: Option<u64>,
    /// Bytes of the whole transaction including this event. `None` before 8.0.
    pub transaction_length: Option<u64>,
    /// Version number such as 80409 of the server the log was read from.
    pub immediate_server_version: Option<u32>,
}

const LOGICAL_CLOCK: u8 = 2;

impl<'a> MysqlGtid<'a> {
    /// Body of GTID (33) and ANONYMOUS_GTID (34).
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut gtid = MysqlGtid {
            flags: cursor.u8("GTID flags")?,
            uuid: cursor.array("GTID uuid")?,
            tag: "",
            gno: number(cursor, "GTID number", |c, what| c.u64(what))?,
            last_committed: 0,
            sequence_number: 0,
            immediate_commit_timestamp_us: None,
            original_commit_timestamp_us: None,
            transaction_length: None,
            immediate_server_version: None,
        };
        if cursor.is_empty() || cursor.u8("logical clock type")? != LOGICAL_CLOCK {
            return Ok(gtid);
        }
        gtid.last_committed = cursor.u64("last_committed")?;
        gtid.sequence_number = cursor.u64("sequence_number")?;
        if cursor.is_empty() {
            return Ok(gtid);
        }
        const ORIGINAL_FOLLOWS: u64 = 1 << 55;
        let immediate = cursor.u56("immediate commit timestamp")?;
        let original =
            if immediate & ORIGINAL_FOLLOWS != 0 { cursor.u56("original commit timestamp")? } else { immediate };
        gtid.immediate_commit_timestamp_us = Some(immediate & !ORIGINAL_FOLLOWS);
        gtid.original_commit_timestamp_us = Some(original);
        if !cursor.is_empty() {
            gtid.transaction_length = Some(cursor.lenenc("transaction length")?);
        }
        if !cursor.is_empty() {
            // The top bit says that the original server's version follows.
            gtid.immediate_server_version = Some(cursor.u32("server version")? & 0x7fff_ffff);
        }
        Ok(gtid)
    }

    /// Body of GTID_TAGGED (42), written in the format of the server's `mysql::serialization` library: version, size,
    /// last field that must be understood, then fields with ascending numbers, each integer of variable length.
    pub(crate) fn parse_tagged(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        const LAST_KNOWN_FIELD: u64 = 11;
        let _version = varlen_unsigned(cursor, "serialization version")?;
        let _size = varlen_unsigned(cursor, "serialized size")?;
        let last_required = varlen_unsigned(cursor, "last required field")?;
        if last_required > LAST_KNOWN_FIELD {
            return Err(cursor.unsupported(format!("required field {last_required}")));
        }
        let mut gtid = MysqlGtid {
            flags: 0,
            uuid: [0; 16],
            tag: "",
            gno: 0,
            last_committed: 0,
            sequence_number: 0,
            immediate_commit_timestamp_us: None,
            original_commit_timestamp_us: None,
            transaction_length: None,
            immediate_server_version: None,
        };
        let mut seen = 0u16;
        while !cursor.is_empty() {
            let field = varlen_unsigned(cursor, "field number")?;
            match field {
                0 => gtid.flags = varlen_byte(cursor)?,
                1 => {
                    for byte in &mut gtid.uuid {
                        *byte = varlen_byte(cursor)?;
                    }
                }
                2 => gtid.gno = number(cursor, "GTID number", varlen_signed)?,
                3 => gtid.tag = tag(cursor)?,
                4 => gtid.last_committed = number(cursor, "last_committed", varlen_signed)?,
                5 => gtid.sequence_number = number(cursor, "sequence_number", varlen_signed)?,
                6 => gtid.immediate_commit_timestamp_us = Some(varlen_unsigned(cursor, "immediate commit timestamp")?),
                7 => gtid.original_commit_timestamp_us = Some(varlen_unsigned(cursor, "original commit timestamp")?),
                8 => gtid.transaction_length = Some(varlen_unsigned(cursor, "transaction length")?),
                9 => gtid.immediate_server_version = u32::try_from(varlen_unsigned(cursor, "server version")?).ok(),
                10 | 11 => {
                    varlen_unsigned(cursor, "optional field")?;
                }
                // Fields beyond are declared ignorable by `last_required`, and nothing follows them.
                _ => break,
            }
            seen |= 1u16.checked_shl(u32::try_from(field).unwrap_or(16)).unwrap_or(0);
        }
        if seen & 0b110 != 0b110 {
            return Err(cursor.malformed("uuid and number of the GTID", "neither or only one of them"));
        }
        gtid.original_commit_timestamp_us = gtid.original_commit_timestamp_us.or(gtid.immediate_commit_timestamp_us);
        Ok(gtid)
    }
}

/// A number that is signed on the wire and never negative.
fn number<'a>(
    cursor: &mut Cursor<'a>,
    expected: &'static str,
    read: impl Fn(&mut Cursor<'a>, &'static str) -> Result<u64, DecodeError>,
) -> Result<u64, DecodeError> {
    let value = read(cursor, expected)?;
    if i64::try_from(value).is_err() {
        return Err(cursor.malformed(expected, "a negative number"));
    }
    Ok(value)
}

/// The count of trailing one bits in the first byte is the count of bytes that follow it; the value is little-endian
/// above those bits. Nine bytes carry 64 bits.
fn varlen_unsigned(cursor: &mut Cursor<'_>, expected: &'static str) -> Result<u64, DecodeError> {
    let first = cursor.u8(expected)?;
    let following = first.trailing_ones();
    let high = cursor.uint(following as usize, expected)?;
    if following >= 7 {
        // 0x7f: one zero bit in the first byte and 56 bits; 0xff: 64 bits.
        return Ok(high);
    }
    Ok((high << (7 - following)) | u64::from(first >> (following + 1)))
}

/// As above, the lowest bit being the sign (set: minus one minus the rest). Returned as two's complement.
fn varlen_signed(cursor: &mut Cursor<'_>, expected: &'static str) -> Result<u64, DecodeError> {
    let raw = varlen_unsigned(cursor, expected)?;
    Ok(if raw & 1 == 0 { raw >> 1 } else { !(raw >> 1) })
}

fn varlen_byte(cursor: &mut Cursor<'_>) -> Result<u8, DecodeError> {
    let value = varlen_unsigned(cursor, "byte")?;
    u8::try_from(value).map_err(|_| cursor.malformed("byte", value.to_string()))
}

fn tag<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, DecodeError> {
    const LONGEST_TAG: u64 = 32;
    let length = varlen_unsigned(cursor, "length of the tag")?;
    if length > LONGEST_TAG {
        return Err(cursor.too_large("length of the tag", length, LONGEST_TAG));
    }
    let bytes = cursor.take(length as usize, "tag")?;
    std::str::from_utf8(bytes).map_err(|_| cursor.malformed("tag of ASCII letters", format!("{bytes:02x?}")))
}

/// GTIDs of all earlier files, one entry per server (and tag).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousGtids<'a> {
    pub sets: Vec<PreviousGtidSet<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousGtidSet<'a> {
    pub uuid: [u8; 16],
    /// Empty where there is none.
    pub tag: &'a str,
    /// First and last number of each range, both inclusive.
    pub intervals: Vec<(u64, u64)>,
}

impl<'a> PreviousGtids<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let head = cursor.u64("number of servers")?;
        // Since 8.3 the top byte says whether tags follow; the count then sits in the six bytes between.
        let tagged = head >> 56 == 1;
        let count = if tagged { (head << 8) >> 16 } else { head };
        let mut sets = Vec::new();
        for _ in 0..count {
            let uuid = cursor.array("server uuid")?;
            let tag = if tagged { tag(cursor)? } else { "" };
            let ranges = cursor.u64("number of ranges")?;
            let mut intervals = Vec::new();
            for _ in 0..ranges {
                let (first, end) = (cursor.u64("range")?, cursor.u64("range")?);
                if first == 0 || end <= first || i64::try_from(end).is_err() {
                    return Err(cursor.malformed("ascending range", format!("{first} to {end}")));
                }
                intervals.push((first, end - 1));
            }
            sets.push(PreviousGtidSet { uuid, tag, intervals });
        }
        Ok(PreviousGtids { sets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_header::EventKind;

    fn read(bytes: &[u8]) -> u64 {
        varlen_unsigned(&mut Cursor::new(bytes, 0, EventKind::GTID_TAGGED), "test").unwrap()
    }

    fn encode(value: u64) -> Vec<u8> {
        for following in 0..8u32 {
            let bits = 7 * (following + 1);
            if bits >= 64 || value >> bits == 0 {
                let marker = (1u128 << following) - 1;
                let whole = (u128::from(value) << (following + 1)) | marker;
                return whole.to_le_bytes()[..=following as usize].to_vec();
            }
        }
        let mut bytes = vec![0xff];
        bytes.extend(value.to_le_bytes());
        bytes
    }

    #[test]
    fn variable_length_integers_of_every_size() {
        assert_eq!(read(&[0b0000_0010]), 1);
        assert_eq!(read(&[0b0000_0101, 0b0000_0010]), 129);
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift).wrapping_sub(1), (1u64 << shift) | 1] {
                assert_eq!(read(&encode(value)), value, "{value}");
            }
        }
        assert_eq!(read(&encode(u64::MAX)), u64::MAX);
    }

    #[test]
    fn signed_integers_keep_their_sign() {
        let signed = |raw: u64| {
            let bytes = encode(raw);
            varlen_signed(&mut Cursor::new(&bytes, 0, EventKind::GTID_TAGGED), "test").unwrap() as i64
        };
        assert_eq!(signed(0), 0);
        assert_eq!(signed(1), -1);
        assert_eq!(signed(2), 1);
        assert_eq!(signed(5), -3);
    }

    #[test]
    fn previous_gtids_with_and_without_tags() {
        let mut body = 1u64.to_le_bytes().to_vec();
        body.extend([7; 16]);
        body.extend(1u64.to_le_bytes());
        body.extend(1u64.to_le_bytes());
        body.extend(21u64.to_le_bytes());
        let parsed = PreviousGtids::parse(&mut Cursor::new(&body, 19, EventKind::PREVIOUS_GTIDS)).unwrap();
        assert_eq!(parsed.sets, [PreviousGtidSet { uuid: [7; 16], tag: "", intervals: vec![(1, 20)] }]);

        let mut body = vec![1, 1, 0, 0, 0, 0, 0, 1];
        body.extend([7; 16]);
        body.extend([3 << 1]);
        body.extend(b"abc");
        body.extend(1u64.to_le_bytes());
        body.extend(5u64.to_le_bytes());
        body.extend(6u64.to_le_bytes());
        let parsed = PreviousGtids::parse(&mut Cursor::new(&body, 19, EventKind::PREVIOUS_GTIDS)).unwrap();
        assert_eq!(parsed.sets, [PreviousGtidSet { uuid: [7; 16], tag: "abc", intervals: vec![(5, 5)] }]);
    }
}
