//! Where in a source's log a distributed transaction was prepared: it may be long before its outcome.

use crate::beginning::FIRST_OFFSET;
use crate::head::LogFile;
use crate::locate::{LogReader, OpenedLog};
use crate::place::Place;
use crate::replication::EventPart;
use bytes::Bytes;
use replicator_binlog::{Decoder, EventBody, EventHeader, EventKind};
use replicator_model::failure::Failure;
use replicator_model::position::Position;

impl LogReader {
    /// The beginning of the last transaction of this name (as [`replicator_binlog::Xid`] is shown) that was prepared
    /// before a place. Reads whole files, from the place's own backwards; `None` if no file that is kept has it.
    pub async fn find_prepared(
        &self,
        files: &[LogFile],
        xid: &str,
        before: &Position,
    ) -> Result<Option<Position>, Failure> {
        for file in files.iter().rev() {
            let start = Position::new(&file.name, FIRST_OFFSET);
            if start > *before {
                continue;
            }
            let OpenedLog { mut connection, .. } = self.open(&start).await?;
            let mut search = PreparedSearch::new(&file.name, xid, before);
            while !search.is_over {
                let event = connection.next().await?;
                search.take(&event.bytes, event.part == EventPart::Inner)?;
            }
            if let Some(offset) = search.found {
                return Ok(Some(Position::new(&file.name, offset)));
            }
        }
        Ok(None)
    }
}

/// Walks through one file.
struct PreparedSearch<'a> {
    xid: &'a str,
    before: &'a Position,
    decoder: Decoder,
    place: Place,
    /// Where the transaction begins that is being read.
    begins: Option<u64>,
    found: Option<u64>,
    is_over: bool,
}

impl<'a> PreparedSearch<'a> {
    fn new(file: &str, xid: &'a str, before: &'a Position) -> Self {
        let (decoder, place) = (Decoder::new(), Place::new(file, FIRST_OFFSET));
        Self { xid, before, decoder, place, begins: None, found: None, is_over: false }
    }

    fn take(&mut self, bytes: &Bytes, inner: bool) -> Result<(), Failure> {
        const LOOKED_AT: [EventKind; 7] = [
            EventKind::FORMAT_DESCRIPTION,
            EventKind::ROTATE,
            EventKind::GTID,
            EventKind::ANONYMOUS_GTID,
            EventKind::GTID_TAGGED,
            EventKind::MARIADB_GTID,
            EventKind::XA_PREPARE,
        ];
        // XA PREPARE is never in a compressed transaction.
        if inner {
            return Ok(());
        }
        let malformed = |place: &Place, error: &dyn ToString| {
            Failure::definite("event_malformed", error.to_string(), "check the source's binary log with mysqlbinlog")
                .at(place)
        };
        let header = EventHeader::parse(bytes).map_err(|error| malformed(&self.place, &error))?;
        let offset = self.place.pass(&header);
        if LOOKED_AT.contains(&header.kind) {
            match self.decoder.decode(bytes).map_err(|error| malformed(&self.place, &error))?.body {
                EventBody::Gtid(_) | EventBody::AnonymousGtid(_) | EventBody::MariaDbGtid(_) => {
                    self.begins = Some(offset)
                }
                EventBody::XaPrepare(prepare) if !prepare.one_phase && prepare.xid.to_string() == self.xid => {
                    self.found = self.begins.or(self.found);
                }
                EventBody::Rotate { file, .. } => self.is_over = *file != *self.place.file.as_bytes(),
                _ => {}
            }
        }
        let here = Position::new(&*self.place.file, self.place.offset);
        self.is_over |= here >= *self.before;
        Ok(())
    }
}
