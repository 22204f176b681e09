//! Which Cores there were. Live nodes tell who is there; that somebody is missing needs a memory, which is kept in
//! the tree so that the next Monitor has it too. Pure: the clock comes from outside.

use crate::facts::{Facts, Reading};
use replicator_model::alert::{CoreRoster, KnownCore};
use replicator_model::instance::CoreInfo;
use replicator_model::name::{CoreName, GroupName};
use std::collections::BTreeMap;
use std::time::Duration;

/// A Core gone for so long is not expected back.
pub const FORGET_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Most Cores remembered: at about 100 bytes each they fit one node of the tree.
pub const CORES_MAX: usize = 2000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    cores: BTreeMap<(GroupName, CoreName), KnownCore>,
}

impl Roster {
    pub fn restore(stored: CoreRoster) -> Self {
        Self {
            cores: stored.cores.into_iter().map(|known| ((known.group.clone(), known.core.clone()), known)).collect(),
        }
    }

    pub fn to_stored(&self) -> CoreRoster {
        CoreRoster { cores: self.cores.values().cloned().collect() }
    }

    /// Takes in who is there now. Whoever left and held nothing is forgotten at once, whoever is missed after
    /// [`FORGET_AFTER`]. What a Core holds is counted from the instances that live nodes show.
    pub fn update(&mut self, facts: &Facts, now_us: i64) {
        let held = held(facts);
        for (group, cores) in &facts.cores {
            for (core, info) in cores {
                self.is_here(group, core, info, held.get(core).copied());
            }
        }
        let forget_us = i64::try_from(FORGET_AFTER.as_micros()).unwrap_or(i64::MAX);
        self.cores.retain(|(group, core), known| {
            if facts.cores.get(group).is_some_and(|cores| cores.contains_key(core)) {
                return true;
            }
            let moved = facts.cores.values().any(|cores| cores.contains_key(core));
            let gone_us = *known.gone_us.get_or_insert(now_us);
            known.held > 0 && !moved && now_us.saturating_sub(gone_us) < forget_us
        });
    }

    fn is_here(&mut self, group: &GroupName, core: &CoreName, info: &Reading<CoreInfo>, held: Option<u32>) {
        let key = (group.clone(), core.clone());
        if self.cores.len() >= CORES_MAX && !self.cores.contains_key(&key) {
            return;
        }
        let known = self.cores.entry(key).or_insert_with(|| KnownCore {
            group: group.clone(),
            core: core.clone(),
            host: String::new(),
            held: 0,
            gone_us: None,
        });
        if let Ok(info) = info {
            known.host.clone_from(&info.host);
        }
        known.gone_us = None;
        known.held = held.unwrap_or(0);
    }

    /// The Cores that went while they held tasks, and since when they have been gone.
    pub fn missed(&self) -> impl Iterator<Item = (&KnownCore, i64)> {
        self.cores.values().filter(|known| known.held > 0).filter_map(|known| Some((known, known.gone_us?)))
    }
}

fn held(facts: &Facts) -> BTreeMap<CoreName, u32> {
    let mut held = BTreeMap::new();
    for instance in facts.tasks.values().filter_map(|task| task.instances.as_ref().ok()).flatten() {
        *held.entry(instance.core.clone()).or_insert(0) += 1;
    }
    held
}
