//! `/tasks/{name}/conflicts`.

use super::address::{Named, TaskPath};
use super::problems::NoSuchTask;
use super::request::Asked;
use super::{AnyProblem, App};
use crate::conflicts;
use crate::problem::ApiError;
use crate::view::ConflictList;
use axum::Json;
use axum::extract::State;
use replicator_model::name::TaskName;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const PAGE_MAX: u32 = 100;
const PAGE_DEFAULT: u32 = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConflictQuery {
    /// The `next` of the page before.
    before: Option<u64>,
    /// Most conflicts to answer.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// List the conflicts of a task
///
/// Rows at the target that were not what a change expected, with the change, asked of the target. Newest first.
#[utoipa::path(
    get, path = "/tasks/{name}/conflicts", operation_id = "listConflicts", tag = "tasks",
    params(TaskPath, ConflictQuery),
    responses((status = 200, body = ConflictList), NoSuchTask, AnyProblem),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Named(name): Named<TaskName>,
    Asked(asked): Asked<ConflictQuery>,
) -> Result<Json<ConflictList>, ApiError> {
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::QueryInvalid(format!("`limit` is {limit}; it can be 1 to {PAGE_MAX}")));
    }
    Ok(Json(conflicts::list(&app.sessions.get().await?, &app.limits, &name, asked.before, limit).await?))
}
