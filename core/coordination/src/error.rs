//! What can go wrong above the store, and what an operator is told.

use crate::path::Path;
use crate::store::StoreError;
use replicator_model::checkpoint::Backwards;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::name::{CoreName, TaskName};
use replicator_model::stored::StoredError;

/// Why a typed call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoordinationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("node {path} can't be read: {problem}")]
    Unreadable { path: Path, problem: StoredError },
    #[error("can't store {what}: {problem}")]
    Unwritable { what: &'static str, problem: StoredError },
    #[error("`{place}` is a text, and there is no key to seal it with before it is stored")]
    NoSecretsKey { place: String },
    #[error("there is no task `{task}`")]
    NoSuchTask { task: TaskName },
    #[error("there is a task `{task}` already")]
    TaskExists { task: TaskName },
    #[error("task `{task}` is at version {found}, and the change was made from version {expected}")]
    Stale { task: TaskName, expected: u64, found: u64 },
    #[error("Core name `{core}` is in use by another session")]
    CoreNameInUse { core: CoreName },
    #[error("the lease of epoch {epoch} on task `{task}` is lost: {reason}")]
    LeaseLost { task: TaskName, epoch: Epoch, reason: &'static str },
    #[error("task `{task}`: {problem}")]
    Backwards { task: TaskName, problem: Backwards },
    #[error("task `{task}`: somebody else wrote lastCommit ({found}) while epoch {epoch} held the lease")]
    ForeignCheckpoint { task: TaskName, epoch: Epoch, found: String },
}

impl CoordinationError {
    /// Whether the session is over, so that only a new one helps.
    pub fn is_expired(&self) -> bool {
        matches!(self, CoordinationError::Store(StoreError::SessionExpired))
    }

    /// Whether the same call may succeed later on the same session.
    pub fn is_passing(&self) -> bool {
        matches!(self, CoordinationError::Store(error) if error.is_passing())
    }

    /// The same for an operator: class, stable code, reason, hint.
    pub fn failure(&self) -> Failure {
        let reason = self.to_string();
        let check_service = "check that the servers under [coordination] run and can be reached from this host";
        match self {
            CoordinationError::Store(error) => match error {
                StoreError::Ambiguous { .. } | StoreError::Unreachable { .. } => {
                    Failure::transient("coordination_unreachable", reason, check_service)
                }
                StoreError::SessionExpired => Failure::transient("session_expired", reason, check_service),
                StoreError::TooLarge { .. } => Failure::definite(
                    "node_too_large",
                    reason,
                    "make the task smaller, for instance with table patterns",
                ),
                StoreError::Refused { .. } => Failure::definite("coordination_refused", reason, "mend what it names"),
                _ => Failure::transient("coordination_conflict", reason, "it is tried again"),
            },
            CoordinationError::Unreadable { .. } => {
                Failure::definite("node_unreadable", reason, "restore the node, or update the program if it is newer")
            }
            CoordinationError::Unwritable { .. } => {
                Failure::definite("node_unwritable", reason, "report this: it is a defect of the program")
            }
            CoordinationError::NoSecretsKey { .. } => Failure::definite(
                "secrets_key_missing",
                reason,
                "give the Server a [secrets] key_file, or the secret as { env = \"NAME\" } or { file = \"/path\" }",
            ),
            CoordinationError::NoSuchTask { .. } => Failure::definite("no_such_task", reason, "list the tasks"),
            CoordinationError::TaskExists { .. } => {
                Failure::definite("task_exists", reason, "choose another name, or change the task that is there")
            }
            CoordinationError::Stale { .. } => {
                Failure::definite("stale_version", reason, "read the task again and make the change anew")
            }
            CoordinationError::CoreNameInUse { .. } => Failure::transient(
                "core_name_in_use",
                reason,
                "give every Core its own name; after a crash the old session ends within its timeout",
            ),
            CoordinationError::LeaseLost { .. } => {
                Failure::transient("lease_lost", reason, "another instance takes over, or this one does again")
            }
            CoordinationError::Backwards { .. } => {
                Failure::definite("checkpoint_backwards", reason, "if this is meant, rewind the task")
            }
            CoordinationError::ForeignCheckpoint { .. } => {
                Failure::definite("checkpoint_foreign", reason, "find out who writes to the tree, then start the task")
            }
        }
    }
}
