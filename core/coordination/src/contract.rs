//! What every [`Store`] must do, as checks that run against any of them. They end in a panic that names the promise.
#![allow(clippy::unwrap_used)]

use crate::path::Path;
use crate::store::{
    Connector, CreateMode, Expected, NODE_BYTES_MAX, Node, Operation, Outcome, Scope, SessionState, Store, StoreError,
    Version, Watch,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a promised event may take.
const SOON: Duration = Duration::from_secs(30);
/// How long is waited for what must not come.
const A_WHILE: Duration = Duration::from_millis(300);

/// Checks all promises below a node `/contract` that it makes and leaves empty. `expire` ends a session as a silence
/// would; a store that has no way to do that may let the session be closed.
pub async fn check(connector: &dyn Connector, expire: impl AsyncFn(&dyn Store)) {
    let store = connector.connect().await.unwrap();
    let base = path("/contract");
    match store.create(&base, Bytes::new(), CreateMode::Persistent).await {
        Ok(_) | Err(StoreError::AlreadyExists { .. }) => {}
        Err(error) => panic!("can't make {base}: {error}"),
    }
    nodes(&*store, &area(&*store, &base, "nodes").await).await;
    versions(&*store, &area(&*store, &base, "versions").await).await;
    sequentials(&*store, &area(&*store, &base, "sequentials").await).await;
    groups(&*store, &area(&*store, &base, "groups").await).await;
    limits(&*store, &area(&*store, &base, "limits").await).await;
    watches_of_nodes(&*store, &area(&*store, &base, "node_watches").await).await;
    watches_of_children(&*store, &area(&*store, &base, "child_watches").await).await;
    watches_delay_nobody(&*store, &area(&*store, &base, "slow_watches").await).await;
    two_sessions(connector, &store, &area(&*store, &base, "two_sessions").await).await;
    racing_creators(connector, &area(&*store, &base, "racing").await).await;
    closing(connector, &*store, &area(&*store, &base, "closing").await).await;
    expiry(connector, &*store, &area(&*store, &base, "expiry").await, expire).await;
    for name in store.list(&base).await.unwrap() {
        remove_all(&*store, &base.child(&name).unwrap()).await;
    }
}

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// An empty node for one group of checks.
async fn area(store: &dyn Store, base: &Path, name: &str) -> Path {
    let area = base.child(name).unwrap();
    remove_all(store, &area).await;
    store.create(&area, Bytes::new(), CreateMode::Persistent).await.unwrap()
}

async fn remove_all(store: &dyn Store, node: &Path) {
    for name in store.list(node).await.unwrap_or_default() {
        Box::pin(remove_all(store, &node.child(&name).unwrap())).await;
    }
    match store.remove(node, Expected::Any).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => {}
        Err(error) => panic!("can't remove {node}: {error}"),
    }
}

async fn nodes(store: &dyn Store, area: &Path) {
    let (a, deep) = (area.child("a").unwrap(), area.child("a").unwrap().child("b").unwrap());
    assert_eq!(store.read(&a).await.unwrap(), None, "an absent node reads as none");
    assert_eq!(store.list(&a).await, Err(StoreError::NotFound { path: a.clone() }), "an absent node has no children");
    let orphan = store.create(&deep, Bytes::new(), CreateMode::Persistent).await;
    assert!(matches!(orphan, Err(StoreError::NotFound { .. })), "a parent must exist: {orphan:?}");
    let created = store.create(&a, bytes("one"), CreateMode::Persistent).await.unwrap();
    assert_eq!(created, a);
    let again = store.create(&a, bytes("two"), CreateMode::Persistent).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "a node is made once: {again:?}");
    let node = store.read(&a).await.unwrap();
    assert_eq!(node, Some(Node { data: bytes("one"), version: Version(0), owner: None }));
    for name in ["b", "c", "a"] {
        store.create(&a.child(name).unwrap(), Bytes::new(), CreateMode::Persistent).await.unwrap();
    }
    assert_eq!(store.list(&a).await.unwrap(), ["a", "b", "c"], "children are listed by name, in order");
    let full = store.remove(&a, Expected::Any).await;
    assert!(matches!(full, Err(StoreError::NotEmpty { .. })), "a node with children stays: {full:?}");
    store.remove(&deep, Expected::Any).await.unwrap();
    assert_eq!(store.list(&a).await.unwrap(), ["a", "c"]);
    assert!(store.read(&Path::root()).await.unwrap().is_some(), "the root is always there");
    assert!(!store.list(&Path::root()).await.unwrap().is_empty());
}

