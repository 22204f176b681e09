//! The store in ZooKeeper: the one place that names its client.
//!
//! Seen of zookeeper-client 0.11, and answered here: it queues requests without limit while disconnected and runs them
//! later (so nothing is sent while disconnected, and an unanswered request is [`StoreError::Ambiguous`]); it answers a
//! hung server with an error of its own rather than `ConnectionLoss` (so whatever is not known to be definite is
//! ambiguous); it waits without end (so a timeout goes round every call); it declares a session expired only 1.4 to 1.7
//! timeouts after the last contact (so leases have a clock of their own).

use crate::path::Path;
use crate::signal::{Listener, Signal};
use crate::store::{
    Connector, CreateMode, Expected, Node, Operation, Outcome, Scope, SessionId, SessionState, Store, StoreError,
    Version, Watch, check_operations,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use zookeeper_client as zk;

/// A ZooKeeper service, as its servers in tiers, nearest first.
pub struct ZooKeeper {
    tiers: Vec<Vec<String>>,
    session_timeout: Duration,
    chroot: Option<String>,
}

impl ZooKeeper {
    pub fn new(tiers: Vec<Vec<String>>, session_timeout: Duration, chroot: Option<String>) -> Self {
        Self { tiers, session_timeout, chroot: chroot.filter(|chroot| chroot != "/") }
    }

    /// Connects to any server of one tier, each tried once.
    async fn connect_tier(&self, tier: &[String]) -> Result<zk::Client, String> {
        let connector = zk::Client::connector().with_session_timeout(self.session_timeout).with_fail_eagerly();
        let client = match timeout(self.session_timeout, connector.connect(&tier.join(","))).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(format!("{}: {error}", tier.join(", "))),
            Err(_) => return Err(format!("{}: no answer in {:?}", tier.join(", "), self.session_timeout)),
        };
        let Some(chroot) = &self.chroot else { return Ok(client) };
        let options = create_options(CreateMode::Persistent);
        match timeout(self.session_timeout, client.mkdir(chroot, &options)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("can't make {chroot}: {error}")),
            Err(_) => return Err(format!("can't make {chroot}: no answer")),
        }
        client.chroot(chroot.clone()).map_err(|_| format!("{chroot} is not a node's path"))
    }
}

#[async_trait]
impl Connector for ZooKeeper {
    async fn connect(&self) -> Result<Arc<dyn Store>, StoreError> {
        let mut problems = Vec::new();
        for tier in &self.tiers {
            match self.connect_tier(tier).await {
                Ok(client) => return Ok(Arc::new(ZooKeeperStore::new(client))),
                Err(problem) => problems.push(problem),
            }
        }
        Err(StoreError::Unreachable { reason: format!("ZooKeeper: {}", problems.join("; ")) })
    }
}

/// One session. Dropping it closes the session.
struct ZooKeeperStore {
    session: SessionId,
    session_timeout: Duration,
    /// Gone once closed: dropping the last client is what closes a session.
    client: parking_lot::Mutex<Option<zk::Client>>,
    state: Signal<SessionState>,
}

impl ZooKeeperStore {
    fn new(client: zk::Client) -> Self {
        let state = Signal::new(SessionState::Connected);
        tokio::spawn(follow_state(client.state_watcher(), client.state(), state.clone()));
        Self {
            session: SessionId(client.session_id().0),
            session_timeout: client.session_timeout(),
            client: parking_lot::Mutex::new(Some(client)),
            state,
        }
    }

    fn request_timeout(&self) -> Duration {
        self.session_timeout / 3
    }

    /// The client, once it is connected: what is asked for while it is not would be queued and done at any time.
    async fn connected(&self) -> Result<zk::Client, StoreError> {
        let state = self.state.listen();
        let settled = state.wait_for(|state| state != SessionState::Disconnected);
        match timeout(self.request_timeout(), settled).await {
            Ok(SessionState::Connected) => {}
            Ok(_) => return Err(StoreError::SessionExpired),
            Err(_) => return Err(StoreError::Unreachable { reason: "ZooKeeper: the connection is lost".to_owned() }),
        }
        self.client.lock().clone().ok_or(StoreError::SessionExpired)
    }

    /// Sends a request that changes nothing.
    async fn ask<T>(
        &self,
        path: &Path,
        request: impl AsyncFnOnce(&zk::Client) -> Result<T, zk::Error>,
    ) -> Result<T, StoreError> {
        let client = self.connected().await?;
        match timeout(self.request_timeout(), request(&client)).await {
            Ok(result) => result.map_err(|error| match store_error(&error, path) {
                StoreError::Ambiguous { reason } => StoreError::Unreachable { reason },
                definite => definite,
            }),
            Err(_) => Err(StoreError::Unreachable { reason: self.no_answer() }),
        }
    }

