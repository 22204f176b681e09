//! The rules about alerts, silences, settings of rules and channels, without HTTP. The Monitor finds and tells; here
//! people look, and say what they want of it.

pub(crate) mod alerts;
pub(crate) mod channels;
pub(crate) mod problem;
pub(crate) mod rules;
pub(crate) mod silences;

use replicator_coordination::session::Session;

/// Longest note or reason, in bytes.
const TEXT_BYTES_MAX: usize = 1000;

fn now_us(session: &Session) -> i64 {
    (session.surroundings().wall_clock_us)()
}

/// A note or a reason, if it is not too long.
fn admit_text(key: &'static str, text: String) -> Result<String, problem::AlertingError> {
    match text.len() {
        0..=TEXT_BYTES_MAX => Ok(text),
        _ => Err(problem::AlertingError::TextTooLong { key, limit: TEXT_BYTES_MAX }),
    }
}
