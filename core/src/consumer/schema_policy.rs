//! Whether a schema change goes to the target: `consumer.ddl`.

use crate::change::SchemaChange;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{DdlPolicies, DdlPolicy};

/// Longest part of a statement that is repeated in a message.
const STATEMENT_SHOWN: usize = 200;

/// The beginning of a statement, for a message.
pub(super) fn shown(sql: &str) -> String {
    sql.chars().take(STATEMENT_SHOWN).collect()
}

/// Counts what is left out.
#[derive(Debug)]
pub(super) struct SchemaPolicy {
    task: TaskName,
    policies: DdlPolicies,
    ignored: u64,
}

impl SchemaPolicy {
    pub(super) fn new(task: &TaskName, policies: &DdlPolicies) -> Self {
        Self { task: task.clone(), policies: policies.clone(), ignored: 0 }
    }

    /// How many changes were left out.
    pub(super) fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Whether a change is to be carried out. False: it is left out.
    pub(super) fn carries(&mut self, change: &SchemaChange) -> Result<bool, Failure> {
        let (policy, kind) = self.policies.of_all(&change.kinds);
        let kind = kind.map_or("schema change", |kind| kind.word());
        let (file, offset, sql) = (&change.file, change.offset, shown(&change.sql));
        match policy {
            DdlPolicy::Apply => Ok(true),
            DdlPolicy::Ignore => {
                self.ignored += 1;
                tracing::warn!(task = %self.task, %file, offset, kind, sql, "a schema change is left out, as `consumer.ddl` says");
                Ok(false)
            }
            DdlPolicy::Stop => Err(Failure::definite(
                "schema_change",
                format!("a schema change at {file}:{offset} and `consumer.ddl` is \"stop\" for {kind}: {sql}"),
                format!(
                    "decide what the target shall look like, let `consumer.ddl` be \"apply\" or \"ignore\" for {kind}, and start again"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::task::DdlKind::{self, *};

    fn change(kinds: &[DdlKind]) -> SchemaChange {
        SchemaChange { kinds: kinds.to_vec(), ..SchemaChange::of("ALTER TABLE t DROP a, ADD b INT") }
    }

    #[test]
    fn what_is_left_out_is_counted_and_what_stops_names_its_kind() {
        let policies: DdlPolicies = serde_json::from_str(r#"{"truncate": "ignore", "drop_column": "stop"}"#).unwrap();
        let mut policy = SchemaPolicy::new(&TaskName::new("t").unwrap(), &policies);
        assert!(policy.carries(&change(&[AddColumn])).unwrap());
        assert!(!policy.carries(&change(&[Truncate])).unwrap());
        assert_eq!(policy.ignored(), 1);
        let failure = policy.carries(&change(&[AddColumn, DropColumn])).unwrap_err();
        assert_eq!(failure.code, "schema_change");
        assert!(failure.reason.contains("\"stop\" for drop_column: ALTER TABLE t DROP a"), "{}", failure.reason);
        assert_eq!(policy.ignored(), 1);
    }
}
