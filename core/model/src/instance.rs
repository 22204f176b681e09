//! Who is there: a Core in its group, and a Core registered for one task.

use crate::epoch::Epoch;
use crate::name::{CoreName, GroupName};
use crate::status::Stage;
use serde::{Deserialize, Serialize};

/// What an instance does for its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Holds the smallest sequence and so the lease: moves rows.
    Running,
    /// Is warm and waits for its predecessor to go.
    Standby,
}

/// One Core registered for one task: the data of `instances/<hostname>-<sequence>`, written by that Core alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceInfo {
    pub core: CoreName,
    pub host: String,
    pub role: Role,
    /// The lease it runs under; zero as a STANDBY.
    pub epoch: Epoch,
    /// The version of the spec it has in force; `None` before it read one.
    pub spec_version: Option<u64>,
    /// When it took this role, in microseconds since 1970 UTC.
    pub since_us: i64,
    pub stage: Stage,
    /// How often this Core's process was refused because another one had taken the task over.
    #[serde(default)]
    pub fence_rejections: u64,
    /// Tells this registration from any other, so that a Core finds its own node after a lost answer.
    pub guid: String,
}

/// One Core alive in its group: the data of `groups/<group>/cores/<core>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreInfo {
    pub core: CoreName,
    pub host: String,
    pub group: GroupName,
    pub version: String,
    /// Most tasks that it runs or stands by for at a time.
    pub capacity: u32,
    /// Tasks that it is registered for now.
    pub load: u32,
    /// Address of `/healthz`, `/readyz` and `/metrics`, if it listens.
    pub admin: Option<String>,
    pub since_us: i64,
}

/// One Server that is alive: the data of `servers/<name>-<sequence>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The host's name.
    pub host: String,
    /// Where it listens, as it sees it itself.
    pub address: String,
    /// The program's version.
    pub version: String,
    pub since_us: i64,
}
