//! `/session`, `/session/password`, `/setup`: who calls.

use super::problems::BodyProblem;
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::access::Access;
use crate::access::caller::{Address, Caller, Credential, SignedIn};
use crate::access::identify::COOKIE_NAME;
use crate::access::sign_in::{self, Begun};
use crate::problem::ApiError;
use crate::view::{self, LoginRequest, PasswordRequest, Problem, SessionView, SetupRequest, SetupView, ViaWord};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::UserName;
use replicator_model::secret::Secret;
use std::sync::Arc;

/// Who is signed in
///
/// Without a session or token: 401, and `setup_needed` in the problem says whether there is any user yet.
#[utoipa::path(
    get, path = "/session", operation_id = "readSession", tag = "access",
    responses(
        (status = 200, body = SessionView),
        (status = 401, description = "`not_signed_in`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn read(State(app): State<Arc<App>>, caller: Option<Caller>) -> Result<Json<SessionView>, ApiError> {
    let Some(caller) = caller else {
        let setup_needed = Some(!app.sessions.get().await?.has_users().await?);
        return Err(ApiError::NotSignedIn { setup_needed });
    };
    Ok(Json(SessionView {
        via: caller.via().into(),
        user: caller.user.into(),
        role: caller.role.into(),
        expires_at: caller.expires_us.and_then(view::time),
    }))
}

/// Sign in
///
/// The session is a cookie that pages can't read. With it, each change takes the header `X-Replicator-Csrf: 1`.
#[utoipa::path(
    post, path = "/session", operation_id = "signIn", tag = "access", request_body = LoginRequest,
    responses(
        (status = 200, body = SessionView, headers(("Set-Cookie" = String))),
        (status = 401, description = "`login_refused`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 429, description = "`locked_out`: too many attempts failed", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Address(address): Address,
    JsonBody(login): JsonBody<LoginRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let begun = sign_in::sign_in(&app.access, &session, &login.user, &Secret::new(login.password), address).await?;
    Ok(signed_in(&app.access, begun))
}

/// Sign out
///
/// Also where nobody is signed in. A token is deleted under `/tokens` instead.
#[utoipa::path(
    delete, path = "/session", operation_id = "signOut", tag = "access",
    responses((status = 204), AnyProblem),
)]
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    caller: Option<Caller>,
) -> Result<impl IntoResponse, ApiError> {
    if let Some(Caller { credential: Credential::Session(hash), .. }) = caller {
        app.sessions.get().await?.end_sign_in(&hash).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie(&app.access, "", 0)))
}

/// Change the own password
///
/// All sessions of the user end, this one too: sign in again.
#[utoipa::path(
    put, path = "/session/password", operation_id = "changePassword", tag = "access", request_body = PasswordRequest,
    responses(
        (status = 204),
        (status = 401, description = "`login_refused`: the old password is wrong", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`password_weak`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    Address(address): Address,
    JsonBody(PasswordRequest { old, new }): JsonBody<PasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let session = app.sessions.get().await?;
    sign_in::change_password(&app.access, &session, &caller, &Secret::new(old), &Secret::new(new), address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// See whether the first user is still to be made
#[utoipa::path(
    get, path = "/setup", operation_id = "readSetup", tag = "access",
    responses((status = 200, body = SetupView), AnyProblem),
)]
pub(super) async fn read_setup(State(app): State<Arc<App>>) -> Result<Json<SetupView>, ApiError> {
    Ok(Json(SetupView { needed: !app.sessions.get().await?.has_users().await? }))
}

/// Make the first user
///
/// An admin, with the one-time token that each Server prints while there is no user. It is signed in.
#[utoipa::path(
    post, path = "/setup", operation_id = "setUp", tag = "access", request_body = SetupRequest,
    responses(
        (status = 200, body = SessionView, headers(("Set-Cookie" = String))),
        (status = 401, description = "`setup_token_refused`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_set_up`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`password_weak`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`locked_out`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn set_up(
    State(app): State<Arc<App>>,
    Address(address): Address,
    JsonBody(first): JsonBody<SetupRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let (name, token, password) = (UserName::new(first.user)?, Secret::new(first.token), Secret::new(first.password));
    let begun = sign_in::set_up(&app.access, &session, &token, name, &password, address).await?;
    Ok(signed_in(&app.access, begun))
}

fn signed_in(access: &Access, begun: Begun) -> impl IntoResponse + use<> {
    let lifetime = access.config.session_lifetime.duration().as_secs();
    let name = begun.user.name.clone();
    let view = SessionView {
        user: begun.user.name.into(),
        role: begun.user.role.into(),
        expires_at: view::time(begun.expires_us),
        via: ViaWord::Session,
    };
    (cookie(access, &begun.id, lifetime), Extension(SignedIn(name)), Json(view))
}

/// Not for scripts, not for requests from other sites, and over encrypted connections alone where there are such.
fn cookie(access: &Access, id: &str, seconds: u64) -> [(HeaderName, String); 1] {
    let secure = if access.secure { "; Secure" } else { "" };
    [(header::SET_COOKIE, format!("{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"))]
}
