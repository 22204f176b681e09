//! Preview: what a task's routes would make of its source's tables, with real rows.
//!
//! [`reading`] asks the source, [`table`] decides. What a route means is `replicator_model::shape`'s, as for a Core. Rows go to
//! whoever asked and nowhere else: not into a log, not into the tree.

mod reading;
mod table;

pub(crate) use reading::{ROWS_MAX, Wanted, preview};
