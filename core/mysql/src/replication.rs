//! The binlog connection: a server's binary log as raw events.
//!
//! mysql_async reads the packets. What it does not do is done here: events are put together again byte by byte so that
//! their checksums can be verified, compressed transactions are accounted for to the last byte, a silent connection is
//! given up, and a panic over a malformed packet ends only the worker it happens in.

use crate::connect::Endpoint;
use crate::facts::ServerFlavor;
use crate::stream_error::stream_failure;
use bytes::Bytes;
use futures_util::StreamExt;
use mysql_async::binlog::events::Event;
use mysql_async::prelude::Queryable;
use mysql_async::{BinlogStream, BinlogStreamRequest, Conn, Sid};
use replicator_binlog::{ChecksumAlg, Decoder, EventBody, EventKind, HEADER_LENGTH, PayloadCompression};
use replicator_model::failure::Failure;
use replicator_model::gtid::{MariaDbGtidSet, MySqlGtidSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Most bytes read from the source and not yet taken. An event that is larger passes alone.
const AHEAD_BYTES_MAX: u32 = 4 << 20;

/// Most events read from the source and not yet taken.
const AHEAD_EVENTS_MAX: usize = 1024;

/// A connection without any event, heartbeats included, for so many heartbeat periods is given up.
const SILENT_HEARTBEATS: u32 = 3;

/// Before the first transaction, a source that looks for it in its files may be silent for longer.
const SEARCH_SILENCE: Duration = Duration::from_secs(120);

/// How long the source waits for a replica that does not read, in seconds: a target may stand still for a while.
const NET_WRITE_TIMEOUT_S: u32 = 3600;

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DumpFrom {
    /// At this offset of this file. The protocol has 32 bits for it.
    Position { file: String, offset: u32 },
    /// With the first transaction that is not in the set.
    MySqlGtids(MySqlGtidSet),
    /// After the last transaction of each domain.
    MariaDbGtids(MariaDbGtidSet),
}

/// What a replica calls itself towards its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaIdentity {
    pub server_id: u32,
    pub uuid: String,
}

/// What is asked of the source.
#[derive(Debug, Clone)]
pub struct Dump {
    pub flavor: ServerFlavor,
    pub identity: ReplicaIdentity,
    pub heartbeat: Duration,
    /// Largest event accepted, and largest compressed transaction once inflated, in bytes.
    pub event_bytes_max: u64,
    pub from: DumpFrom,
}

/// One event, as the source wrote it.
#[derive(Debug)]
pub struct RawEvent {
    /// Header, body and, where the source adds one, checksum.
    pub bytes: Bytes,
    /// From inside the compressed transaction that came before it: without checksum and position.
    pub inner: bool,
    _ahead: OwnedSemaphorePermit,
}

/// A source's binary log. Closed when dropped.
#[derive(Debug)]
pub struct BinlogConnection {
    events: mpsc::Receiver<Result<RawEvent, Failure>>,
    worker: JoinHandle<()>,
}

impl ReplicaIdentity {
    /// The same for a task wherever it runs, so that the source itself ends an older connection when another Core takes
    /// over. Derived ids lie in the upper half of the numbers, where people seldom choose one.
    pub fn of_task(task: &str, server_id: Option<u32>) -> Self {
        let (high, low) = (fnv1a(0xcbf2_9ce4_8422_2325, task), fnv1a(0x6c62_272e_07bb_0142, task));
        let derived = 0x8000_0000 | ((high ^ (high >> 32)) as u32 & 0x7fff_fffe);
        // Marked as version 8 ("custom") of RFC 9562.
        let bits = u128::from(high) << 64 | u128::from(low);
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 8 << 76 | 2 << 62;
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        Self { server_id: server_id.unwrap_or(derived), uuid }
    }
}

