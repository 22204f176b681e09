//! `/tasks`, `/tasks/{name}`.

use super::address::{IfMatchHeader, Named, TaskPath};
use super::problems::{NoSuchTask, VersionProblem};
use super::request::{Asked, IfMatch, SpecBody, etag};
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::picture::list::{self, ListFilter};
use crate::problem::ApiError;
use crate::tasks;
use crate::view::words::DesiredWord;
use crate::view::{Problem, TaskDocument, TaskList, TaskSort, TaskState, TaskView};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_coordination::tasks::Author;
use replicator_model::desired::DesiredState;
use replicator_model::name::{GroupName, TaskName};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Most tasks of one page, and how many there are unless told.
const PAGE_MAX: usize = 1000;
const PAGE_DEFAULT: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only tasks of this group.
    group: Option<String>,
    /// Only tasks in this state.
    state: Option<TaskState>,
    /// Only tasks whose name contains this.
    name: Option<String>,
    /// By what they are ordered.
    #[serde(default)]
    #[param(inline, default = "name")]
    sort: TaskSort,
    /// With `lag_history`, the lag of the last 30 minutes.
    #[serde(default)]
    #[param(default = false)]
    sparkline: bool,
    /// The `next` of the page before.
    after: Option<String>,
    /// Most tasks to answer.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateQuery {
    /// What is wanted of the new task.
    #[serde(default = "stopped")]
    #[param(value_type = Option<DesiredWord>, default = "stopped")]
    desired: DesiredState,
    /// Why, in your words; kept with the version.
    #[serde(default)]
    #[param(max_length = 1000)]
    reason: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateQuery {
    /// Why, in your words; kept with the version.
    #[serde(default)]
    #[param(max_length = 1000)]
    reason: String,
}

/// Longest reason that is kept, in bytes.
const REASON_BYTES_MAX: usize = 4000;

fn stopped() -> DesiredState {
    DesiredState::Stopped
}

pub(super) fn author<'a>(caller: &'a Caller, reason: &'a str) -> Result<Author<'a>, ApiError> {
    if reason.len() > REASON_BYTES_MAX {
        return Err(ApiError::QueryInvalid(format!("`reason` is longer than {REASON_BYTES_MAX} bytes")));
    }
    Ok(Author { by: caller.user.as_str(), reason })
}

/// List tasks
///
/// A page at a time, by name unless told otherwise.
#[utoipa::path(
    get, path = "/tasks", operation_id = "listTasks", tag = "tasks", params(ListQuery),
    responses((status = 200, body = TaskList, example = json!({"tasks": [{
        "name": "copy_hot_item", "group": "group1", "version": 0,
        "source": {"kind": "mysql", "address": "db1.example:3306"},
        "target": {"kind": "mysql", "address": "db2.example:3306"},
        "desired": {"state": "running", "generation": 1}, "state": "running",
        "running_on": "core1", "standbys": 1, "lag_seconds": 0.0, "rows_per_second": 1200.0, "alerts": 0,
    }], "total": 1, "counts": {"running": 1}})), AnyProblem),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Asked(asked): Asked<ListQuery>,
) -> Result<Json<TaskList>, ApiError> {
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::QueryInvalid(format!("`limit` is {limit}; it can be 1 to {PAGE_MAX}")));
    }
    let filter = ListFilter {
        group: asked.group.map(GroupName::new).transpose()?,
        state: asked.state,
        name: asked.name.unwrap_or_default(),
        after: asked.after.unwrap_or_default(),
        sort: asked.sort,
        limit,
    };
    let moment = app.pictures.fresh().await?;
    let mut page = list::list(&moment, &filter);
    if asked.sparkline {
        for task in &mut page.tasks {
            task.lag_history = Some(app.history.sparkline(&task.name, moment.at_us));
        }
    }
    Ok(Json(page))
}

/// Make a task
///
/// Stopped, unless told otherwise. The body is the spec as JSON, or as TOML.
#[utoipa::path(
    post, path = "/tasks", operation_id = "createTask", tag = "tasks", params(CreateQuery),
    request_body(content((TaskDocument = "application/json"), (String = "application/toml"))),
    responses(
        (status = 201, body = TaskView, headers(("ETag" = String), ("Location" = String))),
        (status = 400, description = "`spec_syntax`, `query_invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`task_exists`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`, `node_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`media_type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`spec_invalid` with `errors`, `secret_missing`, `secrets_key_missing`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Asked(asked): Asked<CreateQuery>,
    SpecBody(spec): SpecBody,
) -> Result<impl IntoResponse, ApiError> {
    let task = tasks::create(&app.sessions.get().await?, spec, asked.desired, author(&caller, &asked.reason)?).await?;
    let location: [(HeaderName, String); 1] = [(header::LOCATION, format!("/api/v1/tasks/{}", task.spec.name))];
    let remark = Remark::of_task(None, Some(&task.spec)).because(&asked.reason);
    Ok((StatusCode::CREATED, etag(task.version), location, Extension(remark), Json(task)))
}

/// Read a task
///
/// Its spec, with the version as ETag, and what is wanted of it.
#[utoipa::path(
    get, path = "/tasks/{name}", operation_id = "readTask", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = TaskView, headers(("ETag" = String))),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<impl IntoResponse, ApiError> {
    let task = tasks::read(&app.sessions.get().await?, &name).await?;
    Ok((etag(task.version), Json(task)))
}

/// Replace a task's spec
///
/// Instances take the new version over at a transaction's end. Secrets that are sent as `********` stay what they are.
/// A spec that changes nothing makes no version.
#[utoipa::path(
    put, path = "/tasks/{name}", operation_id = "updateTask", tag = "tasks",
    params(
        TaskPath,
        IfMatchHeader,
        UpdateQuery,
    ),
    request_body(content((TaskDocument = "application/json"), (String = "application/toml"))),
    responses(
        (status = 200, body = TaskView, headers(("ETag" = String))),
        (status = 400, description = "`spec_syntax`, `if_match_malformed`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`task_not_stopped`: only a stopped task changes its group", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`, `node_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`media_type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`spec_invalid` with `errors`, `name_mismatch`, `secret_missing`, `secret_needed_again`, `secrets_key_missing`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Named(name): Named<TaskName>,
    IfMatch(expected): IfMatch,
    Asked(asked): Asked<UpdateQuery>,
    SpecBody(spec): SpecBody,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    // Of the version that is expected, or nothing is changed.
    let before = session.task(&name).await?.spec;
    let task = tasks::update(&session, &name, expected, spec, author(&caller, &asked.reason)?).await?;
    let remark = Remark::of_task(Some(&before), Some(&task.spec)).because(&asked.reason);
    Ok((etag(task.version), Extension(remark), Json(task)))
}

/// Delete a stopped task
///
/// Its versions and its checkpoint go with it.
#[utoipa::path(
    delete, path = "/tasks/{name}", operation_id = "deleteTask", tag = "tasks",
    params(
        TaskPath,
        IfMatchHeader,
    ),
    responses(
        (status = 204),
        (status = 400, description = "`if_match_malformed`", body = Problem, content_type = "application/problem+json"),
        NoSuchTask,
        (status = 409, description = "`task_not_stopped`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    IfMatch(expected): IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = session.task(&name).await?.spec;
    tasks::delete(&session, &name, expected).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Remark::of_task(Some(&before), None))))
}
