//! Where in the source's binary log an event is.

use replicator_binlog::{EventHeader, EventKind};
use std::fmt;
use std::sync::Arc;

/// Where the next event begins. Offsets are counted in 64 bits; a header has the low 32 of them only, or none at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<str>,
    pub offset: u64,
}

const WRAP: u64 = 1 << 32;

impl Place {
    pub fn new(file: &str, offset: u64) -> Self {
        Self { file: file.into(), offset }
    }

    /// Moves behind an event that stands in the file, and answers where it begins.
    ///
    /// The source may leave out events (those of transactions already known, annotations), so the header's position
    /// counts; MariaDB 11.4 and later write none inside of transactions, where the sizes are added up.
    pub fn pass(&mut self, header: &EventHeader) -> u64 {
        let size = u64::from(header.event_size);
        if !is_in_file(header) {
            return self.offset;
        }
        let expected = self.offset.saturating_add(size);
        self.offset = if header.log_pos == 0 { expected } else { nearest(expected, header.log_pos) };
        self.offset.saturating_sub(size)
    }
}

/// The source makes up events for a connection: the first ones, and heartbeats.
fn is_in_file(header: &EventHeader) -> bool {
    let made_up = matches!(header.kind, EventKind::HEARTBEAT | EventKind::HEARTBEAT_V2)
        || (header.kind == EventKind::FORMAT_DESCRIPTION && header.log_pos == 0)
        || (header.kind == EventKind::ROTATE && (header.log_pos == 0 || header.timestamp == 0));
    !header.is_artificial() && !made_up
}

/// The offset nearest to `expected` that has these low 32 bits.
pub fn nearest(expected: u64, low: u32) -> u64 {
    let base = expected & !(WRAP - 1);
    let candidates = [base.checked_sub(WRAP), Some(base), base.checked_add(WRAP)];
    let candidates = candidates.into_iter().flatten().map(|base| base + u64::from(low));
    candidates.min_by_key(|candidate| candidate.abs_diff(expected)).unwrap_or(expected)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: EventKind, size: u32, log_pos: u32, flags: u16) -> EventHeader {
        EventHeader { timestamp: 1, kind, server_id: 1, event_size: size, log_pos, flags }
    }

    #[test]
    fn offsets_grow_past_32_bits() {
        let mut place = Place::new("bin.000001", WRAP - 50);
        assert_eq!(place.pass(&header(EventKind::XID, 80, 30, 0)), WRAP - 50);
        assert_eq!(place.offset, WRAP + 30);
        assert_eq!(place.pass(&header(EventKind::XID, 20, 50, 0)), WRAP + 30);
    }

    #[test]
    fn events_that_were_left_out_are_jumped_over() {
        let mut place = Place::new("bin.000001", 4);
        assert_eq!(place.pass(&header(EventKind::GTID, 80, 3_000_000_080, 0)), 3_000_000_000);
        assert_eq!(place.pass(&header(EventKind::TABLE_MAP, 50, 0, 0)), 3_000_000_080);
        assert_eq!(place.offset, 3_000_000_130);
    }

    #[test]
    fn made_up_events_are_nowhere() {
        let mut place = Place::new("bin.000001", 500);
        for header in [
            header(EventKind::HEARTBEAT, 40, 900, 0),
            header(EventKind::FORMAT_DESCRIPTION, 120, 0, 0),
            header(EventKind::ROTATE, 40, 0, 0),
            header(EventKind::MARIADB_GTID_LIST, 40, 900, EventHeader::ARTIFICIAL),
        ] {
            place.pass(&header);
            assert_eq!(place.offset, 500, "{header:?}");
        }
    }
}