/// FNV-1a, 64 bits: stable over versions and machines, unlike the standard library's hashes.
fn fnv1a(basis: u64, text: &str) -> u64 {
    text.bytes().fold(basis, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl BinlogConnection {
    /// Connects, registers as a replica and asks for the log. Whether the source has what was asked for shows with the
    /// first event.
    pub async fn open(endpoint: &Endpoint, dump: Dump) -> Result<Self, Failure> {
        let mut conn = endpoint.connect(&[]).await?;
        prepare(&mut conn, &dump).await?;
        let stream = request(conn, &dump).await?;
        let (sender, events) = mpsc::channel(AHEAD_EVENTS_MAX);
        let reader = Reader {
            stream,
            silence: dump.heartbeat * SILENT_HEARTBEATS,
            searching: true,
            event_bytes_max: dump.event_bytes_max,
            inner_left: 0,
        };
        Ok(Self { events, worker: tokio::spawn(reader.run(sender)) })
    }

    /// The next event; waits for it. Cancel-safe. After an error there are no more.
    pub async fn next(&mut self) -> Result<RawEvent, Failure> {
        match self.events.recv().await {
            Some(event) => event,
            None => Err(self.worker_ended().await),
        }
    }

    /// The next event if it is there already.
    pub fn try_next(&mut self) -> Option<Result<RawEvent, Failure>> {
        self.events.try_recv().ok()
    }

    async fn worker_ended(&mut self) -> Failure {
        match (&mut self.worker).await {
            Err(error) if error.is_panic() => Failure::transient(
                "packet_malformed",
                "the source sent a packet that is not a whole event",
                "check the network and what stands between (a proxy?); it is tried again on a new connection",
            ),
            _ => Failure::transient("connection_lost", "the binlog connection has ended", "it is tried again"),
        }
    }
}

impl Drop for BinlogConnection {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

/// Sets what the source looks up in the session when it begins to send.
async fn prepare(conn: &mut Conn, dump: &Dump) -> Result<(), Failure> {
    let (uuid, period) = (&dump.identity.uuid, dump.heartbeat.as_nanos());
    let mut sql = format!(
        "SET @master_heartbeat_period = {period}, @source_heartbeat_period = {period}, @slave_uuid = '{uuid}', \
         @replica_uuid = '{uuid}', SESSION net_write_timeout = {NET_WRITE_TIMEOUT_S}"
    );
    if dump.flavor == ServerFlavor::MariaDb {
        // Without this capability MariaDB replaces its GTIDs by events that older replicas know.
        sql.push_str(", @mariadb_slave_capability = 4");
    }
    if let DumpFrom::MariaDbGtids(set) = &dump.from {
        sql.push_str(&format!(
            ", @slave_connect_state = '{set}', @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0"
        ));
    }
    conn.query_drop(sql).await.map_err(|error| crate::error::failure(&error))
}

async fn request(conn: Conn, dump: &Dump) -> Result<BinlogStream, Failure> {
    let request = BinlogStreamRequest::new(dump.identity.server_id);
    let stream = match &dump.from {
        DumpFrom::Position { file, offset } => {
            let request = request.with_filename(file.as_bytes()).with_pos(u64::from(*offset));
            conn.get_binlog_stream(request).await
        }
        DumpFrom::MariaDbGtids(_) => conn.get_binlog_stream(request).await,
        DumpFrom::MySqlGtids(set) => {
            let request = request.with_gtid().with_gtid_set(sids(set)?);
            conn.get_binlog_stream(request).await
        }
    };
    stream.map_err(|error| stream_failure(&error))
}

fn sids(set: &MySqlGtidSet) -> Result<Vec<Sid<'static>>, Failure> {
    let sid = |(uuid, tag, intervals): (_, &str, &[replicator_model::gtid::mysql::Interval])| {
        let mut text = format!("{uuid}");
        if !tag.is_empty() {
            text.push_str(&format!(":{tag}"));
        }
        for interval in intervals {
            text.push_str(&format!(":{}-{}", interval.first, interval.last));
        }
        text.parse::<Sid<'static>>().map_err(|error| {
            Failure::definite("gtid_set_not_understood", format!("`{text}`: {error}"), "report it with the GTID set")
        })
    };
    set.streams().map(sid).collect()
}

