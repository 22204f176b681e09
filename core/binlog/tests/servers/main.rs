//! Logs that real servers write for the test, against what the same servers answer and what their tools print.
#![allow(clippy::unwrap_used)]

#[path = "../codec/dump.rs"]
mod dump;

mod differential;
mod values;
