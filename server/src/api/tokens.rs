//! `/tokens`, `/tokens/{id}`.

use super::address::InAddress;
use super::problems::BodyProblem;
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::access::tokens::{self, Wanted};
use crate::problem::ApiError;
use crate::view::{NewToken, Problem, TokenList, TokenRequest, TokenView};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use std::sync::Arc;

/// List API tokens
///
/// The caller's own; for an admin, everybody's. Their texts are not kept.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "access",
    responses((status = 200, body = TokenList), AnyProblem),
)]
pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<TokenList>, ApiError> {
    let tokens = tokens::list(&app.sessions.get().await?, &caller).await?;
    Ok(Json(TokenList { tokens: tokens.into_iter().map(TokenView::from).collect() }))
}

/// Make an API token
///
/// For the caller. Its text is answered this once.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "access", request_body = TokenRequest,
    responses(
        (status = 201, body = NewToken),
        (status = 409, description = "`too_many`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        AnyProblem,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(wanted): JsonBody<TokenRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let wanted = Wanted { name: wanted.name, role: wanted.role.map(Into::into), expires_in: wanted.expires_in };
    let (token, secret) = tokens::create(&app.sessions.get().await?, &caller, wanted).await?;
    let remark = Remark::said(format!("{} of {}: {}", token.role, token.user, token.name));
    Ok((StatusCode::CREATED, Extension(remark), Json(NewToken { token: token.into(), secret })))
}

/// Delete an API token
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "deleteToken", tag = "access",
    params(("id" = String, Path, example = "5f3a0c1d2e4b6a79")),
    responses(
        (status = 204),
        (status = 404, description = "`token_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    InAddress(id): InAddress<String>,
) -> Result<StatusCode, ApiError> {
    tokens::delete(&app.sessions.get().await?, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
