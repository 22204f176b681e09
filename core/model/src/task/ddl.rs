//! What happens to schema changes, by their kind.

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// What happens to a schema change of a replicated table. The later is the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DdlPolicy {
    /// Run it on the target, in order.
    #[default]
    Apply,
    /// Leave the target's tables alone.
    Ignore,
    /// Stop the task, so that someone decides.
    Stop,
}

/// What a schema change does. A statement may be of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DdlKind {
    CreateDatabase,
    AlterDatabase,
    DropDatabase,
    CreateTable,
    /// What ALTER TABLE does that no other kind names.
    AlterTable,
    DropTable,
    /// ALTER TABLE … RENAME too.
    RenameTable,
    /// Of a partition too.
    Truncate,
    AddColumn,
    DropColumn,
    CreateIndex,
    DropIndex,
    DropPartition,
    View,
    Sequence,
}

impl DdlKind {
    pub const ALL: [DdlKind; 15] = [
        DdlKind::CreateDatabase,
        DdlKind::AlterDatabase,
        DdlKind::DropDatabase,
        DdlKind::CreateTable,
        DdlKind::AlterTable,
        DdlKind::DropTable,
        DdlKind::RenameTable,
        DdlKind::Truncate,
        DdlKind::AddColumn,
        DdlKind::DropColumn,
        DdlKind::CreateIndex,
        DdlKind::DropIndex,
        DdlKind::DropPartition,
        DdlKind::View,
        DdlKind::Sequence,
    ];

    /// The word that stands for it in specs and messages.
    pub const fn word(self) -> &'static str {
        match self {
            DdlKind::CreateDatabase => "create_database",
            DdlKind::AlterDatabase => "alter_database",
            DdlKind::DropDatabase => "drop_database",
            DdlKind::CreateTable => "create_table",
            DdlKind::AlterTable => "alter_table",
            DdlKind::DropTable => "drop_table",
            DdlKind::RenameTable => "rename_table",
            DdlKind::Truncate => "truncate",
            DdlKind::AddColumn => "add_column",
            DdlKind::DropColumn => "drop_column",
            DdlKind::CreateIndex => "create_index",
            DdlKind::DropIndex => "drop_index",
            DdlKind::DropPartition => "drop_partition",
            DdlKind::View => "view",
            DdlKind::Sequence => "sequence",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Clauses of ALTER TABLE, which servers make of CREATE and DROP INDEX too: they do what `alter_table` says unless
    /// they are named themselves.
    const fn is_clause(self) -> bool {
        use DdlKind::{AddColumn, CreateIndex, DropColumn, DropIndex, DropPartition};
        matches!(self, AddColumn | DropColumn | CreateIndex | DropIndex | DropPartition)
    }
}

impl fmt::Display for DdlKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One policy for all schema changes, or one for some kinds and another for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DdlPolicies {
    /// Of the kinds that are not named.
    pub default: DdlPolicy,
    pub by_kind: BTreeMap<DdlKind, DdlPolicy>,
}

impl From<DdlPolicy> for DdlPolicies {
    fn from(default: DdlPolicy) -> Self {
        Self { default, by_kind: BTreeMap::new() }
    }
}

impl DdlPolicies {
    /// What happens to one kind.
    pub fn of(&self, kind: DdlKind) -> DdlPolicy {
        let around = kind.is_clause().then(|| self.by_kind.get(&DdlKind::AlterTable)).flatten();
        self.by_kind.get(&kind).or(around).copied().unwrap_or(self.default)
    }

    /// What happens to a statement of these kinds, and which of them decides: the strictest. A statement is never cut.
    pub fn of_all(&self, kinds: &[DdlKind]) -> (DdlPolicy, Option<DdlKind>) {
        let policy = kinds.iter().map(|kind| self.of(*kind)).max().unwrap_or(self.default);
        (policy, kinds.iter().copied().find(|kind| self.of(*kind) == policy))
    }

