//! `/tasks/{name}/status`, `/tasks/{name}/instances`, `/cores`, `/groups`: what is there at this moment.

use super::address::{Named, TaskPath};
use super::problems::NoSuchTask;
use super::{AnyProblem, App};
use crate::groups;
use crate::problem::ApiError;
use crate::tasks;
use crate::view::{CoreList, GroupList, InstanceList, StatusView};
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use std::sync::Arc;

/// See what a task does
///
/// A task that is wanted and has no RUNNING instance says why in `explanation`, as far as it is known.
#[utoipa::path(
    get, path = "/tasks/{name}/status", operation_id = "readStatus", tag = "status",
    params(TaskPath),
    responses(
        (status = 200, body = StatusView, example = json!({
            "name": "copy_hot_item", "group": "group1", "version": 0,
            "source": {"kind": "mysql", "address": "db1.example:3306"},
            "target": {"kind": "mysql", "address": "db2.example:3306"},
            "desired": {"state": "running", "generation": 1}, "state": "not_running",
            "explanation": {
                "code": "no_core", "reason": "no Core is alive in group `group1`",
                "hint": "start replicator-core with group = \"group1\" on at least one host, and see `replicator cores`",
            },
            "retries": 0, "instances_wanted": 2, "instances": [],
        })),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<Json<StatusView>, ApiError> {
    Ok(Json(tasks::status(&app.sessions.get().await?, &name).await?))
}

/// List the instances of a task
///
/// In the order in which they take over.
#[utoipa::path(
    get, path = "/tasks/{name}/instances", operation_id = "listInstances", tag = "status",
    params(TaskPath),
    responses(
        (status = 200, body = InstanceList),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn instances(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<Json<InstanceList>, ApiError> {
    let instances = tasks::status(&app.sessions.get().await?, &name).await?.instances;
    Ok(Json(InstanceList { instances }))
}

/// List the Cores that are alive
#[utoipa::path(
    get, path = "/cores", operation_id = "listCores", tag = "cores",
    responses((status = 200, body = CoreList), AnyProblem),
)]
pub(super) async fn cores(State(app): State<Arc<App>>) -> Result<Json<CoreList>, ApiError> {
    Ok(Json(groups::cores(&app.sessions.get().await?).await?))
}

/// List the groups with their tasks and Cores
#[utoipa::path(
    get, path = "/groups", operation_id = "listGroups", tag = "cores",
    responses((status = 200, body = GroupList), AnyProblem),
)]
pub(super) async fn groups(State(app): State<Arc<App>>) -> Result<Json<GroupList>, ApiError> {
    Ok(Json(groups::groups(&app.sessions.get().await?).await?))
}
