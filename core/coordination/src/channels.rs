//! The channels that people are told by, what became of messages to them, and tests of them.

use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, Node, StoreError, Version};
use bytes::Bytes;
use replicator_model::channel::{ChannelSpec, ChannelTest, Deliveries};
use replicator_model::name::ChannelName;
use replicator_model::stored::Stored;

/// What became of a change that may race with another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// It is done; this is the version now.
    Done(u64),
    /// There is one of the name already.
    Exists,
    /// There is none.
    Gone,
    /// It is at this version, and the change was made from another.
    Stale(u64),
}

impl Session {
    /// The names of all channels.
    pub async fn channels(&self) -> Result<Vec<ChannelName>, CoordinationError> {
        let names = self.list_or_none(&layout::alert_channels()).await?;
        Ok(names.into_iter().filter_map(|name| ChannelName::new(name).ok()).collect())
    }

    /// A channel and its version.
    pub async fn channel(&self, name: &ChannelName) -> Result<Option<(ChannelSpec, u64)>, CoordinationError> {
        let path = layout::alert_channel(name);
        let Some(node) = self.patiently(|| self.store().read(&path)).await? else { return Ok(None) };
        Ok(Some((self.open_channel(name, &node.data)?, version_of(&node))))
    }

    /// The channel that a node's data hold, with its secrets opened as far as the keys are here.
    pub fn open_channel(&self, name: &ChannelName, data: &[u8]) -> Result<ChannelSpec, CoordinationError> {
        let path = layout::alert_channel(name);
        let spec = ChannelSpec::from_stored(data);
        spec.map(|spec| self.keys().open_channel(spec))
            .map_err(|problem| CoordinationError::Unreadable { path, problem })
    }

    /// Makes a channel, or with `expected` replaces the one of that version.
    pub async fn put_channel(&self, spec: &ChannelSpec, expected: Option<u64>) -> Result<Edit, CoordinationError> {
        let sealed = self.keys().seal_channel(spec)?;
        self.put(&layout::alert_channel(&spec.name), encode(&sealed)?, expected).await
    }

    /// Removes a channel and what became of messages to it.
    pub async fn delete_channel(&self, name: &ChannelName, expected: u64) -> Result<Edit, CoordinationError> {
        let path = layout::alert_channel(name);
        let version = match self.patiently(|| self.store().read(&path)).await? {
            None => return Ok(Edit::Gone),
            Some(node) if version_of(&node) != expected => return Ok(Edit::Stale(version_of(&node))),
            Some(node) => node.version,
        };
        match self.store().remove(&path, Expected::Version(version)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(StoreError::VersionMismatch { .. }) => return Ok(Edit::Stale(expected + 1)),
            Err(error) => return Err(error.into()),
        }
        self.remove_if_there(&layout::alert_deliveries(name)).await?;
        Ok(Edit::Done(expected))
    }

    /// The last attempts to deliver to a channel.
    pub async fn deliveries(&self, channel: &ChannelName) -> Result<Deliveries, CoordinationError> {
        let found = self.read_as::<Deliveries>(&layout::alert_deliveries(channel)).await?;
        Ok(found.map(|(deliveries, _)| deliveries).unwrap_or_default())
    }

    /// Keeps them; the leading Monitor alone does this.
    pub async fn keep_deliveries(&self, channel: &ChannelName, kept: &Deliveries) -> Result<(), CoordinationError> {
        self.overwrite(&layout::alert_deliveries(channel), encode(kept)?).await
    }

    /// Asks the leading Monitor to try a channel; answers under which id.
    pub async fn ask_for_test(&self, channel: &ChannelName, by: &str) -> Result<String, CoordinationError> {
        let id = (self.surroundings().unique)();
        let test = ChannelTest { channel: channel.clone(), by: by.to_owned(), at_us: self.now_us(), answer: None };
        self.overwrite(&layout::alert_test(&id), encode(&test)?).await?;
        Ok(id)
    }

    pub async fn channel_test(&self, id: &str) -> Result<Option<ChannelTest>, CoordinationError> {
        Ok(self.read_as::<ChannelTest>(&layout::alert_test(id)).await?.map(|(test, _)| test))
    }

    /// Answers a test that is still there.
    pub async fn answer_channel_test(&self, id: &str, answered: &ChannelTest) -> Result<(), CoordinationError> {
        match self.store().write(&layout::alert_test(id), encode(answered)?, Expected::Any).await {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn forget_channel_test(&self, id: &str) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::alert_test(id)).await
    }

    /// Makes a node, or with `expected` replaces the data of that version. The answer counts even if the service's own
    /// was lost.
    pub(crate) async fn put(&self, path: &Path, data: Bytes, expected: Option<u64>) -> Result<Edit, CoordinationError> {
        if let (None, Some(parent)) = (expected, path.parent()) {
            self.ensure(&parent, Bytes::new()).await?;
        }
        let written = match expected {
            None => self.store().create(path, data.clone(), CreateMode::Persistent).await.map(|_| Version::FIRST),
            Some(version) => {
                // Beyond what a store counts to there is no such version: it will not match.
                let expected = Expected::Version(Version(i32::try_from(version).unwrap_or(i32::MAX)));
                self.store().write(path, data.clone(), expected).await
            }
        };
        match written {
            Ok(version) => Ok(Edit::Done(u64::try_from(version.0).unwrap_or(0))),
            Err(StoreError::AlreadyExists { .. }) => Ok(Edit::Exists),
            Err(StoreError::NotFound { .. }) => Ok(Edit::Gone),
            Err(StoreError::VersionMismatch { .. }) => {
                let found = self.patiently(|| self.store().read(path)).await?;
                Ok(found.map_or(Edit::Gone, |node| Edit::Stale(version_of(&node))))
            }
            Err(error @ StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                match self.patiently(|| self.store().read(path)).await? {
                    Some(node) if node.data == data => Ok(Edit::Done(version_of(&node))),
                    _ => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a node or replaces its data, whatever they are. May be repeated.
    pub(crate) async fn overwrite(&self, path: &Path, data: Bytes) -> Result<(), CoordinationError> {
        match self.patiently(|| self.store().write(path, data.clone(), Expected::Any)).await {
            Err(StoreError::NotFound { .. }) => {}
            written => return Ok(written.map(drop)?),
        }
        self.ensure(path, data).await?;
        Ok(())
    }
}

pub(crate) fn version_of(node: &Node) -> u64 {
    u64::try_from(node.version.0).unwrap_or(0)
}
