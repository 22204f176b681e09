//! Logs that real servers write for the test, against what the same servers answer and what their tools print.

#[path = "../codec/dump.rs"]
mod dump;

mod differential;
mod values;
