//! A process of the simulation: all of its workers can be stopped, continued and killed, as signals do.

use parking_lot::Mutex;
use replicator_coordination::workers::Workers;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// One life of a process: after a kill, a restart is another one.
#[derive(Clone)]
pub(crate) struct Process(Arc<Mutex<State>>);

struct State {
    signal: Signal,
    /// Of every worker, so that a signal reaches those that wait for something else.
    wakers: BTreeMap<u64, Waker>,
    next_worker: u64,
    panicked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Running,
    Stopped,
    Killed,
}

impl Process {
    pub(crate) fn start() -> Self {
        let state = State { signal: Signal::Running, wakers: BTreeMap::new(), next_worker: 0, panicked: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Workers that live and stand still with this process.
    pub(crate) fn workers(&self) -> Workers {
        let process = self.clone();
        Workers::new(move |work| {
            let worker = {
                let mut state = process.0.lock();
                state.next_worker += 1;
                state.next_worker
            };
            tokio::spawn(Worker { process: process.clone(), worker, work: Some(work) });
        })
    }

    pub(crate) fn stop(&self) {
        self.send(Signal::Stopped);
    }

    pub(crate) fn resume(&self) {
        self.send(Signal::Running);
    }

    pub(crate) fn kill(&self) {
        self.send(Signal::Killed);
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.0.lock().signal != Signal::Killed
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.0.lock().panicked
    }

    fn send(&self, signal: Signal) {
        let mut state = self.0.lock();
        if state.signal == Signal::Killed {
            return;
        }
        state.signal = signal;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_values().for_each(Waker::wake);
    }
}

struct Worker {
    process: Process,
    worker: u64,
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Future for Worker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let signal = {
            let mut state = self.process.0.lock();
            state.wakers.insert(self.worker, context.waker().clone());
            state.signal
        };
        let Some(work) = self.work.as_mut().filter(|_| signal != Signal::Killed) else {
            self.work = None;
            return Poll::Ready(());
        };
        if signal == Signal::Stopped {
            return Poll::Pending;
        }
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        if polled.is_err() {
            self.process.0.lock().panicked = true;
        }
        if !matches!(polled, Ok(Poll::Pending)) {
            self.process.0.lock().wakers.remove(&self.worker);
            self.work = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
