//! What a server's error means for a task: whether trying again can help, and what to do.
//!
//! Numbers are those of the MySQL Server Error Reference and MariaDB's "Error Codes"; the two share all that are
//! named here.

use mysql_async::{DriverError, Error, IoError, ServerError};
use replicator_model::failure::Failure;
use rustls::AlertDescription;

/// Longest part of a server's message that is repeated.
const MESSAGE_LENGTH_MAX: usize = 300;

/// Says what an error means. Row values in the server's text are left out.
pub fn failure(error: &Error) -> Failure {
    match error {
        Error::Server(error) => server_failure(error),
        Error::Io(IoError::Io(error)) => match handshake_problem(error) {
            Some(problem) => tls_failed(problem),
            None => Failure::transient(
                "connection_lost",
                format!("the connection failed: {error}"),
                "check that the server runs and can be reached; it is tried again",
            ),
        },
        Error::Io(IoError::Tls(error)) => tls_failed(error),
        Error::Driver(error) => driver_failure(error),
        Error::Url(error) => Failure::definite("bad_address", error.to_string(), "correct the address"),
        Error::Other(error) => Failure::transient(
            "connection_failed",
            error.to_string(),
            "check that the server can be reached; it is tried again",
        ),
    }
}

/// Why the two can't agree on encryption; no later try would end otherwise. rustls hands it on inside of an I/O error.
fn handshake_problem(error: &std::io::Error) -> Option<&rustls::Error> {
    let problem = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let is_lasting = matches!(
        problem,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                AlertDescription::AccessDenied
                    | AlertDescription::BadCertificate
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateRequired
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::HandshakeFailure
                    | AlertDescription::ProtocolVersion
                    | AlertDescription::UnknownCA
                    | AlertDescription::UnsupportedCertificate
            )
    );
    is_lasting.then_some(problem)
}

pub(crate) fn tls_failed(problem: impl std::fmt::Display) -> Failure {
    Failure::definite(
        "tls_failed",
        format!("no encrypted connection: {problem}"),
        "check `tls.ca` and the server's certificate, or choose another `tls.mode`",
    )
}

/// The server wants a login method that is not ours.
pub(crate) fn auth_plugin_unknown(name: &str) -> Failure {
    Failure::definite(
        "auth_plugin_unknown",
        format!("the server wants the login method `{name}`"),
        "check the user's name, for a server makes up a method for a user it does not know; else let the user log in with \
         caching_sha2_password, mysql_native_password, ed25519 or parsec",
    )
}

pub(crate) fn login_panicked() -> Failure {
    Failure::transient(
        "unexpected_packet",
        "the driver could not read what the server sent while logging in",
        "it is tried again on a new connection",
    )
}

pub(crate) fn tls_not_offered() -> Failure {
    Failure::definite(
        "tls_not_offered",
        "the server offers no encryption",
        "enable TLS on the server, or set `tls.mode` to \"off\"",
    )
}

fn driver_failure(error: &DriverError) -> Failure {
    match error {
        DriverError::ConnectionClosed | DriverError::PacketOutOfOrder => Failure::transient(
            "connection_lost",
            "the server closed the connection",
            "see the server's error log; it is tried again",
        ),
        DriverError::UnknownAuthPlugin { name } => auth_plugin_unknown(name),
        DriverError::NoClientSslFlagFromServer => tls_not_offered(),
        // Its text would show the packet's bytes, which may be rows.
        DriverError::UnexpectedPacket { .. } => Failure::transient(
            "unexpected_packet",
            "the server sent a packet that does not belong here",
            "it is tried again on a new connection",
        ),
        DriverError::FromValue { .. } | DriverError::FromRow { .. } => Failure::definite(
            "unexpected_answer",
            "the server answered a question about itself in another form than known",
            "report it with the server's version",
        ),
        other => Failure::definite("driver_failed", other.to_string(), "report it with the server's version"),
    }
}

