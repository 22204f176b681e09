//! Problems that many operations answer, as the OpenAPI document names them.

use crate::view::Problem;
use utoipa::IntoResponses;

/// What any operation may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(crate) enum AnyProblem {
    /// The request itself is wrong: `name_invalid`, `query_invalid`, `body_invalid`.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// Neither a session nor an API token: `not_signed_in`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The role is not enough: `role_missing`; a change by cookie without its header: `csrf_missing`; a page of another
    /// site: `foreign_origin`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// A node of the coordination tree can't be read or written: `node_unreadable`.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// The coordination service is away: `coordination_unreachable`; or slow: `request_timeout`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What an operation about a task may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) enum NoSuchTask {
    /// `task_not_found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// What an operation with a body may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) enum BodyProblem {
    /// `body_too_large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `media_type`
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
}

/// What a change with `If-Match` may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) enum VersionProblem {
    /// `version_stale`
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Problem),
    /// `precondition_required`
    #[response(status = 428, content_type = "application/problem+json")]
    Missing(Problem),
}
