//! Finding a place in a source's binary log by reading it, event by event, within a limit: where a time was, and which
//! transactions lie before a position.

use crate::beginning::FIRST_OFFSET;
use crate::connect::Endpoint;
use crate::facts::{ServerFacts, ServerFlavor};
use crate::head::LogFile;
use crate::passed::{Passed, first_rotate};
use crate::place::Place;
use crate::replication::{BinlogConnection, Dump, DumpFrom, EventPart, ReplicaIdentity};
use crate::stream_error::purged;
use replicator_binlog::{DecodeError, Decoder, Event, EventBody, EventHeader};
use replicator_model::failure::Failure;
use replicator_model::gtid::mysql::Interval;
use replicator_model::gtid::{GtidSet, MySqlGtid, MySqlGtidSet};
use replicator_model::position::Position;
use std::time::Duration;
use uuid::Uuid;

/// Most bytes of the log that are read for one answer, where somebody waits for it. A file has 1 GiB at most unless it is
/// set otherwise.
pub const READ_BYTES_MAX: u64 = 1 << 30;

/// Largest event that is looked at: the servers' own limit.
const EVENT_BYTES_MAX: u64 = 1 << 30;

/// A source's log that is looked at. Each look connects under an id of its own, so that no replica is disturbed.
#[derive(Debug, Clone)]
pub struct LogReader {
    pub endpoint: Endpoint,
    pub flavor: ServerFlavor,
    pub gtids: bool,
    pub identity: ReplicaIdentity,
    /// Most bytes of the log that are read for one answer.
    pub read_bytes_max: u64,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The beginning of the first transaction that was committed at this time or later, in microseconds since 1970 UTC.
    Time(i64),
    /// This place, for what lies before it.
    Place(Position),
}

/// A place at the border of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub position: Position,
    /// Every transaction before it, where MySQL's GTIDs say so.
    pub gtid_set: Option<GtidSet>,
}

/// A log, opened: the event that names the file is read.
#[derive(Debug)]
pub struct OpenedLog {
    pub connection: BinlogConnection,
    pub decoder: Decoder,
    /// Where the next event that is in the file begins.
    pub position: Position,
}

impl LogReader {
    /// `unique` tells this look from any other, also of other processes.
    pub fn new(endpoint: Endpoint, facts: &ServerFacts, unique: &str) -> Self {
        let identity = ReplicaIdentity::of_task(&format!("a look, {unique}"), None);
        Self { endpoint, flavor: facts.flavor, gtids: facts.gtids, identity, read_bytes_max: READ_BYTES_MAX }
    }

    /// The log from a position on. What a source can't be asked for, behind 4 GiB, is read up to.
    pub async fn open(&self, from: &Position) -> Result<OpenedLog, Failure> {
        let offset = u32::try_from(from.offset).unwrap_or(FIRST_OFFSET as u32);
        let mut connection = self.dump(&from.file, offset).await?;
        let mut decoder = Decoder::new();
        let position = first_rotate(&mut decoder, &connection.next().await?.bytes)?;
        if position.offset >= from.offset {
            return Ok(OpenedLog { connection, decoder, position });
        }
        let mut passed = Passed::new(from.clone(), decoder, false);
        while !passed.is_there() {
            passed.take(&connection.next().await?)?;
        }
        let (decoder, place, _) = passed.into_parts();
        Ok(OpenedLog { connection, decoder, position: Position::new(&*place.file, place.offset) })
    }

    async fn dump(&self, file: &str, offset: u32) -> Result<BinlogConnection, Failure> {
        let dump = Dump {
            flavor: self.flavor,
            identity: self.identity.clone(),
            heartbeat: Duration::from_secs(1),
            event_bytes_max: EVENT_BYTES_MAX,
            from: DumpFrom::Position { file: file.to_owned(), offset },
        };
        BinlogConnection::open(&self.endpoint, dump).await
    }

