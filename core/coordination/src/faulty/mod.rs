//! The tree in memory behind a network that loses, delays, cuts and lets sessions expire, all from one seed.
//!
//! Under Tokio's paused time on one thread the same seed gives the same run. The service's clock goes on while a
//! process is stopped: what a process does of itself (asking, signs of life, noticing that it is cut off) runs on the
//! process's own [`Workers`]; what the network and the service do runs beside it.

mod service;

use crate::path::Path;
use crate::signal::{Listener, Signal};
use crate::store::{
    Connector, CreateMode, Expected, Node, Operation, Outcome, Scope, SessionId, SessionState, Store, StoreError,
    Version, Watch, check_operations,
};
use crate::workers::Workers;
use async_trait::async_trait;
use bytes::Bytes;
use service::{Fate, Service};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

/// How often things go wrong: chances in a thousand requests, and times.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// The request never arrives.
    pub request_lost: u32,
    /// The request takes effect and the answer never arrives.
    pub reply_lost: u32,
    /// The connection breaks before the request takes effect.
    pub cut_before: u32,
    /// The connection breaks after the request took effect.
    pub cut_after: u32,
    /// The request takes effect long after the asker gave up.
    pub late: u32,
    /// How long a message travels.
    pub delay_min: Duration,
    pub delay_max: Duration,
    /// How far half of the readers are behind.
    pub follower_lag_max: Duration,
}

impl Faults {
    pub const NONE: Faults = Faults {
        request_lost: 0,
        reply_lost: 0,
        cut_before: 0,
        cut_after: 0,
        late: 0,
        delay_min: Duration::from_millis(1),
        delay_max: Duration::from_millis(3),
        follower_lag_max: Duration::from_millis(5),
    };

    pub const ROUGH: Faults = Faults {
        request_lost: 10,
        reply_lost: 20,
        cut_before: 10,
        cut_after: 20,
        late: 10,
        delay_min: Duration::from_millis(1),
        delay_max: Duration::from_millis(60),
        follower_lag_max: Duration::from_millis(250),
    };
}

/// The way between one process and the service.
#[derive(Debug)]
pub struct Link {
    up: Signal<bool>,
}

impl Link {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { up: Signal::new(true) })
    }

    /// Nothing gets through any more, and nobody is told.
    pub fn cut(&self) {
        self.up.set(false);
    }

    pub fn heal(&self) {
        self.up.set(true);
    }

    fn is_up(&self) -> bool {
        self.up.get()
    }

    async fn wait_until_up(&self) {
        self.up.listen().wait_for(|up| up).await;
    }
}

/// A service in memory. Needs a Tokio runtime.
#[derive(Clone)]
pub struct Faulty {
    service: Arc<Service>,
}

impl Faulty {
    pub fn start(seed: u64, faults: Faults, session_timeout: Duration) -> Self {
        Self { service: Service::start(seed, faults, session_timeout) }
    }

    pub fn set_faults(&self, faults: Faults) {
        self.service.set_faults(faults);
    }

    /// Where one process gets its sessions from.
    pub fn connector(&self, link: &Arc<Link>, workers: &Workers) -> FaultyConnector {
        FaultyConnector { service: Arc::clone(&self.service), link: Arc::clone(link), workers: workers.clone() }
    }

    /// Ends a session on the service's side; the process finds out when it next hears.
    pub fn expire(&self, session: SessionId) {
        self.service.end(session);
    }

    /// What a node holds, seen past the network.
    pub fn peek(&self, path: &Path) -> Option<Node> {
        self.service.peek(path)
    }

    pub fn peek_list(&self, path: &Path) -> Vec<String> {
        self.service.peek_list(path)
    }
}

pub struct FaultyConnector {
    service: Arc<Service>,
    link: Arc<Link>,
    workers: Workers,
}

#[async_trait]
impl Connector for FaultyConnector {
    async fn connect(&self) -> Result<Arc<dyn Store>, StoreError> {
        let (fate, there, back) = self.service.roll();
        sleep(there + back).await;
        if !self.link.is_up() || fate != Fate::Arrives {
            return Err(StoreError::Unreachable { reason: "the link is cut".to_owned() });
        }
        let session = self.service.open_session(&self.link);
        let line = Arc::new(Line {
            service: Arc::clone(&self.service),
            link: Arc::clone(&self.link),
            session,
            state: Signal::new(SessionState::Connected),
            connection: AtomicU64::new(0),
        });
        let (requests, receiver) = mpsc::unbounded_channel();
        tokio::spawn(carry(Arc::clone(&line), receiver));
        let store = Arc::new(FaultyStore { line, requests });
        self.workers.start(keep_alive(Arc::downgrade(&store)));
        Ok(store)
    }
}

