//! What a person is told when something does not work.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// May go away by itself (a connection lost, a deadlock): the supervisor tries again, with back-off.
    Transient,
    /// Will not go away by itself (a wrong password, a purged binlog): the task stops until someone mends it.
    Definite,
}

/// What was wrong and what to do about it, in words for an operator.
///
/// `reason` names the place (server, table, position, key); `hint` is an action. Neither holds row values or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub class: ErrorClass,
    /// Stable, for programs and documents: lower case with underscores, such as `access_denied`.
    pub code: String,
    pub reason: String,
    pub hint: String,
}

impl Failure {
    pub fn transient(code: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { class: ErrorClass::Transient, code: code.into(), reason: reason.into(), hint: hint.into() }
    }

    pub fn definite(code: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { class: ErrorClass::Definite, code: code.into(), reason: reason.into(), hint: hint.into() }
    }

    pub fn is_transient(&self) -> bool {
        self.class == ErrorClass::Transient
    }

    /// The same failure with the place where it happened put in front of the reason.
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.reason = format!("{place}: {}", self.reason);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]; {}", self.reason, self.code, self.hint)
    }
}

impl std::error::Error for Failure {}
