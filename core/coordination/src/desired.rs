//! What the operator wants of a task.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, StoreError};
use replicator_model::desired::{Desired, DesiredState, Once, OnceOrder};
use replicator_model::epoch::Epoch;
use replicator_model::name::TaskName;
use replicator_model::stored::CarriedOut;

/// How often an order is tried anew when another operator's came between.
const ATTEMPTS_MAX: u32 = 10;

impl Session {
    /// What is wanted now; stopped, generation 0, where nobody ordered anything.
    pub async fn desired(&self, task: &TaskName) -> Result<Desired, CoordinationError> {
        let found = self.read_as::<Desired>(&layout::desired(task)).await?;
        Ok(found.map_or(Desired::stopped(), |(desired, _)| desired))
    }

    /// The orders that are carried out, and how many transactions were left out.
    pub async fn carried_out(&self, task: &TaskName) -> Result<CarriedOut, CoordinationError> {
        let found = self.read_as::<CarriedOut>(&layout::carried_out(task)).await?;
        Ok(found.map(|(carried_out, _)| carried_out).unwrap_or_default())
    }

    /// Gives an order, under the next generation. What was ordered earlier to happen once, and is not yet carried out,
    /// goes along, unless this order brings its own. Orders of several operators come one after another.
    pub async fn order(
        &self,
        task: &TaskName,
        state: DesiredState,
        once: Option<OnceOrder>,
    ) -> Result<Desired, CoordinationError> {
        self.change_desired(task, |current, done| next_order(current, done, state, once.clone())).await
    }

    /// Orders whoever holds the lease of this epoch to step back to the end of the line.
    pub async fn order_handover(&self, task: &TaskName, epoch: Epoch) -> Result<Desired, CoordinationError> {
        let hand_over = |current: Desired, done| {
            let state = current.state;
            Desired { handover: Some(epoch), ..next_order(current, done, state, None) }
        };
        self.change_desired(task, hand_over).await
    }

    async fn change_desired(
        &self,
        task: &TaskName,
        next: impl Fn(Desired, u64) -> Desired,
    ) -> Result<Desired, CoordinationError> {
        let path = layout::desired(task);
        for _ in 0..ATTEMPTS_MAX {
            let found = self.read_as::<Desired>(&path).await?;
            let done = self.carried_out(task).await?.generation;
            let version = found.as_ref().map(|(_, node)| node.version);
            let next = next(found.map_or(Desired::stopped(), |(desired, _)| desired), done);
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

/// The order after `current`, when those up to generation `done` are carried out.
fn next_order(current: Desired, done: u64, state: DesiredState, once: Option<OnceOrder>) -> Desired {
    let next = current.then(state);
    let brought = once.map(|what| Once { generation: next.generation, what });
    Desired { once: brought.or_else(|| current.owed(done).cloned()), ..next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::task::Start;

    #[test]
    fn what_is_owed_goes_along_under_its_own_number_until_it_is_done() {
        let rewind = |start| Some(OnceOrder::Rewind(start));
        let once = |generation, start| Some(Once { generation, what: OnceOrder::Rewind(start) });
        let rewound = next_order(Desired::stopped(), 0, DesiredState::Stopped, rewind(Start::Earliest));
        assert_eq!((rewound.generation, rewound.once.clone()), (1, once(1, Start::Earliest)));
        let started = next_order(rewound, 0, DesiredState::Running, None);
        assert_eq!((started.generation, started.once.clone()), (2, once(1, Start::Earliest)));
        assert_eq!(started.owed(1), None, "carried out while the next order was on its way");
        let again = next_order(started.clone(), 1, DesiredState::Running, None);
        assert_eq!((again.generation, again.once), (3, None));
        let other = next_order(started, 0, DesiredState::Running, rewind(Start::Latest));
        assert_eq!(other.once, once(3, Start::Latest));
    }
}
