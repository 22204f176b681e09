//! What tables look like, and how statements change that. No I/O, no clock.
//!
//! ```text
//! statement ─ lexer ─▶ words ─ reader ─▶ effect ─ apply ─▶ catalogue ─▶ history
//!                                (column, data_type, key)      │            versions of each table, by position
//!                                              column_type, charset: what the server makes of what was written
//! ```
//!
//! A statement in a binary log has run: it is right. What it means is followed exactly or not at all; where the server
//! decides by what can't be seen, the table is uncertain, and a statement that is not understood makes uncertain what
//! it names and nothing else.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod already;
pub mod catalogue;
pub mod charset;
mod column;
mod column_type;
mod data_type;
pub mod dialect;
pub mod effect;
pub mod history;
pub mod lexer;
pub mod objects;
pub mod reader;
pub mod stored;
pub mod table;
pub mod translate;

mod apply;
