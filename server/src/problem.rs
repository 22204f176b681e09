//! What can go wrong for a caller, each with a stable code, and how it is told.

use crate::access::opaque::Unrandom;
use crate::alerting::problem::AlertingError;
use crate::view::{Problem, ProblemDetail};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::store::StoreError;
use replicator_model::access::UserRole;
use replicator_model::failure::Failure;
use replicator_model::name::{NameError, TaskName, UserName};
use replicator_model::secret::SecretKey;
use replicator_model::task::SpecError;

/// Beside an answer, for the audit.
#[derive(Debug, Clone)]
pub(crate) struct ProblemCode(pub(crate) String);

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
    SecretMissing { key: SecretKey },
    #[error(
        "`{key}` is `********`, and what it was stored for is another server, port, user or TLS setting, or nothing is stored"
    )]
    SecretNeededAgain { key: SecretKey },
    #[error("{0}")]
    SecretElsewhere(String),
    #[error("{detail}")]
    ConnectionFailed { detail: String, hint: String },
    #[error("there is no table `{database}`.`{table}`, or the user may not see it")]
    TableNotFound { database: String, table: String },
    #[error("the body can't be read: {0}")]
    BodyInvalid(String),
    #[error("{max} streams of events {whose} are open already")]
    TooManyStreams { whose: String, max: usize },
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
    #[error("nobody is signed in")]
    NotSignedIn { setup_needed: Option<bool> },
    #[error("the user name or the password is wrong")]
    LoginRefused,
    #[error("too many attempts failed; the next one is possible in {seconds} s")]
    LockedOut { seconds: u64 },
    #[error("user `{user}` is {has}; this takes {needs}")]
    RoleMissing { user: UserName, has: UserRole, needs: UserRole },
    #[error("no role may do this: {0} is not in the table of roles")]
    RoleUnlisted(String),
    #[error("a change by cookie came without the header X-Replicator-Csrf")]
    CsrfMissing,
    #[error("the first user has been made")]
    AlreadySetUp,
    #[error("no Server shows this one-time token")]
    SetupTokenRefused,
    #[error("{0}")]
    PasswordWeak(String),
    #[error("there is no user `{0}`")]
    UserNotFound(UserName),
    #[error("there is a user `{0}` already")]
    UserExists(UserName),
    #[error("user `{0}` is the last admin who can sign in")]
    LastAdmin(UserName),
    #[error("there is no token `{0}`")]
    TokenNotFound(String),
    #[error("there are {limit} {what}, and no more are kept")]
    TooMany { what: &'static str, limit: usize },
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    pub(crate) fn no_such_task(task: TaskName) -> Self {
        CoordinationError::NoSuchTask { task }.into()
    }

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
            TooManyStreams { .. } => {
                (S::TOO_MANY_REQUESTS, "too_many_streams", "close pages that are not needed, or ask another Server")
            }
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
            other => other.order_parts(),
        }
    }

    /// The same of orders that a task can't follow.
    fn order_parts(&self) -> (StatusCode, &str, &str) {
        use ApiError::*;
        use StatusCode as S;
        match self {
            VersionNotFound { .. } => {
                (S::NOT_FOUND, "version_not_found", "see the versions of the task, /api/v1/tasks/{name}/versions")
            }
            RewindImpossible { hint, .. } => (S::CONFLICT, "rewind_impossible", hint),
            NothingToSkip { .. } => (S::CONFLICT, "nothing_to_skip", "see the task's status"),
            SkipMismatch { .. } => (S::CONFLICT, "skip_mismatch", "look at what would be left out, and order that"),
            HandoverImpossible { hint, .. } => (S::CONFLICT, "handover_impossible", hint),
            other => other.access_parts(),
        }
    }

    /// The same of what concerns users and what they may.
    fn access_parts(&self) -> (StatusCode, &str, &str) {
        use ApiError::*;
        use StatusCode as S;
        match self {
            NotSignedIn { .. } => (
                S::UNAUTHORIZED,
                "not_signed_in",
                "sign in at POST /api/v1/session, or send Authorization: Bearer with an API token that is still good",
            ),
            LoginRefused => (S::UNAUTHORIZED, "login_refused", "check both; an admin can set a new password"),
            LockedOut { .. } => {
                (S::TOO_MANY_REQUESTS, "locked_out", "wait, then try once more with the right password")
            }
            RoleMissing { .. } => (S::FORBIDDEN, "role_missing", "ask an admin for it, or for the role"),
            RoleUnlisted(_) => (S::FORBIDDEN, "role_missing", "report this: it is a defect of the program"),
            CsrfMissing => (S::FORBIDDEN, "csrf_missing", "send X-Replicator-Csrf: 1, or use an API token"),
            AlreadySetUp => (S::CONFLICT, "already_set_up", "sign in instead"),
            SetupTokenRefused => (
                S::UNAUTHORIZED,
                "setup_token_refused",
                "use the one that a running Server printed when it started; each start prints another",
            ),
            PasswordWeak(_) => (S::UNPROCESSABLE_ENTITY, "password_weak", "choose a longer one, such as four words"),
            UserNotFound(_) => (S::NOT_FOUND, "user_not_found", "list the users with GET /api/v1/users"),
            UserExists(_) => (S::CONFLICT, "user_exists", "choose another name, or change the user that is there"),
            LastAdmin(_) => (S::CONFLICT, "last_admin", "make another admin first"),
            TokenNotFound(_) => (S::NOT_FOUND, "token_not_found", "list the tokens with GET /api/v1/tokens"),
            TooMany { .. } => (S::CONFLICT, "too_many", "delete what is not needed any more"),
            _ => (S::INTERNAL_SERVER_ERROR, "internal", "report this: it is a defect of the program"),
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
            setup_needed: match self {
                ApiError::NotSignedIn { setup_needed } => *setup_needed,
                _ => None,
            },
        }
    }
}

impl From<Unrandom> for ApiError {
    fn from(error: Unrandom) -> Self {
        ApiError::Internal(error.to_string())
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
        let code = problem.code.clone();
        let mut response = (status, Json(problem)).into_response();
        let problem_json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
        response.extensions_mut().insert(ProblemCode(code));
        if let ApiError::LockedOut { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
