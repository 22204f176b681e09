use super::*;
use crate::contract;

const TIMEOUT: Duration = Duration::from_secs(10);

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

#[tokio::test]
async fn keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(folder.path(), TIMEOUT).unwrap();
    let ends = embedded.clone();
    contract::check(&embedded, async |store| ends.expire(store.session()).await).await;
}

#[tokio::test]
async fn persistent_nodes_outlive_the_process_and_ephemeral_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let last = {
        let store = Embedded::open(folder.path(), TIMEOUT).unwrap().session();
        store.create(&path("/line"), Bytes::from_static(b"v"), CreateMode::Persistent).await.unwrap();
        store.write(&path("/line"), Bytes::from_static(b"w"), Expected::Any).await.unwrap();
        store.create(&path("/line/a-"), Bytes::new(), CreateMode::EphemeralSequential).await.unwrap()
    };
    let store = Embedded::open(folder.path(), TIMEOUT).unwrap().session();
    let node = store.read(&path("/line")).await.unwrap().unwrap();
    assert_eq!((node.data.as_ref(), node.version), (b"w".as_ref(), Version(1)));
    assert!(store.list(&path("/line")).await.unwrap().is_empty());
    let next = store.create(&path("/line/a-"), Bytes::new(), CreateMode::EphemeralSequential).await.unwrap();
    assert!(next > last, "{next} after {last}: sequence numbers go on after a restart");
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _held = Embedded::open(folder.path(), TIMEOUT).unwrap();
    assert!(matches!(Embedded::open(folder.path(), TIMEOUT), Err(OpenError::InUse { .. })));
}

#[tokio::test]
async fn a_long_history_is_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), TIMEOUT).unwrap().session();
    store.create(&path("/a"), Bytes::new(), CreateMode::Persistent).await.unwrap();
    for round in 0..40 {
        store.write(&path("/a"), Bytes::from(vec![round; 100_000]), Expected::Any).await.unwrap();
    }
    let length = std::fs::metadata(folder.path().join("tree.journal")).unwrap().len();
    assert!(length < 2_000_000, "4 MB of history left {length} bytes");
    drop(store);
    let store = Embedded::open(folder.path(), TIMEOUT).unwrap().session();
    assert_eq!(store.read(&path("/a")).await.unwrap().unwrap().data[0], 39);
}
