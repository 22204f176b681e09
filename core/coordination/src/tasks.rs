//! Tasks as the Server keeps them: specs with versions, the group's list, status.

use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, Node, Operation, StoreError};
use bytes::Bytes;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::epoch::Epoch;
use replicator_model::name::{GroupName, TaskName};
use replicator_model::status::TaskStatus;
use replicator_model::stored::{EpochNode, SpecVersion};
use replicator_model::task::TaskSpec;

/// Earlier specs that are kept of one task; older ones are forgotten.
const VERSIONS_KEPT_MAX: u64 = 100;
/// How often the removal of a task's nodes begins anew because something appeared meanwhile.
const REMOVALS_MAX: u32 = 10;

/// A task's spec and its version, which an update must name.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub spec: TaskSpec,
    /// The version of the task's node: 0 for a new task, one more with every update.
    pub version: u64,
}

/// Who changes a task, and why: kept with the version.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    pub by: &'a str,
    pub reason: &'a str,
}

impl Session {
    /// The names of all tasks, in order.
    pub async fn tasks(&self) -> Result<Vec<TaskName>, CoordinationError> {
        Ok(valid_names(self.list_or_none(&layout::tasks()).await?))
    }

    /// The names of a group's tasks, in order.
    pub async fn tasks_of_group(&self, group: &GroupName) -> Result<Vec<TaskName>, CoordinationError> {
        Ok(valid_names(self.list_or_none(&layout::group_tasks(group)).await?))
    }

    /// A task, or `NoSuchTask`.
    pub async fn task(&self, task: &TaskName) -> Result<Task, CoordinationError> {
        let found = self.read_as::<TaskSpec>(&layout::task(task)).await?;
        let (spec, node) = found.ok_or_else(|| CoordinationError::NoSuchTask { task: task.clone() })?;
        Ok(Task { spec: self.keys().open_spec(spec), version: spec_version(&node) })
    }

