//! The Cores that are alive in a group.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, StoreError};
use bytes::Bytes;
use replicator_model::instance::CoreInfo;
use replicator_model::name::{CoreName, GroupName};

impl Session {
    /// Shows a Core in its group for as long as this session lives, or updates what is shown. `CoreNameInUse` while
    /// another session shows one of the same name: after a crash its own old one, until that has timed out.
    pub async fn register_core(&self, info: &CoreInfo) -> Result<(), CoordinationError> {
        let (path, data) = (layout::group_core(&info.group, &info.core), encode(info)?);
        self.ensure(&layout::group_cores(&info.group), Bytes::new()).await?;
        let found = self.patiently(|| self.store().read(&path)).await?;
        match found {
            Some(node) if node.owner != Some(self.id()) => {
                return Err(CoordinationError::CoreNameInUse { core: info.core.clone() });
            }
            Some(_) => match self.patiently(|| self.store().write(&path, data.clone(), Expected::Any)).await {
                Ok(_) => return Ok(()),
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            },
            None => {}
        }
        match self.store().create(&path, data, CreateMode::Ephemeral).await {
            Ok(_) => Ok(()),
            Err(StoreError::AlreadyExists { .. }) => Err(CoordinationError::CoreNameInUse { core: info.core.clone() }),
            Err(error @ StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                let found = self.patiently(|| self.store().read(&path)).await?;
                let ours = found.is_some_and(|node| node.owner == Some(self.id()));
                if ours { Ok(()) } else { Err(error.into()) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a Core out of its group at once, before its session ends.
    pub async fn unregister_core(&self, group: &GroupName, core: &CoreName) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::group_core(group, core)).await
    }

    /// The groups that tasks or Cores were put in.
    pub async fn groups(&self) -> Result<Vec<GroupName>, CoordinationError> {
        let names = self.list_or_none(&layout::groups()).await?;
        Ok(names.into_iter().filter_map(|name| GroupName::new(name).ok()).collect())
    }

    /// The Cores alive in a group, by name. One whose data can't be read is named in the log and left out.
    pub async fn cores(&self, group: &GroupName) -> Result<Vec<CoreInfo>, CoordinationError> {
        let mut cores = Vec::new();
        for name in self.list_or_none(&layout::group_cores(group)).await? {
            let Ok(core) = CoreName::new(name) else { continue };
            match self.read_as::<CoreInfo>(&layout::group_core(group, &core)).await {
                Ok(Some((info, _))) => cores.push(info),
                Ok(None) => {}
                Err(error @ CoordinationError::Unreadable { .. }) => tracing::warn!(%core, %error, "left out a Core"),
                Err(error) => return Err(error),
            }
        }
        Ok(cores)
    }
}
