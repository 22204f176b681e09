//! What a coordination service must do for us: the seam between the recipes and the three stores.

use crate::path::Path;
use crate::signal::Listener;
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Most bytes of one node's data. ZooKeeper drops the whole connection at 1 MiB (`jute.maxbuffer`), so the limit is
/// kept here, well below, and for every store alike.
pub const NODE_BYTES_MAX: usize = 512 * 1024;

/// Most operations of one `multi`.
pub const MULTI_OPERATIONS_MAX: usize = 128;

/// A small tree of named nodes with versions, shared by many sessions. One `Store` is one session of it.
///
/// The contract, checked by [`crate::contract`] for every implementation:
///
/// - **Order.** Changes happen one after another, in one order for all sessions. Requests of one session take effect
///   in the order in which their futures were first polled. A read may be a little stale; after [`Store::sync`] it
///   shows everything that had happened when `sync` was called.
/// - **Definite and indefinite.** [`StoreError::Ambiguous`] says that a change may or may not have happened, or may
///   still happen later. After a successful `sync` on the same store it has either happened or never will.
///   [`StoreError::Ambiguous`] and [`StoreError::Unreachable`] are the only errors that trying again can cure.
/// - **Nodes.** A node has data, a version that starts at 0 and grows by one with every write, and children unless it
///   is ephemeral. Its parent must exist before it. A node that is removed and made again starts at version 0 again.
/// - **Ephemerals** vanish when the session that made them ends, and not before. `owner` names that session.
/// - **Sequentials** get ten digits appended, larger than those of any sibling made before, as long as the parent
///   lives. The number need not start at zero or have no gaps.
/// - **Watches** mean "read again", see [`Store::watch`].
/// - **Time.** Every call answers within a bounded time (a fraction of the session timeout), whatever the network does.
/// - **End of a session.** After [`SessionState::Expired`] every call answers [`StoreError::SessionExpired`]; nothing
///   brings the session back, a [`Connector`] makes a new one. A session is alive only as long as somebody holds the
///   store; dropping the last handle without [`Store::close`] ends it within the session timeout.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Which session this is; compares with [`Node::owner`].
    fn session(&self) -> SessionId;

    /// How long the service keeps a session that it does not hear from, as negotiated.
    fn session_timeout(&self) -> Duration;

    /// Whether the session is heard, as far as this side knows. A process that was paused knows late: what must not
    /// happen after the session ended needs a clock of its own ([`crate::lease_clock`]).
    fn state(&self) -> Listener<SessionState>;

    /// The node, or `None` where there is none.
    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError>;

    /// The names of the node's children, sorted as text. `NotFound` where there is no node.
    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError>;

    /// Makes a node and answers its path, which differs from the one asked for if it is sequential.
    async fn create(&self, path: &Path, data: Bytes, mode: CreateMode) -> Result<Path, StoreError>;

    /// Replaces the data and answers the new version.
    async fn write(&self, path: &Path, data: Bytes, expected: Expected) -> Result<Version, StoreError>;

    /// Removes a node that has no children.
    async fn remove(&self, path: &Path, expected: Expected) -> Result<(), StoreError>;

    /// All of the operations, or none of them if one fails; then the error is that one's. Each sees the effect of
    /// those before it.
    async fn multi(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError>;

    /// Waits, once, for a change.
    ///
    /// After this call has answered, the [`Watch`] becomes ready when the node at `path` is created, written or
    /// removed ([`Scope::Node`]), or when it gains or loses a child or is itself created or removed
    /// ([`Scope::Children`]). It may also become ready for nothing (after a reconnect, when the session ends). It
    /// never misses a change made after the answer; several may be told as one. So: set the watch, read, and read
    /// again when it is ready. The path need not exist. A watch that nobody polls delays nobody.
    async fn watch(&self, path: &Path, scope: Scope) -> Result<Watch, StoreError>;

    /// See "order" and "definite and indefinite" above.
    async fn sync(&self) -> Result<(), StoreError>;

    /// Ends the session at once: its ephemeral nodes go, [`Store::state`] becomes `Expired`.
    async fn close(&self);
}

/// Makes sessions. Needed again whenever one has expired.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// A new session, connected. `Unreachable` says which servers were tried.
    async fn connect(&self) -> Result<Arc<dyn Store>, StoreError>;
}

