//! Who may use the Servers, and what was done by whom.

use crate::name::UserName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a user may do. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// See tasks and alerts.
    Viewer,
    /// Steer tasks, acknowledge and silence alerts, see the audit.
    Operator,
    /// Users, everybody's tokens, rules and channels.
    Admin,
}

impl UserRole {
    pub fn as_str(self) -> &'static str {
        match self {
            UserRole::Viewer => "viewer",
            UserRole::Operator => "operator",
            UserRole::Admin => "admin",
        }
    }
}

impl fmt::Display for UserRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a password is checked against, in PHC form (`$argon2id$…`). No output shows it but storage.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// The data of `users/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub name: UserName,
    pub password: PasswordHash,
    pub role: UserRole,
    pub disabled: bool,
    /// Grows with each change of password or role and each disabling: sessions that began under an earlier one are over.
    pub generation: u64,
    pub created_us: i64,
    /// 0: never.
    pub last_login_us: i64,
}

/// A user's session on the Servers: the data of `sessions/<hash>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub user: UserName,
    /// The user's when the session began.
    pub generation: u64,
    /// Where it began.
    pub address: String,
    pub created_us: i64,
    /// When it was last used, give or take the minute between two writes.
    pub seen_us: i64,
}

/// What programs show instead of a password: the data of `tokens/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: String,
    /// What it is for, in its maker's words.
    pub name: String,
    pub user: UserName,
    /// It may do what both this and its user's role allow.
    pub role: UserRole,
    /// The SHA-256 of the token.
    pub hash: String,
    pub created_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_us: Option<i64>,
    /// 0: never; otherwise give or take the minute between two writes.
    pub last_used_us: i64,
}

/// An admin may be made although there are users, because whoever steers the host lost the passwords: the data of
/// `setup/reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupReset {
    /// The SHA-256 of the one-time token.
    pub hash: String,
    /// Until when the token is good.
    pub until_us: i64,
}

/// How somebody showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Session,
    Token,
    /// Not at all.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    Done,
    /// Not allowed.
    Refused,
    /// Allowed, and it did not work.
    Failed,
}

/// Who did what, or was refused to: the data of `audit/<day>/<entry>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at_us: i64,
    /// `None` where nobody had signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
    pub via: Via,
    pub address: String,
    /// The operation's id in the API.
    pub action: String,
    /// What it was done to, as `task copy`; empty where it is about nothing single.
    pub subject: String,
    pub outcome: AuditOutcome,
    pub detail: String,
    /// What changed, as text without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}