async fn versions(store: &dyn Store, area: &Path) {
    let a = area.child("a").unwrap();
    let absent = store.write(&a, bytes("x"), Expected::Any).await;
    assert!(matches!(absent, Err(StoreError::NotFound { .. })), "writing makes no node: {absent:?}");
    store.create(&a, bytes("0"), CreateMode::Persistent).await.unwrap();
    assert_eq!(store.write(&a, bytes("1"), Expected::Version(Version(0))).await.unwrap(), Version(1));
    assert_eq!(store.write(&a, bytes("2"), Expected::Any).await.unwrap(), Version(2));
    for stale in [Version(0), Version(1), Version(3)] {
        let refused = store.write(&a, bytes("no"), Expected::Version(stale)).await;
        assert!(matches!(refused, Err(StoreError::VersionMismatch { .. })), "stale write: {refused:?}");
        let refused = store.remove(&a, Expected::Version(stale)).await;
        assert!(matches!(refused, Err(StoreError::VersionMismatch { .. })), "stale removal: {refused:?}");
    }
    assert_eq!(store.read(&a).await.unwrap().unwrap().data, bytes("2"), "what was refused had no effect");
    store.remove(&a, Expected::Version(Version(2))).await.unwrap();
    let gone = store.remove(&a, Expected::Any).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    store.create(&a, Bytes::new(), CreateMode::Persistent).await.unwrap();
    assert_eq!(store.read(&a).await.unwrap().unwrap().version, Version(0), "a node made anew starts at version 0");
}

async fn sequentials(store: &dyn Store, area: &Path) {
    let prefix = area.child("host-").unwrap();
    let mut last: Option<String> = None;
    for round in 0..4 {
        let made = store.create(&prefix, bytes("me"), CreateMode::EphemeralSequential).await.unwrap();
        let digits = made.as_str().strip_prefix(prefix.as_str()).unwrap().to_owned();
        assert!(digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()), "ten digits: {made}");
        assert!(last.as_ref().is_none_or(|last| *last < digits), "{digits} is larger than {last:?}");
        assert_eq!(store.read(&made).await.unwrap().unwrap().owner, Some(store.session()));
        if round % 2 == 0 {
            store.remove(&made, Expected::Any).await.unwrap();
        }
        last = Some(digits);
    }
    let child = area.child(&store.list(area).await.unwrap()[0]).unwrap().child("x").unwrap();
    let refused = store.create(&child, Bytes::new(), CreateMode::Persistent).await;
    assert!(matches!(refused, Err(StoreError::NoChildrenForEphemerals { .. })), "{refused:?}");
}

async fn groups(store: &dyn Store, area: &Path) {
    let [a, b, c] = ["a", "b", "c"].map(|name| area.child(name).unwrap());
    let create = |path: &Path| Operation::Create { path: path.clone(), data: bytes("0"), mode: CreateMode::Persistent };
    let write = |path: &Path, version| Operation::Write {
        path: path.clone(),
        data: bytes("1"),
        expected: Expected::Version(Version(version)),
    };
    let outcomes = store.multi(vec![create(&a), write(&a, 0), create(&b)]).await.unwrap();
    let expected = [Outcome::Created(a.clone()), Outcome::Written(Version(1)), Outcome::Created(b.clone())];
    assert_eq!(outcomes, expected, "operations see those before them");
    assert_eq!(store.multi(Vec::new()).await.unwrap(), [], "nothing to do is done");
    let check = |expected| Operation::Check { path: a.clone(), expected };
    let stale = store.multi(vec![create(&c), write(&b, 0), check(Expected::Version(Version(0)))]).await;
    assert_eq!(stale, Err(StoreError::VersionMismatch { path: a.clone() }), "the failed check is named");
    assert_eq!(store.read(&c).await.unwrap(), None, "all or nothing");
    assert_eq!(store.read(&b).await.unwrap().unwrap().version, Version(0), "all or nothing");
    let absent = store.multi(vec![Operation::Check { path: c.clone(), expected: Expected::Any }, write(&b, 0)]).await;
    assert_eq!(absent, Err(StoreError::NotFound { path: c.clone() }), "a check of any version wants a node");
    let twice = store.multi(vec![create(&c), create(&c)]).await;
    assert_eq!(twice, Err(StoreError::AlreadyExists { path: c.clone() }));
    let swap = vec![
        check(Expected::Version(Version(1))),
        Operation::Remove { path: b.clone(), expected: Expected::Version(Version(0)) },
        Operation::Create { path: b.clone(), data: bytes("mine"), mode: CreateMode::Ephemeral },
    ];
    let outcomes = store.multi(swap).await.unwrap();
    assert_eq!(outcomes, [Outcome::Checked, Outcome::Removed, Outcome::Created(b.clone())]);
    assert_eq!(store.read(&b).await.unwrap().unwrap().owner, Some(store.session()));
}

