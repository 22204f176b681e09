//! The right to make something durable.

use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use std::fmt;
use std::sync::Arc;

/// Asked before every step that makes something durable at a target. It says no from the moment on when another Core
/// could hold the lease; the epoch is what the target itself can check.
#[derive(Clone)]
pub struct Fence {
    epoch: Epoch,
    held: Arc<dyn Fn() -> bool + Send + Sync>,
    refused: Arc<dyn Fn() + Send + Sync>,
}

/// The code of the failure that means "the lease is lost": not the task's fault, and nothing to mend.
pub const LEASE_LOST: &str = "lease_lost";

impl Fence {
    /// `held` tells whether the lease still is.
    pub fn new(epoch: Epoch, held: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { epoch, held: Arc::new(held), refused: Arc::new(|| {}) }
    }

    /// Tells `refused` of every refusal, by the lease or by the target.
    pub fn telling(self, refused: impl Fn() + Send + Sync + 'static) -> Self {
        Self { refused: Arc::new(refused), ..self }
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Refuses once the lease is in doubt.
    pub fn check(&self) -> Result<(), Failure> {
        if (self.held)() { Ok(()) } else { Err(self.lost(format!("the lease of epoch {} ran out", self.epoch))) }
    }

    /// The failure of one who found that a newer epoch has taken over.
    pub fn lost(&self, reason: impl Into<String>) -> Failure {
        (self.refused)();
        Failure::transient(LEASE_LOST, reason, "another instance goes on; nothing needs to be done")
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
