//! Versions of a task's spec, and its forms.

use super::problem::ProblemDetail;
use super::task_spec::TaskDocument;
use super::time;
use replicator_model::task::TaskSpec;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The versions of a task's spec, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionList {
    pub versions: Vec<VersionView>,
}

/// One version of a task's spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    pub version: u64,
    /// Who made it; empty where that is not known.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    pub at: Option<String>,
    #[schema(value_type = TaskDocument)]
    pub spec: TaskSpec,
}

/// What differs between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "from": 1, "to": 2,
    "diff": "--- version 1\n+++ version 2\n@@ -4,3 +4,4 @@\n [producer]\n kind = \"mysql\"\n host = \"db1\"\n+port = 3307\n",
    "secrets_changed": ["producer.password"],
}))]
pub struct DiffView {
    pub from: u64,
    pub to: u64,
    /// Unified, of the TOML. Secrets read `********`. Empty if nothing but secrets differs.
    pub diff: String,
    /// Keys of the secrets that differ.
    pub secrets_changed: Vec<String>,
}

/// Which version to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": 1, "reason": "the new target is too small"}))]
pub struct RollbackRequest {
    pub version: u64,
    /// Why, in your words; kept with the new version.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// A spec in one of its two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = json!({"toml": "name = \"copy\"\n"}))]
pub enum ConvertRequest {
    Toml(String),
    /// The same keys as in a task's document; it need not be complete.
    #[schema(value_type = Object)]
    Spec(serde_json::Map<String, serde_json::Value>),
}

/// A spec in both forms, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConvertedView {
    /// Absent if what was sent can't be written as TOML.
    pub toml: Option<String>,
    /// Absent if what was sent is not TOML.
    #[schema(value_type = Option<Object>)]
    pub spec: Option<serde_json::Map<String, serde_json::Value>>,
    /// What keeps it from being a task; empty if it is one.
    pub errors: Vec<ProblemDetail>,
}

impl VersionView {
    pub(crate) fn new(version: u64, by: String, reason: String, at_us: i64, spec: TaskSpec) -> Self {
        Self { version, by, reason, at: time(at_us), spec }
    }
}
