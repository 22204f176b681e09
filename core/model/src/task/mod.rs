//! What a user defines: a task, from its source to its target.

mod consumer;
mod ddl;
mod pipe;
mod producer;
mod read;
mod route;
mod route_problems;
mod write;

pub use consumer::{
    CONNECTIONS_MAX, Compare, Compression, ConsumerSpec, Delivery, KafkaSpec, MessageFormat, MySqlTargetSpec,
    OnConflict, StdoutSpec,
};
pub use ddl::{DdlKind, DdlPolicies, DdlPolicy};
pub use pipe::PipeSpec;
pub use producer::{AppliedChanges, ProducerKind, ProducerSpec, Start, Tls, TlsMode};
pub use read::{SpecError, SpecProblem};
pub use route::{Route, Router};
pub use write::toml_text;

use crate::name::{GroupName, TaskName};
use crate::secret::{SecretKey, SecretSource};
use serde::{Deserialize, Serialize};

/// The replicator's own database on targets, and on sources that get heartbeat rows. Never replicated, so that two tasks
/// can't feed each other's bookkeeping.
pub const REPLICATOR_DATABASE: &str = "mysql_replicator";

/// A task as a user writes it in TOML or JSON. See DESIGN §6; every default stands beside its field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    pub name: TaskName,
    pub group: GroupName,
    /// How many Cores stand by. Default: hot, one RUNNING and one STANDBY.
    #[serde(default)]
    pub standby: Standby,
    pub producer: ProducerSpec,
    /// Where tables go under another name; the first match counts. Default: everything keeps its name.
    #[serde(default, rename = "route", skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    pub consumer: ConsumerSpec,
    #[serde(default)]
    pub pipe: PipeSpec,
}

/// How a task is kept running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StandbyText", into = "StandbyText")]
pub enum Standby {
    /// So many Cores register at once, the first of them runs it. At least 1, at most [`Standby::HOT_MAX`].
    Hot(u32),
    /// One Core registers; when it is gone, a scan of the group finds the task and another one does.
    Cold,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected \"hot\", \"cold\" or { hot = 2 }")]
enum StandbyText {
    Word(String),
    Count(HotCount),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HotCount {
    hot: u32,
}

impl Standby {
    /// Most Cores that may stand by for one task.
    pub const HOT_MAX: u32 = 16;

    /// How many instances the task wants registered.
    pub const fn instances(self) -> u32 {
        match self {
            Standby::Hot(count) => count,
            Standby::Cold => 1,
        }
    }
}

impl Default for Standby {
    fn default() -> Self {
        Standby::Hot(2)
    }
}

impl TryFrom<StandbyText> for Standby {
    type Error = String;

    fn try_from(text: StandbyText) -> Result<Self, String> {
        match text {
            StandbyText::Word(word) if word == "hot" => Ok(Standby::default()),
            StandbyText::Word(word) if word == "cold" => Ok(Standby::Cold),
            StandbyText::Word(word) => {
                Err(format!("`{word}` is not a kind of standby: expected \"hot\", \"cold\" or {{ hot = 2 }}"))
            }
            StandbyText::Count(HotCount { hot }) if (1..=Self::HOT_MAX).contains(&hot) => Ok(Standby::Hot(hot)),
            StandbyText::Count(HotCount { hot }) => Err(format!("hot = {hot} is out of range: 1 to {}", Self::HOT_MAX)),
        }
    }
}

impl From<Standby> for StandbyText {
    fn from(standby: Standby) -> Self {
        match standby {
            Standby::Hot(hot) => StandbyText::Count(HotCount { hot }),
            Standby::Cold => StandbyText::Word("cold".into()),
        }
    }
}

impl TaskSpec {
    /// Every secret of the spec with the key it stands under. What is stored, sealed or kept over an edit goes through
    /// here, so a new secret has one place to be added.
    pub fn secrets_mut(&mut self) -> Vec<(SecretKey, &mut SecretSource)> {
        let mut secrets: Vec<(SecretKey, &mut SecretSource)> =
            vec![("producer.password".into(), &mut self.producer.password)];
        match &mut self.consumer {
            ConsumerSpec::Mysql(target) => secrets.push(("consumer.password".into(), &mut target.password)),
            ConsumerSpec::Kafka(kafka) => {
                if let Some(password) = &mut kafka.sasl_password {
                    secrets.push(("consumer.sasl_password".into(), password));
                }
            }
            ConsumerSpec::Stdout(_) => {}
        }
        let salts = self.routes.iter_mut().flat_map(Route::secrets_mut);
        secrets.extend(salts.map(|(key, salt)| (SecretKey::from(key), salt)));
        secrets
    }

    /// Takes over the secrets that an edit sent back redacted from the version it was made from. Answers the key of
    /// the first one that it does not: it would go to another address than it was given for, and whoever may edit a
    /// task may not therefore read its passwords. A salt goes nowhere, and is kept with its route and column.
    pub fn keep_secrets_of(&mut self, previous: &TaskSpec) -> Option<SecretKey> {
        let is_elsewhere = |key: &str| match key.starts_with("producer.") {
            true => self.producer.hosts().ne(previous.producer.hosts()),
            false => self.consumer.address() != previous.consumer.address(),
        };
        let moved: Vec<&str> = ["producer.password", "consumer.password", "consumer.sasl_password"]
            .into_iter()
            .filter(|key| is_elsewhere(key))
            .collect();
        let mut previous = previous.clone();
        let old = previous.secrets_mut();
        let mut needed_again = None;
        for (key, secret) in self.secrets_mut() {
            let redacted = matches!(secret, SecretSource::Literal(literal) if literal.is_redacted());
            let kept = old.iter().find(|(name, _)| *name == key).filter(|_| redacted);
            match kept {
                Some(_) if moved.contains(&&*key) => needed_again = needed_again.or(Some(key)),
                Some((_, kept)) => *secret = (*kept).clone(),
                None => {}
            }
        }
        needed_again
    }
}
