//! Talking to a MySQL or MariaDB server: how to connect, what it is, where its log ends, what its tables look like,
//! what its errors mean. Shared by both ends of a pipe and by whoever asks a server about itself.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
pub mod beginning;
pub mod catalogue;
pub mod conflicts;
pub mod connect;
pub mod error;
pub mod facts;
pub mod head;
pub mod heartbeat;
pub mod locate;
pub mod markers;
pub mod origin;
pub mod passed;
pub mod place;
pub mod prepared;
pub mod privileges;
pub mod replicas;
pub mod replication;
pub mod sample;
pub mod schemas;
pub mod shown;
pub mod stream_error;
pub mod tables;
