//! What the operator wants, apart from what is observed.

use crate::task::Start;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state an operator wants a task in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesiredState {
    /// Instances register and the first of them moves rows.
    Running,
    /// Instances stay registered and warm, and no row moves.
    Paused,
    /// No instance is registered.
    Stopped,
}

impl fmt::Display for DesiredState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DesiredState::Running => "running",
            DesiredState::Paused => "paused",
            DesiredState::Stopped => "stopped",
        })
    }
}

/// The data of a task's `desired` node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    pub state: DesiredState,
    /// Grows with every order of an operator, so that one is carried out once: starting a FAILED task again is the
    /// same `state` with a new generation.
    pub generation: u64,
    /// Where to begin instead of at `lastCommit`, once, under this generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Start>,
}

impl Desired {
    pub const fn stopped() -> Self {
        Self { state: DesiredState::Stopped, generation: 0, rewind: None }
    }

    /// The next order.
    pub fn then(&self, state: DesiredState) -> Self {
        Self { state, generation: self.generation + 1, rewind: None }
    }
}
