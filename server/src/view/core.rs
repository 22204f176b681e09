//! Cores and their groups.

use super::time;
use replicator_model::instance::CoreInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The Cores that are alive, by group and name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoreList {
    pub cores: Vec<CoreView>,
}

/// One Core that is alive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "core": "core1", "host": "db-host-1", "group": "group1", "version": "0.1.0", "capacity": 100, "load": 3,
    "admin": "127.0.0.1:9101", "since": "2026-11-22T08:00:00Z",
}))]
pub struct CoreView {
    pub core: String,
    pub host: String,
    pub group: String,
    /// The program's version.
    pub version: String,
    /// Most tasks that it registers for at a time.
    pub capacity: u32,
    /// Tasks that it is registered for.
    pub load: u32,
    /// Address of its `/healthz`, `/readyz` and `/metrics`.
    pub admin: Option<String>,
    pub since: Option<String>,
}

/// Every group that a task or a Core is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupList {
    pub groups: Vec<GroupView>,
}

/// One group: its tasks by name and its Cores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupView {
    pub group: String,
    pub tasks: Vec<String>,
    pub cores: Vec<CoreView>,
}

impl From<CoreInfo> for CoreView {
    fn from(core: CoreInfo) -> Self {
        Self {
            core: core.core.into(),
            host: core.host,
            group: core.group.into(),
            version: core.version,
            capacity: core.capacity,
            load: core.load,
            admin: core.admin,
            since: time(core.since_us),
        }
    }
}
