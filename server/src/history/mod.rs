//! What tasks did over time, as this Server saw it in its [`crate::picture`].
//!
//! Every five seconds a [`sample`] of each task is taken ([`keeper`]) and kept in memory for an hour; by the minute they
//! go into a file ([`archive`], redb) and stay there for a week. [`series`] makes points of them.

mod archive;
pub(crate) mod keeper;
mod memory;
mod sample;
mod series;
