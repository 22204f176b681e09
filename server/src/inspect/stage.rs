//! A step of a connection, and how it went.

use replicator_model::failure::Failure;
use std::time::Duration;
use tokio::time::Instant;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageName {
    /// The host's name leads to addresses that may be connected to.
    Address,
    /// Something listens there.
    Connect,
    /// The connection is encrypted as the task wants it.
    Tls,
    /// The user is let in.
    Login,
    /// What it is.
    Version,
    /// What the user may do there.
    Grants,
}

impl StageName {
    pub const ALL: [StageName; 6] = [Self::Address, Self::Connect, Self::Tls, Self::Login, Self::Version, Self::Grants];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageState {
    Passed,
    Failed,
    Skipped,
}

/// One step that was taken, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub name: StageName,
    pub state: StageState,
    pub detail: String,
    /// What to do, where something is to be done.
    pub hint: Option<String>,
    pub took: Duration,
}

impl Stage {
    /// No step is taken, for `why`.
    pub(crate) fn none(why: &str) -> Vec<Self> {
        Stages::begin().rest(why)
    }
}

/// The steps so far. Each is recorded once; [`Stages::rest`] says why there are no further ones.
#[derive(Debug)]
pub(crate) struct Stages {
    stages: Vec<Stage>,
    last: Instant,
}

impl Stages {
    pub(crate) fn begin() -> Self {
        Self { stages: Vec::new(), last: Instant::now() }
    }

    pub(crate) fn passed(&mut self, name: StageName, detail: impl Into<String>) {
        self.add(name, StageState::Passed, detail.into(), None);
    }

    pub(crate) fn skipped(&mut self, name: StageName, detail: impl Into<String>) {
        self.add(name, StageState::Skipped, detail.into(), None);
    }

    pub(crate) fn failed(&mut self, name: StageName, failure: &Failure) {
        self.add(name, StageState::Failed, failure.reason.clone(), Some(failure.hint.clone()));
    }

    fn add(&mut self, name: StageName, state: StageState, detail: String, hint: Option<String>) {
        let now = Instant::now();
        self.stages.push(Stage { name, state, detail, hint, took: now - self.last });
        self.last = now;
    }

    /// All steps: those that were not taken are skipped, for `why`.
    pub(crate) fn rest(mut self, why: &str) -> Vec<Stage> {
        for name in StageName::ALL {
            if !self.stages.iter().any(|stage| stage.name == name) {
                self.skipped(name, why);
            }
        }
        self.stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_that_were_not_taken_say_why() {
        let mut stages = Stages::begin();
        stages.passed(StageName::Address, "127.0.0.1");
        stages.failed(StageName::Connect, &Failure::transient("x", "refused", "start it"));
        let stages = stages.rest("not connected");
        let states: Vec<StageState> = stages.iter().map(|stage| stage.state).collect();
        use StageState::{Failed, Passed, Skipped};
        assert_eq!(states, [Passed, Failed, Skipped, Skipped, Skipped, Skipped]);
        assert_eq!((stages[1].hint.as_deref(), stages[5].detail.as_str()), (Some("start it"), "not connected"));
    }
}
