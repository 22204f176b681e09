//! `/silences`, `/silences/{id}`.

use super::address::InAddress;
use super::problems::BodyProblem;
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::alerting::silences;
use crate::problem::ApiError;
use crate::view::{Problem, SilenceList, SilenceRequest, SilenceView};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use std::sync::Arc;

/// List silences
///
/// Those that hold, those to come, and those that were over in the last seven days.
#[utoipa::path(
    get, path = "/silences", operation_id = "listSilences", tag = "alerts",
    responses((status = 200, body = SilenceList), AnyProblem),
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<SilenceList>, ApiError> {
    Ok(Json(silences::list(&app.sessions.get().await?).await?))
}

/// Begin a silence
///
/// Nobody is told of what matches until it ends. What still fires then is told again.
#[utoipa::path(
    post, path = "/silences", operation_id = "beginSilence", tag = "alerts", request_body = SilenceRequest,
    responses(
        (status = 201, body = SilenceView),
        (status = 409, description = "`silences_too_many`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`silence_invalid`, `text_too_long`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(wanted): JsonBody<SilenceRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let remark = Remark::said(wanted.reason.clone());
    let silence: SilenceView = silences::begin(&app.sessions.get().await?, wanted, caller.user.as_str()).await?;
    Ok((StatusCode::CREATED, Extension(remark), Json(silence)))
}

/// End a silence
#[utoipa::path(
    delete, path = "/silences/{id}", operation_id = "endSilence", tag = "alerts",
    params(("id" = String, Path, example = "0b0e7c1e-6f0c-4b0e-9a52-3d7f3c1f6c55")),
    responses(
        (status = 204),
        (status = 404, description = "`silence_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn end(State(app): State<Arc<App>>, InAddress(id): InAddress<String>) -> Result<StatusCode, ApiError> {
    silences::end(&app.sessions.get().await?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
