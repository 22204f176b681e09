//! `/tasks/{name}/start`, `stop`, `pause`, `resume`. An order is answered when it is written down; what became of it
//! shows in the task's status.

use super::address::{Named, TaskPath};
use super::problems::NoSuchTask;
use super::{AnyProblem, App};
use crate::problem::ApiError;
use crate::tasks::{self, Order};
use crate::view::{OrderView, Problem};
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use std::sync::Arc;

/// Start a task
///
/// Also one that is paused or FAILED, which is tried again.
#[utoipa::path(
    post, path = "/tasks/{name}/start", operation_id = "startTask", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = OrderView),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn start(app: State<Arc<App>>, name: Named<TaskName>) -> Result<Json<OrderView>, ApiError> {
    order(app, name, Order::Start).await
}

/// Stop a task
///
/// Its instances finish their transaction and leave. The checkpoint stays.
#[utoipa::path(
    post, path = "/tasks/{name}/stop", operation_id = "stopTask", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = OrderView),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn stop(app: State<Arc<App>>, name: Named<TaskName>) -> Result<Json<OrderView>, ApiError> {
    order(app, name, Order::Stop).await
}

/// Pause a task
///
/// Its instances stay registered and warm, and no row moves.
#[utoipa::path(
    post, path = "/tasks/{name}/pause", operation_id = "pauseTask", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = OrderView),
        NoSuchTask,
        (status = 409, description = "`task_is_stopped`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn pause(app: State<Arc<App>>, name: Named<TaskName>) -> Result<Json<OrderView>, ApiError> {
    order(app, name, Order::Pause).await
}

/// Resume a paused task
#[utoipa::path(
    post, path = "/tasks/{name}/resume", operation_id = "resumeTask", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = OrderView),
        NoSuchTask,
        (status = 409, description = "`task_is_stopped`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn resume(app: State<Arc<App>>, name: Named<TaskName>) -> Result<Json<OrderView>, ApiError> {
    order(app, name, Order::Resume).await
}

async fn order(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    order: Order,
) -> Result<Json<OrderView>, ApiError> {
    Ok(Json(tasks::order(&app.sessions.get().await?, &name, order).await?))
}
