//! How nouns are kept in the coordination tree: JSON with a version, so that a later program knows what it reads.
//!
//! The form is a promise to old data: golden files under `testdata/` show each of them, and a change that can't be
//! read by the neighbouring version needs a new version number.

use crate::access::{ApiToken, AuditEntry, SetupReset, SignIn, User};
use crate::alert::{Alert, AlertHistory, CoreRoster};
use crate::channel::{ChannelSpec, ChannelTest, Deliveries};
use crate::checkpoint::Checkpoint;
use crate::desired::Desired;
use crate::epoch::Epoch;
use crate::instance::{CoreInfo, InstanceInfo, ServerInfo};
use crate::monitor::{LeaseMemory, MonitorInfo};
use crate::rule_settings::RuleSettings;
use crate::secret::{SealedSecret, SecretKey, SecretSource};
use crate::silence::{Acknowledgement, Silence};
use crate::status::TaskStatus;
use crate::task::{Standby, TaskSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version this program writes, of every kind of node.
pub const STORED_VERSION: u32 = 1;

/// A node's data that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    #[error("it is not the JSON of a {what}: {problem}")]
    Malformed { what: &'static str, problem: String },
    #[error("it is a {what} of version {found}, and this program reads up to {STORED_VERSION}; update the program")]
    Newer { what: &'static str, found: u32 },
    #[error("`{key}` of the {what} is not sealed")]
    Unsealed { what: &'static str, key: SecretKey },
}

/// What is kept in a node.
pub trait Stored: Sized {
    /// What it is called in errors.
    const WHAT: &'static str;

    fn to_stored(&self) -> Result<Vec<u8>, StoredError>;
    fn from_stored(bytes: &[u8]) -> Result<Self, StoredError>;
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    v: u32,
    #[serde(flatten)]
    data: T,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

fn encode<T: Serialize>(what: &'static str, data: &T) -> Result<Vec<u8>, StoredError> {
    serde_json::to_vec(&Envelope { v: STORED_VERSION, data })
        .map_err(|error| StoredError::Malformed { what, problem: error.to_string() })
}

fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoredError> {
    let malformed = |error: serde_json::Error| StoredError::Malformed { what, problem: error.to_string() };
    let VersionOnly { v } = serde_json::from_slice(bytes).map_err(malformed)?;
    if v > STORED_VERSION {
        return Err(StoredError::Newer { what, found: v });
    }
    Ok(serde_json::from_slice::<Envelope<T>>(bytes).map_err(malformed)?.data)
}

macro_rules! stored {
    ($type:ty, $what:literal) => {
        impl Stored for $type {
            const WHAT: &'static str = $what;

            fn to_stored(&self) -> Result<Vec<u8>, StoredError> {
                encode(Self::WHAT, self)
            }

            fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
                decode(Self::WHAT, bytes)
            }
        }
    };
}

stored!(User, "user");
stored!(SignIn, "signed-in session");
stored!(ApiToken, "API token");
stored!(SetupReset, "reset of the setup");
stored!(AuditEntry, "audit entry");
stored!(Alert, "alert");
stored!(AlertHistory, "history of alerts");
stored!(Acknowledgement, "acknowledgement");
stored!(Silence, "silence");
stored!(RuleSettings, "settings of the rules");
stored!(MonitorInfo, "Monitor");
stored!(LeaseMemory, "memory of leases");
stored!(CoreRoster, "roster of Cores");
stored!(Deliveries, "list of deliveries");
stored!(ChannelTest, "test of a channel");
stored!(Checkpoint, "checkpoint");
stored!(Desired, "desired state");
stored!(InstanceInfo, "instance");
stored!(CoreInfo, "Core");
stored!(ServerInfo, "Server");
stored!(TaskStatus, "status");
stored!(EpochNode, "epoch");
stored!(CarriedOut, "carried-out order");

/// The data of a task's epoch node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochNode {
    pub epoch: Epoch,
}

/// Which order of an operator is done: the data of a task's `carriedOut` node, so that a rewind happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CarriedOut {
    pub generation: u64,
    /// Transactions left out by order since the task was made.
    #[serde(default)]
    pub skipped: u64,
}

/// One version of a task's spec, who made it, when and why: the data of `versions/<n>`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecVersion {
    pub version: u64,
    pub by: String,
    pub reason: String,
    pub at_us: i64,
    pub spec: TaskSpec,
}

#[derive(Serialize, Deserialize)]
struct StoredSpecVersion {
    version: u64,
    by: String,
    reason: String,
    at_us: i64,
    #[serde(flatten)]
    stored: StoredSpec,
}

/// A channel, and beside it the sealed secrets that its own JSON shows redacted.
#[derive(Serialize, Deserialize)]
struct StoredChannel {
    spec: ChannelSpec,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
}

impl Stored for ChannelSpec {
    const WHAT: &'static str = "channel";

    fn to_stored(&self) -> Result<Vec<u8>, StoredError> {
        let mut spec = self.clone();
        let secrets = sealed_texts(Self::WHAT, spec.secrets_mut())?;
        encode(Self::WHAT, &StoredChannel { spec, secrets })
    }

    fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        let StoredChannel { mut spec, secrets } = decode(Self::WHAT, bytes)?;
        put_back(spec.secrets_mut(), secrets);
        Ok(spec)
    }
}

/// A spec, and beside it the sealed secrets that its own JSON shows redacted.
#[derive(Serialize, Deserialize)]
struct StoredSpec {
    spec: TaskSpec,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
}

impl Stored for TaskSpec {
    const WHAT: &'static str = "task";

    fn to_stored(&self) -> Result<Vec<u8>, StoredError> {
        encode(Self::WHAT, &StoredSpec::of(self)?)
    }

    fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        Ok(decode::<StoredSpec>(Self::WHAT, bytes)?.into_spec())
    }
}

/// The standby of a stored task, without the work of reading its table patterns: a scan asks this of every task.
pub fn standby_of_stored_task(bytes: &[u8]) -> Result<Standby, StoredError> {
    #[derive(Deserialize)]
    struct Task {
        spec: Spec,
    }
    #[derive(Deserialize)]
    struct Spec {
        #[serde(default)]
        standby: Standby,
    }
    Ok(decode::<Task>(TaskSpec::WHAT, bytes)?.spec.standby)
}

impl Stored for SpecVersion {
    const WHAT: &'static str = "version of a task";

    fn to_stored(&self) -> Result<Vec<u8>, StoredError> {
        let Self { version, by, reason, at_us, spec } = self.clone();
        encode(Self::WHAT, &StoredSpecVersion { version, by, reason, at_us, stored: StoredSpec::of(&spec)? })
    }

    fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        let StoredSpecVersion { version, by, reason, at_us, stored } = decode(Self::WHAT, bytes)?;
        Ok(Self { version, by, reason, at_us, spec: stored.into_spec() })
    }
}

impl StoredSpec {
    fn of(spec: &TaskSpec) -> Result<Self, StoredError> {
        let mut spec = spec.clone();
        let secrets = sealed_texts(TaskSpec::WHAT, spec.secrets_mut())?;
        Ok(Self { spec, secrets })
    }

    fn into_spec(self) -> TaskSpec {
        let Self { mut spec, secrets } = self;
        put_back(spec.secrets_mut(), secrets);
        spec
    }
}

/// What stands beside a spec. A text that is not sealed gets no further than here; an empty one is no secret.
fn sealed_texts(
    what: &'static str,
    secrets: Vec<(SecretKey, &mut SecretSource)>,
) -> Result<BTreeMap<String, String>, StoredError> {
    let mut texts = BTreeMap::new();
    for (key, source) in secrets {
        let text = match source {
            SecretSource::Env(_) | SecretSource::File(_) => continue,
            SecretSource::Sealed(sealed) => sealed.text(),
            SecretSource::Literal(secret) if secret.expose().is_empty() => "",
            SecretSource::Literal(_) => return Err(StoredError::Unsealed { what, key }),
        };
        texts.insert(key.into_owned(), text.to_owned());
    }
    Ok(texts)
}

