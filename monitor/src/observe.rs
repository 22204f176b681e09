//! From the tree to [`Facts`]: reads, judges nothing. Whoever is there is read from live ephemeral nodes; a node of the
//! same name that no session owns counts for nothing.

use crate::facts::{Facts, Reading, TaskFacts};
use crate::mirror::Mirror;
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
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Tasks that are read at a time.
const TASKS_AT_ONCE: usize = 32;

/// Reads the tree, and remembers for each status when it changed last.
#[derive(Debug, Default)]
pub struct Observer {
    mirror: Mirror,
    statuses: BTreeMap<TaskName, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    version: (Option<SessionId>, Version),
    since: Instant,
}

/// What does not change every second comes from the mirror.
#[derive(Clone, Copy)]
struct Tree<'a> {
    store: &'a dyn Store,
    mirror: &'a Mirror,
}

impl Tree<'_> {
    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError> {
        self.mirror.read(self.store, path).await
    }

    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        self.mirror.list(self.store, path).await
    }
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
        self.mirror.begin(store);
        let tree = Tree { store, mirror: &self.mirror };
        let names = tree.list(&layout::tasks()).await?;
        let groups = read_groups(tree).await?;
        let names = names.into_iter().filter_map(|name| TaskName::new(name).ok());
        let readings: Vec<TaskReading> = stream::iter(names)
            .map(|name| read_task(tree, name, &groups))
            .buffered(TASKS_AT_ONCE)
            .try_collect()
            .await?;
        // Cores after instances, and from the store itself: a Core that dies takes its instances with it, and must
        // never be seen alive and holding nothing, as if it had been stopped cleanly.
        let cores = read_cores(tree, groups.names).await?;
        Ok(Facts { tasks: self.with_ages(readings, now), cores, failing_channels: BTreeMap::new() })
    }

    fn with_ages(&mut self, readings: Vec<TaskReading>, now: Instant) -> BTreeMap<TaskName, TaskFacts> {
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

/// Where tasks belong, by the groups' own lists. So that no spec, and no secret in one, is ever read here.
struct Groups {
    names: Vec<GroupName>,
    of_task: BTreeMap<String, GroupName>,
}

async fn read_groups(tree: Tree<'_>) -> Result<Groups, StoreError> {
    let names: Vec<GroupName> =
        tree.list(&layout::groups()).await?.into_iter().filter_map(|name| GroupName::new(name).ok()).collect();
    let mut of_task = BTreeMap::new();
    for group in &names {
        let tasks = tree.list(&layout::group_tasks(group)).await?;
        of_task.extend(tasks.into_iter().map(|task| (task, group.clone())));
    }
    Ok(Groups { names, of_task })
}

async fn read_task(tree: Tree<'_>, name: TaskName, groups: &Groups) -> Result<TaskReading, StoreError> {
    let group = groups.of_task.get(name.as_str()).cloned();
    let desired_path = layout::desired(&name);
    let desired = tree.read(&desired_path).await?;
    let desired = desired.map(|node| decode::<Desired>(&desired_path, &node)).transpose();
    let instances = read_instances(tree, &name).await?;
    let status_path = layout::status(&name);
    // A pipe writes it every second: a copy would never do.
    let status = tree.store.read(&status_path).await?.filter(|node| node.owner.is_some());
    let status_version = status.as_ref().map(|node| (node.owner, node.version));
    let status = status.map(|node| decode::<TaskStatus>(&status_path, &node)).transpose();
    let facts = TaskFacts { group, desired, instances, status, status_age_seconds: 0.0 };
    Ok(TaskReading { name, facts, status_version })
}

async fn read_instances(tree: Tree<'_>, task: &TaskName) -> Result<Reading<Vec<InstanceInfo>>, StoreError> {
    let mut instances = Vec::new();
    for name in election::in_order(tree.list(&layout::instances(task)).await?) {
        let path = layout::instance(task, &name);
        let Some(node) = tree.read(&path).await?.filter(|node| node.owner.is_some()) else { continue };
        match decode::<InstanceInfo>(&path, &node) {
            Ok(instance) => instances.push(instance),
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(instances))
}

async fn read_cores(
    tree: Tree<'_>,
    names: Vec<GroupName>,
) -> Result<BTreeMap<GroupName, BTreeMap<CoreName, Reading<CoreInfo>>>, StoreError> {
    let mut groups = BTreeMap::new();
    for group in names {
        let mut cores = BTreeMap::new();
        let names = match tree.store.list(&layout::group_cores(&group)).await {
            Err(StoreError::NotFound { .. }) => Vec::new(),
            names => names?,
        };
        for core in names.into_iter().filter_map(|name| CoreName::new(name).ok()) {
            let path = layout::group_core(&group, &core);
            if let Some(node) = tree.read(&path).await?.filter(|node| node.owner.is_some()) {
                cores.insert(core, decode::<CoreInfo>(&path, &node));
            }
        }
        groups.insert(group, cores);
    }
    Ok(groups)
}

fn decode<T: Stored>(path: &Path, node: &Node) -> Reading<T> {
    T::from_stored(&node.data).map_err(|problem| format!("node {path}: {problem}"))
}