pub(crate) fn server_failure(error: &ServerError) -> Failure {
    let reason = format!("{} (error {})", message(error), error.code);
    match error.code {
        1045 | 1698 => Failure::definite(
            "access_denied",
            reason,
            "check the user and its password, and that the user may come from this host",
        ),
        1044 | 1142 | 1143 | 1227 | 1370 => {
            Failure::definite("privilege_missing", reason, "grant the user what is missing and start the task again")
        }
        1049 => {
            Failure::definite("unknown_database", reason, "create the database on the target, or route it to another")
        }
        1051 | 1146 => {
            Failure::definite("unknown_table", reason, "create the table on the target, or exclude it from the task")
        }
        1054 | 1136 => Failure::definite("columns_differ", reason, "make the target's table like the source's"),
        1062 | 1586 => Failure::definite(
            "duplicate_key",
            reason,
            "a row is already there: someone else writes to the target, or it was copied after the start position",
        ),
        1048 | 1264 | 1265 | 1292 | 1364 | 1366 | 1406 | 3140 | 3141 | 3144 | 4025 => Failure::definite(
            "value_does_not_fit",
            reason,
            "the target's column can't hold the source's value; make its type like the source's",
        ),
        1451 | 1452 => Failure::definite(
            "foreign_key_failed",
            reason,
            "a row that the other refers to is missing on the target; replicate both tables, or drop the constraint there",
        ),
        1021 | 1114 | 1041 => {
            Failure::transient("target_full", reason, "free space or memory on the server; it is tried again")
        }
        1040 | 1203 | 1226 => {
            Failure::transient("too_many_connections", reason, "raise the server's limit; it is tried again")
        }
        1205 | 1213 | 1614 | 3572 | 3058 => {
            Failure::transient("lock_conflict", reason, "someone else locks the same rows; it is tried again")
        }
        1290 | 1792 | 1836 => Failure::transient(
            "read_only",
            reason,
            "make the server writable, or point the task to the one that is; it is tried again",
        ),
        1053 | 1077 | 1079 | 1152 | 1154..=1161 | 1184 | 1317 | 1927 | 2006 | 2013 | 3024 | 3168 | 3169 | 4031 => {
            Failure::transient("connection_lost", reason, "see the server's error log; it is tried again")
        }
        1129 => Failure::definite("host_blocked", reason, "run FLUSH HOSTS on the server"),
        1153 => Failure::definite("packet_too_large", reason, "raise max_allowed_packet on the server"),
        _ => Failure::definite("server_refused", reason, "see the server's documentation of this error"),
    }
}

/// The server's text without row values: those stand in quotes before what they are about.
fn message(error: &ServerError) -> String {
    let text = match error.code {
        1062 | 1586 => match error.message.rsplit_once(" for key ") {
            Some((_, key)) => format!("Duplicate entry for key {key}"),
            None => "Duplicate entry".to_owned(),
        },
        1292 | 1366 => match error.message.rsplit_once(" for column ") {
            Some((_, column)) => format!("Incorrect value for column {column}"),
            None => "Incorrect value".to_owned(),
        },
        _ => error.message.clone(),
    };
    text.chars().take(MESSAGE_LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16, message: &str) -> Failure {
        failure(&Error::Server(ServerError { code, message: message.into(), state: "HY000".into() }))
    }

    #[test]
    fn a_wrong_password_stops_and_a_deadlock_does_not() {
        let denied = server(1045, "Access denied for user 'r'@'h' (using password: YES)");
        assert_eq!((denied.is_transient(), denied.code.as_str()), (false, "access_denied"));
        assert!(server(1213, "Deadlock found").is_transient());
        assert!(!server(9999, "something new").is_transient());
    }

    #[test]
    fn row_values_are_left_out() {
        let duplicate = server(1062, "Duplicate entry 'canary for key x' for key 'item.PRIMARY'");
        assert!(
            !duplicate.reason.contains("canary") && duplicate.reason.contains("item.PRIMARY"),
            "{}",
            duplicate.reason
        );
        let incorrect = server(1366, "Incorrect integer value: 'canary' for column 'n' at row 1");
        assert!(
            !incorrect.reason.contains("canary") && incorrect.reason.contains("'n' at row 1"),
            "{}",
            incorrect.reason
        );
    }
}
