//! A tree inside the process, kept in a folder: the store of `replicator standalone`.
//!
//! One thread makes the changes, one after another: plan, journal (fsynced), tree, watches. Readers see the tree as it
//! is on the disk. Persistent nodes survive `kill -9`; ephemeral ones end with the process that held them.

mod journal;

use crate::path::Path;
use crate::signal::{Listener, Signal};
use crate::store::{
    Connector, CreateMode, Expected, Node, Operation, Outcome, Scope, SessionId, SessionState, Store, StoreError,
    Version, Watch, check_operations,
};
use crate::tree::watches::{Watches, wake};
use crate::tree::{Plan, Tree};
use async_trait::async_trait;
use bytes::Bytes;
use journal::{Changes, Journal};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for the journal; whoever comes then waits.
const QUEUE_REQUESTS_MAX: usize = 256;

/// How long opening waits for a process that is just letting go of the folder.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// A folder opened for this process alone. Cheap to clone; the folder is free again when the last clone and the last
/// session are gone.
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    session_timeout: Duration,
}

/// Why a folder can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder {folder} is in use by another process; stop that one or choose another folder")]
    InUse { folder: PathBuf },
    #[error("can't use the folder {folder}: {source}; check that it can be created and written")]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error(
        "can't read the coordination tree: {problem}; restore the file from a backup, or move it away to begin with an empty tree"
    )]
    Journal { problem: String },
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    tree: Tree,
    watches: Watches,
    sessions: BTreeMap<SessionId, Signal<SessionState>>,
    /// Dropped without being closed.
    abandoned: Vec<SessionId>,
    next_session: i64,
}

enum Request {
    Change { session: SessionId, operations: Vec<Operation>, answer: oneshot::Sender<Result<Vec<Outcome>, StoreError>> },
    End { session: SessionId, answer: oneshot::Sender<()> },
    Sync { answer: oneshot::Sender<()> },
    LookForAbandoned,
}

impl Embedded {
    /// Opens `folder`, making it if need be.
    pub fn open(folder: &FilePath, session_timeout: Duration) -> Result<Self, OpenError> {
        let in_folder = |source| OpenError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(in_folder)?;
        let lock = lock(folder)?;
        let (journal, nodes) = Journal::open(&folder.join("tree.journal"))
            .map_err(|error| OpenError::Journal { problem: error.to_string() })?;
        let mut tree = Tree::default();
        tree.carry_out(nodes);
        let state = State {
            tree,
            watches: Watches::default(),
            sessions: BTreeMap::new(),
            abandoned: Vec::new(),
            next_session: 1,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state) });
        let (requests, receiver) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let writer = Writer { shared: Arc::clone(&shared), journal, _lock: lock };
        std::thread::Builder::new()
            .name("coordination".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(in_folder)?;
        Ok(Self { shared, requests, session_timeout })
    }

    /// A new session.
    pub fn session(&self) -> Arc<dyn Store> {
        let mut state = self.shared.state.lock();
        let session = SessionId(state.next_session);
        state.next_session += 1;
        let signal = Signal::new(SessionState::Connected);
        let listener = signal.listen();
        state.sessions.insert(session, signal);
        Arc::new(EmbeddedStore { embedded: self.clone(), session, state: listener })
    }

    /// Ends a session as if it had not been heard for its timeout.
    pub async fn expire(&self, session: SessionId) {
        let (answer, done) = oneshot::channel();
        if self.requests.send(Request::End { session, answer }).await.is_ok() {
            done.await.ok();
        }
    }
}

#[async_trait]
impl Connector for Embedded {
    async fn connect(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(self.session())
    }
}

/// Takes the folder for this process. The kernel lets go of it when the process ends, however it ends.
#[expect(
    clippy::disallowed_methods,
    reason = "a folder is opened once, when a program starts, before it serves anybody"
)]
fn lock(folder: &FilePath) -> Result<File, OpenError> {
    let in_folder = |source| OpenError::Folder { folder: folder.to_owned(), source };
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock")).map_err(in_folder)?;
    let pause = Duration::from_millis(20);
    for _ in 0..LOCK_WAIT.as_millis() / pause.as_millis() {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
            Err(TryLockError::Error(source)) => return Err(in_folder(source)),
        }
    }
    Err(OpenError::InUse { folder: folder.to_owned() })
}

/// The thread that makes changes.
struct Writer {
    shared: Arc<Shared>,
    journal: Journal,
    _lock: File,
}

