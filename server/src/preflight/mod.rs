//! Preflight: everything that would keep a task from running, or from running well, before it is started.
//!
//! [`survey`] and [`group_survey`] ask source, target, brokers and the tree, side by side; a [`ground`] is what they
//! found. The checks of [`catalogue`] are plain functions over it: [`source`], [`tables`], [`target`], [`brokers`], [`routes`],
//! [`group`]. Each answers a [`finding`]: what was found and the statement that mends it. [`run`] joins them, for the
//! API and for `replicator doctor`.

mod brokers;
pub mod catalogue;
mod columns;
pub mod finding;
mod ground;
mod group;
mod group_survey;
mod routes;
pub mod run;
mod schema_changes;
mod source;
mod source_log;
mod survey;
mod tables;
mod target;
#[cfg(test)]
mod tests;
mod two_way;