/// The worker's side.
struct Reader {
    stream: BinlogStream,
    silence: Duration,
    /// Nothing but what a file begins with has come yet.
    searching: bool,
    event_bytes_max: u64,
    /// Bytes still to come of the compressed transaction that is being unpacked.
    inner_left: u64,
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<Result<RawEvent, Failure>>) {
        let ahead = Arc::new(Semaphore::new(AHEAD_BYTES_MAX as usize));
        loop {
            let event = self.read().await;
            let failed = event.is_err();
            let sent = match event {
                Ok((bytes, inner)) => {
                    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(AHEAD_BYTES_MAX);
                    let Ok(permit) = Arc::clone(&ahead).acquire_many_owned(size).await else { return };
                    sender.send(Ok(RawEvent { bytes: bytes.into(), inner, _ahead: permit })).await
                }
                Err(failure) => sender.send(Err(failure)).await,
            };
            if failed || sent.is_err() {
                return;
            }
        }
    }

    /// The next event's bytes, and whether it is an inner one.
    async fn read(&mut self) -> Result<(Vec<u8>, bool), Failure> {
        let silence = if self.searching { self.silence.max(SEARCH_SILENCE) } else { self.silence };
        let event = match tokio::time::timeout(silence, self.stream.next()).await {
            Ok(Some(Ok(event))) => event,
            Ok(Some(Err(error))) => return Err(stream_failure(&error)),
            Ok(None) => {
                return Err(Failure::transient(
                    "connection_lost",
                    "the source ended the binlog connection",
                    "it may have been shut down; it is tried again",
                ));
            }
            Err(_) => {
                return Err(Failure::transient(
                    "source_silent",
                    format!("no event and no heartbeat for {silence:?}"),
                    "check that the source runs and the network works; it is tried again on a new connection",
                ));
            }
        };
        let kind = EventKind(event.header().event_type_raw());
        self.searching &= is_start_of_file(kind);
        let size = u64::from(event.header().event_size());
        if size > self.event_bytes_max {
            return Err(too_large(kind, size, self.event_bytes_max));
        }
        let inner = !event.footer().get_checksum_enabled();
        let bytes = whole_event(&event, inner)?;
        self.account(&bytes, inner, &event)?;
        Ok((bytes, inner))
    }

    /// mysql_async unpacks compressed transactions and keeps it to itself when that fails.
    fn account(&mut self, bytes: &[u8], inner: bool, event: &Event) -> Result<(), Failure> {
        let size = bytes.len() as u64;
        if inner != (self.inner_left > 0) || (inner && size > self.inner_left) {
            return Err(Failure::definite(
                "payload_incomplete",
                format!("{} bytes of a compressed transaction could not be unpacked", self.inner_left),
                "the binary log is damaged or compressed in an unknown way: check it with mysqlbinlog; turn \
                 binlog_transaction_compression off at the source",
            ));
        }
        if inner {
            self.inner_left -= size;
        } else if event.header().event_type_raw() == EventKind::TRANSACTION_PAYLOAD.0 {
            let checksum = if event.footer().get_checksum_alg().is_ok_and(|alg| alg.is_some_and(|alg| alg as u8 == 1)) {
                ChecksumAlg::Crc32
            } else {
                ChecksumAlg::Off
            };
            self.inner_left = unpacked_size(bytes, checksum)?;
            if self.inner_left > self.event_bytes_max {
                return Err(too_large(EventKind::TRANSACTION_PAYLOAD, self.inner_left, self.event_bytes_max));
            }
        }
        Ok(())
    }
}

fn is_start_of_file(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::ROTATE
            | EventKind::FORMAT_DESCRIPTION
            | EventKind::PREVIOUS_GTIDS
            | EventKind::MARIADB_GTID_LIST
            | EventKind::MARIADB_BINLOG_CHECKPOINT
            | EventKind::MARIADB_START_ENCRYPTION
    )
}