impl Writer {
    fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.blocking_recv() {
            // Whoever asked may have gone meanwhile; what was asked for is done all the same.
            match request {
                Request::Change { session, operations, answer } => {
                    answer.send(self.change(session, &operations)).ok();
                }
                Request::End { session, answer } => {
                    self.end(session);
                    answer.send(()).ok();
                }
                Request::Sync { answer } => drop(answer.send(())),
                Request::LookForAbandoned => {}
            }
            let abandoned = std::mem::take(&mut self.shared.state.lock().abandoned);
            abandoned.into_iter().for_each(|session| self.end(session));
        }
    }

    fn change(&mut self, session: SessionId, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        let (plan, lasting) = {
            let state = self.shared.state.lock();
            if !state.sessions.contains_key(&session) {
                return Err(StoreError::SessionExpired);
            }
            let plan = state.tree.plan(session, operations)?;
            let lasting = lasting(&state.tree, &plan);
            (plan, lasting)
        };
        if !lasting.is_empty() {
            self.journal.append(&lasting).map_err(|problem| StoreError::Refused {
                reason: format!("can't write the journal: {problem}; free space or mend the disk"),
            })?;
        }
        let outcomes = self.carry_out(plan);
        if self.journal.wants_compaction() {
            let state = self.shared.state.lock();
            let nodes = state.tree.entries().filter(|(_, entry)| entry.owner.is_none());
            if let Err(error) = self.journal.compact(nodes) {
                tracing::warn!(%error, "could not compact the journal of the coordination tree; it grows on");
            }
        }
        Ok(outcomes)
    }

    fn carry_out(&self, plan: Plan) -> Vec<Outcome> {
        let mut state = self.shared.state.lock();
        state.tree.carry_out(plan.after);
        let watches = state.watches.take(&plan.changes);
        drop(state);
        wake(watches);
        plan.outcomes
    }

    fn end(&mut self, session: SessionId) {
        let plan = {
            let mut state = self.shared.state.lock();
            let Some(signal) = state.sessions.remove(&session) else { return };
            signal.set(SessionState::Expired);
            state.watches.wake_session(session);
            state.tree.plan_end_of_session(session)
        };
        self.carry_out(plan);
    }
}

/// What of a plan outlives the process.
fn lasting(tree: &Tree, plan: &Plan) -> Changes {
    let lasts = |(path, entry): &(&Path, &Option<crate::tree::Entry>)| match entry {
        Some(entry) => entry.owner.is_none(),
        None => tree.read(path).is_some_and(|node| node.owner.is_none()),
    };
    plan.after.iter().filter(lasts).map(|(path, entry)| (path.clone(), entry.clone())).collect()
}

/// One session of an [`Embedded`] tree.
struct EmbeddedStore {
    embedded: Embedded,
    session: SessionId,
    state: Listener<SessionState>,
}

impl EmbeddedStore {
    async fn change(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError> {
        check_operations(&operations)?;
        let (answer, outcome) = oneshot::channel();
        let request = Request::Change { session: self.session, operations, answer };
        self.embedded.requests.send(request).await.map_err(|_| writer_ended())?;
        outcome.await.map_err(|_| writer_ended())?
    }

    fn check_session(&self) -> Result<(), StoreError> {
        match self.state.get() {
            SessionState::Expired => Err(StoreError::SessionExpired),
            SessionState::Connected | SessionState::Disconnected => Ok(()),
        }
    }
}

fn writer_ended() -> StoreError {
    StoreError::Refused { reason: "the thread that writes the coordination tree has ended".to_owned() }
}

#[async_trait]
impl Store for EmbeddedStore {
    fn session(&self) -> SessionId {
        self.session
    }

    fn session_timeout(&self) -> Duration {
        self.embedded.session_timeout
    }

    fn state(&self) -> Listener<SessionState> {
        self.state.clone()
    }

    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError> {
        self.check_session()?;
        Ok(self.embedded.shared.state.lock().tree.read(path))
    }

    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        self.check_session()?;
        self.embedded.shared.state.lock().tree.list(path)
    }

    async fn create(&self, path: &Path, data: Bytes, mode: CreateMode) -> Result<Path, StoreError> {
        match self.change(vec![Operation::Create { path: path.clone(), data, mode }]).await?.pop() {
            Some(Outcome::Created(path)) => Ok(path),
            _ => Err(writer_ended()),
        }
    }

    async fn write(&self, path: &Path, data: Bytes, expected: Expected) -> Result<Version, StoreError> {
        match self.change(vec![Operation::Write { path: path.clone(), data, expected }]).await?.pop() {
            Some(Outcome::Written(version)) => Ok(version),
            _ => Err(writer_ended()),
        }
    }

    async fn remove(&self, path: &Path, expected: Expected) -> Result<(), StoreError> {
        self.change(vec![Operation::Remove { path: path.clone(), expected }]).await.map(drop)
    }

    async fn multi(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError> {
        self.change(operations).await
    }

    async fn watch(&self, path: &Path, scope: Scope) -> Result<Watch, StoreError> {
        let mut state = self.embedded.shared.state.lock();
        // Under the same lock as the end of a session, which wakes its watches: none can be added behind its back.
        self.check_session()?;
        Ok(state.watches.add(self.session, path.clone(), scope))
    }

    async fn sync(&self) -> Result<(), StoreError> {
        self.check_session()?;
        let (answer, done) = oneshot::channel();
        self.embedded.requests.send(Request::Sync { answer }).await.map_err(|_| writer_ended())?;
        done.await.map_err(|_| writer_ended())
    }

    async fn close(&self) {
        self.embedded.expire(self.session).await;
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.embedded.shared.state.lock().abandoned.push(self.session);
        // If the queue is full, the requests in it will do.
        self.embedded.requests.try_send(Request::LookForAbandoned).ok();
    }
}

#[cfg(test)]
mod tests;
