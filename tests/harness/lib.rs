//! Real servers for tests: databases, ZooKeeper, Kafka and our own programs, each in a temporary folder on free ports
//! of 127.0.0.1, killed and removed when dropped.
//!
//! ```text
//! tests/setup/install.sh ──▶ servers' cache folder ──▶ installation ──▶ template (an initialised data directory, made once)
//!                                                          │                │ copied per start
//!                                                          ▼                ▼
//!   port ──────────────────────────────────────────▶ mysql · zookeeper · kafka ──▶ child (dies with the test process)
//!   our own programs, target/<profile>/ ──────────▶ process ─────────────────────────┘
//!
//!   eventually: wait for a state instead of sleeping       checksum: the contents of tables, comparable across servers
//! ```
//!
//! Nothing is skipped: a server that is not installed is an error that names the command to get it. Where the servers
//! are looked for, and the environment variables for using one's own, is in `tests/README.md`.

mod checksum;
mod child;
mod error;
mod eventually;
mod flavor;
mod folder;
mod installation;
mod java;
mod kafka;
pub mod login;
mod mail;
mod mysql;
mod port;
mod process;
mod receiver;
mod relay;
mod template;
pub mod usage;
mod zookeeper;

pub use checksum::TableSum;
pub use error::{Error, Result};
pub use eventually::{Probe, eventually};
pub use flavor::Flavor;
pub use installation::{log_printer, promtool, schemathesis};
pub use kafka::Kafka;
pub use login::{SETUP_TOKEN, first_admin};
pub use mail::{MAIL_PASSWORD, MAIL_USER, MailReceiver};
pub use mysql::MysqlServer;
pub use port::free_port;
pub use process::{Process, new_secrets_key};
pub use receiver::{HttpReceiver, Received};
pub use relay::{Moment, Relay};
pub use zookeeper::ZooKeeper;
