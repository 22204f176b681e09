//! Takes requests apart; whatever is wrong with them becomes a problem with a code.

use super::App;
use crate::problem::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MATCH};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use replicator_model::task::{SpecError, TaskSpec};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What stands behind the `?`.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(ApiError::QueryInvalid(rejection.body_text())),
        }
    }
}

/// The version that a change was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) u64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        if_match(&parts.headers).map(Self)
    }
}

fn if_match(headers: &HeaderMap) -> Result<u64, ApiError> {
    let header = headers.get(IF_MATCH).ok_or(ApiError::PreconditionRequired)?;
    let text = header.to_str().unwrap_or("?").trim();
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.ok_or_else(|| ApiError::IfMatchMalformed(text.chars().take(80).collect()))
}

/// The header that carries a version to whoever will change it.
pub(super) fn etag(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{version}\""))]
}

/// A spec in the body, as JSON or TOML, checked.
pub(super) struct SpecBody(pub(super) TaskSpec);

impl FromRequest<Arc<App>> for SpecBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let format = Format::of(request.headers())?;
        let body = Bytes::from_request(request, app).await.map_err(|rejection| too_large(rejection, app))?;
        Ok(Self(format.read(&body)?))
    }
}

/// A JSON body. What is said of a wrong one quotes no value: it might be a password in the wrong place.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        if Format::of(request.headers())? != Format::Json {
            return Err(ApiError::MediaType("application/toml".to_owned()));
        }
        let body = Bytes::from_request(request, app).await.map_err(|rejection| too_large(rejection, app))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| ApiError::BodyInvalid(without_values(&error)))
    }
}

fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quotes_none = text.starts_with("missing field") || text.starts_with("unknown field") || !error.is_data();
    match quotes_none {
        true => text,
        false => format!("a value of another kind than is wanted at line {} column {}", error.line(), error.column()),
    }
}

pub(super) fn too_large(rejection: BytesRejection, app: &App) -> ApiError {
    let problem = rejection.body_text();
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { limit: app.body_bytes_max },
        _ => ApiError::BodyIncomplete(problem),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Toml,
}

impl Format {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
        match text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Json),
            "application/toml" => Ok(Self::Toml),
            other => Err(ApiError::MediaType(other.chars().take(80).collect())),
        }
    }

    fn read(self, body: &[u8]) -> Result<TaskSpec, ApiError> {
        let spec = match self {
            Self::Json => TaskSpec::from_json(body),
            Self::Toml => match std::str::from_utf8(body) {
                Ok(text) => TaskSpec::from_toml(text),
                Err(error) => Err(SpecError::Syntax(format!("it is not UTF-8: {error}"))),
            },
        };
        Ok(spec?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_etag_comes_back_as_it_went() {
        let [(_, sent)] = etag(42);
        let back = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_str(&sent).unwrap())]);
        assert_eq!(if_match(&back), Ok(42));
        assert_eq!(if_match(&HeaderMap::new()), Err(ApiError::PreconditionRequired));
        for bad in ["42", "*", "\"a\"", "W/\"42\"", "\"1\", \"2\"", "\"-1\"", "\""] {
            assert_eq!(if_match(&headers(IF_MATCH, bad)), Err(ApiError::IfMatchMalformed(bad.to_owned())));
        }
    }

    #[test]
    fn bodies_are_json_or_toml() {
        for (value, format) in [
            ("application/json", Some(Format::Json)),
            ("Application/JSON; charset=utf-8", Some(Format::Json)),
            ("application/toml", Some(Format::Toml)),
            ("text/plain", None),
        ] {
            assert_eq!(Format::of(&headers(CONTENT_TYPE, value)).ok(), format);
        }
        assert!(Format::of(&HeaderMap::new()).is_err());
    }
}
