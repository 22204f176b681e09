//! The API with real databases and brokers behind it: looks at servers, preflight,
//! and the whole of it as its document tells.
#![expect(clippy::unwrap_used, reason = "a test")]

mod inspect;
mod preflight;
mod preflight_tables;
mod schemathesis;
#[expect(dead_code, reason = "shared with the other tests of the API")]
#[path = "../service/mod.rs"]
mod service;
