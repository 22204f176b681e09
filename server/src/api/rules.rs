//! `/rules`, `/tasks/{name}/rules`.

use super::address::{IfMatchHeader, Named, TaskPath};
use super::problems::{NoSuchTask, VersionProblem};
use super::request::{IfMatch, JsonBody, etag};
use super::{AnyProblem, App};
use crate::access::remark::Remark;
use crate::alerting::rules;
use crate::problem::ApiError;
use crate::view::{Problem, RuleList, RuleSettingDocument, RuleSettingsDocument};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::TaskName;
use replicator_model::rule_settings::{RuleSetting, RuleSettings};
use std::collections::BTreeMap;
use std::sync::Arc;

/// List the rules
///
/// As they hold, with their defaults, and what is set of them for single tasks.
#[utoipa::path(
    get, path = "/rules", operation_id = "listRules", tag = "alerts",
    responses((status = 200, body = RuleList, headers(("ETag" = String))), AnyProblem),
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let rules = rules::list(&app.sessions.get().await?).await?;
    Ok((etag(rules.version), Json(rules)))
}

/// Replace what is set of the rules
///
/// All of it: what is left out holds as it was made.
#[utoipa::path(
    put, path = "/rules", operation_id = "updateRules", tag = "alerts",
    params(IfMatchHeader),
    request_body = RuleSettingsDocument,
    responses(
        (status = 200, body = RuleList, headers(("ETag" = String))),
        (status = 413, description = "`body_too_large`, `node_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`media_type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`rules_invalid`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    IfMatch(expected): IfMatch,
    JsonBody(settings): JsonBody<RuleSettings>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    // Of the version that is expected, or nothing is changed.
    let before = session.rule_settings().await?.map(|(before, _)| before).unwrap_or_default();
    let remark = Remark::of_rules(Some(&before), Some(&settings));
    let rules = rules::update(&session, expected, settings).await?;
    Ok((etag(rules.version), Extension(remark), Json(rules)))
}

/// Replace what is set of the rules for one task
///
/// By rule; `{}` takes the task's own settings away.
#[utoipa::path(
    put, path = "/tasks/{name}/rules", operation_id = "updateTaskRules", tag = "alerts",
    params(TaskPath),
    request_body(content = BTreeMap<String, RuleSettingDocument>, example = json!({"task_lag_warning": {"threshold": 60.0}})),
    responses(
        (status = 200, body = RuleList, headers(("ETag" = String))),
        NoSuchTask,
        (status = 412, description = "`version_stale`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`, `node_too_large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`media_type`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`rules_invalid`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn update_task(
    State(app): State<Arc<App>>,
    Named(task): Named<TaskName>,
    JsonBody(settings): JsonBody<BTreeMap<String, RuleSetting>>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = session.rule_settings().await?.and_then(|(before, _)| before.tasks.get(&task).cloned());
    let remark = Remark::of_rules(before.as_ref(), Some(&settings).filter(|settings| !settings.is_empty()));
    let rules = rules::update_task(&session, &task, settings).await?;
    Ok((etag(rules.version), Extension(remark), Json(rules)))
}
