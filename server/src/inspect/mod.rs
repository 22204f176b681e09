//! Looking at a server that a task is to read from or write to, before there is a task: is it there, does it let us
//! in, what is in it.
//!
//! [`limits`] bounds every look. [`secret`] finds the password, or says that only a Core can. [`address`] turns a host's
//! name into addresses that may be connected to. [`stage`] is a step of a connection and how it went; [`mysql`] takes
//! those of a MySQL server, [`kafka`] those of brokers. [`source`] lists what a source has.

pub(crate) mod address;
pub(crate) mod kafka;
pub mod limits;
pub mod mysql;
pub mod secret;
pub(crate) mod source;
pub mod stage;