fn unpacked_size(bytes: &[u8], checksum: ChecksumAlg) -> Result<u64, Failure> {
    let damaged = |found: String| {
        Failure::definite(
            "event_malformed",
            format!("a compressed transaction can't be read: {found}"),
            "check the source's binary log with mysqlbinlog",
        )
    };
    match Decoder::with_checksum(checksum).decode(bytes).map_err(|error| damaged(error.to_string()))?.body {
        EventBody::TransactionPayload(payload) => match (payload.compression, payload.uncompressed_size) {
            (PayloadCompression::None, _) => Ok(payload.payload.len() as u64),
            (PayloadCompression::Zstd, Some(size)) => Ok(size),
            (PayloadCompression::Zstd, None) => Err(damaged("its size is not given".into())),
        },
        _ => Err(damaged("it is another event".into())),
    }
}

fn too_large(kind: EventKind, size: u64, limit: u64) -> Failure {
    Failure::definite(
        "event_too_large",
        format!("a {kind} event of {size} bytes is larger than the limit of {limit}"),
        "raise `pipe.event_bytes_max`; the memory for one such event is needed besides the queue",
    )
}

/// The event as it was on the wire: mysql_async has cut off the checksum, and of a FORMAT_DESCRIPTION the byte before
/// it that names the algorithm.
fn whole_event(event: &Event, inner: bool) -> Result<Vec<u8>, Failure> {
    let header = event.header();
    let size = header.event_size() as usize;
    // Sizes come from the wire: reserve for what is there.
    let mut bytes = Vec::with_capacity(HEADER_LENGTH + event.data().len() + 5);
    bytes.extend_from_slice(&header.timestamp().to_le_bytes());
    bytes.push(header.event_type_raw());
    bytes.extend_from_slice(&header.server_id().to_le_bytes());
    bytes.extend_from_slice(&header.event_size().to_le_bytes());
    bytes.extend_from_slice(&header.log_pos().to_le_bytes());
    bytes.extend_from_slice(&header.flags_raw().to_le_bytes());
    bytes.extend_from_slice(event.data());
    if header.event_type_raw() == EventKind::FORMAT_DESCRIPTION.0 {
        match event.footer().get_checksum_alg() {
            Ok(Some(algorithm)) => bytes.push(algorithm as u8),
            Ok(None) => {}
            Err(error) => bytes.push(error.0),
        }
    }
    if !inner && let Some(checksum) = event.checksum() {
        bytes.extend_from_slice(&checksum);
    }
    if bytes.len() == size {
        return Ok(bytes);
    }
    let (kind, found) = (EventKind(header.event_type_raw()), bytes.len());
    Err(Failure::definite(
        "event_malformed",
        format!("a {kind} event of {size} bytes came with {found}"),
        "check the source's binary log with mysqlbinlog",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_keeps_its_identity_and_differs_from_others() {
        let shop = ReplicaIdentity::of_task("shop", None);
        assert_eq!(shop, ReplicaIdentity::of_task("shop", None));
        let other = ReplicaIdentity::of_task("shoq", None);
        assert!(shop.server_id != other.server_id && shop.uuid != other.uuid);
        assert!(shop.server_id >= 0x8000_0000);
        assert_eq!(ReplicaIdentity::of_task("shop", Some(7)).server_id, 7);
        let groups: Vec<usize> = shop.uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(shop.uuid.as_bytes()[14], b'8');
    }

    #[test]
    fn gtid_sets_with_tags_are_requested_stream_by_stream() {
        let set: MySqlGtidSet = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:shop:3".parse().unwrap();
        let sids = sids(&set).unwrap();
        assert_eq!(sids.len(), 2);
        assert_eq!(sids[0].intervals().iter().map(|i| (i.start(), i.end())).collect::<Vec<_>>(), [(1, 6), (7, 8)]);
        assert_eq!(sids[1].tag().map(|tag| tag.as_str()), Some("shop"));
    }
}