/// One session's connection, as its own side and the network see it.
struct Line {
    service: Arc<Service>,
    link: Arc<Link>,
    session: SessionId,
    state: Signal<SessionState>,
    /// Counts the connections: what was sent over an earlier one does not arrive any more.
    connection: AtomicU64,
}

impl Line {
    /// Expired is for ever.
    fn become_(&self, state: SessionState) {
        self.state.update(|current| if current == SessionState::Expired { current } else { state });
    }

    fn disconnect(&self) {
        self.connection.fetch_add(1, Ordering::Relaxed);
        self.become_(SessionState::Disconnected);
    }

    fn request_timeout(&self) -> Duration {
        self.service.session_timeout / 3
    }
}

enum Request {
    Change(Vec<Operation>),
    Read(Path),
    List(Path),
    Watch(Path, Scope),
    Sync,
    Close,
}

enum Answer {
    Outcomes(Vec<Outcome>),
    Node(Option<Node>),
    Names(Vec<String>),
    Watch(Watch),
    Done,
}

struct Parcel {
    connection: u64,
    request: Request,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// Carries the requests of one session to the service, one after another, and the answers back.
async fn carry(line: Arc<Line>, mut parcels: mpsc::UnboundedReceiver<Parcel>) {
    while let Some(Parcel { connection, request, answer }) = parcels.recv().await {
        let (fate, there, back) = line.service.roll();
        sleep(there).await;
        if connection != line.connection.load(Ordering::Relaxed) {
            answer.send(Err(connection_lost())).ok();
            continue;
        }
        // Kept until the session ends, so that the asker waits in vain for an answer that is lost.
        if !line.link.is_up() || fate == Fate::RequestLost {
            tokio::spawn(hold(answer, line.request_timeout()));
            continue;
        }
        match fate {
            Fate::CutBefore => {
                line.disconnect();
                answer.send(Err(connection_lost())).ok();
            }
            Fate::CutAfter => {
                serve(&line, request).ok();
                line.disconnect();
                answer.send(Err(connection_lost())).ok();
            }
            Fate::ReplyLost => {
                serve(&line, request).ok();
                tokio::spawn(hold(answer, line.request_timeout()));
            }
            Fate::Late => {
                sleep(line.request_timeout() + back).await;
                answer.send(serve(&line, request)).ok();
            }
            Fate::Arrives | Fate::RequestLost => {
                let result = serve(&line, request);
                sleep(back).await;
                if line.link.is_up() {
                    answer.send(result).ok();
                } else {
                    tokio::spawn(hold(answer, line.request_timeout()));
                }
            }
        }
    }
}

fn connection_lost() -> StoreError {
    StoreError::Ambiguous { reason: "the connection was lost".to_owned() }
}

/// Keeps an asker waiting until it gives up by itself.
async fn hold(answer: oneshot::Sender<Result<Answer, StoreError>>, for_long: Duration) {
    sleep(for_long * 2).await;
    drop(answer);
}

fn serve(line: &Line, request: Request) -> Result<Answer, StoreError> {
    let (service, session) = (&line.service, line.session);
    Ok(match request {
        Request::Change(operations) => Answer::Outcomes(service.change(session, &operations)?),
        Request::Read(path) => Answer::Node(service.read(session, &path)?),
        Request::List(path) => Answer::Names(service.list(session, &path)?),
        Request::Watch(path, scope) => Answer::Watch(service.watch(session, path, scope)?),
        Request::Sync => {
            service.sync(session)?;
            Answer::Done
        }
        Request::Close => {
            service.end(session);
            Answer::Done
        }
    })
}

/// The process's side of a session: signs of life, noticing silence, coming back. Times as zookeeper-client has them.
async fn keep_alive(store: Weak<FaultyStore>) {
    let Some(line) = store.upgrade().map(|store| Arc::clone(&store.line)) else { return };
    let session_timeout = line.service.session_timeout;
    let mut last_heard = Instant::now();
    while store.strong_count() > 0 && line.state.get() != SessionState::Expired {
        let connected = line.state.get() == SessionState::Connected;
        sleep(if connected { session_timeout / 5 } else { session_timeout / 40 }).await;
        let heard = match line.link.is_up() {
            false => None,
            true if line.state.get() == SessionState::Connected => Some(line.service.hear(line.session)),
            true => Some(line.service.reconnect(line.session)),
        };
        match heard {
            Some(Ok(())) => {
                last_heard = Instant::now();
                line.become_(SessionState::Connected);
            }
            Some(Err(_)) => line.become_(SessionState::Expired),
            None if last_heard.elapsed() > session_timeout * 17 / 10 => line.become_(SessionState::Expired),
            None if last_heard.elapsed() > session_timeout * 2 / 5 && connected => line.disconnect(),
            None => {}
        }
    }
}

/// One session of a [`Faulty`] service.
struct FaultyStore {
    line: Arc<Line>,
    requests: mpsc::UnboundedSender<Parcel>,
}

impl FaultyStore {
    async fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        let unreachable = || StoreError::Unreachable { reason: "no connection in time".to_owned() };
        let changes = matches!(request, Request::Change(_));
        let state = self.line.state.listen();
        let settled = state.wait_for(|state| state != SessionState::Disconnected);
        match timeout(self.line.request_timeout(), settled).await {
            Err(_) => return Err(unreachable()),
            Ok(SessionState::Expired) => return Err(StoreError::SessionExpired),
            Ok(_) => {}
        }
        let (answer, receiver) = oneshot::channel();
        let connection = self.line.connection.load(Ordering::Relaxed);
        if self.requests.send(Parcel { connection, request, answer }).is_err() {
            return Err(StoreError::SessionExpired);
        }
        match timeout(self.line.request_timeout(), receiver).await {
            Ok(Ok(Err(StoreError::SessionExpired))) => {
                self.line.become_(SessionState::Expired);
                Err(StoreError::SessionExpired)
            }
            Ok(Ok(Err(StoreError::Ambiguous { .. }))) if !changes => Err(unreachable()),
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) if changes => Err(StoreError::Ambiguous { reason: "no answer in time".to_owned() }),
            Ok(Err(_)) | Err(_) => Err(unreachable()),
        }
    }

    async fn change(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError> {
        check_operations(&operations)?;
        match self.ask(Request::Change(operations)).await? {
            Answer::Outcomes(outcomes) => Ok(outcomes),
            _ => Err(mixed_up()),
        }
    }
}

