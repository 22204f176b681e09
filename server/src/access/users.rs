//! The rules about users: there is always an admin who can sign in, and what changes a user ends its sessions.

use super::{Access, sign_in};
use crate::problem::ApiError;
use replicator_coordination::session::Session;
use replicator_coordination::users::Fate;
use replicator_model::access::{User, UserRole};
use replicator_model::name::UserName;
use replicator_model::secret::Secret;

/// Most users.
const USERS_MAX: usize = 1_000;

/// What is to be changed.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) role: Option<UserRole>,
    pub(crate) disabled: Option<bool>,
    pub(crate) password: Option<Secret>,
}

pub(crate) async fn read(session: &Session, name: &UserName) -> Result<User, ApiError> {
    session.user(name).await?.ok_or_else(|| ApiError::UserNotFound(name.clone()))
}

pub(crate) async fn create(
    access: &Access,
    session: &Session,
    name: UserName,
    role: UserRole,
    password: &Secret,
) -> Result<User, ApiError> {
    let users = session.users().await?;
    if users.iter().any(|user| user.name == name) {
        return Err(ApiError::UserExists(name));
    }
    if users.len() >= USERS_MAX {
        return Err(ApiError::TooMany { what: "users", limit: USERS_MAX });
    }
    let user = sign_in::new_user(access, session, name, role, password).await?;
    if !session.create_user(&user).await? {
        return Err(ApiError::UserExists(user.name));
    }
    tracing::info!(user = %user.name, role = %user.role, "user made");
    Ok(user)
}

pub(crate) async fn change(
    access: &Access,
    session: &Session,
    name: &UserName,
    change: Change,
) -> Result<User, ApiError> {
    let before = read(session, name).await?;
    let password = match &change.password {
        Some(password) => Some(access.passwords.hash(password).await?),
        None => None,
    };
    let decided = session.decide_user(name, |users| {
        let mut user = find(users, name)?.clone();
        user.role = change.role.unwrap_or(user.role);
        user.disabled = change.disabled.unwrap_or(user.disabled);
        user.password = password.clone().unwrap_or_else(|| user.password.clone());
        if !is_admin(&user) && is_last_admin(users, name) {
            return Err(ApiError::LastAdmin(name.clone()));
        }
        user.generation += u64::from(user != *find(users, name)?);
        Ok(Fate::Stays(user))
    });
    let user = decided.await?.ok_or_else(|| ApiError::UserNotFound(name.clone()))?;
    if user.generation != before.generation {
        session.end_sign_ins_of(name, None).await?;
    }
    tracing::info!(user = %user.name, role = %user.role, disabled = user.disabled, "user changed");
    Ok(user)
}

pub(super) async fn set_password(
    access: &Access,
    session: &Session,
    name: &UserName,
    password: &Secret,
) -> Result<(), ApiError> {
    let wanted = Change { password: Some(password.clone()), ..Change::default() };
    change(access, session, name, wanted).await.map(drop)
}

pub(crate) async fn delete(session: &Session, name: &UserName) -> Result<(), ApiError> {
    let decided = session.decide_user(name, |users| {
        find(users, name)?;
        match is_last_admin(users, name) {
            true => Err(ApiError::LastAdmin(name.clone())),
            false => Ok(Fate::Goes),
        }
    });
    decided.await?;
    session.end_sign_ins_of(name, None).await?;
    for token in session.tokens().await?.iter().filter(|token| token.user == *name) {
        session.delete_token(&token.id).await?;
    }
    tracing::info!(user = %name, "user deleted");
    Ok(())
}

fn find<'a>(users: &'a [User], name: &UserName) -> Result<&'a User, ApiError> {
    users.iter().find(|user| user.name == *name).ok_or_else(|| ApiError::UserNotFound(name.clone()))
}

/// Whether it can make users.
fn is_admin(user: &User) -> bool {
    user.role == UserRole::Admin && !user.disabled
}

/// Whether nobody else could make users.
fn is_last_admin(users: &[User], name: &UserName) -> bool {
    let admins: Vec<&User> = users.iter().filter(|user| is_admin(user)).collect();
    matches!(admins.as_slice(), [only] if only.name == *name)
}
