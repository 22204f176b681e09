//! Servers show themselves while they live, so that people see how many there are.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, StoreError};
use replicator_model::instance::ServerInfo;

impl Session {
    /// Registers a Server for as long as this session lasts. Once a session.
    pub async fn register_server(&self, info: &ServerInfo) -> Result<(), CoordinationError> {
        let (prefix, data) = (layout::server_prefix(&info.host), encode(info)?);
        match self.store().create(&prefix, data, CreateMode::EphemeralSequential).await {
            Ok(_) => Ok(()),
            Err(error @ StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                match self.is_server_registered().await? {
                    true => Ok(()),
                    false => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn is_server_registered(&self) -> Result<bool, CoordinationError> {
        for name in self.list_or_none(&layout::servers()).await? {
            let path = layout::server(&name);
            let node = self.patiently(|| self.store().read(&path)).await?;
            if node.is_some_and(|node| node.owner == Some(self.id())) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
