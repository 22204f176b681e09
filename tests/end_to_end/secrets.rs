//! Passwords on their way from an operator to a Core: sealed in ZooKeeper, opened by the Core, seen nowhere else.

use crate::cluster::{Cluster, copy_task};
use replicator_coordination::key_file;
use replicator_coordination::path::Path;
use replicator_coordination::session::Session;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result};
use std::sync::Arc;

const CANARY: &str = "canary-71e0aa";

/// Every node below the root with its data.
async fn tree(session: &Session) -> Vec<(Path, String)> {
    let (mut open, mut found) = (vec![Path::root()], Vec::new());
    while let Some(path) = open.pop() {
        for name in session.store().list(&path).await.unwrap() {
            let child = path.child(&name).unwrap();
            if let Some(node) = session.store().read(&child).await.unwrap() {
                found.push((child.clone(), String::from_utf8_lossy(&node.data).into_owned()));
            }
            open.push(child);
        }
    }
    found
}

#[tokio::test]
async fn a_password_is_in_no_node_and_no_log_and_needs_its_key() -> Result<()> {
    let (source, target) =
        (MysqlServer::start(Flavor::MariaDb1011).await?, MysqlServer::start(Flavor::MariaDb1011).await?);
    source.exec(&format!("CREATE USER sealed@'%' IDENTIFIED BY '{CANARY}'; GRANT ALL ON *.* TO sealed@'%';")).await?;
    let cluster = Cluster::start(1, 1).await?;
    let spec = copy_task("copy", &source, &target, "");
    let spec = spec.replacen(&format!("user = \"{}\"", source.user()), "user = \"sealed\"", 1);
    let spec = spec.replacen(&format!("password = \"{}\"", source.password()), &format!("password = \"{CANARY}\""), 1);
    let task = cluster.create(&spec).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;

    let other_file = cluster.dir.path().join("other.key");
    let keys = Arc::new(key_file::read_or_make(&other_file).unwrap());
    let stranger = cluster.coordination().with_keys(keys).connect().await.unwrap();
    let spec = spec.replacen("name = \"copy\"", "name = \"strange\"", 1);
    let strange = cluster.create_by(&stranger, &spec).await;
    let status = cluster.wait_for_stage(&strange, Stage::Failed).await?;
    let failure = status.failure.unwrap();
    assert_eq!(failure.code, "secret_key_unknown");
    assert!(failure.hint.contains("key_file"), "{failure}");

    let nodes = tree(&cluster.session).await;
    assert!(nodes.iter().any(|(path, data)| path.name() == "copy" && data.contains("producer.password")));
    for (path, data) in nodes {
        assert!(!data.contains(CANARY), "{path}: {data}");
    }
    let log = std::fs::read_to_string(&cluster.cores[0].log)?;
    assert!(!log.contains(CANARY), "{log}");
    Ok(())
}
