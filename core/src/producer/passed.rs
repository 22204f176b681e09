//! Reading from the start of a file up to a position, to know which transactions lie before it.

use bytes::Bytes;
use replicator_binlog::{Decoder, EventBody};
use replicator_model::failure::Failure;
use replicator_model::gtid::mysql::Interval;
use replicator_model::gtid::{MySqlGtid, MySqlGtidSet};
use replicator_model::position::Position;
use replicator_mysql::beginning::FIRST_OFFSET;
use replicator_mysql::place::Place;
use uuid::Uuid;

/// Reads the event that every stream begins with: it names the file.
pub(super) fn first_rotate(decoder: &mut Decoder, bytes: &Bytes) -> Result<Position, Failure> {
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

/// Gathers the GTIDs before a position: those of earlier files, which each file begins with, and those passed in it.
#[derive(Debug)]
pub(super) struct Passed {
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
    pub(super) fn new(until: Position, decoder: Decoder, wants_gtids: bool) -> Self {
        let place = Place::new(&until.file, FIRST_OFFSET);
        Self { decoder, place, until, gtids: MySqlGtidSet::default(), wants_previous: wants_gtids }
    }

    /// Whether the next event stands at the position, or behind what the file begins with.
    pub(super) fn is_there(&self) -> bool {
        !self.wants_previous && self.place.offset >= self.until.offset
    }

    /// Takes an event from before the position.
    pub(super) fn take(&mut self, bytes: &Bytes, inner: bool) -> Result<(), Failure> {
        if inner {
            return Ok(());
        }
        let event = self.decoder.decode(bytes).map_err(|error| {
            Failure::definite("event_malformed", error.to_string(), "check the source's binary log with mysqlbinlog")
                .at(&self.place)
        })?;
        self.place.pass(&event.header);
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
        // The start of the file is as good as what stands behind its first events.
        if self.place.offset > self.until.offset && self.until.offset > FIRST_OFFSET {
            return Err(self.no_border());
        }
        Ok(())
    }

    pub(super) fn into_parts(self) -> (Decoder, Place, MySqlGtidSet) {
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
