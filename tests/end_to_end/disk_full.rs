//! The target's disk is full for a while: the task says so, tries again, and goes on when there is space.
//!
//! By hand, because it mounts a small file system, which takes root: `cargo test … --test end_to_end -- --ignored disk_full`.

use crate::cluster::{Cluster, copy_task};
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Error, Flavor, MysqlServer, Result, eventually};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A file system in memory; unmounted when dropped.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount(mebibytes: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size(mebibytes), "tmpfs"]).arg(folder.path()))?;
        Ok(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn resize(&self, mebibytes: u32) -> Result<()> {
        run(Command::new("mount").args(["-o", &format!("remount,{}", size(mebibytes))]).arg(self.path()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _left_mounted = run(Command::new("umount").arg("--lazy").arg(self.path()));
    }
}

fn size(mebibytes: u32) -> String {
    format!("size={mebibytes}m,mode=777")
}

fn run(command: &mut Command) -> Result<()> {
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(Error::new(format!("{command:?}: {status}"))),
    }
}

async fn goes_on_when_there_is_space(disk: SmallDisk, target: MysqlServer, location: &str) -> Result<()> {
    let (source, cluster) = tokio::try_join!(MysqlServer::start(Flavor::MySql97), Cluster::start(1, 1))?;
    let table = |options: &str| {
        format!(
            "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, pad VARCHAR(1000) NOT NULL) ENGINE=InnoDB {options};
             CREATE TABLE shop.counter (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB; INSERT INTO shop.counter VALUES (1, 0)"
        )
    };
    source.exec(&table("")).await?;
    target.exec(&table(location)).await?;
    let spec = copy_task("copy", &source, &target, "").replace("[pipe]", "statement_timeout = \"10s\"\n[pipe]");
    let task = cluster.create(&spec).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    cluster.order(&task, DesiredState::Paused).await;
    for first in (0..60_000).step_by(500) {
        let rows: Vec<String> = (first..first + 500).map(|id| format!("({id}, REPEAT('x', 900))")).collect();
        source
            .exec(&format!(
                "BEGIN; INSERT INTO shop.item VALUES {}; UPDATE shop.counter SET n = n + 1; COMMIT",
                rows.join(",")
            ))
            .await?;
    }
    cluster.order(&task, DesiredState::Running).await;
    let full = eventually("the disk is full", Duration::from_secs(120), async || match cluster.status(&task).await {
        Some(status) if status.failure.is_some() => Ok(status.failure),
        other => Err(format!("{other:?}")),
    });
    let failure = full.await?.expect("just seen");
    println!("while it is full: {failure}");
    assert!(failure.is_transient(), "{failure}");
    assert!(matches!(failure.code.as_str(), "target_full" | "statement_timeout" | "target_busy"), "{failure}");
    tokio::time::sleep(Duration::from_secs(20)).await;
    disk.resize(1_000)?;
    let equal = crate::cluster::wait_for_equal(&source, &target, "shop", Duration::from_secs(240)).await;
    equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let status = cluster.wait_for_stage(&task, Stage::Streaming).await?;
    assert_eq!(status.progress.conflicts, 0);
    Ok(())
}

#[ignore = "mounts a file system"]
#[tokio::test(flavor = "multi_thread")]
async fn disk_full_of_tables() -> Result<()> {
    let disk = SmallDisk::mount(24)?;
    let folder = disk.path().display().to_string();
    let target = MysqlServer::start_with(Flavor::MySql97, &[&format!("--innodb-directories={folder}")]).await?;
    goes_on_when_there_is_space(disk, target, &format!("DATA DIRECTORY = '{folder}'")).await
}

#[ignore = "mounts a file system"]
#[tokio::test(flavor = "multi_thread")]
async fn disk_full_of_the_binary_log() -> Result<()> {
    let disk = SmallDisk::mount(24)?;
    let log = disk.path().join("bin").display().to_string();
    let target = MysqlServer::start_with(Flavor::MySql97, &[&format!("--log-bin={log}")]).await?;
    goes_on_when_there_is_space(disk, target, "").await
}
