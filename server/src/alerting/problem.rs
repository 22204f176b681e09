//! What can be wrong with a request about alerts.

use axum::http::StatusCode;
use replicator_model::alert::AlertId;
use replicator_model::name::ChannelName;
use replicator_model::secret::SecretKey;

/// The codes are promises; what is written in them is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AlertingError {
    #[error("there is no alert `{0}`")]
    AlertNotFound(AlertId),
    #[error("alert `{0}` does not fire")]
    NotFiring(AlertId),
    #[error("`{key}` is longer than {limit} bytes")]
    TextTooLong { key: &'static str, limit: usize },
    #[error("there is no silence `{0}`")]
    SilenceNotFound(String),
    #[error("the silence can't be: {0}")]
    SilenceInvalid(String),
    #[error("there are {limit} silences that are not over")]
    SilencesTooMany { limit: usize },
    #[error("`{key}`: {problem}")]
    RulesInvalid { key: String, problem: String },
    #[error("there is no channel `{0}`")]
    ChannelNotFound(ChannelName),
    #[error("there is a channel `{0}` already")]
    ChannelExists(ChannelName),
    #[error("there are {limit} channels")]
    ChannelsTooMany { limit: usize },
    #[error("the address says channel `{address}`, the body says `{body}`")]
    ChannelNameMismatch { address: ChannelName, body: ChannelName },
    #[error("`{key}` is `********`, and what it belongs to is not what it was, or was not there")]
    SecretNeededAgain { key: SecretKey },
    #[error("{what} is at version {found}; the change was made from version {expected}")]
    Stale { what: String, expected: u64, found: u64 },
    #[error("no Monitor answered within {seconds} s")]
    NoMonitorAnswered { seconds: u64 },
}

impl AlertingError {
    /// Status, code and hint.
    pub(crate) fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        use AlertingError::*;
        use StatusCode as S;
        match self {
            AlertNotFound(_) => (S::NOT_FOUND, "alert_not_found", "it may be over: see GET /api/v1/alerts/history"),
            NotFiring(_) => (S::CONFLICT, "alert_not_firing", "only what fires can be acknowledged"),
            TextTooLong { .. } => (S::UNPROCESSABLE_ENTITY, "text_too_long", "say it in fewer words"),
            SilenceNotFound(_) => (S::NOT_FOUND, "silence_not_found", "list the silences with GET /api/v1/silences"),
            SilenceInvalid(_) => (
                S::UNPROCESSABLE_ENTITY,
                "silence_invalid",
                "give a matcher, and `until` or `lasts`, such as {\"matcher\": {\"task\": \"copy\"}, \"lasts\": \"2h\"}",
            ),
            SilencesTooMany { .. } => (S::CONFLICT, "silences_too_many", "end some, or match more with one"),
            RulesInvalid { .. } => (S::UNPROCESSABLE_ENTITY, "rules_invalid", "mend the key that it names"),
            ChannelNotFound(_) => (S::NOT_FOUND, "channel_not_found", "list the channels with GET /api/v1/channels"),
            ChannelExists(_) => (S::CONFLICT, "channel_exists", "choose another name, or change the one that is there"),
            ChannelsTooMany { .. } => (S::CONFLICT, "channels_too_many", "delete one that nobody reads"),
            ChannelNameMismatch { .. } => {
                (S::UNPROCESSABLE_ENTITY, "name_mismatch", "a channel keeps its name: make a new one and delete this")
            }
            SecretNeededAgain { .. } => (
                S::UNPROCESSABLE_ENTITY,
                "secret_needed_again",
                "give the secret again: it is not sent to another place than the one it was given for",
            ),
            Stale { .. } => (S::PRECONDITION_FAILED, "version_stale", "read it again and make the change anew"),
            NoMonitorAnswered { .. } => {
                (S::SERVICE_UNAVAILABLE, "no_monitor_answered", "start replicator-monitor, or see why none is alive")
            }
        }
    }
}