    /// The kinds that something else than being applied happens to.
    pub fn kinds_of(&self, policy: DdlPolicy) -> Vec<DdlKind> {
        DdlKind::ALL.into_iter().filter(|kind| self.of(*kind) == policy).collect()
    }
}

impl Serialize for DdlPolicies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.by_kind.is_empty() {
            return self.default.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        if self.default != DdlPolicy::default() {
            map.serialize_entry("default", &self.default)?;
        }
        for (kind, policy) in &self.by_kind {
            map.serialize_entry(kind.word(), policy)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for DdlPolicies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PoliciesVisitor)
    }
}

struct PoliciesVisitor;

fn policy<E: Error>(word: &str) -> Result<DdlPolicy, E> {
    match word {
        "apply" => Ok(DdlPolicy::Apply),
        "ignore" => Ok(DdlPolicy::Ignore),
        "stop" => Ok(DdlPolicy::Stop),
        other => Err(E::custom(format!("`{other}` is none of \"apply\", \"ignore\", \"stop\""))),
    }
}

impl<'de> Visitor<'de> for PoliciesVisitor {
    type Value = DdlPolicies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\"apply\", \"ignore\", \"stop\", or one of them by kind: { default = \"apply\", drop_table = \"stop\" }",
        )
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<DdlPolicies, E> {
        policy(word).map(DdlPolicies::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DdlPolicies, A::Error> {
        let mut policies = DdlPolicies::default();
        while let Some(key) = map.next_key::<String>()? {
            let word: String = map.next_value()?;
            let policy = policy(&word).map_err(|error: A::Error| A::Error::custom(format!("{key}: {error}")))?;
            if key == "default" {
                policies.default = policy;
            } else if let Some(kind) = DdlKind::from_word(&key) {
                policies.by_kind.insert(kind, policy);
            } else {
                let kinds: Vec<&str> = DdlKind::ALL.iter().map(|kind| kind.word()).collect();
                let kinds = kinds.join(", ");
                return Err(A::Error::custom(format!("`{key}` is no kind of schema change: use default, {kinds}")));
            }
        }
        Ok(policies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: serde_json::Value) -> Result<DdlPolicies, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_statement_of_several_kinds_takes_the_strictest() {
        use DdlKind::*;
        use DdlPolicy::*;
        let policies = read(json!({"default": "apply", "drop_column": "stop", "truncate": "ignore"})).unwrap();
        for (kinds, expected) in [
            (&[AddColumn][..], (Apply, Some(AddColumn))),
            (&[AddColumn, DropColumn], (Stop, Some(DropColumn))),
            (&[Truncate, AlterTable], (Ignore, Some(Truncate))),
            (&[Truncate, DropColumn], (Stop, Some(DropColumn))),
            (&[], (Apply, None)),
        ] {
            assert_eq!(policies.of_all(kinds), expected, "{kinds:?}");
        }
        let policies = read(json!({"default": "stop", "alter_table": "ignore", "add_column": "apply"})).unwrap();
        let policy = |kind| policies.of(kind);
        assert_eq!([AddColumn, DropColumn, CreateIndex, DropTable].map(policy), [Apply, Ignore, Ignore, Stop]);
        assert_eq!(policies.kinds_of(Apply), [AddColumn]);
    }

    #[test]
    fn what_is_written_reads_back() {
        for json in
            [json!("apply"), json!("stop"), json!({"drop_table": "stop"}), json!({"default": "stop", "view": "apply"})]
        {
            assert_eq!(serde_json::to_value(read(json.clone()).unwrap()).unwrap(), json);
        }
        assert_eq!(read(json!({})).unwrap(), DdlPolicies::default());
        for kind in DdlKind::ALL {
            assert_eq!(DdlKind::from_word(kind.word()), Some(kind));
        }
    }

    #[test]
    fn errors_name_the_kind_and_what_may_stand_there() {
        for (json, parts) in [
            (json!("perhaps"), ["`perhaps`", "\"ignore\""]),
            (json!(7), ["7", "drop_table = \"stop\""]),
            (json!({"drop_tables": "stop"}), ["`drop_tables`", "drop_table, rename_table"]),
            (json!({"drop_table": "halt"}), ["drop_table: `halt`", "\"stop\""]),
        ] {
            let error = read(json.clone()).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{json}: {error}");
        }
    }
}
