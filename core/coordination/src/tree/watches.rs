//! Who waits for which node to change.

use crate::path::Path;
use crate::store::{Scope, SessionId, Watch};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;

/// One-shot watches, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    waiting: BTreeMap<(Path, Scope), Vec<Waiting>>,
}

/// One who waits, and in which session.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) session: SessionId,
    pub(crate) sender: oneshot::Sender<()>,
}

impl Watches {
    pub(crate) fn add(&mut self, session: SessionId, path: Path, scope: Scope) -> Watch {
        let (sender, receiver) = oneshot::channel();
        let waiting = self.waiting.entry((path, scope)).or_default();
        waiting.retain(|other| !other.sender.is_closed());
        waiting.push(Waiting { session, sender });
        // An error means that the store went away: reading again will tell.
        Watch::new(async move { receiver.await.unwrap_or(()) })
    }

    /// Takes out those whom `changes` concern; the caller tells them (dropping tells them too).
    pub(crate) fn take(&mut self, changes: &BTreeSet<(Path, Scope)>) -> Vec<Waiting> {
        changes.iter().filter_map(|change| self.waiting.remove(change)).flatten().collect()
    }

    /// Tells every watch of `session`: after a reconnect and at its end they may have missed something.
    pub(crate) fn wake_session(&mut self, session: SessionId) {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|other| other.session != session);
            !waiting.is_empty()
        });
    }
}

/// Tells each of them. A watch that was dropped meanwhile needs no telling.
pub(crate) fn wake(watches: Vec<Waiting>) {
    for waiting in watches {
        waiting.sender.send(()).ok();
    }
}
