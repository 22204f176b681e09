//! Core: runs pipes. `change` is what flows, `producer` and `consumer` are the two ends and know neither each other
//! nor the lease, `pipe` joins them, and above it stand the supervisor of one task and the instance of one process.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod change;
pub mod producer;
pub mod consumer;
pub mod pipe;
