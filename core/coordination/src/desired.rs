//! What the operator wants of a task.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, StoreError};
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::name::TaskName;
use replicator_model::stored::CarriedOut;
use replicator_model::task::Start;

/// How often an order is tried anew when another operator's came between.
const ATTEMPTS_MAX: u32 = 10;

impl Session {
    /// What is wanted now; stopped, generation 0, where nobody ordered anything.
    pub async fn desired(&self, task: &TaskName) -> Result<Desired, CoordinationError> {
        let found = self.read_as::<Desired>(&layout::desired(task)).await?;
        Ok(found.map_or(Desired::stopped(), |(desired, _)| desired))
    }

    /// Gives an order, under the next generation. A rewind that was ordered earlier and not yet carried out goes
    /// along, unless this order brings its own. Orders of several operators come one after another.
    pub async fn order(
        &self,
        task: &TaskName,
        state: DesiredState,
        rewind: Option<Start>,
    ) -> Result<Desired, CoordinationError> {
        let path = layout::desired(task);
        for _ in 0..ATTEMPTS_MAX {
            let found = self.read_as::<Desired>(&path).await?;
            let carried_out = self.read_as::<CarriedOut>(&layout::carried_out(task)).await?;
            let done = carried_out.map_or(0, |(carried_out, _)| carried_out.generation);
            let version = found.as_ref().map(|(_, node)| node.version);
            let next = next_order(found.map(|(desired, _)| desired), done, state, rewind.clone());
            let data = encode(&next)?;
            let written = match version {
                Some(version) => self.store().write(&path, data, Expected::Version(version)).await.map(drop),
                None => self.store().create(&path, data, CreateMode::Persistent).await.map(drop),
            };
            match written {
                Ok(()) => return Ok(next),
                Err(StoreError::NotFound { .. }) => {
                    return Err(CoordinationError::NoSuchTask { task: task.clone() });
                }
                Err(StoreError::VersionMismatch { .. } | StoreError::AlreadyExists { .. }) => {}
                Err(StoreError::Ambiguous { .. }) => {
                    self.settle().await?;
                    if self.desired(task).await? == next {
                        return Ok(next);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Ambiguous { reason: format!("orders for task `{task}` keep coming") }.into())
    }
}

/// The order after `current`, when the rewinds up to generation `done` are carried out.
fn next_order(current: Option<Desired>, done: u64, state: DesiredState, rewind: Option<Start>) -> Desired {
    let current = current.unwrap_or(Desired::stopped());
    let owed = current.rewind.clone().filter(|_| current.generation > done);
    Desired { rewind: rewind.or(owed), ..current.then(state) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewind_that_is_owed_goes_along_until_it_is_done() {
        let rewound = next_order(None, 0, DesiredState::Stopped, Some(Start::Earliest));
        assert_eq!((rewound.generation, rewound.rewind.clone()), (1, Some(Start::Earliest)));
        let started = next_order(Some(rewound), 0, DesiredState::Running, None);
        assert_eq!((started.generation, started.rewind.clone()), (2, Some(Start::Earliest)));
        let again = next_order(Some(started.clone()), 2, DesiredState::Running, None);
        assert_eq!((again.generation, again.rewind), (3, None));
        let other = next_order(Some(started), 0, DesiredState::Running, Some(Start::Latest));
        assert_eq!(other.rewind, Some(Start::Latest));
    }
}
