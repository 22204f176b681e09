//! The 19 bytes every event begins with (binary log version 4).

use std::fmt;

use crate::{cursor::Cursor, error::DecodeError};

/// Length of an event header in bytes.
pub const HEADER_LENGTH: usize = 19;

/// The type byte of an event. MySQL numbers its events up to 42, MariaDB its own from 160 on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKind(pub u8);

macro_rules! event_kinds {
    ($($name:ident = $value:literal,)*) => {
        impl EventKind {
            $(pub const $name: EventKind = EventKind($value);)*

            /// The name the servers' own tools use, `None` for a type this decoder has never heard of.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(EventKind::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

event_kinds! {
    START_V3 = 1,
    QUERY = 2,
    STOP = 3,
    ROTATE = 4,
    INTVAR = 5,
    LOAD = 6,
    SLAVE = 7,
    CREATE_FILE = 8,
    APPEND_BLOCK = 9,
    EXEC_LOAD = 10,
    DELETE_FILE = 11,
    NEW_LOAD = 12,
    RAND = 13,
    USER_VAR = 14,
    FORMAT_DESCRIPTION = 15,
    XID = 16,
    BEGIN_LOAD_QUERY = 17,
    EXECUTE_LOAD_QUERY = 18,
    TABLE_MAP = 19,
    PRE_GA_WRITE_ROWS = 20,
    PRE_GA_UPDATE_ROWS = 21,
    PRE_GA_DELETE_ROWS = 22,
    WRITE_ROWS_V1 = 23,
    UPDATE_ROWS_V1 = 24,
    DELETE_ROWS_V1 = 25,
    INCIDENT = 26,
    HEARTBEAT = 27,
    IGNORABLE = 28,
    ROWS_QUERY = 29,
    WRITE_ROWS = 30,
    UPDATE_ROWS = 31,
    DELETE_ROWS = 32,
    GTID = 33,
    ANONYMOUS_GTID = 34,
    PREVIOUS_GTIDS = 35,
    TRANSACTION_CONTEXT = 36,
    VIEW_CHANGE = 37,
    XA_PREPARE = 38,
    PARTIAL_UPDATE_ROWS = 39,
    TRANSACTION_PAYLOAD = 40,
    HEARTBEAT_V2 = 41,
    GTID_TAGGED = 42,
    MARIADB_ANNOTATE_ROWS = 160,
    MARIADB_BINLOG_CHECKPOINT = 161,
    MARIADB_GTID = 162,
    MARIADB_GTID_LIST = 163,
    MARIADB_START_ENCRYPTION = 164,
    MARIADB_QUERY_COMPRESSED = 165,
    MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166,
    MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167,
    MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168,
    MARIADB_WRITE_ROWS_COMPRESSED = 169,
    MARIADB_UPDATE_ROWS_COMPRESSED = 170,
    MARIADB_DELETE_ROWS_COMPRESSED = 171,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "unknown({})", self.0),
        }
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The common header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHeader {
    /// Seconds since the epoch, source's clock; 0 in events the source made up for this connection.
    pub timestamp: u32,
    pub kind: EventKind,
    /// The server the event was first written by.
    pub server_id: u32,
    /// Bytes of header, body and checksum.
    pub event_size: u32,
    /// Offset of the next event, **modulo 2^32**; 0 for made-up events, for events inside a TRANSACTION_PAYLOAD and,
    /// on MariaDB 11.4+, inside a transaction. Never a position by itself in files over 4 GB.
    pub log_pos: u32,
    pub flags: u16,
}

impl EventHeader {
    /// The event was made up by the source for this connection and is in no file.
    pub const ARTIFICIAL: u16 = 0x20;
    /// A replica that does not know the event may skip it.
    pub const IGNORABLE: u16 = 0x80;
    /// Set in FORMAT_DESCRIPTION while the file is being written.
    pub const IN_USE: u16 = 0x01;

    /// Reads the header only. `raw` may be longer.
    pub fn parse(raw: &[u8]) -> Result<EventHeader, DecodeError> {
        // The type byte comes first into play for error messages.
        let kind = EventKind(raw.get(4).copied().unwrap_or(0));
        let mut cursor = Cursor::new(raw, 0, kind);
        let timestamp = cursor.u32("event header")?;
        let kind = EventKind(cursor.u8("event header")?);
        Ok(EventHeader {
            timestamp,
            kind,
            server_id: cursor.u32("event header")?,
            event_size: cursor.u32("event header")?,
            log_pos: cursor.u32("event header")?,
            flags: cursor.u16("event header")?,
        })
    }

    pub fn is_artificial(&self) -> bool {
        self.flags & Self::ARTIFICIAL != 0
    }
}
