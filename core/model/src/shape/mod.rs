//! What a route makes of a table's rows on their way: which of them go, and what becomes of their columns.
//!
//! [`condition`] is the small language of `where` ([`parse`] reads it, [`bound`] holds it against a table), [`number`] its exact
//! numbers; [`mask`] and [`cast`] change values; a [`plan`] is a route held against the columns of one table. Core carries it out on
//! the log's rows, and a preview on rows that were asked for: what it means is decided here alone.

mod bound;
mod cast;
mod condition;
mod kind;
mod mask;
mod number;
mod parse;
mod plan;

pub use bound::{BoundCondition, TypeProblem};
pub use cast::Cast;
pub use condition::RowFilter;
pub use kind::Kind;
pub use mask::{Constant, KEPT_MAX, Mask};
pub use number::Number;
pub use plan::{Made, Misfit, NewType, ShapePlan, ShapeProblem, ShapedColumn, TableColumn};

use std::borrow::Cow;

/// A value that a route looks at, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Number(Number),
    /// Text in UTF-8; dates and times as the servers print them, TIMESTAMP in UTC.
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(Cow::Owned(text.into()))
    }
}
