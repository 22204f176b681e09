//! Preview: what routes make of a source's tables.

use super::task_spec::TaskDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A task whose routes are to be seen at work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    pub spec: TaskDocument,
    /// The task that this is an edit of; its stored secrets are meant by `********`.
    #[serde(default)]
    pub task: Option<String>,
    /// Rows of each table.
    #[serde(default = "rows")]
    #[schema(maximum = 50, default = 5)]
    pub rows: u32,
    /// Show rows as the source has them too, with what routes drop and mask.
    #[serde(default)]
    pub before: bool,
}

fn rows() -> u32 {
    5
}

/// The task's tables with what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewView {
    /// Those with a route that changes their rows, and as many of the others as there is room for.
    pub tables: Vec<PreviewTable>,
    /// There are more.
    pub cut: bool,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "source": "shop.user", "target": "copy.user", "problem": null,
    "columns": [
        {"source": "id", "target": "id", "treatment": "copied"},
        {"source": "email", "target": "email", "treatment": "masked: the first 3 characters"},
        {"source": "secret", "target": null, "treatment": "dropped"},
    ],
    "rows": [
        {"arrives": true, "before": ["1", "alice@x", "s"], "values": ["1", "ali"], "problem": null},
        {"arrives": false, "before": ["2", "bob@x", null], "values": [], "problem": null},
    ],
}))]
pub struct PreviewTable {
    /// `database.table`.
    pub source: String,
    pub target: String,
    /// Why its route does not fit, or why it could not be read.
    pub problem: Option<String>,
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<PreviewRow>,
}

/// What becomes of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewColumn {
    pub source: Option<String>,
    pub target: Option<String>,
    pub treatment: String,
}

/// A row of the source as it would arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewRow {
    /// False: the route's `where` leaves it out.
    pub arrives: bool,
    /// As the source has it, if that was asked for: one for each of `columns`, null for those that it has not. Written like
    /// `values`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Option<String>>,
    /// One for each column of the target, in the order of `columns`; bytes in hexadecimal, long values cut.
    pub values: Vec<Option<String>>,
    /// Why the task would stop at it.
    pub problem: Option<String>,
}
