//! What an address names, and how that is written in the OpenAPI document.

use crate::problem::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use replicator_model::name::NameError;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

/// Parts of the address as they stand there; one that is no text is a problem with a code.
pub(super) struct InAddress<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InAddress<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<T>::from_request_parts(parts, state).await;
        found.map(|Path(found)| Self(found)).map_err(|rejection| ApiError::QueryInvalid(rejection.body_text()))
    }
}

/// The task, user or channel that the address names; whether there is one is another question.
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: TryFrom<String, Error = NameError>> FromRequestParts<S> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let InAddress(name) = InAddress::<String>::from_request_parts(parts, state).await?;
        Ok(Self(T::try_from(name)?))
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) struct TaskPath {
    #[param(example = "copy_hot_item", pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
    name: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) struct UserPath {
    #[param(example = "alice", pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
    name: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) struct ChannelPath {
    #[param(example = "dba", pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
    name: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "named in the OpenAPI document only")]
pub(super) struct IfMatchHeader {
    /// The ETag of the version that was seen, or that the edit was made from
    #[param(rename = "If-Match", example = "\"3\"", pattern = "^\"[0-9]{1,19}\"$")]
    if_match: String,
}
