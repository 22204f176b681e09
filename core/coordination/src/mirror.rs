//! A copy of the nodes that are read again and again: what has not changed is not fetched. With hundreds of tasks most
//! of the tree stays the same from one round of reads to the next.

use crate::path::Path;
use crate::store::{Node, Scope, SessionId, Store, StoreError, Watch};
use futures_util::FutureExt;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A copy older than this is fetched again whatever its watch says: a program that is wrong must not stay wrong.
const AGE_MAX: Duration = Duration::from_secs(30);

/// Copies of one session's reads. A copy counts as long as its watch, which is set before the read, is not ready.
#[derive(Debug, Default)]
pub struct Mirror {
    session: Option<SessionId>,
    nodes: Copies<Option<Node>>,
    children: Copies<Vec<String>>,
}

#[derive(Debug)]
struct Copies<T>(Mutex<BTreeMap<Path, Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    value: T,
    watch: Watch,
    fetched: Instant,
    /// Asked for since the last [`Mirror::begin`].
    wanted: bool,
}

impl Mirror {
    /// Begins a round of reads: copies that the last round did not ask for are dropped, and all of another session's.
    pub fn begin(&mut self, store: &dyn Store) {
        if self.session.replace(store.session()) != Some(store.session()) {
            (self.nodes, self.children) = (Copies::default(), Copies::default());
        }
        self.nodes.drop_unwanted();
        self.children.drop_unwanted();
    }

    /// As [`Store::read`].
    pub async fn read(&self, store: &dyn Store, path: &Path) -> Result<Option<Node>, StoreError> {
        if let Some(node) = self.nodes.get(path) {
            return Ok(node);
        }
        let watch = store.watch(path, Scope::Node).await?;
        let node = store.read(path).await?;
        self.nodes.keep(path, node.clone(), watch);
        Ok(node)
    }

    /// As [`Store::list`]; no children where there is no node.
    pub async fn list(&self, store: &dyn Store, path: &Path) -> Result<Vec<String>, StoreError> {
        if let Some(names) = self.children.get(path) {
            return Ok(names);
        }
        let watch = store.watch(path, Scope::Children).await?;
        let names = match store.list(path).await {
            Err(StoreError::NotFound { .. }) => Vec::new(),
            names => names?,
        };
        self.children.keep(path, names.clone(), watch);
        Ok(names)
    }
}

impl<T> Default for Copies<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Copies<T> {
    fn get(&self, path: &Path) -> Option<T> {
        let mut kept = self.0.lock();
        let copy = kept.get_mut(path)?;
        copy.wanted = true;
        let changed = (&mut copy.watch).now_or_never().is_some();
        if changed || copy.fetched.elapsed() > AGE_MAX {
            kept.remove(path);
            return None;
        }
        Some(copy.value.clone())
    }

    fn keep(&self, path: &Path, value: T, watch: Watch) {
        let kept = Kept { value, watch, fetched: Instant::now(), wanted: true };
        self.0.lock().insert(path.clone(), kept);
    }

    fn drop_unwanted(&self) {
        self.0.lock().retain(|_, kept| std::mem::take(&mut kept.wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::Embedded;
    use crate::store::{CreateMode, Expected};
    use bytes::Bytes;

    fn path(text: &str) -> Path {
        Path::new(text).unwrap()
    }

    async fn data(mirror: &mut Mirror, store: &dyn Store, at: &str) -> Option<Bytes> {
        mirror.begin(store);
        mirror.read(store, &path(at)).await.unwrap().map(|node| node.data)
    }

    #[tokio::test]
    async fn a_copy_is_as_good_as_the_tree_after_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(folder.path(), Duration::from_secs(10)).unwrap();
        let (store, other) = (embedded.session(), embedded.session());
        let (store, mut mirror) = (&*store, Mirror::default());
        assert_eq!(data(&mut mirror, store, "/a").await, None);
        for text in ["1", "2", "3"] {
            let bytes = Bytes::from(text);
            if text == "1" {
                other.create(&path("/a"), bytes.clone(), CreateMode::Persistent).await.unwrap();
            } else {
                other.write(&path("/a"), bytes.clone(), Expected::Any).await.unwrap();
            }
            assert_eq!(data(&mut mirror, store, "/a").await, Some(bytes.clone()));
            assert_eq!(data(&mut mirror, store, "/a").await, Some(bytes));
        }
        assert_eq!(mirror.list(store, &path("/a")).await.unwrap(), Vec::<String>::new());
        other.create(&path("/a/b"), Bytes::new(), CreateMode::Ephemeral).await.unwrap();
        assert_eq!(mirror.list(store, &path("/a")).await.unwrap(), ["b"]);
        other.close().await;
        assert_eq!(mirror.list(store, &path("/a")).await.unwrap(), Vec::<String>::new());
        // Nothing of one session counts for another.
        mirror.begin(&*embedded.session());
        assert!(mirror.nodes.0.lock().is_empty() && mirror.children.0.lock().is_empty());
    }

    #[tokio::test]
    async fn copies_that_nobody_asks_for_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(folder.path(), Duration::from_secs(10)).unwrap();
        let (store, mut mirror) = (embedded.session(), Mirror::default());
        data(&mut mirror, &*store, "/a").await;
        data(&mut mirror, &*store, "/b").await;
        mirror.begin(&*store);
        assert_eq!(mirror.nodes.0.lock().keys().map(Path::as_str).collect::<Vec<_>>(), ["/b"]);
    }
}
