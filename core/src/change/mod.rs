//! What flows through a pipe: neither the producer's nor the consumer's, and never stored.
//!
//! A producer hands on, in the source's commit order:
//!
//! ```text
//! Begin ─ (Rows | Schema)* ─ Commit      one transaction, in parts, so that its size does not matter
//! Reached                                nothing to apply up to here: an idle source, or what the filter left out
//! ```

/// The bytes of texts, in any character set.
pub(crate) mod charset;
mod point;
mod rows;
mod table;
mod trail;

pub use point::{Progressed, SourcePoint};
pub use rows::{RowsChange, RowsError};
pub use table::{Column, TableSchema};
pub use trail::Trail;

use replicator_model::gtid::Gtid;
use replicator_model::task::DdlKind;
use replicator_schema::translate::End;
use std::sync::Arc;

/// One part of the stream.
#[derive(Debug, Clone)]
pub enum Change {
    Begin(TransactionStart),
    Rows(RowsChange),
    Schema(SchemaChange),
    /// The transaction that began is complete at the source. After this point it may be made durable.
    Commit(SourcePoint),
    /// Everything before this point is applied once what came before it in the stream is.
    Reached(SourcePoint),
}

/// What is known of a transaction before its first change.
#[derive(Debug, Clone)]
pub struct TransactionStart {
    /// Its identifier, where the source gives one.
    pub gtid: Option<Gtid>,
    /// Where it begins in the source's binary log, for messages and for consumers that mark each row with it.
    pub file: Arc<str>,
    pub offset: u64,
    /// When it was committed at the source, in microseconds since 1970 UTC; whole seconds where the source says no more.
    pub commit_time_us: i64,
    /// The servers it has passed, the source last.
    pub trail: Trail,
}

/// A statement that changes tables, databases or views: the source's text, and the session it ran in.
#[derive(Debug, Clone)]
pub struct SchemaChange {
    /// The database it ran in; names without one mean this.
    pub database: String,
    pub sql: String,
    /// Where its event begins in the source's binary log.
    pub file: Arc<str>,
    pub offset: u64,
    /// Tables it names that the task replicates, as (database, table) of the source.
    pub tables: Vec<(String, String)>,
    /// The same tables, after routing.
    pub targets: Vec<(String, String)>,
    /// One of the tables may become one with others at the target, which may have had the same change already.
    pub merged: bool,
    /// What it does.
    pub kinds: Vec<DdlKind>,
    /// `sql_mode` bits of the source's session, if the event has them.
    pub sql_mode: Option<u64>,
    /// The source's names of `collation_connection` and `collation_server`. What the client sent is UTF-8 here.
    pub connection_collation: Option<String>,
    pub server_collation: Option<String>,
    pub time_zone: Option<String>,
    pub foreign_key_checks: bool,
    /// `TIMESTAMP` of the source's session, in microseconds since 1970 UTC.
    pub timestamp_us: i64,
    /// What the source takes for granted in it; `None`: that is not known.
    pub source: Option<Box<End>>,
}

#[cfg(test)]
impl SchemaChange {
    /// A change that says nothing of its session.
    pub(crate) fn of(sql: &str) -> Self {
        Self {
            database: "shop".into(),
            sql: sql.into(),
            file: "bin.000001".into(),
            offset: 4,
            tables: vec![],
            targets: vec![],
            merged: false,
            kinds: vec![],
            sql_mode: None,
            connection_collation: None,
            server_collation: None,
            time_zone: None,
            foreign_key_checks: true,
            timestamp_us: 0,
            source: None,
        }
    }
}

impl Change {
    /// What it counts in the queue, in bytes.
    pub fn queue_bytes(&self) -> usize {
        const OVERHEAD: usize = 256;
        OVERHEAD
            + match self {
                Change::Rows(rows) => rows.event.len(),
                Change::Schema(schema) => schema.sql.len(),
                Change::Begin(_) | Change::Commit(_) | Change::Reached(_) => 0,
            }
    }
}
