//! Bodies that are nouns of their own.

use super::App;
use super::request::{Format, too_large};
use crate::problem::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use replicator_model::channel::ChannelSpec;
use replicator_model::task::SpecError;
use std::sync::Arc;

/// A channel in the body, as JSON or TOML, checked.
pub(super) struct ChannelBody(pub(super) ChannelSpec);

impl FromRequest<Arc<App>> for ChannelBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let format = Format::of(request.headers())?;
        let body = Bytes::from_request(request, app).await.map_err(|rejection| too_large(rejection, app))?;
        let spec = match format {
            Format::Json => ChannelSpec::from_json(&body),
            Format::Toml => match std::str::from_utf8(&body) {
                Ok(text) => ChannelSpec::from_toml(text),
                Err(error) => Err(SpecError::Syntax(format!("it is not UTF-8: {error}"))),
            },
        };
        Ok(Self(spec?))
    }
}