fn put_back(places: Vec<(SecretKey, &mut SecretSource)>, mut secrets: BTreeMap<String, String>) {
    for (key, source) in places {
        match secrets.remove(&*key) {
            Some(text) if text.is_empty() => *source = SecretSource::default(),
            Some(text) => *source = SecretSource::Sealed(SealedSecret::new(text)),
            None => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::alert::KnownCore;
    use crate::desired::{DesiredState, Once, OnceOrder, TransactionPlace};
    use crate::failure::Failure;
    use crate::gtid::GtidSet;
    use crate::instance::Role;
    use crate::name::{CoreName, GroupName};
    use crate::position::Position;
    use crate::status::{LagBy, Progress, SourceLogs, Stage};
    use crate::task::Start;
    use std::fmt::Debug;

    /// Compares what is written with the golden file, and reads the golden file back. `REPLICATOR_BLESS=1` writes it.
    pub(crate) fn check<T: Stored + PartialEq + Debug>(file: &str, value: &T) {
        let path = format!("{}/testdata/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let written: serde_json::Value = serde_json::from_slice(&value.to_stored().unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&written).unwrap() + "\n";
        if std::env::var_os("REPLICATOR_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, golden, "the stored form of {} changed: old data can no longer be read as it was", T::WHAT);
        assert_eq!(&T::from_stored(golden.as_bytes()).unwrap(), value);
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            epoch: Epoch::new(7),
            server: "3e11fa47-71ca-11e1-9e33-c80aa9429562".into(),
            position: Position::new("bin.000042", 5_000_000_000),
            gtid_set: Some(GtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-99:shop:1-3").unwrap()),
            event_time_us: 1_790_000_000_000_000,
            written_at_us: 1_790_000_000_500_000,
        }
    }

    fn status(core: CoreName) -> TaskStatus {
        TaskStatus {
            core,
            epoch: Epoch::new(7),
            stage: Stage::Failed,
            spec_version: 2,
            desired_generation: 3,
            checkpoint: Some(checkpoint()),
            source_head: Some(Position::new("bin.000042", 5_000_000_100)),
            source_logs: Some(SourceLogs {
                oldest: "bin.000007".into(),
                retention_seconds: Some(2_592_000.0),
                checkpoint_age_seconds: Some(0.0),
            }),
            lag_seconds: Some(1.5),
            lag_by: Some(LagBy::Head),
            gtid_missing: Some("3e11fa47-71ca-11e1-9e33-c80aa9429562:100".into()),
            progress: Progress { transactions: 10, rows: 20, bytes: 3000, ..Progress::default() },
            failure: Some(Failure::definite("access_denied", "db1:3306: user `r` was refused", "check the password")),
            warnings: vec![Failure::transient("heartbeat_not_written", "no right to write", "grant it")],
            failed_transaction: Some(TransactionPlace {
                server: "3e11fa47-71ca-11e1-9e33-c80aa9429562".into(),
                position: Position::new("bin.000042", 5_000_000_000),
                gtid: Some("3e11fa47-71ca-11e1-9e33-c80aa9429562:100".into()),
            }),
            skipped: 1,
            retries: 0,
            since_us: 1_790_000_000_000_000,
            updated_us: 1_790_000_001_000_000,
        }
    }

    #[test]
    fn stored_forms_are_as_the_golden_files_show() {
        let core = CoreName::new("core1").unwrap();
        let spec = r#"{"name":"copy","group":"g1","producer":{"host":"db1","user":"r","password":"canary"},
            "route":[{"from":"shop.*","to":"copy.{table}"}],
            "consumer":{"kind":"mysql","host":"db2","user":"r","password":{"file":"/run/secrets/db2"}}}"#;
        let literal = TaskSpec::from_json(spec.as_bytes()).unwrap();
        let mut task = literal.clone();
        task.producer.password = SecretSource::Sealed(SealedSecret::new("k1.c2VhbGVk"));
        check("task", &task);
        assert!(matches!(literal.to_stored(), Err(StoredError::Unsealed { key, .. }) if key == "producer.password"));
        assert_eq!(standby_of_stored_task(&task.to_stored().unwrap()).unwrap(), task.standby);
        check("checkpoint", &checkpoint());
        check("epoch", &EpochNode { epoch: Epoch::new(7) });
        let group = GroupName::new("g1").unwrap();
        let gone = KnownCore { group, core: core.clone(), host: "db-host-1".into(), held: 3, gone_us: Some(1) };
        check("core_roster", &CoreRoster { cores: vec![gone] });
        check("carried_out", &CarriedOut { generation: 3, skipped: 1 });
        let spec = task;
        let (by, reason) = ("alice".into(), "moved to db2".into());
        check("spec_version", &SpecVersion { version: 2, by, reason, at_us: 1_790_000_000_000_000, spec });
        let start = Start::Position { file: "bin.000001".into(), offset: 4 };
        let once = Once { generation: 2, what: OnceOrder::Rewind(start) };
        let handover = Some(Epoch::new(7));
        check("desired", &Desired { state: DesiredState::Running, generation: 3, once: Some(once), handover });
        check(
            "instance",
            &InstanceInfo {
                core: core.clone(),
                host: "db-host-1".into(),
                role: Role::Running,
                epoch: Epoch::new(7),
                spec_version: Some(2),
                since_us: 1_790_000_000_000_000,
                stage: Stage::Streaming,
                fence_rejections: 1,
                guid: "6f1c".into(),
            },
        );
        check(
            "core",
            &CoreInfo {
                core: core.clone(),
                host: "db-host-1".into(),
                group: GroupName::new("g1").unwrap(),
                version: "0.1.0".into(),
                capacity: 100,
                load: 3,
                admin: Some("127.0.0.1:9101".into()),
                since_us: 1_790_000_000_000_000,
            },
        );
        check(
            "server",
            &ServerInfo {
                host: "db-host-1".into(),
                address: "127.0.0.1:8080".into(),
                version: "0.1.0".into(),
                since_us: 1_790_000_000_000_000,
            },
        );
        check("status", &status(core));
    }

    #[test]
    fn newer_and_broken_data_is_refused_by_name() {
        let newer = Checkpoint::from_stored(br#"{"v":99,"surprise":true}"#).unwrap_err().to_string();
        assert!(newer.contains("version 99") && newer.contains("update the program"), "{newer}");
        assert!(Desired::from_stored(b"\xff").unwrap_err().to_string().contains("desired state"));
        assert!(TaskSpec::from_stored(br#"{"v":1,"spec":{}}"#).unwrap_err().to_string().contains("name"));
    }

    #[test]
    fn an_unreadable_spec_shows_no_secret() {
        let stored = r#"{"v":1,"spec":{"name":"x"},"secrets":{"producer.password":"canary"}}"#;
        assert!(!TaskSpec::from_stored(stored.as_bytes()).unwrap_err().to_string().contains("canary"));
    }
}