fn mixed_up() -> StoreError {
    StoreError::Refused { reason: "the answer belongs to another question".to_owned() }
}

#[async_trait]
impl Store for FaultyStore {
    fn session(&self) -> SessionId {
        self.line.session
    }

    fn session_timeout(&self) -> Duration {
        self.line.service.session_timeout
    }

    fn state(&self) -> Listener<SessionState> {
        self.line.state.listen()
    }

    async fn read(&self, path: &Path) -> Result<Option<Node>, StoreError> {
        match self.ask(Request::Read(path.clone())).await? {
            Answer::Node(node) => Ok(node),
            _ => Err(mixed_up()),
        }
    }

    async fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        match self.ask(Request::List(path.clone())).await? {
            Answer::Names(names) => Ok(names),
            _ => Err(mixed_up()),
        }
    }

    async fn create(&self, path: &Path, data: Bytes, mode: CreateMode) -> Result<Path, StoreError> {
        match self.change(vec![Operation::Create { path: path.clone(), data, mode }]).await?.pop() {
            Some(Outcome::Created(path)) => Ok(path),
            _ => Err(mixed_up()),
        }
    }

    async fn write(&self, path: &Path, data: Bytes, expected: Expected) -> Result<Version, StoreError> {
        match self.change(vec![Operation::Write { path: path.clone(), data, expected }]).await?.pop() {
            Some(Outcome::Written(version)) => Ok(version),
            _ => Err(mixed_up()),
        }
    }

    async fn remove(&self, path: &Path, expected: Expected) -> Result<(), StoreError> {
        self.change(vec![Operation::Remove { path: path.clone(), expected }]).await.map(drop)
    }

    async fn multi(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>, StoreError> {
        self.change(operations).await
    }

    async fn watch(&self, path: &Path, scope: Scope) -> Result<Watch, StoreError> {
        match self.ask(Request::Watch(path.clone(), scope)).await? {
            Answer::Watch(watch) => Ok(watch),
            _ => Err(mixed_up()),
        }
    }

    async fn sync(&self) -> Result<(), StoreError> {
        self.ask(Request::Sync).await.map(drop)
    }

    async fn close(&self) {
        // If it is lost, the session ends by its timeout.
        self.ask(Request::Close).await.ok();
        self.line.become_(SessionState::Expired);
    }
}

#[cfg(test)]
mod tests;
