//! What no compiler checks: the shape of the project and the truth of its documents. Reads the repository's files, and
//! asks the built programs about themselves; needs no server.
//!
//! ```text
//! repository ─▶ rust_code ─▶ crates     arrows between crates, and what each may depend on
//!                         ─▶ fences     which file may name which library, and arrows inside Core
//!                         ─▶ sizes      a file is read in one go, a function on a screen
//!            ─▶ words                   names, hosts and paths that have no place here
//!            ─▶ documents               examples, links, pages, the changelog
//!            ─▶ failure_codes           every code that a task can fail with is explained
//!            ─▶ programs                commands in documents are commands of the programs
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod crates;
mod documents;
mod failure_codes;
mod fences;
mod programs;
mod repository;
mod rust_code;
mod sizes;
mod words;

/// Fails with all of `problems`, one a line.
fn assert_none(what: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{what}:\n  {}\n", problems.join("\n  "));
}
