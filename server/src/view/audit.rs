//! The audit.

use super::{ViaWord, time};
use replicator_model::access::{AuditEntry, AuditOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of the audit, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    pub entries: Vec<AuditEntryView>,
    /// What `after` takes for the next page; null if there is none.
    pub next: Option<String>,
}

/// Who did what, or was refused to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "1790000000000000-5f3a0c1d", "at": "2026-11-22T08:00:00Z", "user": "alice", "via": "session", "address": "10.0.0.7",
    "action": "startTask", "subject": "task copy_hot_item", "outcome": "done", "detail": "",
}))]
pub struct AuditEntryView {
    pub id: String,
    pub at: Option<String>,
    /// Null where nobody had signed in.
    pub user: Option<String>,
    pub via: ViaWord,
    pub address: String,
    /// The operation's id in this document.
    pub action: String,
    /// What it was done to, such as `task copy_hot_item`; empty where it is about nothing single.
    pub subject: String,
    pub outcome: OutcomeWord,
    /// The problem's code, where it was not done; else the reason that was given, if any.
    pub detail: String,
    /// What changed, as a unified diff without secrets; cut where it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeWord {
    Done,
    Refused,
    Failed,
}

impl AuditEntryView {
    pub(crate) fn new(id: String, entry: AuditEntry) -> Self {
        Self {
            id,
            at: time(entry.at_us),
            user: entry.user.map(Into::into),
            via: entry.via.into(),
            address: entry.address,
            action: entry.action,
            subject: entry.subject,
            outcome: match entry.outcome {
                AuditOutcome::Done => OutcomeWord::Done,
                AuditOutcome::Refused => OutcomeWord::Refused,
                AuditOutcome::Failed => OutcomeWord::Failed,
            },
            detail: entry.detail,
            diff: entry.diff,
        }
    }
}
