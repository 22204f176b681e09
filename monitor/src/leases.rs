//! Who ran each task before, and what was refused since: what live nodes do not tell. Kept in the tree so that the next
//! Monitor has it too. Pure: the clock comes from outside.

use crate::facts::{Facts, TaskFacts};
use crate::roster::Roster;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::instance::InstanceInfo;
use replicator_model::monitor::{LeaseMemory, LeasesOfTask, TakenOver};
use replicator_model::name::{CoreName, TaskName};
use std::collections::{BTreeMap, BTreeSet};

/// In this time leases are counted for flapping.
pub const WINDOW_US: i64 = 600 * 1_000_000;

/// How long a lease that was ordered to end may take to do so: then it was lost.
const END_MAX_US: i64 = 60 * 1_000_000;

/// Most leases remembered of one task.
const LEASES_MAX: usize = 20;

/// Most tasks remembered: at about 200 bytes each they fit one node of the tree.
const TASKS_MAX: usize = 2000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leases {
    tasks: BTreeMap<TaskName, LeasesOfTask>,
}

impl Leases {
    pub fn restore(stored: LeaseMemory) -> Self {
        Self { tasks: stored.tasks }
    }

    pub fn to_stored(&self) -> LeaseMemory {
        LeaseMemory { tasks: self.tasks.clone() }
    }

    pub fn of(&self, task: &TaskName) -> Option<&LeasesOfTask> {
        self.tasks.get(task)
    }

    /// Takes in who runs what now. `roster` knows which Cores are missed.
    pub fn update(&mut self, facts: &Facts, roster: &Roster, now_us: i64) {
        self.tasks.retain(|task, _| facts.tasks.contains_key(task));
        let missed: BTreeSet<&CoreName> = roster.missed().map(|(known, _)| &known.core).collect();
        for (task, seen) in &facts.tasks {
            if self.tasks.len() >= TASKS_MAX && !self.tasks.contains_key(task) {
                continue;
            }
            let (Ok(instances), Some(order)) = (&seen.instances, order(seen)) else { continue };
            let is_new = !self.tasks.contains_key(task);
            let memory = self.tasks.entry(task.clone()).or_default();
            memory.leases_us.retain(|at| now_us.saturating_sub(*at) < WINDOW_US);
            memory.cores.retain(|core| missed.contains(core));
            memory.cores.extend(instances.iter().map(|instance| instance.core.clone()));
            note_lease(memory, seen.running(), &order, now_us);
            note_refusals(memory, instances, is_new, now_us);
        }
    }
}

/// The order in force; `None` if it can't be told.
fn order(seen: &TaskFacts) -> Option<Desired> {
    Some(seen.desired.as_ref().ok()?.clone().unwrap_or(Desired::stopped()))
}

/// A lease under a new order is what an operator wanted. So is the one behind a lease that was handed over, or that was
/// still held when it had been ordered to end: the order is seen before it is carried out.
fn note_lease(memory: &mut LeasesOfTask, running: Option<&InstanceInfo>, order: &Desired, now_us: i64) {
    let Some(running) = running else { return };
    let before = memory.core.replace(running.core.clone());
    let ordered = order.generation != memory.generation
        || order.handover.is_some_and(|epoch| epoch >= memory.epoch)
        || memory.to_end_us.is_some_and(|at| now_us.saturating_sub(at) < END_MAX_US);
    if running.epoch == memory.epoch {
        // Stopped and started again between two looks is two orders.
        if order.state == DesiredState::Stopped || order.generation > memory.generation + 1 {
            memory.to_end_us = Some(now_us);
        }
    } else {
        memory.to_end_us = None;
    }
    if running.epoch > memory.epoch
        && !ordered
        && let Some(before) = before
    {
        if memory.leases_us.len() >= LEASES_MAX {
            memory.leases_us.remove(0);
        }
        memory.leases_us.push(now_us);
        if before != running.core {
            memory.taken_over = Some(TakenOver { from: before, at_us: now_us });
        }
    }
    (memory.epoch, memory.generation) = (running.epoch, order.generation);
}

/// Counts of a task that was never seen before are of the past.
fn note_refusals(memory: &mut LeasesOfTask, instances: &[InstanceInfo], is_new: bool, now_us: i64) {
    for instance in instances {
        let before = memory.refused.get(&instance.core).copied().unwrap_or(0);
        let now = instance.fence_rejections;
        if now == before {
            continue;
        }
        // A smaller number is that of another process.
        if now > 0 && !is_new {
            memory.refused_us = Some(now_us);
        }
        memory.refused.insert(instance.core.clone(), now);
    }
}
