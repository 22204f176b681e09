//! From the tree to [`Facts`]: reads, judges nothing. Whoever is there is read from live ephemeral nodes; a node of the
//! same name that no session owns counts for nothing.

use crate::facts::{Facts, Reading, TaskFacts};
use futures_util::{StreamExt, TryStreamExt, stream};
use replicator_coordination::election;
use replicator_coordination::layout;
use replicator_coordination::path::Path;
use replicator_coordination::store::{Node, SessionId, Store, StoreError, Version};
use replicator_model::desired::Desired;
use replicator_model::instance::{CoreInfo, InstanceInfo};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::status::TaskStatus;
use replicator_model::stored::Stored;
use replicator_model::task::TaskSpec;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Tasks that are read at a time.
const TASKS_AT_ONCE: usize = 32;

/// Reads the tree, and remembers for each status when it changed last.
#[derive(Debug, Default)]
pub struct Observer {
    statuses: BTreeMap<TaskName, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    version: (Option<SessionId>, Version),
    since: Instant,
}

struct TaskReading {
    name: TaskName,
    facts: TaskFacts,
    status_version: Option<(Option<SessionId>, Version)>,
}

impl Observer {
    /// All that the rules need. Any node that no answer came for makes it fail as a whole: half a picture would raise
    /// and resolve alerts wrongly. A node with unreadable data does not.
    pub async fn observe(&mut self, store: &dyn Store, now: Instant) -> Result<Facts, StoreError> {
        let names = list(store, &layout::tasks()).await?;
        let names = names.into_iter().filter_map(|name| TaskName::new(name).ok());
        let readings: Vec<Option<TaskReading>> =
            stream::iter(names).map(|name| read_task(store, name)).buffered(TASKS_AT_ONCE).try_collect().await?;
        // Cores after instances: a Core that dies in between was then seen with what it held.
        let cores = read_cores(store).await?;
        Ok(Facts { tasks: self.with_ages(readings.into_iter().flatten(), now), cores })
    }

    fn with_ages(
        &mut self,
        readings: impl Iterator<Item = TaskReading>,
        now: Instant,
    ) -> BTreeMap<TaskName, TaskFacts> {
        let before = std::mem::take(&mut self.statuses);
        let mut tasks = BTreeMap::new();
        for TaskReading { name, mut facts, status_version } in readings {
            if let Some(version) = status_version {
                let seen = match before.get(&name) {
                    Some(seen) if seen.version == version => *seen,
                    _ => Seen { version, since: now },
                };
                facts.status_age_seconds = now.duration_since(seen.since).as_secs_f64();
                self.statuses.insert(name.clone(), seen);
            }
            tasks.insert(name, facts);
        }
        tasks
    }
}

/// `None` if the task was deleted meanwhile.
async fn read_task(store: &dyn Store, name: TaskName) -> Result<Option<TaskReading>, StoreError> {
    let Some(spec) = store.read(&layout::task(&name)).await? else { return Ok(None) };
    let group = decode::<TaskSpec>(&layout::task(&name), &spec).map(|spec| spec.group);
    let desired_path = layout::desired(&name);
    let desired = store.read(&desired_path).await?;
    let desired = desired.map(|node| decode::<Desired>(&desired_path, &node)).transpose();
    let instances = read_instances(store, &name).await?;
    let status_path = layout::status(&name);
    let status = store.read(&status_path).await?.filter(|node| node.owner.is_some());
    let status_version = status.as_ref().map(|node| (node.owner, node.version));
    let status = status.map(|node| decode::<TaskStatus>(&status_path, &node)).transpose();
    let facts = TaskFacts { group, desired, instances, status, status_age_seconds: 0.0 };
    Ok(Some(TaskReading { name, facts, status_version }))
}

async fn read_instances(store: &dyn Store, task: &TaskName) -> Result<Reading<Vec<InstanceInfo>>, StoreError> {
    let mut instances = Vec::new();
    for name in election::in_order(list(store, &layout::instances(task)).await?) {
        let path = layout::instance(task, &name);
        let Some(node) = store.read(&path).await?.filter(|node| node.owner.is_some()) else { continue };
        match decode::<InstanceInfo>(&path, &node) {
            Ok(instance) => instances.push(instance),
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(instances))
}

async fn read_cores(
    store: &dyn Store,
) -> Result<BTreeMap<GroupName, BTreeMap<CoreName, Reading<CoreInfo>>>, StoreError> {
    let mut groups = BTreeMap::new();
    for group in list(store, &layout::groups()).await?.into_iter().filter_map(|name| GroupName::new(name).ok()) {
        let mut cores = BTreeMap::new();
        for core in list(store, &layout::group_cores(&group)).await?.into_iter().filter_map(|n| CoreName::new(n).ok()) {
            let path = layout::group_core(&group, &core);
            if let Some(node) = store.read(&path).await?.filter(|node| node.owner.is_some()) {
                cores.insert(core, decode::<CoreInfo>(&path, &node));
            }
        }
        groups.insert(group, cores);
    }
    Ok(groups)
}

async fn list(store: &dyn Store, path: &Path) -> Result<Vec<String>, StoreError> {
    match store.list(path).await {
        Err(StoreError::NotFound { .. }) => Ok(Vec::new()),
        names => names,
    }
}

fn decode<T: Stored>(path: &Path, node: &Node) -> Reading<T> {
    T::from_stored(&node.data).map_err(|problem| format!("node {path}: {problem}"))
}
