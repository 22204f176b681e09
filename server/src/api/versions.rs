//! `/tasks/{name}/versions`, `/tasks/{name}/rollback`, `/tasks/{name}/toml`, `/specs/convert`.

use super::address::{IfMatchHeader, InAddress, Named, TaskPath};
use super::problems::{BodyProblem, NoSuchTask, VersionProblem};
use super::request::{IfMatch, JsonBody, etag};
use super::task::author;
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::problem::ApiError;
use crate::versions;
use crate::view::{
    ConvertRequest, ConvertedView, DiffView, Problem, RollbackRequest, TaskView, VersionList, VersionView,
};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::TaskName;
use std::sync::Arc;

/// List the versions of a task's spec
///
/// Newest first; the last hundred are kept.
#[utoipa::path(
    get, path = "/tasks/{name}/versions", operation_id = "listVersions", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = VersionList),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<Json<VersionList>, ApiError> {
    let versions = versions::list(&app.sessions.get().await?, &name).await?;
    Ok(Json(VersionList { versions }))
}

/// Read one version of a task's spec
#[utoipa::path(
    get, path = "/tasks/{name}/versions/{version}", operation_id = "readVersion", tag = "tasks",
    params(TaskPath, ("version" = u64, Path, example = 2)),
    responses(
        (status = 200, body = VersionView),
        (status = 404, description = "`task_not_found`, `version_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    InAddress((name, version)): InAddress<(String, String)>,
) -> Result<Json<VersionView>, ApiError> {
    let (name, version) = (TaskName::new(name)?, number(&version)?);
    Ok(Json(versions::read(&app.sessions.get().await?, &name, version).await?))
}

/// Compare two versions of a task's spec
///
/// As a unified diff of their TOML.
#[utoipa::path(
    get, path = "/tasks/{name}/versions/{from}/diff/{to}", operation_id = "diffVersions", tag = "tasks",
    params(
        TaskPath,
        ("from" = u64, Path, example = 1),
        ("to" = u64, Path, example = 2),
    ),
    responses(
        (status = 200, body = DiffView),
        (status = 404, description = "`task_not_found`, `version_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn diff(
    State(app): State<Arc<App>>,
    InAddress((name, from, to)): InAddress<(String, String, String)>,
) -> Result<Json<DiffView>, ApiError> {
    let (name, from, to) = (TaskName::new(name)?, number(&from)?, number(&to)?);
    Ok(Json(versions::diff(&app.sessions.get().await?, &name, from, to).await?))
}

/// Go back to an earlier version of a task's spec
///
/// Its spec, secrets included, becomes a new version. How far the task has read does not change: that is a rewind.
#[utoipa::path(
    post, path = "/tasks/{name}/rollback", operation_id = "rollBackTask", tag = "tasks",
    params(
        TaskPath,
        IfMatchHeader,
    ),
    request_body = RollbackRequest,
    responses(
        (status = 200, body = TaskView, headers(("ETag" = String))),
        (status = 400, description = "`body_invalid`, `if_match_malformed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`task_not_found`, `version_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`task_not_stopped`: only a stopped task changes its group", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`secret_missing`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn roll_back(
    State(app): State<Arc<App>>,
    caller: Caller,
    Named(name): Named<TaskName>,
    IfMatch(expected): IfMatch,
    JsonBody(RollbackRequest { version, reason }): JsonBody<RollbackRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = session.task(&name).await?.spec;
    let task = versions::roll_back(&session, &name, expected, version, author(&caller, &reason)?).await?;
    let remark = Remark::of_task(Some(&before), Some(&task.spec)).because(&versions::rollback_reason(version, &reason));
    Ok((etag(task.version), Extension(remark), Json(task)))
}

/// Read a task's spec as TOML
///
/// What is left out has its default. Secrets read `********`; sent back so, they stay what they are.
#[utoipa::path(
    get, path = "/tasks/{name}/toml", operation_id = "readTaskToml", tag = "tasks",
    params(TaskPath),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        NoSuchTask,
        AnyProblem,
    ),
)]
pub(super) async fn toml(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
) -> Result<impl IntoResponse, ApiError> {
    let text = versions::toml(&app.sessions.get().await?, &name).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}

/// Convert a spec from TOML to JSON or back
///
/// Comments are lost. Nothing is stored; what is wrong with the spec is told in `errors`.
#[utoipa::path(
    post, path = "/specs/convert", operation_id = "convertSpec", tag = "tasks",
    request_body = ConvertRequest,
    responses(
        (status = 200, body = ConvertedView),
        (status = 400, description = "`body_invalid`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn convert(JsonBody(request): JsonBody<ConvertRequest>) -> Json<ConvertedView> {
    Json(versions::convert(request))
}

fn number(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::QueryInvalid(format!("`{text}` is not the number of a version")))
}
