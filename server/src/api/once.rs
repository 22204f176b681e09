//! `/tasks/{name}/rewind`, `/tasks/{name}/skip`, `/tasks/{name}/handover`: orders that are carried out once.

use super::address::{Named, TaskPath};
use super::problems::{BodyProblem, NoSuchTask};
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::access::remark::Remark;
use crate::problem::ApiError;
use crate::view::{HandoverRequest, OrderView, Problem, RewindRequest, RewindView, RewoundView, SkipRequest, SkipView};
use crate::{handover, rewind, skip};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::TaskName;
use std::sync::Arc;

/// See what a rewind would mean
///
/// Asks the source where the place is, and counts what is applied again or left out. Nothing is ordered.
#[utoipa::path(
    post, path = "/tasks/{name}/rewind/preview", operation_id = "previewRewind", tag = "tasks",
    params(TaskPath),
    request_body = RewindRequest,
    responses(
        (status = 200, body = RewindView),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`rewind_impossible`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn preview_rewind(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    JsonBody(RewindRequest { to }): JsonBody<RewindRequest>,
) -> Result<Json<RewindView>, ApiError> {
    Ok(Json(rewind::preview(&app.sessions.get().await?, &app.limits, &name, &to).await?))
}

/// Point a task elsewhere in its source's log
///
/// A running task goes on there after the transaction it is in, a FAILED one is tried again there, one that is paused
/// or stopped goes there when it runs. The target's rows stay as they are.
#[utoipa::path(
    post, path = "/tasks/{name}/rewind", operation_id = "rewindTask", tag = "tasks",
    params(TaskPath),
    request_body = RewindRequest,
    responses(
        (status = 200, body = RewoundView),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`rewind_impossible`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn rewind(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    JsonBody(RewindRequest { to }): JsonBody<RewindRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let rewound: RewoundView = rewind::rewind(&app.sessions.get().await?, &app.limits, &name, &to).await?;
    let remark = Remark::said(format!("to {}", serde_json::json!(to)));
    Ok((Extension(remark), Json(rewound)))
}

/// See the transaction that a FAILED task can't carry
///
/// With its first changes, read from the source.
#[utoipa::path(
    get, path = "/tasks/{name}/skip", operation_id = "showSkip", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = SkipView),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn show_skip(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<Json<SkipView>, ApiError> {
    Ok(Json(skip::show(&app.sessions.get().await?, &app.limits, &name).await?))
}

/// Leave out the transaction that a FAILED task can't carry
///
/// Exactly the one that was shown, named by its GTID or its position. The task is tried again behind it; that it was
/// left out is recorded and counted.
#[utoipa::path(
    post, path = "/tasks/{name}/skip", operation_id = "skipTransaction", tag = "tasks",
    params(TaskPath),
    request_body = SkipRequest,
    responses(
        (status = 200, body = OrderView),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`nothing_to_skip`, `skip_mismatch`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn skip(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    JsonBody(request): JsonBody<SkipRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let order: OrderView = skip::skip(&app.sessions.get().await?, &name, &request).await?;
    let which = request.gtid.or_else(|| request.position.map(|position| position.to_string())).unwrap_or_default();
    Ok((Extension(Remark::said(format!("{which}: {}", request.reason))), Json(order)))
}

/// Hand a task over to the next in line
///
/// The RUNNING instance ends at a transaction's border and joins the end of the line.
#[utoipa::path(
    post, path = "/tasks/{name}/handover", operation_id = "handOverTask", tag = "tasks",
    params(TaskPath),
    request_body = HandoverRequest,
    responses(
        (status = 200, body = OrderView),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`handover_impossible`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn hand_over(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    JsonBody(HandoverRequest { to }): JsonBody<HandoverRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let order: OrderView = handover::hand_over(&app.sessions.get().await?, &name, to.as_ref()).await?;
    let remark = to.map(|to| Remark::said(format!("to {to}"))).unwrap_or_default();
    Ok((Extension(remark), Json(order)))
}
