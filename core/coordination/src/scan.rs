//! Which tasks of its group a Core joins and which it leaves. Pure: every Core decides for itself, and Cores that see
//! the same group decide alike.
//!
//! A task wants so many instances (`standby = { hot = n }`: n, `cold`: one; none while it is stopped):
//!
//! 1. Who is in the line of a task that wants nobody leaves. Who stands behind the last wanted place leaves: so
//!    several Cores that joined at once settle it, the smallest sequences stay.
//! 2. A task that is short is joined by the least loaded Cores that have room. The others hold back, and join in their
//!    turn if the task stays short: the first choice may be stuck.
//! 3. When nothing is short, a Core that has at least two more than another with room gives some away, those first
//!    where it is STANDBY; then rule 2 gives them to the other. No move is made that does not level the group.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::Session;
use replicator_model::desired::DesiredState;
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::stored::standby_of_stored_task;
use replicator_model::task::Standby;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Most tasks that a Core gives away in one scan, so that a group is levelled step by step.
pub const MOVES_PER_SCAN_MAX: usize = 8;

/// A group as one look at the tree shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupView {
    pub tasks: BTreeMap<TaskName, ListedTask>,
    /// The live Cores and the most tasks that each takes.
    pub capacities: BTreeMap<CoreName, u32>,
}

/// A task on the group's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTask {
    /// How many instances it wants now.
    pub wanted: u32,
    /// The Cores in its line, in order; `None` for an instance that does not say whose it is.
    pub line: Vec<Option<CoreName>>,
    /// How long it has been short of instances, as far as this Core saw.
    pub short_for: Duration,
}

/// What a Core should do now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Join { task: TaskName },
    Leave { task: TaskName, reason: LeaveReason },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeaveReason {
    /// The task wants nobody.
    NotWanted,
    /// Others are before us in enough places.
    Surplus,
    /// Another Core has less to do.
    Balance,
}

/// What `own` should do. `patience` is how long the next in turn waits for a Core that should have joined.
pub fn decide(view: &GroupView, own: &CoreName, patience: Duration) -> Vec<Step> {
    let mut steps = Vec::new();
    for (task, listed) in &view.tasks {
        if let (Some(place), Some(reason)) = (listed.place_of(own), listed.leave_reason(own)) {
            tracing::debug!(%task, place, ?reason, "a place in the line is not wanted");
            steps.push(Step::Leave { task: task.clone(), reason });
        }
    }
    steps.extend(joins(view, own, patience).into_iter().map(|task| Step::Join { task }));
    if view.is_settled() {
        let given = gifts(view, own).into_iter().take(MOVES_PER_SCAN_MAX);
        steps.extend(given.map(|task| Step::Leave { task, reason: LeaveReason::Balance }));
    }
    steps
}

impl ListedTask {
    fn place_of(&self, core: &CoreName) -> Option<usize> {
        self.line.iter().position(|other| other.as_ref() == Some(core))
    }

    fn leave_reason(&self, own: &CoreName) -> Option<LeaveReason> {
        let place = self.place_of(own)?;
        match self.wanted {
            0 => Some(LeaveReason::NotWanted),
            wanted if place >= wanted as usize => Some(LeaveReason::Surplus),
            _ => None,
        }
    }

    fn missing(&self) -> usize {
        (self.wanted as usize).saturating_sub(self.line.len())
    }
}

impl GroupView {
    /// No instance is one too many, and none is missing that anybody could add.
    fn is_settled(&self) -> bool {
        let loads = self.loads();
        let can_join = |listed: &ListedTask| {
            loads.iter().any(|(core, load)| listed.place_of(core).is_none() && self.has_room(core, *load))
        };
        let is_settled = |listed: &ListedTask| match listed.missing() {
            0 => listed.line.len() == listed.wanted as usize,
            _ => !can_join(listed),
        };
        self.tasks.values().all(is_settled)
    }

    /// How many tasks each live Core is in.
    fn loads(&self) -> BTreeMap<CoreName, u32> {
        let mut loads: BTreeMap<CoreName, u32> = self.capacities.keys().map(|core| (core.clone(), 0)).collect();
        for core in self.tasks.values().flat_map(|listed| listed.line.iter().flatten()) {
            if let Some(load) = loads.get_mut(core) {
                *load += 1;
            }
        }
        loads
    }

    fn has_room(&self, core: &CoreName, load: u32) -> bool {
        self.capacities.get(core).is_some_and(|capacity| load < *capacity)
    }
}

/// Rule 2: deals the missing places out, task by task, each to the least loaded, and answers the own share.
fn joins(view: &GroupView, own: &CoreName, patience: Duration) -> Vec<TaskName> {
    let mut loads = view.loads();
    let mut own_share = Vec::new();
    for (task, listed) in view.tasks.iter().filter(|(_, listed)| listed.missing() > 0) {
        let can_join = |core: &CoreName, load: u32| listed.place_of(core).is_none() && view.has_room(core, load);
        let mut turn: Vec<(u32, CoreName)> = loads
            .iter()
            .filter(|(core, load)| can_join(core, **load))
            .map(|(core, load)| (*load, core.clone()))
            .collect();
        turn.sort();
        let held_up = turns_passed(listed.short_for, patience);
        if turn.iter().take(listed.missing() + held_up).any(|(_, core)| core == own) {
            own_share.push(task.clone());
        }
        for (_, core) in turn.iter().take(listed.missing()) {
            if let Some(load) = loads.get_mut(core) {
                *load += 1;
            }
        }
    }
    own_share
}

