//! From the tree to [`Facts`]: reads, judges nothing. Whoever is there is read from live ephemeral nodes; a node of the
//! same name that no session owns counts for nothing.

use crate::advance::{Advance, Advances};
use crate::facts::{Facts, MonitorFacts, Orders, Reading, SpecFacts, TaskFacts};
use futures_util::{StreamExt, TryStreamExt, stream};
use replicator_coordination::election;
use replicator_coordination::layout;
use replicator_coordination::mirror::Mirror;
use replicator_coordination::path::Path;
use replicator_coordination::store::{Node, SessionId, Store, StoreError, Version};
use replicator_model::alert::AlertId;
use replicator_model::desired::Desired;
use replicator_model::instance::{CoreInfo, InstanceInfo};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::status::TaskStatus;
use replicator_model::stored::{self, Stored};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Tasks that are read at a time.
const TASKS_AT_ONCE: usize = 32;

/// Reads the tree, and remembers for each status when it changed last.
#[derive(Debug, Default)]
pub struct Observer {
    mirror: Mirror,
    statuses: BTreeMap<TaskName, Seen>,
    monitors: BTreeMap<String, Seen>,
    advances: BTreeMap<TaskName, Advances>,
    began: Option<Instant>,
}

/// Which form of a node was seen, and since when.
#[derive(Debug, Clone, Copy)]
struct Seen {
    version: (Option<SessionId>, Version),
    since: Instant,
}

impl Seen {
    /// The same as `before` if nothing was written since.
    fn after(before: Option<&Seen>, version: (Option<SessionId>, Version), now: Instant) -> Self {
        match before {
            Some(seen) if seen.version == version => *seen,
            _ => Self { version, since: now },
        }
    }

    fn age_seconds(self, now: Instant) -> f64 {
        now.duration_since(self.since).as_secs_f64()
    }
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
        let orders = read_orders(tree).await?;
        let monitors = read_monitors(tree).await?;
        let monitors = self.with_ages_of_monitors(monitors, store.session(), now);
        Ok(Facts { tasks: self.with_ages(readings, now), cores, monitors, failing_channels: BTreeMap::new(), orders })
    }

    fn with_ages_of_monitors(
        &mut self,
        nodes: BTreeMap<String, Node>,
        own: SessionId,
        now: Instant,
    ) -> BTreeMap<String, MonitorFacts> {
        let before = std::mem::take(&mut self.monitors);
        let mut monitors = BTreeMap::new();
        for (name, node) in nodes {
            let seen = Seen::after(before.get(&name), (node.owner, node.version), now);
            self.monitors.insert(name.clone(), seen);
            let info = decode(&layout::monitor(&name), &node);
            let own = node.owner == Some(own);
            monitors.insert(name, MonitorFacts { info, age_seconds: seen.age_seconds(now), own });
        }
        monitors
    }

    fn with_ages(&mut self, readings: Vec<TaskReading>, now: Instant) -> BTreeMap<TaskName, TaskFacts> {
        let before = std::mem::take(&mut self.statuses);
        let mut advances = std::mem::take(&mut self.advances);
        let clock = now.duration_since(*self.began.get_or_insert(now)).as_secs_f64();
        let mut tasks = BTreeMap::new();
        for TaskReading { name, mut facts, status_version } in readings {
            if let Some(version) = status_version {
                let seen = Seen::after(before.get(&name), version, now);
                facts.status_age_seconds = seen.age_seconds(now);
                self.statuses.insert(name.clone(), seen);
            }
            if let Some(status) = facts.fresh_status() {
                let mut of_task = advances.remove(&name).unwrap_or_default();
                let advance = of_task.look(status, clock);
                facts.advance = advance;
                self.advances.insert(name.clone(), of_task);
            }
            tasks.insert(name, facts);
        }
        tasks
    }
}

/// Where tasks belong, by the groups' own lists.
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
    let spec = read_spec(tree, &name).await?;
    let desired_path = layout::desired(&name);
    let desired = tree.read(&desired_path).await?;
    let desired = desired.map(|node| decode::<Desired>(&desired_path, &node)).transpose();
    let instances = read_instances(tree, &name).await?;
    let status_path = layout::status(&name);
    // A pipe writes it every second: a copy would never do.
    let status = tree.store.read(&status_path).await?.filter(|node| node.owner.is_some());
    let status_version = status.as_ref().map(|node| (node.owner, node.version));
    let status = status.map(|node| decode::<TaskStatus>(&status_path, &node)).transpose();
    let advance = Advance::default();
    let facts = TaskFacts { group, spec, desired, instances, status, status_age_seconds: 0.0, advance };
    Ok(TaskReading { name, facts, status_version })
}

/// Of a spec only what the rules need is taken out: nothing of it is logged, shown or told.
async fn read_spec(tree: Tree<'_>, task: &TaskName) -> Result<Reading<SpecFacts>, StoreError> {
    let path = layout::task(task);
    let Some(node) = tree.read(&path).await? else { return Ok(Err(format!("node {path} is gone"))) };
    let standby = stored::standby_of_stored_task(&node.data).map_err(|problem| format!("node {path}: {problem}"));
    Ok(standby.map(|standby| SpecFacts { version: u64::try_from(node.version.0).unwrap_or(0), standby }))
}

async fn read_orders(tree: Tree<'_>) -> Result<Orders, StoreError> {
    let path = layout::alert_rules();
    let rules = tree.read(&path).await?.map(|node| decode(&path, &node));
    let mut orders = Orders { rules, ..Orders::default() };
    for name in tree.list(&layout::alert_acknowledgements()).await? {
        let id = AlertId::from(name);
        let path = layout::alert_acknowledgement(&id);
        if let Some(node) = tree.read(&path).await? {
            orders.acknowledgements.insert(id, decode(&path, &node));
        }
    }
    for name in tree.list(&layout::alert_silences()).await? {
        let path = layout::alert_silence(&name);
        if let Some(node) = tree.read(&path).await? {
            orders.silences.insert(name, decode(&path, &node));
        }
    }
    Ok(orders)
}

/// Not from the mirror: they are written every few seconds, and their age is what counts.
async fn read_monitors(tree: Tree<'_>) -> Result<BTreeMap<String, Node>, StoreError> {
    let mut monitors = BTreeMap::new();
    for name in election::in_order(tree.list(&layout::monitors()).await?) {
        let node = tree.store.read(&layout::monitor(&name)).await?.filter(|node| node.owner.is_some());
        monitors.extend(node.map(|node| (name, node)));
    }
    Ok(monitors)
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
