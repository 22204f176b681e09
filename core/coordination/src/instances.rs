//! The line of instances of a task: joining it, finding oneself in it, reading it.

use crate::election::{in_order, parse_instance_name};
use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::{Session, decode, encode};
use crate::store::{CreateMode, Expected, SessionId, StoreError};
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

    /// Joins the line at its end. An answer that gets lost is no reason to join twice: after a sync the own node is
    /// there, recognised by owner and guid, or it never will be. What an earlier registration of this session left in
    /// the line is removed, for nobody would run it.
    pub(crate) async fn join_line(&self, task: &TaskName, info: &InstanceInfo) -> Result<Path, CoordinationError> {
        let line = layout::instances(task);
        let created = self.store().create(&line, bytes::Bytes::new(), CreateMode::Persistent).await;
        match created {
            Ok(_) | Err(StoreError::AlreadyExists { .. } | StoreError::Ambiguous { .. }) => {}
            Err(StoreError::NotFound { .. }) => return Err(CoordinationError::NoSuchTask { task: task.clone() }),
            Err(error) => return Err(error.into()),
        }
        self.settle().await?;
        self.leave_line_before(task, &info.guid).await?;
        let prefix = layout::instance_prefix(task, &info.host);
        match self.store().create(&prefix, encode(info)?, CreateMode::EphemeralSequential).await {
            Ok(path) => Ok(path),
            Err(StoreError::NotFound { .. }) => Err(CoordinationError::NoSuchTask { task: task.clone() }),
            Err(StoreError::Ambiguous { reason }) => {
                self.settle().await?;
                let own = self.own_in_line(task, |guid| guid == info.guid).await?;
                own.into_iter().next().ok_or(CoordinationError::Store(StoreError::Unreachable { reason }))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn leave_line_before(&self, task: &TaskName, guid: &str) -> Result<(), CoordinationError> {
        for leftover in self.own_in_line(task, |other| other != guid).await? {
            tracing::warn!(%task, node = %leftover, "removed a registration that an earlier attempt left in the line");
            match self.patiently(|| self.store().remove(&leftover, Expected::Any)).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The nodes of the line that live with this session and whose guid is wanted.
    async fn own_in_line(
        &self,
        task: &TaskName,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Path>, CoordinationError> {
        let own = self.instances(task).await?.into_iter().filter(|instance| instance.owner == Some(self.id()));
        let wanted = own.filter(|instance| wanted(instance.info.as_ref().map_or("", |info| &info.guid)));
        Ok(wanted.map(|instance| layout::instance(task, &instance.name)).collect())
    }
}
