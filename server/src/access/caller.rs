//! Who sends a request, as the handlers see it.

use crate::problem::ApiError;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use replicator_model::access::{UserRole, Via};
use replicator_model::name::UserName;
use std::net::IpAddr;

/// Somebody who showed who it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserName,
    /// What it may do: of a token, what both it and its user may.
    pub(crate) role: UserRole,
    pub(crate) credential: Credential,
    /// When the session or token ends, if it does.
    pub(crate) expires_us: Option<i64>,
}

/// What it was shown with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The hash of the session's id.
    Session(String),
    /// The token's id.
    Token(String),
}

impl Caller {
    pub(crate) fn via(&self) -> Via {
        match self.credential {
            Credential::Session(_) => Via::Session,
            Credential::Token(_) => Via::Token,
        }
    }
}

/// Beside an answer, for the audit: who signed in by it.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn(pub(crate) UserName);

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::NotSignedIn { setup_needed: None })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().copied();
        found.ok_or_else(|| ApiError::Internal("a request without an address".to_owned()))
    }
}
