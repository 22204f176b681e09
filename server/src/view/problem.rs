//! Errors of the API: `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for people (`title`, `detail`, `hint`) and for programs (`code`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "code": "task_not_found",
    "detail": "there is no task `copy_hot_item`",
    "hint": "list the tasks with GET /api/v1/tasks",
}))]
pub struct Problem {
    /// Always `about:blank`: `code` tells the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    pub status: u16,
    /// Stable: programs may depend on it.
    pub code: String,
    /// What was wrong, and where.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// Each thing that is wrong with a task's spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemDetail>,
    /// Whether the first user is still to be made; with `not_signed_in` of `GET /session` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_needed: Option<bool>,
}

/// One thing that is wrong with a task's spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"key": "producer.port", "problem": "0 is not a port", "hint": "use the port the server listens on, usually 3306"}))]
pub struct ProblemDetail {
    pub key: String,
    pub problem: String,
    pub hint: String,
}