/// One session among all of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    Connected,
    /// Not heard at the moment; the session and its ephemeral nodes may or may not live on.
    Disconnected,
    /// Terminal.
    Expired,
}

/// The version of a node's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i32);

impl Version {
    pub const FIRST: Version = Version(0);

    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub data: Bytes,
    pub version: Version,
    /// The session that an ephemeral node lives with; `None` for a persistent one.
    pub owner: Option<SessionId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    Persistent,
    Ephemeral,
    EphemeralSequential,
}

/// Which version a change is allowed to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The node must exist, at whatever version.
    Any,
    Version(Version),
}

impl Expected {
    pub(crate) fn admits(self, version: Version) -> bool {
        match self {
            Expected::Any => true,
            Expected::Version(expected) => expected == version,
        }
    }
}

/// One step of a [`Store::multi`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    Check { path: Path, expected: Expected },
    Create { path: Path, data: Bytes, mode: CreateMode },
    Write { path: Path, data: Bytes, expected: Expected },
    Remove { path: Path, expected: Expected },
}

impl Operation {
    pub fn path(&self) -> &Path {
        match self {
            Operation::Check { path, .. }
            | Operation::Create { path, .. }
            | Operation::Write { path, .. }
            | Operation::Remove { path, .. } => path,
        }
    }

    /// Refuses what no store takes, before it is sent.
    pub(crate) fn check_size(&self) -> Result<(), StoreError> {
        match self {
            Operation::Create { path, data, .. } | Operation::Write { path, data, .. } => check_size(path, data),
            Operation::Check { .. } | Operation::Remove { .. } => Ok(()),
        }
    }
}

/// What a step of a [`Store::multi`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Checked,
    Created(Path),
    Written(Version),
    Removed,
}

/// What a [`Watch`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Node,
    Children,
}

/// Ready once, when it is time to read again. Dropping it takes the watch back.
pub struct Watch(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Watch {
    pub fn new(ready: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(ready))
    }
}

impl Future for Watch {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// Why a call had no effect, or (for `Ambiguous` alone) may have had one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("there is no node {path}")]
    NotFound { path: Path },
    #[error("there is a node {path} already")]
    AlreadyExists { path: Path },
    #[error("node {path} has another version than expected: somebody else changed it")]
    VersionMismatch { path: Path },
    #[error("node {path} has children")]
    NotEmpty { path: Path },
    #[error("node {path} can have no children: it is ephemeral")]
    NoChildrenForEphemerals { path: Path },
    #[error("the session has expired")]
    SessionExpired,
    #[error("no answer ({reason}); the change may or may not have been made")]
    Ambiguous { reason: String },
    #[error("the coordination service can't be reached: {reason}")]
    Unreachable { reason: String },
    #[error("{bytes} bytes are too many for node {path}; the limit is {limit}")]
    TooLarge { path: Path, bytes: usize, limit: usize },
    #[error("the coordination service refused: {reason}")]
    Refused { reason: String },
}

impl StoreError {
    /// Whether the same call may succeed later on the same session.
    pub fn is_passing(&self) -> bool {
        matches!(self, StoreError::Ambiguous { .. } | StoreError::Unreachable { .. })
    }
}

pub(crate) fn check_size(path: &Path, data: &Bytes) -> Result<(), StoreError> {
    if data.len() > NODE_BYTES_MAX {
        return Err(StoreError::TooLarge { path: path.clone(), bytes: data.len(), limit: NODE_BYTES_MAX });
    }
    Ok(())
}

pub(crate) fn check_operations(operations: &[Operation]) -> Result<(), StoreError> {
    if operations.len() > MULTI_OPERATIONS_MAX {
        let reason = format!("{} operations at once; the limit is {MULTI_OPERATIONS_MAX}", operations.len());
        return Err(StoreError::Refused { reason });
    }
    // The whole request must stay below the service's limit too.
    let bytes = operations.iter().map(|operation| match operation {
        Operation::Create { data, .. } | Operation::Write { data, .. } => data.len(),
        Operation::Check { .. } | Operation::Remove { .. } => 0,
    });
    let bytes = bytes.sum();
    if let (Some(first), true) = (operations.first(), bytes > NODE_BYTES_MAX) {
        return Err(StoreError::TooLarge { path: first.path().clone(), bytes, limit: NODE_BYTES_MAX });
    }
    operations.iter().try_for_each(Operation::check_size)
}
