//! Rows of one table, still as the bytes of the source's event: consumers decode them where they need them.

use super::table::TableSchema;
use bytes::Bytes;
use replicator_binlog::{DecodeError, RowsEvent, RowsKind, RowsLayout};
use replicator_model::failure::Failure;
use std::sync::Arc;

/// The rows of one event.
#[derive(Debug, Clone)]
pub struct RowsChange {
    pub table: Arc<TableSchema>,
    pub kind: RowsKind,
    /// The source's session had `foreign_key_checks = 0`, or what its foreign keys did is in the log as rows.
    pub no_foreign_key_checks: bool,
    /// The event's bytes, and what of them are rows.
    pub event: Bytes,
    pub layout: RowsLayout,
    /// Where the event begins in the source's binary log, for messages.
    pub file: Arc<str>,
    pub offset: u64,
    /// Rows of the same transaction before this event's first, so that each row has an index in its transaction.
    pub first_row: u64,
    /// Rows of this event.
    pub row_count: u64,
}

/// A row that can't be decoded, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rows of `{table}` at {file}:{offset}: {source}")]
pub struct RowsError {
    pub table: String,
    pub file: String,
    pub offset: u64,
    pub source: DecodeError,
}

impl RowsChange {
    /// The event again, borrowed from its bytes; `rows(&change.table.map)` of it walks the rows.
    pub fn view(&self) -> Result<RowsEvent<'_>, RowsError> {
        self.layout.view(&self.event).map_err(|source| self.error(source))
    }

    /// Says where a decoding error happened.
    pub fn error(&self, source: DecodeError) -> RowsError {
        RowsError { table: self.table.source_name(), file: self.file.to_string(), offset: self.offset, source }
    }

    /// Where it is, for messages.
    pub fn place(&self) -> String {
        format!("{} at {}:{}", self.table.source_name(), self.file, self.offset)
    }
}

impl From<RowsError> for Failure {
    fn from(error: RowsError) -> Self {
        Failure::definite(
            "rows_not_understood",
            error.to_string(),
            "keep the binary log file and report it; nothing from this event on has been applied",
        )
    }
}
