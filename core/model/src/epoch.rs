//! Which lease: the fencing token of a task.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a lease of one task. It grows with every new lease and never comes back, so whoever writes under a
/// smaller one than the last seen has lost its lease and is refused. Zero is "no lease yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    pub const NONE: Epoch = Epoch(0);

    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    /// The epoch of the next lease. At one lease a microsecond the number lasts half a million years.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
