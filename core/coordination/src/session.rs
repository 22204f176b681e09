//! A session with its typed access: what Core, Server and Monitor hold.

use crate::config::CoordinationConfig;
use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::sealing::Keyring;
use crate::store::{Connector, CreateMode, Node, SessionId, SessionState, Store, StoreError};
use crate::workers::Workers;
use bytes::Bytes;
use replicator_model::stored::Stored;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often a call that can be repeated without harm is tried before its error is told.
const ATTEMPTS_MAX: u32 = 4;
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// What is not decided here: who runs workers, what time it is, what is unique.
#[derive(Clone)]
pub struct Surroundings {
    pub workers: Workers,
    /// Microseconds since 1970 UTC.
    pub wall_clock_us: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// A text that no other registration has.
    pub unique: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Surroundings {
    /// Of a real process, in the Tokio runtime of the caller.
    pub fn real() -> Self {
        let since_1970 = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            workers: Workers::tokio(),
            wall_clock_us: Arc::new(move || since_1970().map_or(0, |time| time.as_micros() as i64)),
            unique: Arc::new(|| uuid::Uuid::new_v4().to_string()),
        }
    }
}

/// The way to a coordination service.
#[derive(Clone)]
pub struct Coordination {
    connector: Arc<dyn Connector>,
    surroundings: Surroundings,
    keys: Arc<Keyring>,
}

impl Coordination {
    /// Prepares the store that the settings name. An embedded one is opened here and held until the last clone and
    /// session are gone.
    pub fn open(config: &CoordinationConfig) -> Result<Self, CoordinationError> {
        Ok(Self::new(config.connector()?, Surroundings::real()))
    }

    pub fn new(connector: Arc<dyn Connector>, surroundings: Surroundings) -> Self {
        Self { connector, surroundings, keys: Arc::default() }
    }

    /// The same with keys for the secrets in the tree; without any, texts are refused and what is sealed stays so.
    pub fn with_keys(mut self, keys: Arc<Keyring>) -> Self {
        self.keys = keys;
        self
    }

    /// A new session, with the tree's foundation in place. Called again whenever a session has expired.
    pub async fn connect(&self) -> Result<Session, CoordinationError> {
        let store = self.connector.connect().await?;
        let session = Session { store, surroundings: self.surroundings.clone(), keys: Arc::clone(&self.keys) };
        for path in layout::foundation() {
            session.ensure(&path, Bytes::new()).await?;
        }
        Ok(session)
    }
}

/// One session, cheap to clone. Ends when the last clone is dropped, or by [`Session::close`].
#[derive(Clone)]
pub struct Session {
    store: Arc<dyn Store>,
    surroundings: Surroundings,
    keys: Arc<Keyring>,
}

impl Session {
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub fn id(&self) -> SessionId {
        self.store.session()
    }

    /// How long the service keeps this session without hearing from it.
    pub fn timeout(&self) -> Duration {
        self.store.session_timeout()
    }

    pub fn state(&self) -> SessionState {
        self.store.state().get()
    }

    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The keys for secrets that are kept in the tree.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub(crate) fn now_us(&self) -> i64 {
        (self.surroundings.wall_clock_us)()
    }

    /// Waits until the session is over. Then everything that was registered with it is gone: connect again.
    pub async fn expired(&self) {
        self.store.state().wait_for(|state| state == SessionState::Expired).await;
    }

    /// Ends the session at once; what was registered with it goes.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Repeats what can be repeated without harm while the service can't be reached, a few times.
    pub(crate) async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, StoreError> {
        let mut pause = RETRY_PAUSE;
        for _ in 1..ATTEMPTS_MAX {
            match attempt().await {
                Err(error) if error.is_passing() => sleep(pause).await,
                result => return result,
            }
            pause *= 2;
        }
        attempt().await
    }

    /// The node's data as `T`, and the node.
    pub(crate) async fn read_as<T: Stored>(&self, path: &Path) -> Result<Option<(T, Node)>, CoordinationError> {
        let Some(node) = self.patiently(|| self.store().read(path)).await? else { return Ok(None) };
        Ok(Some((decode(path, &node)?, node)))
    }

    /// The children's names; none where there is no node.
    pub(crate) async fn list_or_none(&self, path: &Path) -> Result<Vec<String>, CoordinationError> {
        match self.patiently(|| self.store().list(path)).await {
            Err(StoreError::NotFound { .. }) => Ok(Vec::new()),
            result => Ok(result?),
        }
    }

    /// Sees to it that a persistent node is there, and those above it. Whoever comes second finds it there.
    pub(crate) async fn ensure(&self, path: &Path, data: Bytes) -> Result<(), StoreError> {
        let create = || async {
            match self.store.create(path, data.clone(), CreateMode::Persistent).await {
                Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        };
        match self.patiently(create).await {
            Err(StoreError::NotFound { .. }) => {}
            result => return result,
        }
        if let Some(parent) = path.parent() {
            Box::pin(self.ensure(&parent, Bytes::new())).await?;
        }
        self.patiently(create).await
    }

    /// After an ambiguous answer: waits until what was asked for has happened or never will.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.patiently(|| self.store().sync()).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id())
    }
}

pub(crate) fn decode<T: Stored>(path: &Path, node: &Node) -> Result<T, CoordinationError> {
    T::from_stored(&node.data).map_err(|problem| CoordinationError::Unreadable { path: path.clone(), problem })
}

pub(crate) fn encode<T: Stored>(value: &T) -> Result<Bytes, CoordinationError> {
    let problem = |problem| CoordinationError::Unwritable { what: T::WHAT, problem };
    value.to_stored().map(Bytes::from).map_err(problem)
}
