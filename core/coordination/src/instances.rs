//! The line of instances of a task: joining it, finding oneself in it, reading it.

use crate::election::{in_order, parse_instance_name};
use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::{Session, decode, encode};
use crate::store::{CreateMode, SessionId, StoreError};
use replicator_model::instance::InstanceInfo;
use replicator_model::name::TaskName;
use replicator_model::stored::StoredError;

/// One registered instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// `<hostname>-<sequence>`.
    pub name: String,
    pub sequence: u64,
    /// The session that it lives with.
    pub owner: Option<SessionId>,
    /// What it says of itself, or why that can't be read (then it is still in the line).
    pub info: Result<InstanceInfo, StoredError>,
}

impl Session {
    /// The instances of a task, the first in line first. Those that go while it is read are left out.
    pub async fn instances(&self, task: &TaskName) -> Result<Vec<Instance>, CoordinationError> {
        let mut instances = Vec::new();
        for name in in_order(self.list_or_none(&layout::instances(task)).await?) {
            let path = layout::instance(task, &name);
            let Some(node) = self.patiently(|| self.store().read(&path)).await? else { continue };
            let Some((_, sequence)) = parse_instance_name(&name) else { continue };
            let info = match decode::<InstanceInfo>(&path, &node) {
                Err(CoordinationError::Unreadable { problem, .. }) => Err(problem),
                other => Ok(other?),
            };
            instances.push(Instance { name, sequence, owner: node.owner, info });
        }
        Ok(instances)
    }

    /// Joins the line at its end, once, however often it is called for one `info`: an answer that gets lost is no reason
    /// to join twice. After a sync the own node is there, recognised by owner and guid, or it never will be. What an
    /// earlier registration of this session left in the line is removed, for nobody would run it.
    pub(crate) async fn join_line(&self, task: &TaskName, info: &InstanceInfo) -> Result<Path, CoordinationError> {
        let no_such_task = || CoordinationError::NoSuchTask { task: task.clone() };
        let line = layout::instances(task);
        match self.store().create(&line, bytes::Bytes::new(), CreateMode::Persistent).await {
            Ok(_) | Err(StoreError::AlreadyExists { .. } | StoreError::Ambiguous { .. }) => {}
            Err(StoreError::NotFound { .. }) => return Err(no_such_task()),
            Err(error) => return Err(error.into()),
        }
        if let Some(joined) = self.find_in_line(task, &info.guid).await? {
            return Ok(joined);
        }
        let prefix = layout::instance_prefix(task, &info.host);
        match self.store().create(&prefix, encode(info)?, CreateMode::EphemeralSequential).await {
            Ok(path) => Ok(path),
            Err(StoreError::NotFound { .. }) => Err(no_such_task()),
            Err(StoreError::Ambiguous { reason }) => {
                let joined = self.find_in_line(task, &info.guid).await?;
                joined.ok_or(CoordinationError::Store(StoreError::Unreachable { reason }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes whatever this session has in the line, or may still get into it.
    pub(crate) async fn leave_line(&self, task: &TaskName) -> Result<(), CoordinationError> {
        self.find_in_line(task, "").await.map(drop)
    }

    /// The node that this session made under `guid`, if it ever will be there; those under other guids are removed.
    async fn find_in_line(&self, task: &TaskName, guid: &str) -> Result<Option<Path>, CoordinationError> {
        self.settle().await?;
        let mut found = None;
        for instance in self.instances(task).await?.into_iter().filter(|instance| instance.owner == Some(self.id())) {
            let path = layout::instance(task, &instance.name);
            if found.is_none() && instance.info.is_ok_and(|info| info.guid == guid) {
                found = Some(path);
                continue;
            }
            tracing::warn!(%task, node = %path, "removed a registration that an earlier attempt left in the line");
            self.remove_if_there(&path).await?;
        }
        Ok(found)
    }
}
