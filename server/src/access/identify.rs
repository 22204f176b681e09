//! From the headers of a request to who sends it.

use super::Access;
use super::caller::{Caller, Credential};
use super::opaque;
use crate::problem::ApiError;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderMap};
use replicator_coordination::session::Session;
use replicator_model::access::{SignIn, User};
use replicator_model::span::Span;

/// The cookie that holds a session's id.
pub(crate) const COOKIE_NAME: &str = "replicator_session";

/// How often the use of a session or token is written down.
const SEEN_EVERY_US: i64 = 60_000_000;

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    Nothing,
    Session(&'a str),
    Token(&'a str),
    /// An `Authorization` that is none of ours.
    Strange,
}

/// A header that a program sets beats a cookie that a browser sends along.
pub(crate) fn shown(headers: &HeaderMap) -> Shown<'_> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let bearer = value.to_str().ok().and_then(|text| text.split_once(' '));
        return match bearer {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Shown::Token(token.trim()),
            _ => Shown::Strange,
        };
    }
    let pairs =
        headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let ours = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE_NAME);
    ours.map_or(Shown::Nothing, |(_, id)| Shown::Session(id))
}

/// Who it is, if what was shown is good at this moment.
pub(crate) async fn caller(
    access: &Access,
    session: &Session,
    headers: &HeaderMap,
) -> Result<Option<Caller>, ApiError> {
    let now_us = (session.surroundings().wall_clock_us)();
    match shown(headers) {
        Shown::Nothing | Shown::Strange => Ok(None),
        Shown::Session(id) => of_session(access, session, &opaque::hash(id), now_us).await,
        Shown::Token(token) => of_token(session, token, now_us).await,
    }
}

async fn of_session(access: &Access, session: &Session, hash: &str, now_us: i64) -> Result<Option<Caller>, ApiError> {
    let Some(sign_in) = session.sign_in(hash).await? else { return Ok(None) };
    let user = session.user(&sign_in.user).await?;
    let (idle, lifetime) = (access.config.session_idle, access.config.session_lifetime);
    let Some(user) = user.filter(|user| is_good(&sign_in, user, idle, lifetime, now_us)) else {
        session.end_sign_in(hash).await?;
        return Ok(None);
    };
    if now_us - sign_in.seen_us >= SEEN_EVERY_US {
        session.see_sign_in(hash, now_us).await?;
    }
    let expires_us = Some(ends_us(&sign_in, idle, lifetime, now_us));
    Ok(Some(Caller { user: user.name, role: user.role, credential: Credential::Session(hash.to_owned()), expires_us }))
}

/// Whether somebody who was let in before would be now. Asking is no use of the session.
pub(super) async fn is_still_good(access: &Access, session: &Session, caller: &Caller) -> Result<bool, ApiError> {
    let now_us = (session.surroundings().wall_clock_us)();
    let Some(user) = session.user(&caller.user).await?.filter(|user| !user.disabled) else { return Ok(false) };
    let (idle, lifetime) = (access.config.session_idle, access.config.session_lifetime);
    Ok(match &caller.credential {
        Credential::Session(hash) => {
            let sign_in = session.sign_in(hash).await?;
            sign_in.is_some_and(|sign_in| is_good(&sign_in, &user, idle, lifetime, now_us))
        }
        Credential::Token(id) => {
            let token = session.token(id).await?;
            token.is_some_and(|token| token.user == user.name && token.expires_us.is_none_or(|at| now_us < at))
        }
    })
}

/// Whether a session goes on: it is neither too old nor unused, and nothing about its user has changed since.
pub(super) fn is_good(sign_in: &SignIn, user: &User, idle: Span, lifetime: Span, now_us: i64) -> bool {
    !user.disabled
        && user.generation == sign_in.generation
        && now_us < ends_us(sign_in, idle, lifetime, sign_in.seen_us)
}

/// When a session ends that is used at `used_us` for the last time.
pub(super) fn ends_us(sign_in: &SignIn, idle: Span, lifetime: Span, used_us: i64) -> i64 {
    let later =
        |from: i64, span: Span| from.saturating_add(i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX));
    // What is written lags up to a minute behind the use.
    later(used_us, idle).saturating_add(SEEN_EVERY_US).min(later(sign_in.created_us, lifetime))
}

async fn of_token(session: &Session, token: &str, now_us: i64) -> Result<Option<Caller>, ApiError> {
    let Some(id) = opaque::token_id(token) else { return Ok(None) };
    let Some(found) = session.token(id).await? else { return Ok(None) };
    if !opaque::same(&found.hash, &opaque::hash(token)) || found.expires_us.is_some_and(|expires| expires <= now_us) {
        return Ok(None);
    }
    let Some(user) = session.user(&found.user).await?.filter(|user| !user.disabled) else { return Ok(None) };
    if now_us - found.last_used_us >= SEEN_EVERY_US {
        session.use_token(id, now_us).await?;
    }
    let role = found.role.min(user.role);
    Ok(Some(Caller {
        user: user.name,
        role,
        credential: Credential::Token(id.to_owned()),
        expires_us: found.expires_us,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use replicator_model::access::{PasswordHash, UserRole};
    use replicator_model::name::UserName;

    #[test]
    fn what_is_shown_is_taken_from_one_place() {
        let headers = |pairs: &[(axum::http::HeaderName, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
        };
        for (pairs, expected) in [
            (&[][..], Shown::Nothing),
            (&[(COOKIE, "a=b; replicator_session=xyz; c=d")], Shown::Session("xyz")),
            (&[(COOKIE, "not_replicator_session=xyz")], Shown::Nothing),
            (&[(AUTHORIZATION, "Bearer mr_1_2")], Shown::Token("mr_1_2")),
            (&[(AUTHORIZATION, "bearer  mr_1_2 ")], Shown::Token("mr_1_2")),
            (&[(AUTHORIZATION, "Basic eDp5"), (COOKIE, "replicator_session=xyz")], Shown::Strange),
            (&[(AUTHORIZATION, "Bearer mr_1_2"), (COOKIE, "replicator_session=xyz")], Shown::Token("mr_1_2")),
        ] {
            assert_eq!(shown(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_session_ends_by_disuse_by_age_and_by_what_happens_to_its_user() {
        let name = UserName::new("alice").unwrap();
        let user = User {
            name: name.clone(),
            password: PasswordHash::new(""),
            role: UserRole::Admin,
            disabled: false,
            generation: 3,
            created_us: 0,
            last_login_us: 0,
        };
        let sign_in =
            SignIn { user: name, generation: 3, address: String::new(), created_us: 0, seen_us: 3_600_000_000 };
        let (idle, lifetime) = (Span::from_secs(1800), Span::from_secs(12 * 3600));
        let good = |user: &User, now_s: i64| is_good(&sign_in, user, idle, lifetime, now_s * 1_000_000);
        assert!(good(&user, 3600) && good(&user, 3600 + 1859));
        assert!(!good(&user, 3600 + 1861), "unused");
        assert!(!good(&User { disabled: true, ..user.clone() }, 3600));
        assert!(!good(&User { generation: 4, ..user.clone() }, 3600));
        let busy = SignIn { seen_us: 12 * 3600 * 1_000_000 - 1, ..sign_in.clone() };
        assert!(!is_good(&busy, &user, idle, lifetime, 12 * 3600 * 1_000_000), "too old");
    }
}
