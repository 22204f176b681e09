//! Core: the process that runs pipes.
//!
//! ```text
//! instance ─▶ supervisor ─▶ pipe ─▶ { producer, consumer } ─▶ change
//! one process  one task      one run      the two ends          what flows
//! ```
//!
//! Each arrow is a dependency, and there are no others: the two ends know neither each other nor the lease, and only
//! instance and supervisor know the coordination service.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod admin;
pub mod change;
pub mod config;
pub mod consumer;
pub mod instance;
pub mod metrics;
pub mod pipe;
pub mod producer;
pub mod supervisor;

/// Chooses the one TLS implementation of the process; to be called before anything connects. A second call changes
/// nothing.
pub fn install_crypto() {
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
