//! Users, sessions, tokens.

use super::time;
use replicator_model::access::{ApiToken, User, UserRole, Via};
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleWord {
    Viewer,
    Operator,
    Admin,
}

/// How the caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViaWord {
    Session,
    Token,
    None,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"user": "alice", "role": "operator", "expires_at": "2026-11-22T20:00:00Z", "via": "session"}))]
pub struct SessionView {
    pub user: String,
    pub role: RoleWord,
    /// When the session ends unless it is used, or the token in any case; null for a token without an end.
    pub expires_at: Option<String>,
    pub via: ViaWord,
}

/// A login.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    #[schema(example = "alice")]
    pub user: String,
    #[schema(format = "password", example = "correct horse battery")]
    pub password: String,
}

/// Whether the first user is still to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetupView {
    pub needed: bool,
}

/// The first user.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The one-time token that a Server printed.
    pub token: String,
    #[schema(example = "alice")]
    pub user: String,
    /// At least 10 characters.
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    pub password: String,
}

/// A change of the own password.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    #[schema(format = "password")]
    pub old: String,
    /// At least 10 characters.
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    pub new: String,
}

/// All users, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    pub users: Vec<UserView>,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "alice", "role": "operator", "disabled": false,
    "created_at": "2026-11-22T08:00:00Z", "last_login_at": "2026-11-22T09:00:00Z",
}))]
pub struct UserView {
    pub name: String,
    pub role: RoleWord,
    /// It can't sign in, nor can its tokens be used.
    pub disabled: bool,
    pub created_at: Option<String>,
    pub last_login_at: Option<String>,
}

/// A new user.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    #[schema(example = "bob")]
    pub name: String,
    pub role: RoleWord,
    /// At least 10 characters.
    #[schema(format = "password", min_length = 10, max_length = 1024, example = "correct horse battery")]
    pub password: String,
}

/// What is to be changed of a user; what is left out stays. Its sessions end.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// At least 10 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    pub password: Option<String>,
}

/// API tokens, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    pub tokens: Vec<TokenView>,
}

/// One API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "5f3a0c1d2e4b6a79", "name": "deploys", "user": "alice", "role": "operator",
    "created_at": "2026-11-22T08:00:00Z", "expires_at": "2027-02-20T08:00:00Z", "last_used_at": null,
}))]
pub struct TokenView {
    pub id: String,
    pub name: String,
    pub user: String,
    /// It may do what both this and its user's role allow.
    pub role: RoleWord,
    pub created_at: Option<String>,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
}

/// A new API token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200, example = "deploys")]
    pub name: String,
    /// Not more than the caller's own, which it is unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleWord>,
    /// How long it lives; without, it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "90d")]
    pub expires_in: Option<Span>,
}

/// A token that was just made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    #[serde(flatten)]
    pub token: TokenView,
    /// Shown this once: send it as `Authorization: Bearer mr_…`.
    pub secret: String,
}

impl From<UserRole> for RoleWord {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Viewer => RoleWord::Viewer,
            UserRole::Operator => RoleWord::Operator,
            UserRole::Admin => RoleWord::Admin,
        }
    }
}

impl From<RoleWord> for UserRole {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Viewer => UserRole::Viewer,
            RoleWord::Operator => UserRole::Operator,
            RoleWord::Admin => UserRole::Admin,
        }
    }
}

impl RoleWord {
    pub fn as_str(self) -> &'static str {
        UserRole::from(self).as_str()
    }
}

impl From<Via> for ViaWord {
    fn from(via: Via) -> Self {
        match via {
            Via::Session => ViaWord::Session,
            Via::Token => ViaWord::Token,
            Via::None => ViaWord::None,
        }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            name: user.name.into(),
            role: user.role.into(),
            disabled: user.disabled,
            created_at: time(user.created_us),
            last_login_at: time(user.last_login_us),
        }
    }
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            user: token.user.into(),
            role: token.role.into(),
            created_at: time(token.created_us),
            expires_at: token.expires_us.and_then(time),
            last_used_at: time(token.last_used_us),
        }
    }
}
