//! Making and changing single nodes whose data is one noun.

use crate::error::CoordinationError;
use crate::path::Path;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, StoreError};
use bytes::Bytes;
use replicator_model::stored::Stored;

/// How often a change is made anew when somebody else's came between.
const ATTEMPTS_MAX: u32 = 10;

impl Session {
    /// Makes a node, and those above it. `false` if there is one already, with other data.
    pub(crate) async fn make<T: Stored>(&self, path: &Path, value: &T) -> Result<bool, CoordinationError> {
        let data = encode(value)?;
        let create = || self.store().create(path, data.clone(), CreateMode::Persistent);
        let mut made = self.patiently(create).await;
        if let (Err(StoreError::NotFound { .. }), Some(parent)) = (&made, path.parent()) {
            self.ensure(&parent, Bytes::new()).await?;
            made = self.patiently(create).await;
        }
        match made {
            Ok(_) => Ok(true),
            // After an answer that was lost it is our own that is found.
            Err(StoreError::AlreadyExists { .. }) => {
                let found = self.patiently(|| self.store().read(path)).await?;
                Ok(found.is_some_and(|node| node.data == data))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a node, changes it, and writes it if nobody else did meanwhile; then it begins anew. `None` if there is
    /// no node. What `change` leaves as it was is not written.
    pub(crate) async fn amend<T: Stored + Clone + PartialEq>(
        &self,
        path: &Path,
        mut change: impl FnMut(&mut T),
    ) -> Result<Option<T>, CoordinationError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some((before, node)) = self.read_as::<T>(path).await? else { return Ok(None) };
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(Some(after));
            }
            match self.store().write(path, encode(&after)?, Expected::Version(node.version)).await {
                Ok(_) => return Ok(Some(after)),
                Err(StoreError::NotFound { .. }) => return Ok(None),
                Err(StoreError::VersionMismatch { .. }) => {}
                // Whether it was written shows when it is read again: then nothing is left to change.
                Err(StoreError::Ambiguous { .. }) => self.settle().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Ambiguous { reason: format!("changes of {path} keep coming") }.into())
    }

    /// The nouns below a node, by name. One that can't be read is named in the log and left out, so that it hides
    /// nothing but itself.
    pub(crate) async fn all_below<T: Stored>(&self, parent: &Path) -> Result<Vec<(String, T)>, CoordinationError> {
        let mut all = Vec::new();
        for name in self.list_or_none(parent).await? {
            match self.read_as::<T>(&parent.join(&name)).await {
                Ok(Some((value, _))) => all.push((name, value)),
                Ok(None) => {}
                Err(error @ CoordinationError::Unreadable { .. }) => tracing::warn!(%error, "left out a node"),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}
