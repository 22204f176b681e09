//! Tests against real servers. See `tests/README.md` for what they need and how to run one of them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod binlog_values;
mod cluster;
mod failover;
mod monitor_alerts;
mod kafka_consumer;
mod kafka_reader;
mod replication;
mod producer_reads;
mod servers_start;
mod workload;
