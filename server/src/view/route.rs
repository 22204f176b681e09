//! The form of a task's routes for the OpenAPI document, as [`super::task_spec`].

use super::task_spec::SecretDocument;
use super::words::CastWord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What happens to the tables that match `from`: their names, their columns, and which of their rows go.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteDocument {
    pub from: String,
    /// `database.table`, where `{database}` and `{table}` stand for the source's names and `{1}`, `{2}` for what stands in
    /// the parentheses of `from`. Default: the names stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A column of the target that gets `database.table` of the source, and belongs to the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_column: Option<String>,
    /// A condition on columns; rows for which it is not true don't go.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    #[schema(example = "status <> 'draft' and amount > 0")]
    pub filter: Option<String>,
    /// Columns that don't go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Columns under other names at the target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Columns of the target that get a constant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, ConstantDocument>,
    /// Columns that arrive as another type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cast: BTreeMap<String, CastWord>,
    /// Columns whose values must not arrive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mask: BTreeMap<String, MaskDocument>,
}

/// A text, a whole number, true or false.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ConstantDocument {
    Flag(bool),
    Integer(i64),
    Text(String),
}

/// What stands in a column instead of its value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MaskDocument {
    Hash(HashDocument),
    Keep(KeepDocument),
    Constant(ConstantMaskDocument),
}

/// HMAC-SHA-256 of the value, as 64 hexadecimal digits: equal values stay equal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HashDocument {
    /// The salt, a secret.
    pub hash: SecretDocument,
}

/// The beginning of the text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepDocument {
    /// So many characters.
    #[schema(minimum = 1, maximum = 1000)]
    pub keep: u32,
}

/// Always the same.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantMaskDocument {
    pub constant: ConstantDocument,
}
