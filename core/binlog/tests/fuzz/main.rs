//! A fuzzer on stable Rust: a target for each parser, fed with real events and documents that are bent in ways that know
//! what they bend. No panic, no allocation beyond a limit, and whatever else the target promises.
//!
//! | variable | |
//! |---|---|
//! | `REPLICATOR_FUZZ_SECONDS` | how long each target runs, instead of a fixed number of inputs |
//! | `REPLICATOR_FUZZ_SEED` | another seed than 1 |
//!
//! What fails is written to `target/fuzz`; put it into `testdata/corpus/<target>`, where it is tried first ever after.
#![allow(clippy::unwrap_used)]

mod memory;
mod mutation;
mod seeds;
mod targets;

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, memory::NEVER_MORE);
