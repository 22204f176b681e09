//! What happened in one run: everything the invariants look at, and nothing that they don't.

use parking_lot::Mutex;
use replicator_model::epoch::Epoch;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Something seen from outside of the processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A lease began.
    Lease { task: usize, epoch: Epoch, process: usize },
    /// The target made transactions `from..=to` durable.
    Applied { task: usize, epoch: Epoch, from: u64, to: u64 },
    /// `lastCommit` was seen with another value.
    LastCommit { task: usize, epoch: Epoch, offset: u64 },
    /// Two leases of a task were trusted at one moment.
    TwoTrusted { task: usize, epochs: (Epoch, Epoch) },
    /// The service gave a session up though it was heard: no clock of a client can know that. From here on only what
    /// checks the epoch is protected.
    EarlyExpiry,
    /// Something was done to the processes or the network.
    Fault(String),
    /// Who is in a task's line.
    Line { task: usize, line: Vec<String> },
    /// From here on nothing goes wrong any more, and every task is wanted.
    Calm,
    /// The run ended; so many transactions were there to be applied a few seconds ago.
    End { transactions: u64 },
    /// A worker panicked.
    Panic { process: usize },
}

#[derive(Clone)]
pub(crate) struct History {
    start: Instant,
    events: Arc<Mutex<Vec<(Duration, Event)>>>,
}

impl History {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), events: Arc::default() }
    }

    pub(crate) fn record(&self, event: Event) {
        self.events.lock().push((self.start.elapsed(), event));
    }

    pub(crate) fn time(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn events(&self) -> Vec<(Duration, Event)> {
        self.events.lock().clone()
    }
}
