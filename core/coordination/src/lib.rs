//! The coordination tree: how Cores, Servers and Monitors agree without talking to each other.
//!
//! From the bottom up:
//!
//! - [`path`], [`store`]: a small tree of versioned nodes as a trait, one object per session;
//! - [`zookeeper`], [`embedded`], [`faulty`]: the three stores; [`contract`] is what all of them keep;
//! - [`config`], [`session`]: from settings to a session with typed access;
//! - [`sealing`], [`key_file`], [`reseal`]: secrets on their way into the tree and out of it;
//! - [`layout`]: every path that is used, and nowhere else;
//! - [`tasks`], [`desired`], [`groups`], [`instances`], [`alerts`], [`channels`]: what the nodes hold; [`watching`]: when to read them again;
//! - [`users`], [`sign_ins`], [`tokens`], [`setup`], [`audit`]: who may steer all this, and who did;
//! - [`mirror`]: a copy of what is read again and again; [`servers`]: who serves;
//! - [`election`] → [`lease_clock`] → [`lease`] → [`standby`]: who runs a task, and what only that one may write;
//! - [`scan`]: which tasks of its group a Core joins and leaves.
//!
//! Everything here is cancel-safe unless it says otherwise: a dropped call may or may not have had its effect, as if its
//! answer had been lost.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod alerts;
pub mod audit;
pub mod channels;
pub mod config;
pub mod contract;
pub mod desired;
pub mod election;
pub mod embedded;
pub mod error;
pub mod faulty;
pub mod groups;
pub mod instances;
pub mod key_file;
pub mod layout;
pub mod lease;
pub mod lease_clock;
pub mod mirror;
mod nodes;
pub mod path;
pub mod reseal;
pub mod scan;
mod schema_parts;
pub mod sealing;
pub mod seeded;
pub mod servers;
pub mod session;
pub mod setup;
pub mod sign_ins;
pub mod signal;
pub mod standby;
pub mod store;
pub mod tasks;
pub mod tokens;
mod tree;
pub mod users;
pub mod watching;
pub mod workers;
pub mod zookeeper;

#[cfg(test)]
mod recipes_tests;
