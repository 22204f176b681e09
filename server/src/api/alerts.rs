//! `/alerts`, `/alerts/history`, `/alerts/{id}/acknowledge`.

use super::address::InAddress;
use super::problems::BodyProblem;
use super::request::{Asked, JsonBody};
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::alerting::alerts::{self, AlertFilter};
use crate::problem::ApiError;
use crate::view::words::AlertStateWord;
use crate::view::{AcknowledgeRequest, AlertHistoryView, AlertList, AlertView, Problem};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::alert::{AlertId, AlertState};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AlertQuery {
    /// Only alerts in this state.
    #[param(value_type = Option<AlertStateWord>)]
    state: Option<AlertState>,
    /// Only alerts about this task.
    task: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Only alerts about this task.
    task: Option<String>,
}

/// List alerts
///
/// What fires first, the worst first; then what may come to. What is over is in the history.
#[utoipa::path(
    get, path = "/alerts", operation_id = "listAlerts", tag = "alerts", params(AlertQuery),
    responses((status = 200, body = AlertList), AnyProblem),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Asked(asked): Asked<AlertQuery>,
) -> Result<Json<AlertList>, ApiError> {
    let task = asked.task.map(|task| task.parse()).transpose()?;
    let filter = AlertFilter { state: asked.state, task };
    Ok(Json(alerts::list(&app.sessions.get().await?, &filter).await?))
}

/// List alerts that are over
///
/// Of the last seven days, the latest first.
#[utoipa::path(
    get, path = "/alerts/history", operation_id = "listAlertHistory", tag = "alerts", params(HistoryQuery),
    responses((status = 200, body = AlertHistoryView), AnyProblem),
)]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Asked(asked): Asked<HistoryQuery>,
) -> Result<Json<AlertHistoryView>, ApiError> {
    let task = asked.task.map(|task| task.parse()).transpose()?;
    Ok(Json(alerts::history(&app.sessions.get().await?, task.as_ref()).await?))
}

/// Acknowledge an alert
///
/// Says that somebody is at it: nobody is told of this firing again, only of its end.
#[utoipa::path(
    post, path = "/alerts/{id}/acknowledge", operation_id = "acknowledgeAlert", tag = "alerts",
    params(("id" = String, Path, example = "task_failed:copy_hot_item")),
    request_body = AcknowledgeRequest,
    responses(
        (status = 200, body = AlertView),
        (status = 404, description = "`alert_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`alert_not_firing`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`text_too_long`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    caller: Caller,
    InAddress(id): InAddress<String>,
    JsonBody(asked): JsonBody<AcknowledgeRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let (id, remark) = (AlertId::from(id), Remark::said(asked.note.clone()));
    let alert: AlertView =
        alerts::acknowledge(&app.sessions.get().await?, &id, asked.note, caller.user.as_str()).await?;
    Ok((Extension(remark), Json(alert)))
}

/// Take an acknowledgement back
#[utoipa::path(
    delete, path = "/alerts/{id}/acknowledge", operation_id = "unacknowledgeAlert", tag = "alerts",
    params(("id" = String, Path, example = "task_failed:copy_hot_item")),
    responses(
        (status = 200, body = AlertView),
        (status = 404, description = "`alert_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn unacknowledge(
    State(app): State<Arc<App>>,
    InAddress(id): InAddress<String>,
) -> Result<Json<AlertView>, ApiError> {
    let id = AlertId::from(id);
    Ok(Json(alerts::unacknowledge(&app.sessions.get().await?, &id).await?))
}
