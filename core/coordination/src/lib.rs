//! The coordination tree: how Cores, Servers and Monitors agree without talking to each other.
//!
//! From the bottom up:
//!
//! - [`path`], [`store`]: a small tree of versioned nodes as a trait, one object per session;
//! - [`zookeeper`], [`embedded`], [`faulty`]: the three stores; [`contract`] is what all of them keep;
//! - [`layout`]: every path that is used, and nowhere else.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod contract;
pub mod embedded;
pub mod faulty;
pub mod path;
pub mod seeded;
pub mod store;
mod tree;
pub mod workers;
