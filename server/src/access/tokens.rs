//! The rules about API tokens: everybody has own ones, which never may more than their user; an admin sees all.

use super::caller::Caller;
use super::opaque;
use crate::problem::ApiError;
use replicator_coordination::session::Session;
use replicator_model::access::{ApiToken, UserRole};
use replicator_model::span::Span;

/// Most tokens of one user.
const TOKENS_OF_USER_MAX: usize = 100;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Longest life. One that is to live for ever is made without an end.
const LIFE_MAX: Span = Span::from_secs(3650 * 86_400);

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) role: Option<UserRole>,
    pub(crate) expires_in: Option<Span>,
}

/// A token and, this once, the text that it is.
pub(crate) async fn create(session: &Session, caller: &Caller, wanted: Wanted) -> Result<(ApiToken, String), ApiError> {
    let now_us = (session.surroundings().wall_clock_us)();
    let (role, expires_us) = admit(caller, &wanted, now_us)?;
    if session.tokens().await?.iter().filter(|token| token.user == caller.user).count() >= TOKENS_OF_USER_MAX {
        return Err(ApiError::TooMany { what: "tokens of one user", limit: TOKENS_OF_USER_MAX });
    }
    let (id, secret) = opaque::token()?;
    let token = ApiToken {
        id,
        name: wanted.name,
        user: caller.user.clone(),
        role,
        hash: opaque::hash(&secret),
        created_us: now_us,
        expires_us,
        last_used_us: 0,
    };
    if !session.create_token(&token).await? {
        return Err(ApiError::Internal("a token of the same random id is there".to_owned()));
    }
    tracing::info!(user = %token.user, token = token.id, role = %token.role, "token made");
    Ok((token, secret))
}

fn admit(caller: &Caller, wanted: &Wanted, now_us: i64) -> Result<(UserRole, Option<i64>), ApiError> {
    let role = wanted.role.unwrap_or(caller.role);
    if role > caller.role {
        return Err(ApiError::RoleMissing { user: caller.user.clone(), has: caller.role, needs: role });
    }
    if wanted.name.trim().is_empty() || wanted.name.len() > NAME_BYTES_MAX {
        return Err(ApiError::BodyInvalid(format!(
            "`name` says what the token is for, in 1 to {NAME_BYTES_MAX} bytes"
        )));
    }
    let Some(life) = wanted.expires_in else { return Ok((role, None)) };
    if !(Span::from_secs(60)..=LIFE_MAX).contains(&life) {
        return Err(ApiError::BodyInvalid(format!("`expires_in` is {life}; it can be 1m to {LIFE_MAX}")));
    }
    let life_us = i64::try_from(life.duration().as_micros()).unwrap_or(i64::MAX);
    Ok((role, Some(now_us.saturating_add(life_us))))
}

/// Those that the caller may know of: the own ones, or all.
pub(crate) async fn list(session: &Session, caller: &Caller) -> Result<Vec<ApiToken>, ApiError> {
    let tokens = session.tokens().await?;
    Ok(tokens.into_iter().filter(|token| concerns(caller, token)).collect())
}

pub(crate) async fn delete(session: &Session, caller: &Caller, id: &str) -> Result<(), ApiError> {
    // Somebody else's is as if it were not there. Only an id that could be one reaches the tree.
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && (1..=64).contains(&id.len());
    let found = if is_id { session.token(id).await? } else { None };
    let Some(token) = found.filter(|token| concerns(caller, token)) else {
        return Err(ApiError::TokenNotFound(id.chars().take(64).collect()));
    };
    session.delete_token(&token.id).await?;
    tracing::info!(user = %token.user, token = token.id, "token deleted");
    Ok(())
}

fn concerns(caller: &Caller, token: &ApiToken) -> bool {
    caller.role == UserRole::Admin || token.user == caller.user
}
