//! What the operator wants, apart from what is observed.

use crate::epoch::Epoch;
use crate::position::Position;
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
    /// What is to happen once. It stays until it is carried out, whatever is ordered meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
    /// The lease that is to be given up: whoever holds this one or an older one leaves the line and joins its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Epoch>,
}

/// Something that is carried out once, before the next change flows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// The order that brought it; done when `carriedOut` has it.
    pub generation: u64,
    pub what: OnceOrder,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnceOrder {
    /// Begin here instead of at what is durable.
    Rewind(Start),
    /// Leave out this transaction, which is the next one of the task.
    Skip(TransactionPlace),
}

/// Which transaction of a source, and where it begins in its binary log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionPlace {
    /// As in a checkpoint.
    pub server: String,
    pub position: Position,
    /// Where the source gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid: Option<String>,
}

impl Desired {
    pub const fn stopped() -> Self {
        Self { state: DesiredState::Stopped, generation: 0, once: None, handover: None }
    }

    /// The next order.
    pub fn then(&self, state: DesiredState) -> Self {
        Self { state, generation: self.generation + 1, once: None, handover: None }
    }

    /// What is still to be carried out once, when orders up to generation `done` have been.
    pub fn owed(&self, done: u64) -> Option<&Once> {
        self.once.as_ref().filter(|once| once.generation > done)
    }
}

impl fmt::Display for TransactionPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.gtid {
            Some(gtid) => write!(f, "{gtid} at {}", self.position),
            None => write!(f, "the one at {}", self.position),
        }
    }
}
