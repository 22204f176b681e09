//! Why an event can't be carried.

use replicator_binlog::{DecodeError, EventHeader, EventKind};
use replicator_model::failure::Failure;

/// A type of event that nobody has told us about: harmless only if the source says so.
pub(super) fn unknown(header: &EventHeader) -> Result<(), Failure> {
    if header.flags & EventHeader::IGNORABLE != 0 {
        return Ok(());
    }
    // The blocks of a LOAD DATA, whose last event decides.
    if matches!(header.kind, EventKind::APPEND_BLOCK | EventKind::DELETE_FILE) {
        return Ok(());
    }
    Err(Failure::definite(
        "event_not_understood",
        format!("an event of type {} is not understood", header.kind),
        "the source is newer than this program, or uses a feature that is not carried yet: report it",
    ))
}

pub(super) fn not_decoded(error: DecodeError) -> Failure {
    let code = match &error {
        DecodeError::Checksum { .. } => "event_damaged",
        error if error.is_unsupported() => "event_not_carried",
        _ => "event_malformed",
    };
    Failure::definite(
        code,
        error.to_string(),
        "check the source's binary log with mysqlbinlog; keep the file and report it",
    )
}

pub(super) fn no_table_map() -> Failure {
    Failure::definite(
        "position_inside_transaction",
        "rows come without a description of their table",
        "the position lies inside of a transaction: choose a start at the border of one, or rewind the task",
    )
}

pub(super) fn incomplete(why: &str) -> Failure {
    Failure::definite(
        "transaction_incomplete",
        format!("the end of a transaction is missing from the binary log: {why}"),
        "the source has lost the end of a file, most likely in a crash: compare the tables, then start after it",
    )
}

pub(super) fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|_| {
        Failure::definite("event_malformed", format!("a {what} is not in UTF-8"), "report it with the source's version")
    })
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
