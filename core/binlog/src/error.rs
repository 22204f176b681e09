//! What can be wrong with bytes that claim to be a binary log.

use crate::event_header::EventKind;

/// Why an event, a row or a value could not be decoded.
///
/// `offset` counts from the first byte of the event's header (0), whatever part of the event was being read.
/// None of these is transient: the same bytes give the same error again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The buffer ends before the value does.
    #[error("{kind} event is cut short: {expected} needs {needed} bytes at byte {offset}, {left} are left")]
    Truncated { kind: EventKind, offset: usize, expected: &'static str, needed: usize, left: usize },

    /// The bytes are all there and say something that cannot be.
    #[error("{kind} event is malformed at byte {offset}: expected {expected}, found {found}")]
    Malformed { kind: EventKind, offset: usize, expected: &'static str, found: String },

    /// The event was damaged on the wire or on disk.
    #[error("{kind} event has checksum {stored:08x} but its bytes give {computed:08x}: damaged on disk or on the wire")]
    Checksum { kind: EventKind, stored: u32, computed: u32 },

    /// A size announced by the event exceeds the limit given by the caller or by the servers themselves.
    #[error("{kind} event: {what} is {size}, the limit is {limit}")]
    TooLarge { kind: EventKind, what: &'static str, size: u64, limit: u64 },

    /// Known to exist, not carried by this decoder (yet). Never to be skipped silently.
    #[error("{kind} event: {what} is not supported")]
    Unsupported { kind: EventKind, what: String },

    /// The table map carries no SIGNEDNESS metadata and nobody filled in [`crate::ColumnDef::unsigned`].
    #[error(
        "{kind} event: it is not known whether the integer column is UNSIGNED; set binlog_row_metadata=FULL on the source or supply the table's definition"
    )]
    UnknownSignedness { kind: EventKind },

    /// The rows event and the table map (or its definition) do not belong together.
    #[error("{kind} event has {event} columns but table {table} has {columns}")]
    ColumnCount { kind: EventKind, table: String, event: usize, columns: usize },

    /// One of the above, in a named column of a row.
    #[error("table {table}, column {column}: {source}")]
    Column { table: String, column: String, source: Box<DecodeError> },
}

impl DecodeError {
    /// True when the bytes are fine but describe something this decoder does not carry: the operator's choice of
    /// feature, not damage.
    pub fn is_unsupported(&self) -> bool {
        match self {
            DecodeError::Unsupported { .. } => true,
            DecodeError::Column { source, .. } => source.is_unsupported(),
            _ => false,
        }
    }
}
