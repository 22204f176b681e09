//! What can go wrong for a caller, each with a stable code, and how it is told.

use crate::alerting::problem::AlertingError;
use crate::view::{Problem, ProblemDetail};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::store::StoreError;
use replicator_model::failure::Failure;
use replicator_model::name::{NameError, TaskName};
use replicator_model::task::SpecError;

/// A refused request. The codes are promises; what is written in them is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{detail}")]
    Coordination { status: StatusCode, code: String, detail: String, hint: String },
    #[error("the spec can't be read: {0}")]
    SpecSyntax(String),
    #[error("the spec can't work: {}", .0.iter().map(|e| format!("`{}`: {}", e.key, e.problem)).collect::<Vec<_>>().join("; "))]
    SpecInvalid(Vec<ProblemDetail>),
    #[error("{0}")]
    NameInvalid(#[from] NameError),
    #[error("the address says task `{address}`, the spec says `{spec}`")]
    NameMismatch { address: TaskName, spec: TaskName },
    #[error("`{key}` is `********`, and there is no earlier version to take it from")]
    SecretMissing { key: &'static str },
    #[error(
        "`{key}` is `********`, and what it was stored for is another server, port, user or TLS setting, or nothing is stored"
    )]
    SecretNeededAgain { key: &'static str },
    #[error("{0}")]
    SecretElsewhere(String),
    #[error("{detail}")]
    ConnectionFailed { detail: String, hint: String },
    #[error("there is no table `{database}`.`{table}`, or the user may not see it")]
    TableNotFound { database: String, table: String },
    #[error("the body can't be read: {0}")]
    BodyInvalid(String),
    #[error("there is no If-Match header")]
    PreconditionRequired,
    #[error("`{0}` is not an ETag of a task")]
    IfMatchMalformed(String),
    #[error("task `{task}` is at version {found}; the change was made from version {expected}")]
    VersionStale { task: TaskName, expected: u64, found: u64 },
    #[error("task `{task}` is {state}")]
    NotStopped { task: TaskName, state: String },
    #[error("task `{task}` is in group `{from}` and still {state}; the edit moves it to group `{to}`")]
    GroupOfLiveTask { task: TaskName, from: String, to: String, state: String },
    #[error("task `{task}` is stopped")]
    IsStopped { task: TaskName },
    #[error("a body of type `{0}` is not read here")]
    MediaType(String),
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge { limit: usize },
    #[error("the body ended early: {0}")]
    BodyIncomplete(String),
    #[error("task `{task}` has no version {version}; the last hundred are kept")]
    VersionNotFound { task: TaskName, version: u64 },
    #[error("task `{task}` can't go on there: {why}")]
    RewindImpossible { task: TaskName, why: String, hint: String },
    #[error("task `{task}`: {why}")]
    NothingToSkip { task: TaskName, why: &'static str },
    #[error("task `{task}` stands at another transaction: {found}")]
    SkipMismatch { task: TaskName, found: String },
    #[error("task `{task}` can't be handed over: {why}")]
    HandoverImpossible { task: TaskName, why: String, hint: &'static str },
    #[error("{0}")]
    QueryInvalid(String),
    #[error("there is nothing at {0}")]
    NoSuchAddress(String),
    #[error("{0} is not possible here")]
    Method(String),
    #[error("the request was not answered within {0}")]
    Timeout(String),
    #[error("{0}")]
    ForeignOrigin(String),
    #[error(transparent)]
    Alerting(#[from] AlertingError),
}

impl ApiError {
    fn parts(&self) -> (StatusCode, &str, &str) {
        use ApiError::*;
        use StatusCode as S;
        match self {
            Coordination { status, code, hint, .. } => (*status, code, hint),
            Alerting(error) => error.parts(),
            SpecSyntax(_) => (S::BAD_REQUEST, "spec_syntax", "mend the line or key that it names"),
            SpecInvalid(_) => (S::UNPROCESSABLE_ENTITY, "spec_invalid", "mend each of `errors`"),
            NameInvalid(_) => (S::BAD_REQUEST, "name_invalid", "use the name under which the task was made"),
            NameMismatch { .. } => {
                (S::UNPROCESSABLE_ENTITY, "name_mismatch", "a task keeps its name: make a new one and delete this")
            }
            SecretMissing { .. } => (
                S::UNPROCESSABLE_ENTITY,
                "secret_missing",
                "give the secret, or { env = \"NAME\" } or { file = \"/path\" }",
            ),
            SecretNeededAgain { .. } => {
                (S::UNPROCESSABLE_ENTITY, "secret_needed_again", "give the secret itself once more")
            }
            SecretElsewhere(_) => (
                S::UNPROCESSABLE_ENTITY,
                "secret_elsewhere",
                "give the password itself to look at the server from here; it is not stored by that",
            ),
            ConnectionFailed { hint, .. } => (S::UNPROCESSABLE_ENTITY, "connection_failed", hint),
            TableNotFound { .. } => {
                (S::NOT_FOUND, "table_not_found", "list the tables with POST /api/v1/sources/tables")
            }
            BodyInvalid(_) => (S::BAD_REQUEST, "body_invalid", "mend the key that it names"),
            PreconditionRequired => (
                S::PRECONDITION_REQUIRED,
                "precondition_required",
                "read the task, and send its ETag as If-Match, so that nobody else's change is lost",
            ),
            IfMatchMalformed(_) => {
                (S::BAD_REQUEST, "if_match_malformed", "send one ETag as it was received, such as If-Match: \"3\"")
            }
            VersionStale { .. } => {
                (S::PRECONDITION_FAILED, "version_stale", "read the task again and make the change anew")
            }
            NotStopped { .. } => {
                (S::CONFLICT, "task_not_stopped", "stop the task, wait until it is stopped, try again")
            }
            GroupOfLiveTask { .. } => {
                (S::CONFLICT, "task_not_stopped", "stop the task, wait until it is stopped, then move it")
            }
            IsStopped { .. } => (S::CONFLICT, "task_is_stopped", "start it instead"),
            MediaType(_) => {
                (S::UNSUPPORTED_MEDIA_TYPE, "media_type", "send Content-Type: application/json or application/toml")
            }
            BodyTooLarge { .. } => (
                S::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "make it smaller, or raise [http] body_bytes_max of the Server",
            ),
            VersionNotFound { .. } => {
                (S::NOT_FOUND, "version_not_found", "see the versions of the task, /api/v1/tasks/{name}/versions")
            }
            RewindImpossible { hint, .. } => (S::CONFLICT, "rewind_impossible", hint),
            NothingToSkip { .. } => (S::CONFLICT, "nothing_to_skip", "see the task's status"),
            SkipMismatch { .. } => (S::CONFLICT, "skip_mismatch", "look at what would be left out, and order that"),
            HandoverImpossible { hint, .. } => (S::CONFLICT, "handover_impossible", hint),
            BodyIncomplete(_) => (S::BAD_REQUEST, "body_incomplete", "send it again"),
            QueryInvalid(_) => (S::BAD_REQUEST, "query_invalid", "see the API's document, /api/v1/openapi.json"),
            NoSuchAddress(_) => (S::NOT_FOUND, "no_such_address", "see the API's document, /api/v1/openapi.json"),
            Method(_) => (S::METHOD_NOT_ALLOWED, "method_not_allowed", "see the API's document, /api/v1/openapi.json"),
            Timeout(_) => (
                S::SERVICE_UNAVAILABLE,
                "request_timeout",
                "look whether what was asked for has happened, then try again",
            ),
            ForeignOrigin(_) => (
                S::FORBIDDEN,
                "foreign_origin",
                "use the address under which the Server listens; pages of other sites may not call it",
            ),
        }
    }

    pub(crate) fn problem(&self) -> Problem {
        let (status, code, hint) = self.parts();
        let errors = match self {
            ApiError::SpecInvalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.to_string(),
            hint: hint.to_owned(),
            errors,
        }
    }
}

impl From<CoordinationError> for ApiError {
    /// What the tree said, in the API's terms. What the tree itself can't help is the caller's to know as 503.
    fn from(error: CoordinationError) -> Self {
        match error {
            CoordinationError::Stale { task, expected, found } => ApiError::VersionStale { task, expected, found },
            other => {
                let failure = other.failure();
                let (status, code) = match &other {
                    CoordinationError::NoSuchTask { .. } => (StatusCode::NOT_FOUND, "task_not_found"),
                    CoordinationError::NoSecretsKey { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "secrets_key_missing"),
                    CoordinationError::TaskExists { .. } => (StatusCode::CONFLICT, "task_exists"),
                    CoordinationError::Store(StoreError::TooLarge { .. }) => {
                        (StatusCode::PAYLOAD_TOO_LARGE, failure.code.as_str())
                    }
                    _ if other.is_passing() || other.is_expired() => {
                        (StatusCode::SERVICE_UNAVAILABLE, "coordination_unreachable")
                    }
                    _ if failure.is_transient() => (StatusCode::SERVICE_UNAVAILABLE, failure.code.as_str()),
                    _ => (StatusCode::INTERNAL_SERVER_ERROR, failure.code.as_str()),
                };
                let code = code.to_owned();
                ApiError::Coordination { status, code, detail: failure.reason, hint: failure.hint }
            }
        }
    }
}

impl From<Failure> for ApiError {
    /// What another server that was looked at said.
    fn from(failure: Failure) -> Self {
        ApiError::ConnectionFailed { detail: failure.reason, hint: failure.hint }
    }
}

impl From<SpecError> for ApiError {
    fn from(error: SpecError) -> Self {
        match error {
            SpecError::Syntax(problem) => ApiError::SpecSyntax(problem),
            SpecError::Invalid(problems) => {
                let detail = |problem: replicator_model::task::SpecProblem| ProblemDetail {
                    key: problem.key,
                    problem: problem.problem,
                    hint: problem.hint,
                };
                ApiError::SpecInvalid(problems.into_iter().map(detail).collect())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::warn!(code = problem.code, detail = problem.detail, "request failed");
        }
        let mut response = (status, Json(problem)).into_response();
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