async fn limits(store: &dyn Store, area: &Path) {
    let a = area.child("a").unwrap();
    let most = Bytes::from(vec![7; NODE_BYTES_MAX]);
    let more = Bytes::from(vec![7; NODE_BYTES_MAX + 1]);
    let refused = store.create(&a, more.clone(), CreateMode::Persistent).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
    store.create(&a, most.clone(), CreateMode::Persistent).await.unwrap();
    let refused = store.write(&a, more, Expected::Any).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
    assert_eq!(store.read(&a).await.unwrap().unwrap().data, most, "the largest node comes back whole");
    assert_eq!(store.state().get(), SessionState::Connected, "a refused request does not cost the connection");
}

async fn ready(what: &str, watch: Watch) {
    assert!(timeout(SOON, watch).await.is_ok(), "missed: {what}");
}

async fn watches_of_nodes(store: &dyn Store, area: &Path) {
    let a = area.child("a").unwrap();
    let watch = store.watch(&a, Scope::Node).await.unwrap();
    store.create(&a, Bytes::new(), CreateMode::Persistent).await.unwrap();
    ready("a node was created", watch).await;
    let watch = store.watch(&a, Scope::Node).await.unwrap();
    let second = store.watch(&a, Scope::Node).await.unwrap();
    store.write(&a, bytes("1"), Expected::Any).await.unwrap();
    store.write(&a, bytes("2"), Expected::Any).await.unwrap();
    ready("a node was written", watch).await;
    ready("a node was written, second watch", second).await;
    assert_eq!(store.read(&a).await.unwrap().unwrap().data, bytes("2"), "read again shows the latest");
    let mut unmoved = store.watch(&a, Scope::Node).await.unwrap();
    let b = area.child("b").unwrap();
    store.create(&b, Bytes::new(), CreateMode::Persistent).await.unwrap();
    assert!(timeout(A_WHILE, &mut unmoved).await.is_err(), "a sibling concerns nobody");
    store.remove(&a, Expected::Any).await.unwrap();
    ready("a node was removed", unmoved).await;
}

async fn watches_of_children(store: &dyn Store, area: &Path) {
    let parent = area.child("parent").unwrap();
    let child = parent.child("child").unwrap();
    let watch = store.watch(&parent, Scope::Children).await.unwrap();
    store.create(&parent, Bytes::new(), CreateMode::Persistent).await.unwrap();
    ready("the parent was created", watch).await;
    let watch = store.watch(&parent, Scope::Children).await.unwrap();
    store.create(&child, Bytes::new(), CreateMode::Persistent).await.unwrap();
    ready("a child was created", watch).await;
    let mut unmoved = store.watch(&parent, Scope::Children).await.unwrap();
    store.write(&child, bytes("1"), Expected::Any).await.unwrap();
    assert!(timeout(A_WHILE, &mut unmoved).await.is_err(), "a write to a child is not a change of the children");
    store.multi(vec![Operation::Remove { path: child, expected: Expected::Any }]).await.unwrap();
    ready("a child was removed", unmoved).await;
    let watch = store.watch(&parent, Scope::Children).await.unwrap();
    store.remove(&parent, Expected::Any).await.unwrap();
    ready("the parent was removed", watch).await;
}

