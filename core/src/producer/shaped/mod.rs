//! Tables that a route shapes: their rows are written anew before anybody else sees them.
//!
//! [`table`] is such a table, as the source has it and as it arrives; [`rows`] writes an event anew, in which an UPDATE may
//! become an INSERT or a DELETE; [`statement`] says which schema changes still mean the same; [`value`] is what a route may look at. What a route means is decided in
//! `replicator_model::shape`.

mod rows;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub(super) use rows::{ShapeError, ShapedRows};
pub(super) use statement::{Obstacle, obstacle};
pub(super) use table::{ShapedTable, salted};