    /// Sends a request that may change something.
    async fn change<T>(
        &self,
        path: &Path,
        request: impl AsyncFnOnce(&zk::Client) -> Result<T, zk::Error>,
    ) -> Result<T, StoreError> {
        let client = self.connected().await?;
        match timeout(self.request_timeout(), request(&client)).await {
            Ok(result) => result.map_err(|error| store_error(&error, path)),
            Err(_) => Err(StoreError::Ambiguous { reason: self.no_answer() }),
        }
    }

    fn no_answer(&self) -> String {
        format!("ZooKeeper: no answer in {:?}", self.request_timeout())
    }
}

/// Passes the client's states on in our words. Ends with the session.
async fn follow_state(mut watcher: zk::StateWatcher, first: zk::SessionState, state: Signal<SessionState>) {
    let mut current = first;
    loop {
        let told = match current {
            zk::SessionState::SyncConnected | zk::SessionState::ConnectedReadOnly => SessionState::Connected,
            zk::SessionState::Disconnected => SessionState::Disconnected,
            zk::SessionState::AuthFailed | zk::SessionState::Expired | zk::SessionState::Closed => {
                SessionState::Expired
            }
        };
        state.update(|state| if state == SessionState::Expired { state } else { told });
        if state.get() == SessionState::Expired {
            return;
        }
        current = watcher.changed().await;
    }
}

/// What the service said for certain, or else `Ambiguous`.
fn store_error(error: &zk::Error, path: &Path) -> StoreError {
    let path = path.clone();
    match error {
        zk::Error::NoNode => StoreError::NotFound { path },
        zk::Error::NodeExists => StoreError::AlreadyExists { path },
        zk::Error::BadVersion => StoreError::VersionMismatch { path },
        zk::Error::NotEmpty => StoreError::NotEmpty { path },
        zk::Error::NoChildrenForEphemerals => StoreError::NoChildrenForEphemerals { path },
        zk::Error::SessionExpired | zk::Error::ClientClosed => StoreError::SessionExpired,
        zk::Error::NoHosts => StoreError::Unreachable { reason: "ZooKeeper: no server answers".to_owned() },
        zk::Error::NoAuth
        | zk::Error::InvalidAcl
        | zk::Error::AuthFailed
        | zk::Error::NotReadOnly
        | zk::Error::QuotaExceeded
        | zk::Error::BadArguments(_)
        | zk::Error::Unimplemented
        | zk::Error::ReconfigDisabled => StoreError::Refused { reason: format!("ZooKeeper: {error} ({path})") },
        error => StoreError::Ambiguous { reason: format!("ZooKeeper: {error}") },
    }
}

fn version(expected: Expected) -> Option<i32> {
    match expected {
        Expected::Any => None,
        Expected::Version(Version(version)) => Some(version),
    }
}

fn create_options(mode: CreateMode) -> zk::CreateOptions<'static> {
    let mode = match mode {
        CreateMode::Persistent => zk::CreateMode::Persistent,
        CreateMode::Ephemeral => zk::CreateMode::Ephemeral,
        CreateMode::EphemeralSequential => zk::CreateMode::EphemeralSequential,
    };
    mode.with_acls(zk::Acls::anyone_all())
}

fn add(writer: &mut zk::MultiWriter<'_>, operation: &Operation) -> Result<(), zk::Error> {
    match operation {
        // ZooKeeper takes -1 for "any version, but the node must exist".
        Operation::Check { path, expected } => {
            writer.add_check_version(path.as_str(), version(*expected).unwrap_or(-1))
        }
        Operation::Create { path, data, mode } => writer.add_create(path.as_str(), data, &create_options(*mode)),
        Operation::Write { path, data, expected } => writer.add_set_data(path.as_str(), data, version(*expected)),
        Operation::Remove { path, expected } => writer.add_delete(path.as_str(), version(*expected)),
    }
}

fn outcome(result: zk::MultiWriteResult) -> Result<Outcome, StoreError> {
    Ok(match result {
        zk::MultiWriteResult::Check => Outcome::Checked,
        zk::MultiWriteResult::Delete => Outcome::Removed,
        zk::MultiWriteResult::SetData { stat } => Outcome::Written(Version(stat.version)),
        zk::MultiWriteResult::Create { path, .. } => Outcome::Created(node_path(path)?),
        other => return Err(StoreError::Refused { reason: format!("ZooKeeper answered {other:?}") }),
    })
}

