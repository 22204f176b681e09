//! Signing in and out, and the first user.

use super::Access;
use super::caller::Caller;
use super::{identify, opaque};
use crate::problem::ApiError;
use replicator_coordination::session::Session;
use replicator_coordination::setup::Setup;
use replicator_model::access::{PasswordHash, SignIn, User, UserRole};
use replicator_model::name::UserName;
use replicator_model::secret::Secret;
use std::net::IpAddr;
use tokio::time::Instant;

/// Most sessions at a time: what a list of the coordination service bears. They are listed at each login.
const SIGN_INS_MAX: usize = 5_000;

/// A session that has just begun.
pub(crate) struct Begun {
    /// What the browser holds from now on.
    pub(crate) id: String,
    pub(crate) user: User,
    pub(crate) expires_us: i64,
}

/// Begins a session for whoever knows the password. What fails says neither whether there is such a user, nor, by its
/// time, anything.
pub(crate) async fn sign_in(
    access: &Access,
    session: &Session,
    name: &str,
    password: &Secret,
    address: IpAddr,
) -> Result<Begun, ApiError> {
    attempt(access, name, address)?;
    let found = match UserName::new(name) {
        Ok(name) => session.user(&name).await?,
        Err(_) => None,
    };
    let hash = found.as_ref().filter(|user| !user.disabled).map(|user| user.password.clone());
    let knows = access.passwords.verify(password, hash.as_ref()).await;
    let Some(user) = found.filter(|_| knows) else {
        tracing::info!(%address, "login refused");
        return Err(ApiError::LoginRefused);
    };
    access.lockout.lock().succeeded(name, address);
    begin(access, session, user, address).await
}

/// Makes the first user, or the admin of a reset, and signs it in.
pub(crate) async fn set_up(
    access: &Access,
    session: &Session,
    token: &Secret,
    name: UserName,
    password: &Secret,
    address: IpAddr,
) -> Result<Begun, ApiError> {
    if session.has_users().await? && !session.awaits_setup_reset().await? {
        return Err(ApiError::AlreadySetUp);
    }
    // Guesses of the token are slowed down as those of a password.
    attempt(access, "", address)?;
    let user = new_user(access, session, name, UserRole::Admin, password).await?;
    let hash = opaque::hash(token.expose());
    if opaque::same(&hash, &access.setup_hash) {
        // The own one is good from the first moment, even if it is only about to be shown to other Servers.
        session.show_setup_token(&hash).await?;
    }
    let user = match session.set_up(&hash, &user).await? {
        Setup::Done(made) => *made,
        Setup::UnknownToken => return Err(ApiError::SetupTokenRefused),
        Setup::AlreadyDone => return Err(ApiError::AlreadySetUp),
    };
    access.lockout.lock().succeeded("", address);
    tracing::info!(user = %user.name, "admin made with a one-time token");
    begin(access, session, user, address).await
}

/// Somebody changes the own password, who has to know the old one. Other sessions end.
pub(crate) async fn change_password(
    access: &Access,
    session: &Session,
    caller: &Caller,
    old: &Secret,
    new: &Secret,
    address: IpAddr,
) -> Result<(), ApiError> {
    attempt(access, caller.user.as_str(), address)?;
    let hash = session.user(&caller.user).await?.map(|user| user.password);
    if !access.passwords.verify(old, hash.as_ref()).await {
        return Err(ApiError::LoginRefused);
    }
    access.lockout.lock().succeeded(caller.user.as_str(), address);
    super::users::set_password(access, session, &caller.user, new).await
}

/// A user as it is kept.
pub(crate) async fn new_user(
    access: &Access,
    session: &Session,
    name: UserName,
    role: UserRole,
    password: &Secret,
) -> Result<User, ApiError> {
    let password: PasswordHash = access.passwords.hash(password).await?;
    let created_us = (session.surroundings().wall_clock_us)();
    Ok(User { name, password, role, disabled: false, generation: 0, created_us, last_login_us: 0 })
}

fn attempt(access: &Access, name: &str, address: IpAddr) -> Result<(), ApiError> {
    let (mut lockout, now) = (access.lockout.lock(), Instant::now());
    if let Some(wait) = lockout.wait(name, address, now) {
        return Err(ApiError::LockedOut { seconds: wait.as_secs().max(1) });
    }
    lockout.attempt(name, address, now);
    Ok(())
}

async fn begin(access: &Access, session: &Session, user: User, address: IpAddr) -> Result<Begun, ApiError> {
    if session.count_sign_ins().await? >= SIGN_INS_MAX {
        return Err(ApiError::TooMany { what: "sessions", limit: SIGN_INS_MAX });
    }
    let id = opaque::secret()?;
    let now_us = (session.surroundings().wall_clock_us)();
    let (created_us, seen_us, generation) = (now_us, now_us, user.generation);
    let sign_in = SignIn { user: user.name.clone(), generation, address: address.to_string(), created_us, seen_us };
    session.begin_sign_in(&opaque::hash(&id), &sign_in).await?;
    session.change_user(&user.name, |user| user.last_login_us = user.last_login_us.max(now_us)).await?;
    let expires_us = identify::ends_us(&sign_in, access.config.session_idle, access.config.session_lifetime, now_us);
    Ok(Begun { id, user, expires_us })
}

/// Forgets sessions that are over, whose browsers did not come back to say so.
pub(crate) async fn prune(access: &Access, session: &Session) -> Result<(), ApiError> {
    let now_us = (session.surroundings().wall_clock_us)();
    let users = session.users().await?;
    for (hash, sign_in) in session.sign_ins().await? {
        let (idle, lifetime) = (access.config.session_idle, access.config.session_lifetime);
        let user = users.iter().find(|user| user.name == sign_in.user);
        if !user.is_some_and(|user| identify::is_good(&sign_in, user, idle, lifetime, now_us)) {
            session.end_sign_in(&hash).await?;
        }
    }
    Ok(())
}
