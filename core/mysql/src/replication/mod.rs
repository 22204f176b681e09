//! The binlog connection: a server's binary log as raw events, over a connection of our own.
//!
//! ```text
//! session ─ connects (tls), logs in (handshake, auth), asks (command) ─┐
//!                                                                      ▼
//! socket ─ 64 KiB a read ─▶ packet ─ slices of what was read ─▶ events ─▶ RawEvent
//!                                                                  └ compressed transactions, unpacked as they come
//! ```
//!
//! All but `session` and this file is plain functions of bytes. Nothing is read ahead but what the kernel holds: a pipe
//! whose queue is full stops to read, and the source waits.

mod auth;
mod command;
mod events;
mod handshake;
mod identity;
mod packet;
mod session;
mod tls;

use crate::connect::Endpoint;
use crate::facts::ServerFlavor;
use crate::stream_error::stream_failure;
use bytes::Bytes;
use events::Events;
pub use identity::ReplicaIdentity;
use mysql_async::Error;
use replicator_binlog::EventKind;
use replicator_model::failure::Failure;
use replicator_model::gtid::{MariaDbGtidSet, MySqlGtidSet};
use session::{Session, Wire};
use std::time::Duration;

/// A connection without any event, heartbeats included, for so many heartbeat periods is given up.
const SILENT_HEARTBEATS: u32 = 3;

/// Before the first transaction, a source that looks for it in its files may be silent for longer.
const SEARCH_SILENCE: Duration = Duration::from_secs(120);

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

/// What is asked of the source.
#[derive(Debug, Clone)]
pub struct Dump {
    pub flavor: ServerFlavor,
    pub identity: ReplicaIdentity,
    pub heartbeat: Duration,
    /// Largest event accepted, in bytes. A compressed transaction is not one: its inner events are.
    pub event_bytes_max: u64,
    pub from: DumpFrom,
}

/// What the bytes of a [`RawEvent`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPart {
    /// An event: header, body and, where the source adds one, checksum.
    Whole,
    /// The header alone of a compressed transaction, whose events follow.
    Compressed,
    /// An event from inside of it: without checksum and position.
    Inner,
}

/// One event, as the source wrote it.
#[derive(Debug)]
pub struct RawEvent {
    /// A slice of what was read at once: whoever keeps a small one for long copies it.
    pub bytes: Bytes,
    pub part: EventPart,
}

/// A source's binary log. Closed when dropped.
#[derive(Debug)]
pub struct BinlogConnection {
    wire: Wire,
    events: Events,
    silence: Duration,
    /// Nothing but what a file begins with has come yet.
    searching: bool,
}

/// Whether the server lets the endpoint's user in. Asks for nothing else.
pub(crate) async fn logs_in(endpoint: &Endpoint) -> bool {
    Session::open(endpoint).await.is_ok()
}

impl BinlogConnection {
    /// Connects, registers as a replica and asks for the log. Whether the source has what was asked for shows with the
    /// first event.
    pub async fn open(endpoint: &Endpoint, dump: Dump) -> Result<Self, Failure> {
        let mut session = Session::open(endpoint).await?;
        let within = tokio::time::timeout(endpoint.connect_timeout, async {
            session.run(&command::query(&command::settings(&dump))).await?;
            let registered = session.command(&command::register(&dump.identity)).await?;
            registered.map_err(|error| stream_failure(&Error::Server(error)))?;
            session.follow(&command::dump(&dump)).await
        });
        let (wire, packets) = within.await.map_err(|_| endpoint.timed_out())??;
        Ok(Self {
            wire,
            events: Events::new(packets, dump.event_bytes_max),
            silence: dump.heartbeat * SILENT_HEARTBEATS,
            searching: true,
        })
    }

    /// The next event; waits for it. Cancel-safe. After an error there are no more.
    pub async fn next(&mut self) -> Result<RawEvent, Failure> {
        loop {
            if let Some(event) = self.events.next()? {
                let kind = EventKind(event.bytes.get(4).copied().unwrap_or_default());
                self.searching &= is_start_of_file(kind);
                return Ok(event);
            }
            let silence = if self.searching { self.silence.max(SEARCH_SILENCE) } else { self.silence };
            match tokio::time::timeout(silence, self.wire.read(self.events.room())).await {
                Ok(read) => read?,
                Err(_) => return Err(silent(silence)),
            }
        }
    }
}

fn silent(silence: Duration) -> Failure {
    Failure::transient(
        "source_silent",
        format!("no event and no heartbeat for {silence:?}"),
        "check that the source runs and the network works; it is tried again on a new connection",
    )
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
