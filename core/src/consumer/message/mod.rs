//! Changes as messages: pure, shared by the consumers that send or print them.
//!
//! ```text
//! TableSchema ─▶ TableEncoding ─ write_row, write_key ─▶ bytes of a message and of its key
//!                     │ value: the form of each value      statement: what a schema change is called
//!                     └─ java_number · json_string
//! ```
//!
//! A message is written into a buffer of the caller's; no value costs an allocation of its own, except JSON columns.

pub mod canal_json;
mod java_number;
mod json_string;
mod statement;
mod value;

#[cfg(test)]
mod tests;