/// How many Cores beyond the first choice may join a task that is short for so long.
fn turns_passed(short_for: Duration, patience: Duration) -> usize {
    if patience.is_zero() {
        return 0;
    }
    usize::try_from(short_for.as_millis() / patience.as_millis().max(1)).unwrap_or(usize::MAX / 2)
}

/// Rule 3: works out the moves that level the group, and answers which tasks `own` gives away.
fn gifts(view: &GroupView, own: &CoreName) -> Vec<TaskName> {
    let mut loads = view.loads();
    let mut lines: BTreeMap<&TaskName, Vec<Option<CoreName>>> =
        view.tasks.iter().map(|(task, listed)| (task, listed.line.clone())).collect();
    let (mut own_gifts, mut stuck) = (Vec::new(), BTreeSet::new());
    loop {
        let giver = loads.iter().filter(|(core, _)| !stuck.contains(*core)).max_by_key(|(core, load)| (**load, *core));
        let Some((giver, most)) = giver.map(|(core, load)| (core.clone(), *load)) else { return own_gifts };
        let mut takers: Vec<(u32, CoreName)> = loads
            .iter()
            .filter(|(core, load)| view.has_room(core, **load) && **load + 2 <= most)
            .map(|(core, load)| (*load, core.clone()))
            .collect();
        takers.sort();
        let Some((task, place, taker)) = gift(&lines, &giver, &takers) else {
            stuck.insert(giver);
            continue;
        };
        if giver == *own {
            own_gifts.push(task.clone());
        }
        if let Some(line) = lines.get_mut(&task) {
            line.remove(place);
            line.push(Some(taker.clone()));
        }
        *loads.entry(giver).or_default() -= 1;
        *loads.entry(taker).or_default() += 1;
    }
}

/// A task of `giver` that the least loaded possible of `takers` is not in: the one where the giver stands furthest
/// back, so that a RUNNING pipe is moved only if nothing else can be.
fn gift(
    lines: &BTreeMap<&TaskName, Vec<Option<CoreName>>>,
    giver: &CoreName,
    takers: &[(u32, CoreName)],
) -> Option<(TaskName, usize, CoreName)> {
    takers.iter().find_map(|(_, taker)| {
        let place = |line: &[Option<CoreName>], core| line.iter().position(|other| other.as_ref() == Some(core));
        let possible = lines.iter().filter(|(_, line)| place(line, taker).is_none());
        let possible = possible.filter_map(|(task, line)| Some((place(line, giver)?, (*task).clone())));
        possible.max().map(|(place, task)| (task, place, taker.clone()))
    })
}

/// Since when this Core has seen each task short of instances.
#[derive(Debug, Default)]
pub struct Shortages(BTreeMap<TaskName, Instant>);

impl Shortages {
    /// Fills in [`ListedTask::short_for`].
    pub fn note(&mut self, view: &mut GroupView, now: Instant) {
        self.0.retain(|task, _| view.tasks.get(task).is_some_and(|listed| listed.missing() > 0));
        for (task, listed) in view.tasks.iter_mut().filter(|(_, listed)| listed.missing() > 0) {
            let since = *self.0.entry(task.clone()).or_insert(now);
            listed.short_for = now.saturating_duration_since(since);
        }
    }
}

impl Session {
    /// One look at a group. Tasks that can't be read are named in the log and left as they are.
    pub async fn group_view(&self, group: &GroupName) -> Result<GroupView, CoordinationError> {
        let mut view = GroupView::default();
        for task in self.tasks_of_group(group).await? {
            match self.listed_task(&task).await {
                Ok(listed) => drop(view.tasks.insert(task, listed)),
                // On the list, and not made yet or deleted already.
                Err(CoordinationError::NoSuchTask { .. }) => {}
                Err(error @ CoordinationError::Unreadable { .. }) => {
                    tracing::error!(%task, %error, "left a task alone");
                }
                Err(error) => return Err(error),
            }
        }
        view.capacities = self.cores(group).await?.into_iter().map(|core| (core.core, core.capacity)).collect();
        Ok(view)
    }

    async fn standby(&self, task: &TaskName) -> Result<Standby, CoordinationError> {
        let path = layout::task(task);
        let Some(node) = self.patiently(|| self.store().read(&path)).await? else {
            return Err(CoordinationError::NoSuchTask { task: task.clone() });
        };
        standby_of_stored_task(&node.data).map_err(|problem| CoordinationError::Unreadable { path, problem })
    }

    async fn listed_task(&self, task: &TaskName) -> Result<ListedTask, CoordinationError> {
        let wanted = match self.desired(task).await?.state {
            DesiredState::Stopped => 0,
            DesiredState::Running | DesiredState::Paused => self.standby(task).await?.instances(),
        };
        let line = self.instances(task).await?.into_iter().map(|instance| Some(instance.info.ok()?.core)).collect();
        Ok(ListedTask { wanted, line, short_for: Duration::ZERO })
    }
}

#[cfg(test)]
mod tests;
