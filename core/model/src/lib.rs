//! The nouns that Core, Server and Monitor agree on. No I/O, no clock, no async: everything here is data and the
//! rules about it.
//!
//! In reading order: a user defines a [`task::TaskSpec`]; an operator wants a [`desired::Desired`] state of it; the
//! Cores register as [`instance::InstanceInfo`]; the one that holds the lease runs under an [`epoch::Epoch`], records
//! a [`checkpoint::Checkpoint`] (a [`position::Position`] and a [`gtid::GtidSet`]) and reports a [`status::TaskStatus`].
//! A Monitor that finds something wrong by one of the [`rule::RULES`] keeps an [`alert::Alert`] and tells the
//! [`channel::ChannelSpec`]s, unless a [`silence::Silence`] keeps it quiet.
//! Who may do all this, and who did, is in [`access`]; what users may have connected to in [`networks`]. What is kept in
//! the coordination tree goes through [`stored`]; what a route makes of rows is in [`shape`]; programs read their own settings through [`settings`].
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
pub mod alert;
pub mod channel;
pub mod checkpoint;
pub mod desired;
pub mod epoch;
pub mod failure;
pub mod gtid;
pub mod instance;
pub mod monitor;
pub mod name;
pub mod networks;
pub mod position;
pub mod rule;
pub mod rule_settings;
pub mod secret;
pub mod settings;
pub mod shape;
pub mod silence;
pub mod span;
pub mod status;
pub mod stored;
#[cfg(test)]
mod stored_access_tests;
#[cfg(test)]
mod stored_alert_tests;
#[cfg(test)]
mod stored_channel_tests;
pub mod table_pattern;
pub mod task;
