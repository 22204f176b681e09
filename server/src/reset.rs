//! The way back in when nobody knows a password any more: whoever steers a Server's host has a one-time token printed.

use crate::access::audit::{self, Done, Written};
use crate::access::setup::SetupToken;
use crate::problem::ApiError;
use replicator_coordination::session::Session;
use replicator_model::access::{AuditOutcome, SetupReset};
use replicator_model::span::Span;
use std::net::{IpAddr, Ipv4Addr};

/// How long the token is good.
const TOKEN_LIFE: Span = Span::from_secs(3600);

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    #[error("there is no user yet: make the first one with the link that a running Server printed")]
    NoUsers,
    #[error("{0}")]
    Tree(String),
}

/// A way to make an admin.
#[derive(Debug)]
pub struct Reset {
    /// Where it is made; holds the token, which is good once.
    pub link: String,
    pub life: Span,
}

/// Makes a token with which an admin is made although there are users, or gets a new password. The audit says so before
/// the token is good. `url` is that of any Server.
pub async fn reset_setup(session: &Session, url: &str) -> Result<Reset, ResetError> {
    let told = |error: &dyn std::fmt::Display| ResetError::Tree(error.to_string());
    if !session.has_users().await.map_err(|error| told(&error))? {
        return Err(ResetError::NoUsers);
    }
    let token = SetupToken::new(None).map_err(|error| told(&error))?;
    let done = Done {
        caller: None,
        user: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        action: "resetSetup".to_owned(),
        subject: String::new(),
        outcome: AuditOutcome::Done,
        detail: format!("replicator-server --reset-setup: a one-time token for an admin, good for {TOKEN_LIFE}"),
        diff: None,
    };
    audit::write(session, &Written::default(), done).await.map_err(|error: ApiError| told(&error))?;
    let life_us = i64::try_from(TOKEN_LIFE.duration().as_micros()).unwrap_or(i64::MAX);
    let until_us = (session.surroundings().wall_clock_us)().saturating_add(life_us);
    let reset = SetupReset { hash: token.hash(), until_us };
    session.begin_setup_reset(&reset).await.map_err(|error| told(&error))?;
    Ok(Reset { link: token.link(url), life: TOKEN_LIFE })
}
