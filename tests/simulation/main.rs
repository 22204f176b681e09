//! Many Cores with the real recipes, over a coordination service, a network and targets that fail by seed, in simulated
//! time. `invariants.rs` is what must hold.
//!
//! ```text
//! cargo test -p replicator-tests --test simulation                                   2000 seeds
//! REPLICATOR_SIMULATION_SEEDS=100000 cargo test -p replicator-tests --test simulation
//! REPLICATOR_SIMULATION_SEED=17 cargo test -p replicator-tests --test simulation -- --nocapture    one, with its story
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod history;
mod invariants;
mod member;
mod process;
mod target;
mod world;

use history::Event;
use invariants::{Violation, check};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use world::{Plant, run};

const SEEDS_DEFAULT: u64 = 2000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`; it must be a number")))
}

/// Runs seeds on all processors until one of them breaks an invariant; answers the smallest found and what it broke.
fn first_violation(seeds: std::ops::Range<u64>, plant: Plant) -> Option<(u64, Violation)> {
    let (next, found) = (AtomicU64::new(seeds.start), Mutex::new(None));
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(violation) = check(&run(seed, plant)) {
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(other, _)| seed < *other) {
                            *found = Some((seed, violation));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

fn tell(events: &[(Duration, Event)]) {
    for (at, event) in events {
        println!("{:9.3}  {event:?}", at.as_secs_f64());
    }
}

#[test]
fn whatever_goes_wrong_the_invariants_hold() {
    if let Some(seed) = number("REPLICATOR_SIMULATION_SEED") {
        let events = run(seed, Plant::Nothing);
        tell(&events);
        check(&events).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        return;
    }
    let seeds = number("REPLICATOR_SIMULATION_SEEDS").unwrap_or(SEEDS_DEFAULT);
    if let Some((seed, violation)) = first_violation(0..seeds, Plant::Nothing) {
        panic!(
            "seed {seed}: {violation}\nreplay: REPLICATOR_SIMULATION_SEED={seed} cargo test -p replicator-tests \
             --test simulation whatever -- --nocapture"
        );
    }
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..20 {
        let (one, other) = (run(seed, Plant::Nothing), run(seed, Plant::Nothing));
        let differs = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed} runs another way the second time");
        assert_eq!(one.len(), other.len());
    }
}

#[test]
fn runs_are_eventful() {
    let (mut leases, mut faults, mut commits) = (0, 0, 0);
    for seed in 0..20 {
        for (_, event) in run(seed, Plant::Nothing) {
            match event {
                Event::Lease { .. } => leases += 1,
                Event::Fault(_) => faults += 1,
                Event::LastCommit { .. } => commits += 1,
                _ => {}
            }
        }
    }
    println!("per run: {} leases, {} faults, {} checkpoints", leases / 20, faults / 20, commits / 20);
    assert!(leases >= 20 * 5 && faults >= 20 * 10 && commits >= 20 * 50);
}

/// The oracle has to notice what it is there for: each planted defect is found within a few hundred runs.
#[test]
fn planted_defects_are_noticed() {
    for (plant, invariants) in [
        (Plant::IgnoresTheClock, &["one epoch commits at a time"][..]),
        (Plant::TargetChecksNoEpoch, &["one epoch commits", "exactly once"][..]),
        (Plant::WritesPastTheLease, &["lastCommit never goes back", "one epoch commits"][..]),
        (Plant::CommitsBeforeItApplies, &["lastCommit is written after"][..]),
    ] {
        let (seed, violation) = first_violation(0..300, plant).unwrap_or_else(|| panic!("{plant:?} goes unnoticed"));
        println!("{plant:?}: seed {seed}: {violation}");
        assert!(invariants.iter().any(|part| violation.invariant.contains(part)), "{plant:?}: {violation}");
    }
}
