//! Tests against real servers. See `tests/README.md` for what they need and how to run one of them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apply_faults;
mod bench_smoke;
mod big_transaction;
mod cluster;
mod command_line;
mod conflicts;
mod coordination_contract;
mod failover;
mod failures;
mod folded_apply;
mod foreign_keys;
mod huge_logs;
mod kafka_consumer;
mod kafka_reader;
mod lag_truth;
mod monitor_alerts;
mod monitor_rules;
mod online_changes;
mod parallel_apply;
mod preflight;
mod producer_reads;
mod prometheus;
mod replication;
mod row_images;
mod schema_history;
mod schema_policies;
mod secrets;
mod server_api;
mod servers_start;
mod task_life;
mod two_phase_alter;
mod two_way;
mod workload;
mod xa_transactions;