    /// Where the first transaction begins that was committed at a time or later; the log's end if there is none. `None`:
    /// more would have to be read than the limit allows. What was purged is not looked past: a time before the oldest file
    /// is lost.
    pub async fn position_of_time(
        &self,
        files: &[LogFile],
        time_us: i64,
        end: &Position,
    ) -> Result<Option<Position>, Failure> {
        let Some(file) = self.file_of_time(files, time_us).await? else { return Err(crate::head::binlog_off()) };
        let is_oldest = files.first().is_some_and(|first| first.name == file);
        if is_oldest && !is_first_ever(&file) {
            let begun_us = self.begun_us(&file).await?;
            if begun_us > time_us {
                let later = later((begun_us - time_us) / 1_000_000);
                let reason =
                    format!("the oldest log file that the source has, {file}, was begun {later} after that time");
                return Err(purged(&reason));
            }
        }
        Ok(self.locate(&file, &Wanted::Time(time_us), end).await?.map(|located| located.position))
    }

    /// The file in which a time lies: the last one that was begun before it.
    async fn file_of_time(&self, files: &[LogFile], time_us: i64) -> Result<Option<String>, Failure> {
        let (mut low, mut high) = (0, files.len());
        while high.saturating_sub(low) > 1 {
            let middle = usize::midpoint(low, high);
            let Some(file) = files.get(middle) else { break };
            match self.begun_us(&file.name).await? < time_us {
                true => low = middle,
                false => high = middle,
            }
        }
        Ok(files.get(low).map(|file| file.name.clone()))
    }

    async fn begun_us(&self, file: &str) -> Result<i64, Failure> {
        let OpenedLog { mut connection, .. } = self.open(&Position::new(file, FIRST_OFFSET)).await?;
        loop {
            let event = connection.next().await?;
            if let Ok(header) = EventHeader::parse(&event.bytes)
                && header.timestamp != 0
            {
                return Ok(i64::from(header.timestamp) * 1_000_000);
            }
        }
    }

    /// Reads from the start of a file up to what is wanted, at most up to `end`, where the log ended when it was asked.
    /// `None`: more would have to be read than the limit allows.
    pub async fn locate(&self, file: &str, wanted: &Wanted, end: &Position) -> Result<Option<Located>, Failure> {
        let OpenedLog { mut connection, mut decoder, .. } = self.open(&Position::new(file, FIRST_OFFSET)).await?;
        let mut search = Search::new(file, wanted.clone(), self.gtids && self.flavor == ServerFlavor::MySql);
        let mut read: u64 = 0;
        while !search.is_over(end) {
            let event = connection.next().await?;
            read += event.bytes.len() as u64;
            if read > self.read_bytes_max {
                return Ok(None);
            }
            match event.part {
                EventPart::Inner => continue,
                EventPart::Compressed => {
                    search.pass(&EventHeader::parse(&event.bytes).map_err(|error| search.malformed(&error))?)?;
                    continue;
                }
                EventPart::Whole => {}
            }
            let decoded = decoder.decode(&event.bytes).map_err(|error| search.malformed(&error))?;
            search.take(&decoded)?;
        }
        Ok(Some(search.located()))
    }
}

/// For people, in the unit that tells enough.
fn later(seconds: i64) -> String {
    match seconds {
        0..=7_199 => format!("{seconds} s"),
        7_200..=172_799 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Nothing was purged before it.
fn is_first_ever(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, number)| number.parse() == Ok(1_u64))
}

/// What was passed so far. Without I/O.
#[derive(Debug)]
struct Search {
    wanted: Wanted,
    place: Place,
    /// Where the transaction begins that is being read, and what it is called.
    open: Option<(Position, Option<MySqlGtid>)>,
    /// When it was committed, if its beginning says so to the microsecond: then the seconds in its events do not count.
    committed_us: Option<i64>,
    passed: Option<MySqlGtidSet>,
    found: Option<Position>,
}

impl Search {
    fn new(file: &str, wanted: Wanted, wants_gtids: bool) -> Self {
        let passed = wants_gtids.then(MySqlGtidSet::default);
        Self { wanted, place: Place::new(file, FIRST_OFFSET), open: None, committed_us: None, passed, found: None }
    }