async fn watches_delay_nobody(store: &dyn Store, area: &Path) {
    let a = area.child("a").unwrap();
    store.create(&a, Bytes::new(), CreateMode::Persistent).await.unwrap();
    let mut held = Vec::new();
    for round in 0..50 {
        held.push(store.watch(&a, Scope::Node).await.unwrap());
        drop(store.watch(&a, Scope::Node).await.unwrap());
        let read = store.watch(&a, Scope::Node).await.unwrap();
        store.write(&a, bytes(&round.to_string()), Expected::Any).await.unwrap();
        ready("a change beside watches that nobody reads", read).await;
    }
    for watch in held {
        ready("a change that is read late", watch).await;
    }
}

async fn two_sessions(connector: &dyn Connector, first: &Arc<dyn Store>, area: &Path) {
    let second = connector.connect().await.unwrap();
    assert_ne!(first.session(), second.session());
    let a = area.child("a").unwrap();
    let watch = second.watch(&a, Scope::Node).await.unwrap();
    first.create(&a, bytes("0"), CreateMode::Ephemeral).await.unwrap();
    ready("another session's change", watch).await;
    second.sync().await.unwrap();
    assert_eq!(second.read(&a).await.unwrap().unwrap().owner, Some(first.session()));
    assert_eq!(second.write(&a, bytes("1"), Expected::Version(Version(0))).await.unwrap(), Version(1));
    first.sync().await.unwrap();
    assert_eq!(first.read(&a).await.unwrap().unwrap().data, bytes("1"), "after a sync nothing is stale");
    let stale = first.write(&a, bytes("no"), Expected::Version(Version(0))).await;
    assert!(matches!(stale, Err(StoreError::VersionMismatch { .. })), "{stale:?}");
    second.close().await;
    first.sync().await.unwrap();
    assert!(first.read(&a).await.unwrap().is_some(), "the end of one session leaves the other's nodes");
}

async fn racing_creators(connector: &dyn Connector, area: &Path) {
    let a = area.child("a").unwrap();
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(connector.connect().await.unwrap());
    }
    let create = |store: Arc<dyn Store>| {
        let a = a.clone();
        async move { store.create(&a, Bytes::new(), CreateMode::Persistent).await }
    };
    let results = futures_util::future::join_all(stores.iter().cloned().map(create)).await;
    let made = results.iter().filter(|result| result.is_ok()).count();
    let late = results.iter().filter(|result| matches!(result, Err(StoreError::AlreadyExists { .. }))).count();
    assert_eq!((made, late), (1, 3), "one makes it, the others find it: {results:?}");
    for store in stores {
        store.close().await;
    }
}

async fn closing(connector: &dyn Connector, other: &dyn Store, area: &Path) {
    let store = connector.connect().await.unwrap();
    let a = area.child("a").unwrap();
    store.create(&a, Bytes::new(), CreateMode::Ephemeral).await.unwrap();
    let watch = other.watch(&a, Scope::Node).await.unwrap();
    store.close().await;
    ready("the end of a session", watch).await;
    other.sync().await.unwrap();
    assert_eq!(other.read(&a).await.unwrap(), None, "ephemeral nodes go with their session");
    assert_eq!(store.read(area).await, Err(StoreError::SessionExpired), "a closed session is over");
    assert_eq!(store.state().get(), SessionState::Expired);
}

async fn expiry(connector: &dyn Connector, other: &dyn Store, area: &Path, expire: impl AsyncFn(&dyn Store)) {
    let store = connector.connect().await.unwrap();
    let prefix = area.child("host-").unwrap();
    let mine = store.create(&prefix, Bytes::new(), CreateMode::EphemeralSequential).await.unwrap();
    let own_watch = store.watch(&area.child("never").unwrap(), Scope::Node).await.unwrap();
    let children = other.watch(area, Scope::Children).await.unwrap();
    let state = store.state();
    expire(&*store).await;
    ready("a node went with its session", children).await;
    other.sync().await.unwrap();
    assert_eq!(other.read(&mine).await.unwrap(), None);
    let expired = state.wait_for(|state| state == SessionState::Expired);
    assert!(timeout(SOON, expired).await.is_ok(), "the session learns of its end");
    ready("the end of the own session", own_watch).await;
    let refused = store.create(&mine, Bytes::new(), CreateMode::Persistent).await;
    assert_eq!(refused, Err(StoreError::SessionExpired), "Expired is for ever");
    let next = connector.connect().await.unwrap();
    assert_ne!(next.session(), store.session(), "a new session is another one");
    assert_eq!(next.list(area).await.unwrap(), Vec::<String>::new());
    next.close().await;
}
