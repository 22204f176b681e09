//! `/users`, `/users/{name}`.

use super::address::{Named, UserPath};
use super::problems::BodyProblem;
use super::request::JsonBody;
use super::{AnyProblem, App};
use crate::access::remark::Remark;
use crate::access::users::{self, Change};
use crate::problem::ApiError;
use crate::view::{Problem, UserChange, UserList, UserRequest, UserView};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::UserName;
use replicator_model::secret::Secret;
use std::sync::Arc;

/// List users
#[utoipa::path(
    get, path = "/users", operation_id = "listUsers", tag = "access",
    responses((status = 200, body = UserList), AnyProblem),
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<UserList>, ApiError> {
    let users = app.sessions.get().await?.users().await?;
    Ok(Json(UserList { users: users.into_iter().map(UserView::from).collect() }))
}

/// Make a user
#[utoipa::path(
    post, path = "/users", operation_id = "createUser", tag = "access", request_body = UserRequest,
    responses(
        (status = 201, body = UserView, headers(("Location" = String))),
        (status = 409, description = "`user_exists`, `too_many`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`password_weak`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    JsonBody(wanted): JsonBody<UserRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let (name, password) = (UserName::new(wanted.name)?, Secret::new(wanted.password));
    let user = users::create(&app.access, &app.sessions.get().await?, name, wanted.role.into(), &password).await?;
    let remark = Remark::of_user(None, Some(&user));
    let location: [(HeaderName, String); 1] = [(header::LOCATION, format!("/api/v1/users/{}", user.name))];
    Ok((StatusCode::CREATED, location, Extension(remark), Json(UserView::from(user))))
}

/// Read a user
#[utoipa::path(
    get, path = "/users/{name}", operation_id = "readUser", tag = "access",
    params(UserPath),
    responses(
        (status = 200, body = UserView),
        (status = 404, description = "`user_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Named(name): Named<UserName>,
) -> Result<Json<UserView>, ApiError> {
    Ok(Json(users::read(&app.sessions.get().await?, &name).await?.into()))
}

/// Change a user
///
/// Any of role, disabled and password. The user's sessions end. The last admin stays one.
#[utoipa::path(
    put, path = "/users/{name}", operation_id = "updateUser", tag = "access",
    params(UserPath), request_body = UserChange,
    responses(
        (status = 200, body = UserView),
        (status = 404, description = "`user_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last_admin`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`password_weak`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Named(name): Named<UserName>,
    JsonBody(wanted): JsonBody<UserChange>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = users::read(&session, &name).await?;
    let change = Change {
        role: wanted.role.map(Into::into),
        disabled: wanted.disabled,
        password: wanted.password.map(Secret::new),
    };
    let user = users::change(&app.access, &session, &name, change).await?;
    Ok((Extension(Remark::of_user(Some(&before), Some(&user))), Json(UserView::from(user))))
}

/// Delete a user
///
/// With its tokens and sessions. The last admin stays.
#[utoipa::path(
    delete, path = "/users/{name}", operation_id = "deleteUser", tag = "access",
    params(UserPath),
    responses(
        (status = 204),
        (status = 404, description = "`user_not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last_admin`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Named(name): Named<UserName>,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = users::read(&session, &name).await?;
    users::delete(&session, &name).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Remark::of_user(Some(&before), None))))
}
