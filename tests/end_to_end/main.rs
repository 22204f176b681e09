//! Tests against real servers. See `tests/README.md` for what they need and how to run one of them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod binlog_values;
mod servers_start;