fn node_path(path: String) -> Result<Path, StoreError> {
    Path::new(path).map_err(|error| StoreError::Refused { reason: format!("ZooKeeper answered {error}") })
}

#[async_trait]
impl Store for ZooKeeperStore {
    fn session(&self) -> SessionId {
        self.session
    }

    fn session_timeout(&self) -> Duration {
        self.session_timeout
    }

    fn state(&self) -> Listener<SessionState> {
        self.state.listen()
    }

    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError> {
        match self.ask(path, async |client| client.get_data(path.as_str()).await).await {
            Ok((data, stat)) => Ok(Some(Node {
                data: data.into(),
                version: Version(stat.version),
                owner: (stat.ephemeral_owner != 0).then_some(SessionId(stat.ephemeral_owner)),
            })),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        let mut names = self.ask(path, async |client| client.list_children(path.as_str()).await).await?;
        names.sort();
        Ok(names)
    }

    async fn create(&self, path: &Path, data: Bytes, mode: CreateMode) -> Result<Path, StoreError> {
        // One operation through `multi`: one way to make a node and to learn its name.
        match self.multi(vec![Operation::Create { path: path.clone(), data, mode }]).await?.pop() {
            Some(Outcome::Created(path)) => Ok(path),
            other => Err(StoreError::Refused { reason: format!("ZooKeeper answered {other:?} to a create") }),
        }
    }

    async fn write(&self, path: &Path, data: Bytes, expected: Expected) -> Result<Version, StoreError> {
        match self.multi(vec![Operation::Write { path: path.clone(), data, expected }]).await?.pop() {
            Some(Outcome::Written(version)) => Ok(version),
            other => Err(StoreError::Refused { reason: format!("ZooKeeper answered {other:?} to a write") }),
        }
    }

    async fn remove(&self, path: &Path, expected: Expected) -> Result<(), StoreError> {
        self.multi(vec![Operation::Remove { path: path.clone(), expected }]).await.map(drop)
    }

    async fn multi(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError> {
        check_operations(&operations)?;
        let Some(first) = operations.first() else { return Ok(Vec::new()) };
        let results = self.change(first.path(), async |client| {
            let mut writer = client.new_multi_writer();
            for operation in &operations {
                if let Err(source) = add(&mut writer, operation) {
                    return Ok(Err(zk::MultiWriteError::RequestFailed { source }));
                }
            }
            Ok(writer.commit().await)
        });
        match results.await? {
            Ok(results) => results.into_iter().map(outcome).collect(),
            Err(zk::MultiWriteError::OperationFailed { index, source }) => {
                let failed = operations.get(index).unwrap_or(first);
                Err(failed_operation(&source, failed))
            }
            Err(zk::MultiWriteError::RequestFailed { source }) => Err(store_error(&source, first.path())),
        }
    }

    async fn watch(&self, path: &Path, scope: Scope) -> Result<Watch, StoreError> {
        let watcher = self.ask(path, async |client| match scope {
            Scope::Node => Ok(client.check_and_watch_stat(path.as_str()).await?.1),
            Scope::Children => loop {
                match client.list_and_watch_children(path.as_str()).await {
                    Ok((_, watcher)) => break Ok(watcher),
                    Err(zk::Error::NoNode) => {}
                    Err(error) => break Err(error),
                }
                // No node yet: its creation is what there is to wait for, unless it was made just now.
                if let (None, watcher) = client.check_and_watch_stat(path.as_str()).await? {
                    break Ok(watcher);
                }
            },
        });
        let watcher = watcher.await?;
        Ok(Watch::new(async move { drop(watcher.changed().await) }))
    }

    async fn sync(&self) -> Result<(), StoreError> {
        self.ask(&Path::root(), async |client| client.sync("/").await).await
    }

    async fn close(&self) {
        let client = self.client.lock().take();
        let Some(client) = client else { return };
        let mut watcher = client.state_watcher();
        drop(client);
        // The session is closed by the last client's end; there is nobody left to ask whether it was heard in time.
        let closed = async { while !watcher.changed().await.is_terminated() {} };
        timeout(self.request_timeout(), closed).await.ok();
        self.state.set(SessionState::Expired);
    }
}

/// The error of one operation of a group, which as a whole had no effect.
fn failed_operation(error: &zk::Error, operation: &Operation) -> StoreError {
    match store_error(error, operation.path()) {
        StoreError::Ambiguous { reason } => StoreError::Refused { reason },
        definite => definite,
    }
}
