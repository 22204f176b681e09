//! The events that a stream begins with: reading up to a position without looking at more than is needed.

use crate::beginning::FIRST_OFFSET;
use crate::place::Place;
use crate::replication::{EventPart, RawEvent};
use bytes::Bytes;
use replicator_binlog::{Decoder, EventBody, EventHeader, EventKind};
use replicator_model::failure::Failure;
use replicator_model::gtid::mysql::Interval;
use replicator_model::gtid::{MySqlGtid, MySqlGtidSet};
use replicator_model::position::Position;
use uuid::Uuid;

/// Reads the event that every stream begins with: it names the file.
pub fn first_rotate(decoder: &mut Decoder, bytes: &Bytes) -> Result<Position, Failure> {
    let malformed = |problem: String| {
        let hint = "the source is not a MySQL or MariaDB server of a known version: report it";
        Failure::definite("event_malformed", format!("the stream does not begin as it should: {problem}"), hint)
    };
    match decoder.decode(bytes).map_err(|error| malformed(error.to_string()))?.body {
        EventBody::Rotate { position, file } => match std::str::from_utf8(file) {
            Ok(file) => Ok(Position::new(file, position)),
            Err(_) => Err(malformed("its file's name is not in UTF-8".to_owned())),
        },
        _ => Err(malformed("no file is named".to_owned())),
    }
}

/// Passes what lies before a position in its file, and gathers its GTIDs: those of earlier files, which each file begins
/// with, and those passed in it. Only events that say something about that are decoded.
#[derive(Debug)]
pub struct Passed {
    decoder: Decoder,
    place: Place,
    until: Position,
    gtids: MySqlGtidSet,
    /// The file's own list of earlier transactions is still to come.
    wants_previous: bool,
}

impl Passed {
    /// For a stream that begins at the start of the position's file, behind the event that names it.
    /// `wants_gtids`: whether the file begins with a list of them.
    pub fn new(until: Position, decoder: Decoder, wants_gtids: bool) -> Self {
        let place = Place::new(&until.file, FIRST_OFFSET);
        Self { decoder, place, until, gtids: MySqlGtidSet::default(), wants_previous: wants_gtids }
    }

    /// Whether the next event stands at the position, or behind what the file begins with.
    pub fn is_there(&self) -> bool {
        !self.wants_previous && self.place.offset >= self.until.offset
    }

    /// Takes an event from before the position.
    pub fn take(&mut self, event: &RawEvent) -> Result<(), Failure> {
        if event.part == EventPart::Inner {
            return Ok(());
        }
        let header = EventHeader::parse(&event.bytes).map_err(|error| self.malformed(error.to_string()))?;
        if event.part == EventPart::Whole && tells(header.kind) {
            self.decode(&event.bytes)?;
        }
        self.place.pass(&header);
        // The start of the file is as good as what stands behind its first events.
        if self.place.offset > self.until.offset && self.until.offset > FIRST_OFFSET {
            return Err(self.no_border());
        }
        Ok(())
    }

    fn decode(&mut self, bytes: &Bytes) -> Result<(), Failure> {
        let event = self.decoder.decode(bytes).map_err(|error| self.malformed(error.to_string()))?;
        match event.body {
            EventBody::PreviousGtids(previous) => {
                self.wants_previous = false;
                for set in previous.sets {
                    for (first, last) in set.intervals {
                        self.gtids.insert_interval(Uuid::from_bytes(set.uuid), set.tag, Interval { first, last });
                    }
                }
            }
            EventBody::Gtid(gtid) => self.gtids.insert(&MySqlGtid {
                uuid: Uuid::from_bytes(gtid.uuid),
                tag: gtid.tag.to_owned(),
                number: gtid.gno,
            }),
            EventBody::Rotate { file, .. } if *file != *self.until.file.as_bytes() => return Err(self.no_border()),
            _ => {}
        }
        Ok(())
    }

    fn malformed(&self, problem: String) -> Failure {
        Failure::definite("event_malformed", problem, "check the source's binary log with mysqlbinlog").at(&self.place)
    }

    pub fn into_parts(self) -> (Decoder, Place, MySqlGtidSet) {
        (self.decoder, self.place, self.gtids)
    }

    fn no_border(&self) -> Failure {
        Failure::definite(
            "position_unknown",
            format!("{} is not the border of an event", self.until),
            "take a position from SHOW BINLOG EVENTS or from the source's status",
        )
    }
}

/// Whether an event says what lies before it, or how others end.
fn tells(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::FORMAT_DESCRIPTION
            | EventKind::PREVIOUS_GTIDS
            | EventKind::GTID
            | EventKind::GTID_TAGGED
            | EventKind::ROTATE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, size: usize, log_pos: u64, part: EventPart) -> RawEvent {
        let mut bytes = vec![0; if part == EventPart::Compressed { 19 } else { size }];
        bytes[4] = kind.0;
        bytes[9..13].copy_from_slice(&(size as u32).to_le_bytes());
        bytes[13..17].copy_from_slice(&(log_pos as u32).to_le_bytes());
        RawEvent { bytes: bytes.into(), part }
    }

    #[test]
    fn a_position_behind_4_gib_is_reached_by_passing_what_lies_before_it() {
        const GIB: u64 = 1 << 30;
        let mut at = FIRST_OFFSET;
        let until = 5 * GIB + 190;
        let mut passed = Passed::new(Position::new("bin.1", until), Decoder::new(), false);
        let compressed = event(EventKind::TRANSACTION_PAYLOAD, GIB as usize, at + GIB, EventPart::Compressed);
        for _ in 0..5 {
            assert!(!passed.is_there());
            at += GIB;
            let mut next = RawEvent { bytes: compressed.bytes.clone(), part: EventPart::Compressed };
            let mut bytes = next.bytes.to_vec();
            bytes[13..17].copy_from_slice(&(at as u32).to_le_bytes());
            next.bytes = bytes.into();
            passed.take(&next).unwrap();
            passed.take(&event(EventKind::XID, 27, 0, EventPart::Inner)).unwrap();
        }
        passed.take(&event(EventKind::HEARTBEAT, 40, at, EventPart::Whole)).unwrap();
        assert!(!passed.is_there());
        passed.take(&event(EventKind::WRITE_ROWS, 186, at + 186, EventPart::Whole)).unwrap();
        assert!(passed.is_there());
        let (_, place, gtids) = passed.into_parts();
        assert!(place.offset == until && gtids.is_empty());
    }

    #[test]
    fn a_position_inside_of_an_event_is_none() {
        let mut passed = Passed::new(Position::new("bin.1", 100), Decoder::new(), false);
        let failure = passed.take(&event(EventKind::XID, 120, 124, EventPart::Whole)).unwrap_err();
        assert_eq!(failure.code, "position_unknown");
    }
}
