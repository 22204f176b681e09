//! What a source's refusal to send its binary log means.
//!
//! Nearly all of them are error 1236 (`ER_MASTER_FATAL_ERROR_READING_BINLOG`) and differ in the text alone; texts are
//! those of `sql/rpl_source.cc`, `sql/rpl_binlog_sender.cc` (MySQL 5.6 to 9.x) and `sql/sql_repl.cc` (MariaDB).

use crate::error::failure;
use mysql_async::{Error, ServerError};
use replicator_model::failure::Failure;

const FATAL_READING_BINLOG: u16 = 1236;

/// The code of the failure that means "another connection has taken this replica id".
pub const REPLICA_ID_TAKEN: &str = "replica_id_taken";

/// As [`failure`], for the binlog connection.
pub(crate) fn stream_failure(error: &Error) -> Failure {
    match error {
        Error::Server(error) => refusal(error).unwrap_or_else(|| failure(&Error::Server(error.clone()))),
        other => failure(other),
    }
}

fn refusal(error: &ServerError) -> Option<Failure> {
    let text = error.message.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let reason = format!("{} (error {})", error.message, error.code);
    // MariaDB has a number of its own for it.
    if error.code == 4052 || (error.code == FATAL_READING_BINLOG && says(&["same server_uuid", "same server_id"])) {
        return Some(replica_id_taken(&reason));
    }
    if matches!(error.code, 1045 | 1227 | 1044 | 1142) {
        return Some(Failure::definite(
            "replication_privilege_missing",
            reason,
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the user",
        ));
    }
    if !matches!(error.code, FATAL_READING_BINLOG | 1373 | 1789 | 1955 | 1957 | 13119..=13125) {
        return None;
    }
    Some(if says(&["purged"]) {
        purged(&reason)
    } else if says(&["could not find first log file", "could not find target log", "could not open log file"]) {
        missing_file(&reason)
    } else if says(&["binary log is not open"]) {
        crate::head::binlog_off()
    } else if says(&["more gtids than", "not in the master's binlog", "not in master's binlog", "missing the gtid"]) {
        errant(&reason)
    } else if says(&["impossible position", "position > file size", "bogus data"]) {
        Failure::definite(
            "position_unknown",
            reason,
            "the position is not the border of an event of that file: choose another start, or rewind the task",
        )
    } else {
        Failure::definite("source_refused", reason, "see the source's error log and its documentation of this error")
    })
}

fn replica_id_taken(reason: &str) -> Failure {
    Failure::transient(
        REPLICA_ID_TAKEN,
        format!("another replica with the same id has connected to the source: {reason}"),
        "if this task runs elsewhere too, the other one goes on; else give the task its own `producer.server_id`",
    )
}

/// What is wanted is no longer in the source's log.
pub fn purged(reason: &str) -> Failure {
    Failure::definite(
        "position_lost",
        reason,
        "what is missing can't be read any more. Either copy the tables again and start from there; or, if the target may \
         lack it, rewind the task to \"earliest\". Keep the source's binary logs longer (binlog_expire_logs_seconds)",
    )
}

/// The file is not in the source's log.
pub fn missing_file(reason: &str) -> Failure {
    Failure::definite(
        "binlog_file_missing",
        reason,
        "SHOW BINARY LOGS on the source lists its files; if the file was purged, copy the tables again and start from \
         there",
    )
}

/// The source lacks transactions that were applied already.
pub fn errant(reason: &str) -> Failure {
    Failure::definite(
        "gtids_missing_at_source",
        reason,
        "the source was restored, reset, or is a replica that lags behind: point the task to a server that has them, \
         or copy the tables again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (code, text, expected) in [
            (1236, "Could not find first log file name in binary log index file", "binlog_file_missing"),
            (
                1236,
                "A replica with the same server_uuid/server_id as this replica has connected to the source; the first event…",
                REPLICA_ID_TAKEN,
            ),
            (4052, "A slave with the same server_id is already connected", REPLICA_ID_TAKEN),
            (
                1236,
                "Cannot replicate because the source purged required binary logs. Replicate the missing…",
                "position_lost",
            ),
            (
                1236,
                "Could not find GTID state requested by slave in any binlog files. Probably the slave state is too old and required binlog files have been purged.",
                "position_lost",
            ),
            (
                1236,
                "Error: connecting slave requested to start from GTID 0-1-900, which is not in the master's binlog",
                "gtids_missing_at_source",
            ),
            (1236, "Client requested source to start replication from position > file size", "position_unknown"),
            (1236, "Binary log is not open", "binlog_off"),
            (
                1227,
                "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)",
                "replication_privilege_missing",
            ),
            (1053, "Server shutdown in progress", "connection_lost"),
            (1236, "something else", "source_refused"),
        ] {
            let error = ServerError { code, message: text.into(), state: "HY000".into() };
            let failure = stream_failure(&Error::Server(error));
            assert_eq!(failure.code, expected, "{text}");
            assert_eq!(failure.is_transient(), matches!(expected, REPLICA_ID_TAKEN | "connection_lost"), "{text}");
        }
    }
}