    /// Makes a task, stopped, and puts it on its group's list. Two creators of one name: the second is refused.
    pub async fn create_task(&self, spec: &TaskSpec, author: Author<'_>) -> Result<Task, CoordinationError> {
        let task = &spec.name;
        self.ensure(&layout::group_tasks(&spec.group), Bytes::new()).await?;
        self.ensure(&layout::epoch(task), encode(&EpochNode { epoch: Epoch::NONE })?).await?;
        let sealed = self.keys().seal_spec(spec)?;
        let data = encode(&sealed)?;
        let operations = vec![
            create(layout::task(task), data.clone()),
            create(layout::instances(task), Bytes::new()),
            create(layout::desired(task), encode(&Desired::stopped())?),
            create(layout::versions(task), Bytes::new()),
            self.keep_version(sealed, 0, author)?,
        ];
        let created = Task { spec: spec.clone(), version: 0 };
        match self.store().multi(operations).await {
            Ok(_) => {}
            Err(StoreError::AlreadyExists { .. }) => return Err(CoordinationError::TaskExists { task: task.clone() }),
            Err(StoreError::Ambiguous { reason }) => {
                self.settle().await?;
                let path = layout::task(task);
                let found = self.patiently(|| self.store().read(&path)).await?;
                match found {
                    Some(node) if node.data == data => {}
                    Some(_) => return Err(CoordinationError::TaskExists { task: task.clone() }),
                    None => return Err(StoreError::Unreachable { reason }.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
        // The list comes last: a scan that finds the task there finds all of it.
        self.ensure(&layout::group_task(&spec.group, task), Bytes::new()).await?;
        Ok(created)
    }

    /// Replaces a spec that was read at version `expected`; `Stale` if somebody else replaced it since. A task can
    /// change its group, but not its name.
    pub async fn update_task(
        &self,
        spec: &TaskSpec,
        expected: u64,
        author: Author<'_>,
    ) -> Result<Task, CoordinationError> {
        let task = &spec.name;
        let before = self.task(task).await?;
        let stale = |found| CoordinationError::Stale { task: task.clone(), expected, found };
        if before.version != expected {
            return Err(stale(before.version));
        }
        let version = expected + 1;
        self.ensure(&layout::group_tasks(&spec.group), Bytes::new()).await?;
        self.ensure(&layout::group_task(&spec.group, task), Bytes::new()).await?;
        let sealed = self.keys().seal_spec(spec)?;
        let data = encode(&sealed)?;
        let operations = vec![
            Operation::Write { path: layout::task(task), data: data.clone(), expected: store_version(expected) },
            self.keep_version(sealed, version, author)?,
        ];
        match self.store().multi(operations).await {
            Ok(_) => {}
            Err(StoreError::VersionMismatch { .. } | StoreError::AlreadyExists { .. }) => {
                return Err(stale(self.task(task).await?.version));
            }
            Err(StoreError::NotFound { .. }) => return Err(CoordinationError::NoSuchTask { task: task.clone() }),
            Err(StoreError::Ambiguous { reason }) => {
                self.settle().await?;
                let found = self.task(task).await?;
                if found.version == expected {
                    return Err(StoreError::Unreachable { reason }.into());
                }
                if found.version != version || found.spec != *spec {
                    return Err(stale(found.version));
                }
            }
            Err(error) => return Err(error.into()),
        }
        if before.spec.group != spec.group {
            self.remove_if_there(&layout::group_task(&before.spec.group, task)).await?;
        }
        if let Some(forgotten) = version.checked_sub(VERSIONS_KEPT_MAX) {
            self.remove_if_there(&layout::version(task, forgotten)).await?;
        }
        Ok(Task { spec: spec.clone(), version })
    }

    /// Removes a task and all that is below it, its epoch excepted. Instances that are still in its line lose their
    /// nodes and with them the right to write: stop the task first to let them drain. `expected` is the version that
    /// was seen, if it matters.
    pub async fn delete_task(&self, task: &TaskName, expected: Option<u64>) -> Result<(), CoordinationError> {
        let found = self.task(task).await?;
        if let Some(expected) = expected.filter(|expected| *expected != found.version) {
            return Err(CoordinationError::Stale { task: task.clone(), expected, found: found.version });
        }
        self.order(task, DesiredState::Stopped, None).await?;
        self.remove_if_there(&layout::group_task(&found.spec.group, task)).await?;
        for _ in 0..REMOVALS_MAX {
            match self.remove_tree(&layout::task(task)).await {
                Err(CoordinationError::Store(StoreError::NotEmpty { .. })) => {}
                result => return result,
            }
        }
        let reason = format!("nodes keep appearing below {}", layout::task(task));
        Err(StoreError::Unreachable { reason }.into())
    }

    /// An earlier spec, or the present one.
    pub async fn task_version(&self, task: &TaskName, version: u64) -> Result<Option<SpecVersion>, CoordinationError> {
        let found = self.read_as::<SpecVersion>(&layout::version(task, version)).await?;
        Ok(found.map(|(kept, _)| SpecVersion { spec: self.keys().open_spec(kept.spec), ..kept }))
    }

    /// The numbers of the specs that are kept, oldest first.
    pub async fn task_versions(&self, task: &TaskName) -> Result<Vec<u64>, CoordinationError> {
        let names = self.list_or_none(&layout::versions(task)).await?;
        let mut versions: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
        versions.sort_unstable();
        Ok(versions)
    }

    /// What the RUNNING instance says; `None` if none runs.
    pub async fn status(&self, task: &TaskName) -> Result<Option<TaskStatus>, CoordinationError> {
        Ok(self.read_as::<TaskStatus>(&layout::status(task)).await?.map(|(status, _)| status))
    }

    /// What is recorded as durable at the target. Written through a lease alone.
    pub async fn last_commit(&self, task: &TaskName) -> Result<Option<Checkpoint>, CoordinationError> {
        Ok(self.read_as::<Checkpoint>(&layout::last_commit(task)).await?.map(|(checkpoint, _)| checkpoint))
    }

    /// The epoch of the task's last lease.
    pub async fn epoch(&self, task: &TaskName) -> Result<Epoch, CoordinationError> {
        let found = self.read_as::<EpochNode>(&layout::epoch(task)).await?;
        Ok(found.map_or(Epoch::NONE, |(node, _)| node.epoch))
    }

    fn keep_version(&self, sealed: TaskSpec, version: u64, author: Author<'_>) -> Result<Operation, CoordinationError> {
        let (by, reason) = (author.by.to_owned(), author.reason.to_owned());
        let path = layout::version(&sealed.name, version);
        let kept = SpecVersion { version, by, reason, at_us: self.now_us(), spec: sealed };
        Ok(create(path, encode(&kept)?))
    }

    pub(crate) async fn remove_if_there(&self, path: &Path) -> Result<(), CoordinationError> {
        match self.patiently(|| self.store().remove(path, Expected::Any)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn remove_tree(&self, path: &Path) -> Result<(), CoordinationError> {
        for name in self.list_or_none(path).await? {
            Box::pin(self.remove_tree(&path.join(&name))).await?;
        }
        self.remove_if_there(path).await
    }
}

fn create(path: Path, data: Bytes) -> Operation {
    Operation::Create { path, data, mode: CreateMode::Persistent }
}

fn spec_version(node: &Node) -> u64 {
    u64::try_from(node.version.0).unwrap_or(0)
}

fn store_version(version: u64) -> Expected {
    // Beyond what a store counts to there is no such version: it will not match.
    Expected::Version(crate::store::Version(i32::try_from(version).unwrap_or(i32::MAX)))
}

/// Nodes that somebody else put there under names that can't be ours are passed over.
fn valid_names(names: Vec<String>) -> Vec<TaskName> {
    names.into_iter().filter_map(|name| TaskName::new(name).ok()).collect()
}
