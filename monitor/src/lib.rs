//! Monitor: reads the coordination tree, finds what is wrong, and tells someone.
//!
//! ```text
//!   tree ──observe──▶ facts ───rules──────▶ findings ──ledger──▶ notices ──notify──▶ log, channels
//!                       └──roster, leases────┘  causes   ▲                 │
//!                                                    archive (tree) ◀──────┘ what is owed, what is delivered
//! ```
//!
//! [`facts`], [`advance`], [`rules`], [`roster`], [`leases`], [`causes`] and [`ledger`] are pure; [`observe`], [`archive`], [`candidacy`] and [`notify`] do
//! the reading, writing and sending; `watch` is one evaluation, [`monitor`] the loop round it. Of several Monitors all
//! look and one, the first under `monitors/`, keeps and tells.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = replicator_monitor::Config::load("monitor.toml".as_ref(), std::env::vars())?;
//! config.build()?.run(Default::default()).await?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod admin;
pub mod advance;
pub mod archive;
pub mod candidacy;
pub mod causes;
pub mod config;
mod connection;
pub mod facts;
pub mod health;
mod lead;
pub mod leases;
pub mod ledger;
pub mod metrics;
pub mod monitor;
pub mod notify;
pub mod observe;
pub mod roster;
pub mod rules;
mod watch;

pub use config::Config;
pub use monitor::Monitor;
