//! Seals anew, with the newest key, whatever an older one sealed: so that the old key can go.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{Expected, StoreError};
use crate::tasks::Author;
use bytes::Bytes;
use replicator_model::channel::ChannelSpec;
use replicator_model::name::{ChannelName, TaskName};
use replicator_model::secret::{SecretKey, SecretSource};
use replicator_model::stored::SpecVersion;
use replicator_model::task::TaskSpec;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// Tasks whose spec was written anew, as a version of its own.
    pub tasks: usize,
    /// Earlier versions that were sealed anew where they are.
    pub versions: usize,
    /// Channels whose secrets were sealed anew.
    pub channels: usize,
    /// What could not be opened, so that its key must stay: a task, a version of one, or a channel.
    pub closed: Vec<String>,
}

/// The secrets of a spec, by key.
type Secrets<'a> = Vec<(SecretKey, &'a mut SecretSource)>;

enum Sealing {
    Newest,
    Older,
    Closed,
}

impl Session {
    /// Walks all tasks with their versions, and all channels. Can be repeated at any time; what changes meanwhile is sealed with the newest
    /// key anyway.
    pub async fn reseal(&self, author: Author<'_>) -> Result<Resealed, CoordinationError> {
        let mut done = Resealed::default();
        for task in self.tasks().await? {
            match self.reseal_task(&task, author, &mut done).await {
                Ok(()) | Err(CoordinationError::NoSuchTask { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for channel in self.channels().await? {
            self.reseal_channel(&channel, &mut done).await?;
        }
        Ok(done)
    }

    async fn reseal_task(
        &self,
        task: &TaskName,
        author: Author<'_>,
        done: &mut Resealed,
    ) -> Result<(), CoordinationError> {
        if let Some((spec, _)) = self.read_as::<TaskSpec>(&layout::task(task)).await? {
            match self.sealing_of(spec) {
                Sealing::Newest => {}
                Sealing::Closed => done.closed.push(format!("task `{task}`")),
                Sealing::Older => {
                    let found = self.task(task).await?;
                    self.update_task(&found.spec, found.version, author).await?;
                    done.tasks += 1;
                }
            }
        }
        for version in self.task_versions(task).await? {
            self.reseal_version(task, version, done).await?;
        }
        Ok(())
    }

    async fn reseal_version(
        &self,
        task: &TaskName,
        version: u64,
        done: &mut Resealed,
    ) -> Result<(), CoordinationError> {
        let path = layout::version(task, version);
        let Some((kept, node)) = self.read_as::<SpecVersion>(&path).await? else { return Ok(()) };
        match self.sealing_of(kept.spec.clone()) {
            Sealing::Newest => Ok(()),
            Sealing::Closed => {
                done.closed.push(format!("version {version} of task `{task}`"));
                Ok(())
            }
            Sealing::Older => {
                let spec = self.keys().seal_spec(&self.keys().open_spec(kept.spec))?;
                let data: Bytes = encode(&SpecVersion { spec, ..kept })?;
                match self.store().write(&path, data, Expected::Version(node.version)).await {
                    Ok(_) => done.versions += 1,
                    // Forgotten meanwhile, or sealed anew by another.
                    Err(StoreError::NotFound { .. } | StoreError::VersionMismatch { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(())
            }
        }
    }

    async fn reseal_channel(&self, channel: &ChannelName, done: &mut Resealed) -> Result<(), CoordinationError> {
        let path = layout::alert_channel(channel);
        let Some((mut stored, node)) = self.read_as::<ChannelSpec>(&path).await? else { return Ok(()) };
        let mut opened = self.keys().open_channel(stored.clone());
        match self.sealing(stored.secrets_mut(), opened.secrets_mut()) {
            Sealing::Newest => Ok(()),
            Sealing::Closed => {
                done.closed.push(format!("channel `{channel}`"));
                Ok(())
            }
            Sealing::Older => {
                let data: Bytes = encode(&self.keys().seal_channel(&opened)?)?;
                match self.store().write(&path, data, Expected::Version(node.version)).await {
                    Ok(_) => done.channels += 1,
                    // Deleted or changed meanwhile: what is written now is sealed with the newest key.
                    Err(StoreError::NotFound { .. } | StoreError::VersionMismatch { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(())
            }
        }
    }

    fn sealing_of(&self, mut stored: TaskSpec) -> Sealing {
        let mut opened = self.keys().open_spec(stored.clone());
        self.sealing(stored.secrets_mut(), opened.secrets_mut())
    }

    fn sealing(&self, stored: Secrets<'_>, opened: Secrets<'_>) -> Sealing {
        let is_closed = |source: &SecretSource| matches!(source, SecretSource::Sealed(_));
        if opened.into_iter().any(|(_, source)| is_closed(source)) {
            return Sealing::Closed;
        }
        let is_older =
            |source: &SecretSource| matches!(source, SecretSource::Sealed(sealed) if !self.keys().is_newest(sealed));
        match stored.into_iter().any(|(_, source)| is_older(source)) {
            true => Sealing::Older,
            false => Sealing::Newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::Embedded;
    use crate::sealing::{KEY_BYTES, Keyring};
    use crate::session::{Coordination, Surroundings};
    use std::sync::Arc;
    use std::time::Duration;

    fn ring(ids: &[u8]) -> Arc<Keyring> {
        let mut ring = Keyring::default();
        ids.iter().for_each(|id| assert!(ring.add(&format!("k{id}"), &[*id; KEY_BYTES])));
        Arc::new(ring)
    }

    #[tokio::test]
    async fn after_it_the_newest_key_opens_everything() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(folder.path(), Duration::from_secs(10)).unwrap();
        let coordination = Coordination::new(Arc::new(embedded), Surroundings::real());
        let session = async |keys: &[u8]| coordination.clone().with_keys(ring(keys)).connect().await.unwrap();
        let text = r#"{"name":"copy","group":"g","producer":{"host":"h","user":"r","password":"canary"},
            "consumer":{"kind":"stdout"}}"#;
        let spec = TaskSpec::from_json(text.as_bytes()).unwrap();
        let author = Author { by: "test", reason: "" };
        session(&[1]).await.create_task(&spec, author).await.unwrap();
        let text = r#"{"name":"dba","kind":"webhook","url":"https://hooks.example/canary","secret":"canary"}"#;
        let channel = ChannelSpec::from_json(text.as_bytes()).unwrap();
        session(&[1]).await.put_channel(&channel, None).await.unwrap();

        let stranger = session(&[2]).await.reseal(author).await.unwrap();
        assert_eq!(stranger.closed, ["task `copy`", "version 0 of task `copy`", "channel `dba`"]);
        let done = session(&[2, 1]).await.reseal(author).await.unwrap();
        assert_eq!(done, Resealed { tasks: 1, versions: 1, channels: 1, closed: Vec::new() });
        let newest = session(&[2]).await;
        assert_eq!(newest.task(&spec.name).await.unwrap().spec, spec);
        assert_eq!(newest.channel(&channel.name).await.unwrap().unwrap().0, channel);
        for version in [0, 1] {
            assert_eq!(newest.task_version(&spec.name, version).await.unwrap().unwrap().spec, spec);
        }
        assert_eq!(newest.reseal(author).await.unwrap(), Resealed::default(), "nothing is left to do");
    }
}
