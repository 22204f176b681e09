//! `/preview`: what a task's routes would make of real rows.

use super::problems::{BodyProblem, NoSuchTask};
use super::request::JsonBody;
use super::sources::task_of;
use super::{AnyProblem, App};
use crate::preview::{ROWS_MAX, Wanted, preview as look};
use crate::problem::ApiError;
use crate::view::{PreviewRequest, PreviewView, Problem};
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use replicator_model::task::SpecError;
use std::sync::Arc;

/// See what routes make of rows
///
/// Each table of the task with its name at the target, what happens to its columns, and some rows of the source as they
/// would arrive. A salt that only the Core can look up gives no hash here.
#[utoipa::path(
    post, path = "/preview", operation_id = "preview", tag = "sources",
    request_body = PreviewRequest,
    responses(
        (status = 200, body = PreviewView),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`spec_invalid`, `connection_failed`, `secret_elsewhere`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<PreviewRequest>,
) -> Result<Json<PreviewView>, ApiError> {
    let mut spec = task_of(&asked.spec)?;
    if let Some(name) = asked.task {
        let stored = app.sessions.get().await?.task(&TaskName::new(name)?).await?.spec;
        // The target is not asked.
        if let Some(key) = spec.keep_secrets_of(&stored).filter(|key| !key.starts_with("consumer.")) {
            return Err(ApiError::SecretNeededAgain { key });
        }
    }
    let problems = spec.problems();
    if !problems.is_empty() {
        return Err(SpecError::Invalid(problems).into());
    }
    let wanted = Wanted { rows: asked.rows.min(ROWS_MAX), before: asked.before };
    Ok(Json(look(&spec, wanted, &app.limits).await?))
}
