//! `/preflight`, `/tasks/{name}/preflight`.

use super::address::{Named, TaskPath};
use super::problems::{BodyProblem, NoSuchTask};
use super::request::{Asked, JsonBody};
use super::sources::task_of;
use super::{AnyProblem, App};
use crate::inspect::secret::{Reach, keep_source, keep_target};
use crate::preflight::run::{Wanted, run, unknown_codes};
use crate::problem::ApiError;
use crate::view::{PreflightRequest, PreflightView, Problem};
use axum::Json;
use axum::extract::State;
use replicator_coordination::session::Session;
use replicator_model::name::TaskName;
use replicator_model::task::TaskSpec;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PreflightQuery {
    /// Codes to check alone, separated by commas. Default: all.
    #[serde(default)]
    checks: String,
}

/// Check a task before it is made
///
/// Source, target, brokers and the tree are asked at the same time. Each check says what was found, why it matters, and
/// exactly what mends it.
#[utoipa::path(
    post, path = "/preflight", operation_id = "preflight", tag = "sources",
    request_body = PreflightRequest,
    responses(
        (status = 200, body = PreflightView),
        NoSuchTask,
        BodyProblem,
        (status = 422, description = "`spec_invalid`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn preflight(
    State(app): State<Arc<App>>,
    JsonBody(asked): JsonBody<PreflightRequest>,
) -> Result<Json<PreflightView>, ApiError> {
    let mut spec = task_of(&asked.spec)?;
    let session = app.sessions.get().await?;
    let stored = match asked.task {
        Some(name) => Some(session.task(&TaskName::new(name)?).await?.spec),
        None => None,
    };
    keep_source(&mut spec.producer, stored.as_ref())?;
    keep_target(&mut spec.consumer, stored.as_ref())?;
    answer(&app, &session, spec, stored.is_some(), &asked.checks).await
}

/// Check a task
///
/// The same for a task as it is stored.
#[utoipa::path(
    get, path = "/tasks/{name}/preflight", operation_id = "preflightTask", tag = "sources",
    params(TaskPath, PreflightQuery),
    responses(
        (status = 200, body = PreflightView),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn of_task(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    Asked(asked): Asked<PreflightQuery>,
) -> Result<Json<PreflightView>, ApiError> {
    let session = app.sessions.get().await?;
    let spec = session.task(&name).await?.spec;
    let codes: Vec<String> =
        asked.checks.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect();
    answer(&app, &session, spec, true, &codes).await
}

async fn answer(
    app: &App,
    session: &Session,
    spec: TaskSpec,
    is_stored: bool,
    codes: &[String],
) -> Result<Json<PreflightView>, ApiError> {
    let unknown = unknown_codes(codes);
    if !unknown.is_empty() {
        let shown: String = unknown.join(", ").chars().take(200).collect();
        return Err(ApiError::QueryInvalid(format!("there is no check `{shown}`")));
    }
    let wanted = Wanted { spec, is_stored, codes, sides: &[], reach: Reach::Server };
    Ok(Json(run(wanted, Some(session), &app.limits).await.into()))
}
