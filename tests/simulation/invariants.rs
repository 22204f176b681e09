//! What must hold in every run, whatever goes wrong. The whole oracle of the simulation.

use crate::history::Event;
use crate::target::{TASKS, Target};
use replicator_model::epoch::Epoch;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// An invariant that did not hold, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) at: Duration,
    pub(crate) event: Event,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} at {:?}", self.invariant, self.event, self.at)
    }
}

/// What is known of one task so far.
#[derive(Debug, Clone, Default)]
struct Seen {
    leases: BTreeSet<Epoch>,
    applying_epoch: Epoch,
    /// Transactions 1 to this one are durable.
    applied: u64,
    last_commit: (Epoch, u64),
}

pub(crate) fn check(events: &[(Duration, Event)]) -> Result<(), Violation> {
    let mut tasks = vec![Seen::default(); TASKS.len()];
    let mut clocks_count = true;
    for (at, event) in events {
        clocks_count &= *event != Event::EarlyExpiry;
        if let Err(invariant) = check_event(&mut tasks, event, clocks_count) {
            return Err(Violation { invariant, at: *at, event: event.clone() });
        }
    }
    Ok(())
}

/// `clocks_count` while the service keeps its promise that a session lives as long as it is heard.
fn check_event(tasks: &mut [Seen], event: &Event, clocks_count: bool) -> Result<(), &'static str> {
    match event {
        Event::Lease { task, epoch, .. } => {
            hold(tasks[*task].leases.last().is_none_or(|last| last < epoch), "every lease has a larger epoch")?;
            tasks[*task].leases.insert(*epoch);
        }
        Event::Applied { task, epoch, from, to } => {
            let seen = &mut tasks[*task];
            let fenced = clocks_count || TASKS[*task] == Target::KeepsCheckpoint;
            hold(!fenced || *epoch >= seen.applying_epoch, "one epoch commits at a time: none after a larger one")?;
            hold(seen.leases.contains(epoch), "nothing is applied without a lease")?;
            hold(*from <= seen.applied + 1, "everything is applied, in order")?;
            let once = *from == seen.applied + 1 || TASKS[*task] != Target::KeepsCheckpoint;
            hold(once, "exactly once where the target keeps the checkpoint")?;
            seen.applying_epoch = seen.applying_epoch.max(*epoch);
            seen.applied = seen.applied.max(*to);
        }
        Event::LastCommit { task, epoch, offset } => {
            let seen = &mut tasks[*task];
            let (last_epoch, last_offset) = seen.last_commit;
            hold(*offset >= last_offset && *epoch >= last_epoch, "lastCommit never goes back")?;
            hold(*offset <= seen.applied, "lastCommit is written after the target is durable")?;
            seen.last_commit = (*epoch, *offset);
        }
        Event::TwoTrusted { .. } => hold(!clocks_count, "one lease is trusted at a time")?,
        Event::Panic { .. } => return Err("nothing panics"),
        Event::End { transactions } => {
            let caught_up = tasks.iter().all(|seen| seen.applied >= *transactions);
            hold(caught_up, "after the last fault every wanted task runs again")?;
        }
        Event::Fault(_) | Event::Line { .. } | Event::EarlyExpiry | Event::Calm => {}
    }
    Ok(())
}

fn hold(holds: bool, invariant: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(invariant) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_broken(events: &[Event]) -> Option<&'static str> {
        let events: Vec<_> = events.iter().map(|event| (Duration::ZERO, event.clone())).collect();
        check(&events).err().map(|violation| violation.invariant)
    }

    fn lease(epoch: u64) -> Event {
        Event::Lease { task: 0, epoch: Epoch::new(epoch), process: 0 }
    }

    fn applied(task: usize, epoch: u64, from: u64, to: u64) -> Event {
        Event::Applied { task, epoch: Epoch::new(epoch), from, to }
    }

    #[test]
    fn each_invariant_is_noticed_when_broken() {
        let commit = |epoch, offset| Event::LastCommit { task: 0, epoch: Epoch::new(epoch), offset };
        let good = [lease(1), applied(0, 1, 1, 5), commit(1, 5), lease(2), applied(0, 2, 6, 9), commit(2, 9)];
        assert_eq!(first_broken(&good), None);
        for (bad, part) in [
            (vec![lease(2), lease(2)], "larger epoch"),
            (vec![applied(0, 1, 1, 2)], "without a lease"),
            (vec![lease(1), lease(2), applied(0, 2, 1, 2), applied(0, 1, 3, 4)], "one epoch commits"),
            (vec![lease(1), applied(0, 1, 1, 2), applied(0, 1, 4, 5)], "in order"),
            (vec![lease(1), applied(0, 1, 1, 2), applied(0, 1, 2, 3)], "exactly once"),
            (vec![lease(1), applied(0, 1, 1, 2), commit(1, 3)], "after the target"),
            (vec![lease(1), applied(0, 1, 1, 5), commit(1, 5), commit(1, 4)], "never goes back"),
            (vec![Event::End { transactions: 1 }], "runs again"),
        ] {
            assert!(
                first_broken(&bad).is_some_and(|invariant| invariant.contains(part)),
                "{bad:?} should break {part}"
            );
        }
    }
}
