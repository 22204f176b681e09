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

const WRITER_FOLDER: &str = "REPLICATOR_TEST_WRITER_FOLDER";

/// The process that the next test kills: counts up in one node, and says so after every answer.
#[tokio::test]
async fn writer_to_be_killed() {
    let Some(folder) = std::env::var_os(WRITER_FOLDER) else { return };
    let store = Embedded::open(FilePath::new(&folder), TIMEOUT).unwrap().session();
    let node = path("/counter");
    store.create(&node, Bytes::from_static(b"0"), CreateMode::Persistent).await.ok();
    let data = store.read(&node).await.unwrap().unwrap().data;
    let mut count: u64 = std::str::from_utf8(&data).unwrap().parse().unwrap();
    loop {
        count += 1;
        store.write(&node, count.to_string().into(), Expected::Any).await.unwrap();
        println!("\nwrote {count}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_9() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut answered = 0;
    for round in 1..=5 {
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "embedded::tests::writer_to_be_killed", "--nocapture"])
            .env(WRITER_FOLDER, folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut counts = lines.filter_map(|line| line.strip_prefix("wrote ")?.parse::<u64>().ok());
        let enough = counts.by_ref().nth(round * 7).unwrap();
        writer.kill().unwrap();
        writer.wait().unwrap();
        let last = counts.last().unwrap_or(enough);
        assert!(last > answered, "round {round} went on from {answered} to {last}");
        answered = last;
    }
    let store = Embedded::open(folder.path(), TIMEOUT).unwrap().session();
    let data = store.read(&path("/counter")).await.unwrap().unwrap().data;
    let kept: u64 = std::str::from_utf8(&data).unwrap().parse().unwrap();
    assert!(kept == answered || kept == answered + 1, "{kept} kept of {answered} answered");
}