    fn here(&self) -> Position {
        Position::new(&*self.place.file, self.place.offset)
    }

    fn is_over(&self, end: &Position) -> bool {
        self.found.is_some() || self.here() >= *end
    }

    fn located(mut self) -> Located {
        // At the end of what there is, everything lies before it.
        let position = match self.found.take() {
            Some(position) => position,
            None => {
                self.close();
                self.here()
            }
        };
        Located { position, gtid_set: self.passed.map(GtidSet::MySql) }
    }

    fn close(&mut self) {
        if let (Some((_, Some(gtid))), Some(passed)) = (self.open.take(), &mut self.passed) {
            passed.insert(&gtid);
        }
    }

    fn malformed(&self, error: &DecodeError) -> Failure {
        let hint = "check the source's binary log with mysqlbinlog";
        Failure::definite("event_malformed", error.to_string(), hint).at(&self.place)
    }

    /// An event that is not looked into.
    fn pass(&mut self, header: &EventHeader) -> Result<(), Failure> {
        let offset = self.place.pass(header);
        self.look(&Position::new(&*self.place.file, offset), header.timestamp)
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        let offset = self.place.pass(&event.header);
        let position = Position::new(&*self.place.file, offset);
        match &event.body {
            EventBody::Rotate { position, file } => {
                let file = String::from_utf8_lossy(file);
                self.place = Place::new(&file, *position);
                return Ok(());
            }
            EventBody::PreviousGtids(previous) => {
                if let Some(passed) = &mut self.passed {
                    for set in &previous.sets {
                        for (first, last) in &set.intervals {
                            let interval = Interval { first: *first, last: *last };
                            passed.insert_interval(Uuid::from_bytes(set.uuid), set.tag, interval);
                        }
                    }
                }
                return Ok(());
            }
            EventBody::Gtid(gtid) => {
                let name = MySqlGtid { uuid: Uuid::from_bytes(gtid.uuid), tag: gtid.tag.to_owned(), number: gtid.gno };
                self.close();
                self.committed_us = exact(gtid.immediate_commit_timestamp_us);
                self.open = Some((position.clone(), Some(name)));
            }
            EventBody::AnonymousGtid(gtid) => {
                self.committed_us = exact(gtid.immediate_commit_timestamp_us);
                self.open = Some((position.clone(), None));
            }
            EventBody::MariaDbGtid(_) => self.open = Some((position.clone(), None)),
            // Before 5.7 a transaction without a GTID begins with its BEGIN.
            EventBody::Query(query) if self.open.is_none() && *query.sql == *b"BEGIN" => {
                self.open = Some((position.clone(), None));
            }
            _ => {}
        }
        self.look(&position, event.header.timestamp)
    }

    fn look(&mut self, position: &Position, seconds: u32) -> Result<(), Failure> {
        // Whole seconds: one within the wanted second counts, rather than leave something out.
        let is_late = |wanted: i64| match self.committed_us {
            Some(committed_us) => committed_us >= wanted,
            None => seconds != 0 && i64::from(seconds) >= wanted.div_euclid(1_000_000),
        };
        match &self.wanted.clone() {
            Wanted::Time(wanted) if is_late(*wanted) => {
                self.found = self.open.as_ref().map(|(begin, _)| begin.clone());
            }
            Wanted::Place(wanted) if position >= wanted || self.here() == *wanted => {
                if *position != *wanted && self.here() != *wanted && wanted.offset > FIRST_OFFSET {
                    return Err(Failure::definite(
                        "position_unknown",
                        format!("{wanted} is not the border of an event"),
                        "take a position from SHOW BINLOG EVENTS or from the source's status",
                    ));
                }
                // One that begins here does not lie before it.
                let begins_here = self.open.as_ref().is_some_and(|(begin, _)| begin == wanted);
                if !begins_here {
                    self.close();
                }
                self.found = Some(wanted.clone());
            }
            _ => {}
        }
        Ok(())
    }
}

fn exact(time_us: Option<u64>) -> Option<i64> {
    time_us.and_then(|time| i64::try_from(time).ok())
}
