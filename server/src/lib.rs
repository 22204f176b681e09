//! Server: tasks are defined, started, stopped and watched here. It reads and writes the coordination tree, and looks at
//! other servers only when it is asked to ([`inspect`], [`preflight`]); several Servers may run at once, and none is special.
//!
//! A request: `access` (who calls, and may that one) → [`api`] (HTTP) → `tasks`, `groups`, `alerting` (rules) → the
//! tree; back: `status` (what is there, joined) → [`view`] (what is answered) or `problem` (what went wrong).
//! [`config`] → [`server`] puts it together; [`reset`] is the way back in without a password.
//! `picture` is what is known of everything at this moment; `history` what was.
//! `console` answers browsers with the files of `web-console/`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod alerting;
pub mod api;
pub mod config;
mod conflicts;
mod console;
mod difference;
mod groups;
mod handover;
mod history;
pub mod inspect;
mod listener;
mod metrics;
mod picture;
pub mod preflight;
mod preview;
mod problem;
pub mod reset;
mod rewind;
pub mod server;
mod sessions;
mod skip;
mod source;
mod status;
mod tasks;
mod tls;
mod versions;
pub mod view;
