//! `/audit`.

use super::request::Asked;
use super::{AnyProblem, App};
use crate::access::audit::{self, Filter};
use crate::problem::ApiError;
use crate::view::{AuditEntryView, AuditList};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Most entries of one page, and how many there are unless told.
const PAGE_MAX: usize = 500;
const PAGE_DEFAULT: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// Most entries to answer.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// Only what was done to this task.
    task: Option<String>,
    /// Only what this user did.
    user: Option<String>,
    /// Only this operation.
    action: Option<String>,
}

/// See who did what
///
/// Each change and each refusal of the last 90 days, newest first. A page may be short though there are more: `next` says.
#[utoipa::path(
    get, path = "/audit", operation_id = "listAudit", tag = "access", params(AuditQuery),
    responses((status = 200, body = AuditList), AnyProblem),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Asked(asked): Asked<AuditQuery>,
) -> Result<Json<AuditList>, ApiError> {
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::QueryInvalid(format!("`limit` is {limit}; it can be 1 to {PAGE_MAX}")));
    }
    let AuditQuery { after, task, user, action, .. } = asked;
    let filter = Filter { after: after.filter(|after| !after.is_empty()), limit, task, user, action, outcome: None };
    let (found, next) = audit::list(&app.sessions.get().await?, &filter).await?;
    Ok(Json(AuditList { entries: found.into_iter().map(|(id, entry)| AuditEntryView::new(id, entry)).collect(), next }))
}
