//! `/channels`, `/channels/{name}`, `/channels/{name}/test`, `/channels/{name}/deliveries`.

use super::address::{ChannelPath, IfMatchHeader, Named};
use super::body::ChannelBody;
use super::problems::{BodyProblem, VersionProblem};
use super::request::{IfMatch, etag};
use super::{AnyProblem, App};
use crate::access::caller::Caller;
use crate::access::remark::Remark;
use crate::alerting::channels;
use crate::problem::ApiError;
use crate::view::{ChannelDocument, ChannelList, ChannelTestView, ChannelView, DeliveryList, Problem};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use replicator_model::name::ChannelName;
use std::sync::Arc;

/// List channels
#[utoipa::path(
    get, path = "/channels", operation_id = "listChannels", tag = "channels",
    responses((status = 200, body = ChannelList), AnyProblem),
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<ChannelList>, ApiError> {
    Ok(Json(channels::list(&app.sessions.get().await?).await?))
}

/// Make a channel
///
/// The leading Monitor delivers to it within seconds.
#[utoipa::path(
    post, path = "/channels", operation_id = "createChannel", tag = "channels",
    request_body(content((ChannelDocument = "application/json"), (String = "application/toml"))),
    responses(
        (status = 201, body = ChannelView, headers(("ETag" = String), ("Location" = String))),
        (status = 400, description = "`spec_syntax`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`channel_exists`, `channels_too_many`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`spec_invalid` with `errors`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    ChannelBody(spec): ChannelBody,
) -> Result<impl IntoResponse, ApiError> {
    let channel = channels::create(&app.sessions.get().await?, spec).await?;
    let location: [(HeaderName, String); 1] = [(header::LOCATION, format!("/api/v1/channels/{}", channel.spec.name))];
    let remark = Remark::of_channel(None, Some(&channel.spec));
    Ok((StatusCode::CREATED, etag(channel.version), location, Extension(remark), Json(channel)))
}

/// Read a channel
#[utoipa::path(
    get, path = "/channels/{name}", operation_id = "readChannel", tag = "channels",
    params(ChannelPath),
    responses(
        (status = 200, body = ChannelView, headers(("ETag" = String))),
        (status = 404, description = "`channel_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Named(name): Named<ChannelName>,
) -> Result<impl IntoResponse, ApiError> {
    let channel = channels::read(&app.sessions.get().await?, &name).await?;
    Ok((etag(channel.version), Json(channel)))
}

/// Replace a channel
///
/// Secrets that are sent as `********` stay what they are, as long as they go to the same place.
#[utoipa::path(
    put, path = "/channels/{name}", operation_id = "updateChannel", tag = "channels",
    params(
        ChannelPath,
        IfMatchHeader,
    ),
    request_body(content((ChannelDocument = "application/json"), (String = "application/toml"))),
    responses(
        (status = 200, body = ChannelView, headers(("ETag" = String))),
        (status = 400, description = "`spec_syntax`, `if_match_malformed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`channel_not_found`", body = Problem, content_type = "application/problem+json"),
        BodyProblem,
        (status = 422, description = "`spec_invalid` with `errors`, `name_mismatch`, `secret_needed_again`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Named(name): Named<ChannelName>,
    IfMatch(expected): IfMatch,
    ChannelBody(spec): ChannelBody,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    // Of the version that is expected, or nothing is changed.
    let before = channels::read(&session, &name).await?.spec;
    let channel = channels::update(&session, &name, expected, spec).await?;
    let remark = Remark::of_channel(Some(&before), Some(&channel.spec));
    Ok((etag(channel.version), Extension(remark), Json(channel)))
}

/// Delete a channel
#[utoipa::path(
    delete, path = "/channels/{name}", operation_id = "deleteChannel", tag = "channels",
    params(
        ChannelPath,
        IfMatchHeader,
    ),
    responses(
        (status = 204),
        (status = 404, description = "`channel_not_found`", body = Problem, content_type = "application/problem+json"),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Named(name): Named<ChannelName>,
    IfMatch(expected): IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    let session = app.sessions.get().await?;
    let before = channels::read(&session, &name).await?.spec;
    channels::delete(&session, &name, expected).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Remark::of_channel(Some(&before), None))))
}

/// Send a test message
///
/// The leading Monitor tries once, and what became of it is answered.
#[utoipa::path(
    post, path = "/channels/{name}/test", operation_id = "testChannel", tag = "channels",
    params(ChannelPath),
    responses(
        (status = 200, body = ChannelTestView),
        (status = 404, description = "`channel_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn test(
    State(app): State<Arc<App>>,
    caller: Caller,
    Named(name): Named<ChannelName>,
) -> Result<Json<ChannelTestView>, ApiError> {
    Ok(Json(channels::test(&app.sessions.get().await?, &name, caller.user.as_str()).await?))
}

/// See what became of messages
///
/// The last fifty attempts, the latest first.
#[utoipa::path(
    get, path = "/channels/{name}/deliveries", operation_id = "listDeliveries", tag = "channels",
    params(ChannelPath),
    responses(
        (status = 200, body = DeliveryList),
        (status = 404, description = "`channel_not_found`", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn deliveries(
    State(app): State<Arc<App>>,
    Named(name): Named<ChannelName>,
) -> Result<Json<DeliveryList>, ApiError> {
    Ok(Json(channels::deliveries(&app.sessions.get().await?, &name).await?))
}
