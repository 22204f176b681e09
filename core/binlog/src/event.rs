//! A decoded event.

use crate::{
    event_header::EventHeader,
    format_description::FormatDescription,
    gtid::{MysqlGtid, PreviousGtids},
    mariadb::{MariaDbGtid, MariaDbGtidList},
    partial_update::PartialUpdate,
    payload::TransactionPayload,
    query::Query,
    rows::RowsEvent,
    statement::{BeginLoadQuery, ExecuteLoadQuery, Intvar, Rand, UserVar},
    table_map::TableMapEvent,
    xa::XaPrepare,
};

/// Header and contents, borrowed from the raw bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    pub header: EventHeader,
    pub body: EventBody<'a>,
}

/// What an event says. Whoever matches on it should list every variant: what is not understood must stop a task.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody<'a> {
    /// First event of a file; the decoder has taken it over already.
    FormatDescription(FormatDescription),
    /// The log goes on in another file; artificial at the start of a connection.
    Rotate {
        position: u64,
        file: &'a [u8],
    },
    /// The source was shut down; not the end of the log.
    Stop,
    /// The source has lost events: the log has a gap here.
    Incident {
        number: u16,
        message: &'a [u8],
    },
    /// Nothing new at the source. `position` has only 32 bits in version 1.
    Heartbeat {
        file: &'a [u8],
        position: u64,
    },
    Gtid(MysqlGtid<'a>),
    /// As [`EventBody::Gtid`] where the source runs without GTIDs; uuid and number are zero.
    AnonymousGtid(MysqlGtid<'a>),
    PreviousGtids(PreviousGtids<'a>),
    Query(Query<'a>),
    /// Commit of a transaction.
    Xid(u64),
    Intvar(Intvar),
    Rand(Rand),
    UserVar(UserVar<'a>),
    /// The statement behind the following rows, for information.
    RowsQuery(&'a [u8]),
    TableMap(TableMapEvent<'a>),
    Rows(RowsEvent<'a>),
    /// UPDATE with changes inside JSON values (`binlog_row_value_options=PARTIAL_JSON`).
    PartialUpdate(PartialUpdate<'a>),
    TransactionPayload(TransactionPayload<'a>),
    XaPrepare(XaPrepare<'a>),
    /// Group replication's own bookkeeping: raw bodies.
    TransactionContext(&'a [u8]),
    ViewChange(&'a [u8]),
    BeginLoadQuery(BeginLoadQuery<'a>),
    ExecuteLoadQuery(ExecuteLoadQuery<'a>),
    /// Marked by the server as safe to skip (IGNORABLE_LOG_EVENT).
    Ignorable(&'a [u8]),
    MariaDbGtid(MariaDbGtid<'a>),
    MariaDbGtidList(MariaDbGtidList),
    /// Oldest file a crash recovery of the source would need.
    MariaDbBinlogCheckpoint(&'a [u8]),
    /// The statement behind the following rows, for information.
    MariaDbAnnotateRows(&'a [u8]),
    /// What follows in this file is encrypted (in files only, never over the network).
    MariaDbStartEncryption {
        scheme: u8,
        key_version: u32,
        nonce: [u8; 12],
    },
    /// A type without decoding here: see [`EventHeader::kind`]; raw body.
    Unknown(&'a [u8]),
}
