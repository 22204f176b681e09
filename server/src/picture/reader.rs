//! From the tree to a [`Moment`]: what has not changed is neither fetched nor told anew.

use super::moment::{Moment, ReadSpec, TaskMoment, TaskNodes, alerts_by_task};
use futures_util::{StreamExt, TryStreamExt, stream};
use replicator_coordination::election::in_order;
use replicator_coordination::layout;
use replicator_coordination::mirror::Mirror;
use replicator_coordination::path::Path;
use replicator_coordination::session::Session;
use replicator_coordination::store::{Node, Store, StoreError};
use replicator_model::alert::{Alert, AlertId};
use replicator_model::instance::CoreInfo;
use replicator_model::monitor::MonitorInfo;
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::stored::Stored;
use replicator_model::task::TaskSpec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tasks that are read at a time.
const TASKS_AT_ONCE: usize = 64;

/// Keeps what it read for the next time.
#[derive(Default)]
pub(crate) struct Reader {
    mirror: Mirror,
    kept: BTreeMap<TaskName, Kept>,
}

/// A task as it was told last, and what from.
struct Kept {
    nodes: TaskNodes,
    cores: Vec<CoreInfo>,
    alerts: u32,
    spec: ReadSpec,
    told: Arc<TaskMoment>,
}

#[derive(Clone, Copy)]
struct Tree<'a> {
    store: &'a dyn Store,
    mirror: &'a Mirror,
}

impl Reader {
    /// All of it, or why it could not be read: half a picture would show tasks that are there as gone.
    pub(crate) async fn read(&mut self, session: &Session, now_us: i64) -> Result<Moment, StoreError> {
        self.mirror.begin(session.store());
        let tree = Tree { store: session.store(), mirror: &self.mirror };
        let names = tree.list(&layout::tasks()).await?.into_iter().filter_map(|name| TaskName::new(name).ok());
        let read = |name: TaskName| async move { Ok((tree.task(&name).await?, name)) };
        let found: Vec<(Option<TaskNodes>, TaskName)> =
            stream::iter(names).map(read).buffered(TASKS_AT_ONCE).try_collect::<Vec<_>>().await?;
        let mut moment = Moment {
            at_us: now_us,
            cores: tree.cores().await?,
            alerts: tree.alerts().await?,
            servers: tree.list(&layout::servers()).await?.len(),
            monitors: tree.monitors().await?,
            ..Moment::default()
        };
        self.tell(found, &mut moment);
        Ok(moment)
    }

    fn tell(&mut self, found: Vec<(Option<TaskNodes>, TaskName)>, moment: &mut Moment) {
        let mut before = std::mem::take(&mut self.kept);
        let alerts = alerts_by_task(&moment.alerts);
        for (nodes, name) in found {
            // Removed while it was read.
            let Some(nodes) = nodes else { continue };
            let alerts = alerts.get(&name).copied().unwrap_or(0);
            match tell_task(nodes, before.remove(&name), &moment.cores, alerts) {
                Ok(kept) => {
                    moment.tasks.insert(name.clone(), Arc::clone(&kept.told));
                    self.kept.insert(name, kept);
                }
                Err(problem) => {
                    let reason = format!("node {} or one below it: {problem}", layout::task(&name));
                    moment.unreadable.insert(name, reason);
                }
            }
        }
    }
}

fn tell_task(
    nodes: TaskNodes,
    before: Option<Kept>,
    cores: &BTreeMap<GroupName, Vec<CoreInfo>>,
    alerts: u32,
) -> Result<Kept, String> {
    let spec = match &before {
        Some(kept) if kept.spec.from == nodes.task.data => kept.spec.clone(),
        _ => {
            let spec = TaskSpec::from_stored(&nodes.task.data).map_err(|problem| problem.to_string())?;
            ReadSpec { from: nodes.task.data.clone(), spec }
        }
    };
    let cores = cores.get(&spec.spec.group).filter(|_| nodes.needs_cores()).cloned().unwrap_or_default();
    match before {
        Some(kept) if kept.nodes == nodes && kept.cores == cores && kept.alerts == alerts => Ok(kept),
        _ => {
            let told = nodes.tell(&spec.spec, &cores, alerts).map_err(|problem| problem.to_string())?;
            Ok(Kept { nodes, cores, alerts, spec, told: Arc::new(told) })
        }
    }
}

impl Tree<'_> {
    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError> {
        self.mirror.read(self.store, path).await
    }

    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        self.mirror.list(self.store, path).await
    }

    async fn task(&self, name: &TaskName) -> Result<Option<TaskNodes>, StoreError> {
        let Some(task) = self.read(&layout::task(name)).await? else { return Ok(None) };
        let mut instances = Vec::new();
        for instance in in_order(self.list(&layout::instances(name)).await?) {
            if let Some(node) = self.read(&layout::instance(name, &instance)).await? {
                instances.push((instance, node));
            }
        }
        Ok(Some(TaskNodes {
            task,
            desired: self.read(&layout::desired(name)).await?,
            instances,
            status: self.read(&layout::status(name)).await?,
            last_commit: self.read(&layout::last_commit(name)).await?,
            carried_out: self.read(&layout::carried_out(name)).await?,
        }))
    }

    async fn cores(&self) -> Result<BTreeMap<GroupName, Vec<CoreInfo>>, StoreError> {
        let mut groups = BTreeMap::new();
        for group in self.list(&layout::groups()).await?.into_iter().filter_map(|name| GroupName::new(name).ok()) {
            let mut cores = Vec::new();
            for core in self.list(&layout::group_cores(&group)).await? {
                let Ok(core) = CoreName::new(core) else { continue };
                cores.extend(self.data::<CoreInfo>(&layout::group_core(&group, &core)).await?);
            }
            groups.insert(group, cores);
        }
        Ok(groups)
    }

    async fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let mut alerts = Vec::new();
        for id in self.list(&layout::alert_states()).await? {
            alerts.extend(self.data::<Alert>(&layout::alert_state(&AlertId::from(id))).await?);
        }
        Ok(alerts)
    }

    async fn monitors(&self) -> Result<Vec<MonitorInfo>, StoreError> {
        let mut monitors = Vec::new();
        for name in in_order(self.list(&layout::monitors()).await?) {
            monitors.extend(self.data::<MonitorInfo>(&layout::monitor(&name)).await?);
        }
        Ok(monitors)
    }

    /// What can't be read is left out, and said in the log.
    async fn data<T: Stored>(&self, path: &Path) -> Result<Option<T>, StoreError> {
        let Some(node) = self.read(path).await? else { return Ok(None) };
        let read = T::from_stored(&node.data);
        Ok(read.inspect_err(|problem| tracing::debug!(%path, %problem, "left out of the picture")).ok())
    }
}
