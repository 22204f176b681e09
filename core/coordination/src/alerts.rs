//! What Servers read and write about alerts: their states, acknowledgements, silences, settings of rules. The leading
//! Monitor writes the states and the history; see `archive` there.

use crate::channels::{Edit, version_of};
use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::{Session, encode};
use replicator_model::alert::{Alert, AlertHistory, AlertId};
use replicator_model::rule_settings::RuleSettings;
use replicator_model::silence::{Acknowledgement, Silence};
use replicator_model::stored::Stored;

impl Session {
    /// The identities of all alerts that are kept.
    pub async fn alert_ids(&self) -> Result<Vec<AlertId>, CoordinationError> {
        Ok(self.list_or_none(&layout::alert_states()).await?.into_iter().map(AlertId::from).collect())
    }

    /// An alert; `None` also for what can't be an alert's identity.
    pub async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, CoordinationError> {
        self.read_named(&layout::alert_states(), id.as_str()).await
    }

    /// What operators said about firings, by alert.
    pub async fn acknowledgements(&self) -> Result<Vec<(AlertId, Acknowledgement)>, CoordinationError> {
        let all = self.read_all::<Acknowledgement>(&layout::alert_acknowledgements()).await?;
        Ok(all.into_iter().map(|(id, said)| (AlertId::from(id), said)).collect())
    }

    pub async fn acknowledgement(&self, id: &AlertId) -> Result<Option<Acknowledgement>, CoordinationError> {
        self.read_named(&layout::alert_acknowledgements(), id.as_str()).await
    }

    /// Says that somebody is at it; what was said before is replaced. For an alert that is there.
    pub async fn acknowledge(&self, id: &AlertId, said: &Acknowledgement) -> Result<(), CoordinationError> {
        self.overwrite(&layout::alert_acknowledgement(id), encode(said)?).await
    }

    /// Takes back what was said about an alert that is there.
    pub async fn unacknowledge(&self, id: &AlertId) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::alert_acknowledgement(id)).await
    }

    /// All silences that are kept, by id. Some are over.
    pub async fn silences(&self) -> Result<Vec<(String, Silence)>, CoordinationError> {
        self.read_all(&layout::alert_silences()).await
    }

    /// A silence and its version; `None` also for what can't be a silence's id.
    pub async fn silence(&self, id: &str) -> Result<Option<(Silence, u64)>, CoordinationError> {
        let Ok(path) = layout::alert_silences().child(id) else { return Ok(None) };
        Ok(self.read_as::<Silence>(&path).await?.map(|(silence, node)| (silence, version_of(&node))))
    }

    /// Begins a silence and answers its id.
    pub async fn begin_silence(&self, silence: &Silence) -> Result<String, CoordinationError> {
        let id = (self.surroundings().unique)();
        self.put(&layout::alert_silence(&id), encode(silence)?, None).await?;
        Ok(id)
    }

    /// Replaces a silence that is at the version `expected`: so one is ended.
    pub async fn change_silence(&self, id: &str, silence: &Silence, expected: u64) -> Result<Edit, CoordinationError> {
        self.put(&layout::alert_silence(id), encode(silence)?, Some(expected)).await
    }

    pub async fn forget_silence(&self, id: &str) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::alert_silence(id)).await
    }

    /// What operators set of the rules, and its version; `None` while nobody set anything.
    pub async fn rule_settings(&self) -> Result<Option<(RuleSettings, u64)>, CoordinationError> {
        let found = self.read_as::<RuleSettings>(&layout::alert_rules()).await?;
        Ok(found.map(|(settings, node)| (settings, version_of(&node))))
    }

    /// Sets them for the first time, or with `expected` replaces those of that version.
    pub async fn put_rule_settings(
        &self,
        set: &RuleSettings,
        expected: Option<u64>,
    ) -> Result<Edit, CoordinationError> {
        self.put(&layout::alert_rules(), encode(set)?, expected).await
    }

    /// What ended, by day of UTC, the oldest first.
    pub async fn alert_history(&self) -> Result<Vec<(String, AlertHistory)>, CoordinationError> {
        self.read_all(&layout::alert_histories()).await
    }

    async fn read_named<T: Stored>(&self, parent: &Path, name: &str) -> Result<Option<T>, CoordinationError> {
        let Ok(path) = parent.child(name) else { return Ok(None) };
        Ok(self.read_as::<T>(&path).await?.map(|(value, _)| value))
    }

    /// All children of a node, by name. One that can't be read is named in the log and left out.
    async fn read_all<T: Stored>(&self, parent: &Path) -> Result<Vec<(String, T)>, CoordinationError> {
        let mut all = Vec::new();
        for name in self.list_or_none(parent).await? {
            match self.read_named::<T>(parent, &name).await {
                Ok(Some(value)) => all.push((name, value)),
                Ok(None) => {}
                Err(error @ CoordinationError::Unreadable { .. }) => tracing::warn!(%error, "left out a {}", T::WHAT),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}
