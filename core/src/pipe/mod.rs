//! A task running: producer → queue → consumer → checkpoint.

pub mod fence;
