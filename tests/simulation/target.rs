//! Model targets: one that keeps the checkpoint and the epoch in its own transactions, as a MySQL does, and one that
//! keeps nothing, as a queue does. Each behind a network of its own.

use crate::history::{Event, History};
use parking_lot::Mutex;
use replicator_coordination::seeded::Seeded;
use replicator_model::epoch::Epoch;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Exactly once.
    KeepsCheckpoint,
    /// At least once.
    KeepsNothing,
}

/// The tasks of every run: one for each kind of target, the second one a cold standby.
pub(crate) const TASKS: [Target; 2] = [Target::KeepsCheckpoint, Target::KeepsNothing];

/// How long a request may be on its way, at the longest. Must be shorter than the third of the session timeout that
/// the lease clock leaves: then nothing that began under a lease lands after the next one began.
const DELAY_MAX: Duration = Duration::from_millis(300);
const REQUEST_TIMEOUT: Duration = Duration::from_millis(1000);

/// Why a request to a target failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetError {
    /// A larger epoch is there.
    Fenced,
    /// No answer: it may or may not have happened.
    Ambiguous,
}

#[derive(Clone)]
pub(crate) struct Server(Arc<Shared>);

struct Shared {
    task: usize,
    history: History,
    /// A planted defect: the target takes any epoch.
    checks_epoch: bool,
    state: Mutex<State>,
}

struct State {
    epoch: Epoch,
    applied: u64,
    random: Seeded,
    loss_per_mille: u32,
    down_until: Instant,
}

#[derive(Clone, Copy)]
enum Request {
    /// Takes over: raises the epoch, answers how far the target is.
    Fence,
    Apply {
        from: u64,
        to: u64,
    },
}

impl Server {
    pub(crate) fn start(task: usize, history: &History, random: Seeded, checks_epoch: bool) -> Self {
        let state = State { epoch: Epoch::NONE, applied: 0, random, loss_per_mille: 30, down_until: Instant::now() };
        Self(Arc::new(Shared { task, history: history.clone(), checks_epoch, state: Mutex::new(state) }))
    }

    pub(crate) fn kind(&self) -> Target {
        TASKS[self.0.task]
    }

    pub(crate) fn down_for(&self, time: Duration) {
        self.0.state.lock().down_until = Instant::now() + time;
    }

    pub(crate) fn calm(&self) {
        let mut state = self.0.state.lock();
        (state.loss_per_mille, state.down_until) = (0, Instant::now());
    }

    pub(crate) async fn fence(&self, epoch: Epoch) -> Result<u64, TargetError> {
        self.ask(epoch, Request::Fence).await
    }

    pub(crate) async fn apply(&self, epoch: Epoch, from: u64, to: u64) -> Result<u64, TargetError> {
        self.ask(epoch, Request::Apply { from, to }).await
    }

    /// Sends a request. What is on its way arrives even if the sender is gone by then.
    async fn ask(&self, epoch: Epoch, request: Request) -> Result<u64, TargetError> {
        let (there, back, lost, reply_lost) = {
            let mut state = self.0.state.lock();
            let loss = state.loss_per_mille;
            let there = state.random.duration(Duration::from_millis(1), DELAY_MAX / 8);
            // Now and then much longer.
            let there = if state.random.happens(loss) { DELAY_MAX } else { there };
            let back = state.random.duration(Duration::from_millis(1), DELAY_MAX / 8);
            (there, back, state.random.happens(loss), state.random.happens(loss))
        };
        let (answer, receiver) = oneshot::channel();
        let server = self.clone();
        tokio::spawn(async move {
            sleep(there).await;
            if lost || Instant::now() < server.0.state.lock().down_until {
                return sleep(REQUEST_TIMEOUT).await;
            }
            let result = server.serve(epoch, request);
            sleep(back).await;
            if reply_lost {
                return sleep(REQUEST_TIMEOUT).await;
            }
            answer.send(result).ok();
        });
        match timeout(REQUEST_TIMEOUT, receiver).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(TargetError::Ambiguous),
        }
    }

    fn serve(&self, epoch: Epoch, request: Request) -> Result<u64, TargetError> {
        let mut state = self.0.state.lock();
        if self.kind() == Target::KeepsCheckpoint && self.0.checks_epoch {
            match request {
                Request::Fence if epoch > state.epoch => state.epoch = epoch,
                _ if epoch != state.epoch => return Err(TargetError::Fenced),
                _ => {}
            }
        }
        if let Request::Apply { from, to } = request {
            self.0.history.record(Event::Applied { task: self.0.task, epoch, from, to });
            state.applied = state.applied.max(to);
        }
        Ok(state.applied)
    }
}
