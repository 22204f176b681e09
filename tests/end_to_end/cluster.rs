//! Real Cores over a real ZooKeeper, as tests drive them.

use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::key_file;
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::tasks::Author;
use replicator_model::desired::DesiredState;
use replicator_model::instance::Role;
use replicator_model::name::TaskName;
use replicator_model::span::Span;
use replicator_model::status::{Stage, TaskStatus};
use replicator_model::task::TaskSpec;
use replicator_tests::{MysqlServer, Process, Result, ZooKeeper, eventually, free_port};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Session timeout of the Cores. The harness's ZooKeeper ticks fast enough to grant it.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(4);

pub(crate) const GROUP: &str = "group1";

/// What the Cores and the test's session seal and open passwords with.
pub(crate) const KEY_FILE: &str = "secrets.key";

const AUTHOR: Author<'_> = Author { by: "test", reason: "end to end" };

/// A ZooKeeper ensemble, Cores, and a session of the test's own.
pub(crate) struct Cluster {
    pub(crate) zookeeper: ZooKeeper,
    pub(crate) cores: Vec<CoreProcess>,
    pub(crate) session: Session,
    pub(crate) dir: TempDir,
    coordination: Coordination,
}

/// A Core that can be started again under the same name.
pub(crate) struct CoreProcess {
    pub(crate) name: String,
    pub(crate) process: Process,
    config: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) admin_port: u16,
}

impl Cluster {
    pub(crate) async fn start(zookeepers: usize, cores: usize) -> Result<Cluster> {
        let zookeeper = ZooKeeper::start(zookeepers).await?;
        let dir = tempfile::tempdir()?;
        let config = CoordinationConfig::Zookeeper {
            tiers: vec![zookeeper.addresses()],
            session_timeout: Span::from_secs(20),
            chroot: None,
        };
        let keys = key_file::read_or_make(&dir.path().join(KEY_FILE)).unwrap();
        let coordination = Coordination::open(&config).unwrap().with_keys(Arc::new(keys));
        let session = coordination.connect().await.unwrap();
        let mut cluster = Cluster { zookeeper, cores: Vec::new(), session, dir, coordination };
        for index in 1..=cores {
            let core = cluster.spawn_core(&format!("core{index}"))?;
            cluster.cores.push(core);
        }
        Ok(cluster)
    }

    fn spawn_core(&self, name: &str) -> Result<CoreProcess> {
        let config = self.dir.path().join(format!("{name}.toml"));
        let log = self.dir.path().join(format!("{name}.log"));
        let admin_port = free_port();
        let text = format!(
            "group = \"{GROUP}\"\nname = \"{name}\"\nscan_period = \"1s\"\n[coordination]\nkind = \"zookeeper\"\n\
             tiers = [{:?}]\nsession_timeout = \"{}s\"\n[admin]\nlisten = \"127.0.0.1:{}\"\n\
             [secrets]\nkey_file = {:?}\n",
            self.zookeeper.addresses(),
            SESSION_TIMEOUT.as_secs(),
            admin_port,
            self.dir.path().join(KEY_FILE)
        );
        std::fs::write(&config, text)?;
        let process = spawn(&config, &log)?;
        Ok(CoreProcess { name: name.into(), process, config, log, admin_port })
    }

    /// The way to its ZooKeeper, for a session of another's.
    pub(crate) fn coordination(&self) -> Coordination {
        self.coordination.clone()
    }

    pub(crate) async fn create(&self, spec: &str) -> TaskName {
        self.create_by(&self.session, spec).await
    }

    pub(crate) async fn create_by(&self, session: &Session, spec: &str) -> TaskName {
        let spec = TaskSpec::from_toml(spec).unwrap_or_else(|error| panic!("{error}\n{spec}"));
        session.create_task(&spec, AUTHOR).await.unwrap();
        self.order(&spec.name, DesiredState::Running).await;
        spec.name
    }

    /// Gives the task another spec.
    pub(crate) async fn update(&self, task: &TaskName, spec: &str) {
        let spec = TaskSpec::from_toml(spec).unwrap_or_else(|error| panic!("{error}\n{spec}"));
        let version = self.session.task(task).await.unwrap().version;
        self.session.update_task(&spec, version, AUTHOR).await.unwrap();
    }

    pub(crate) fn task_name(&self, name: &str) -> TaskName {
        TaskName::new(name).unwrap()
    }

    pub(crate) async fn order(&self, task: &TaskName, state: DesiredState) {
        self.session.order(task, state, None).await.unwrap();
    }

    /// Stops the task, and waits until no Core runs it.
    pub(crate) async fn stop(&self, task: &TaskName) -> Result<()> {
        self.order(task, DesiredState::Stopped).await;
        eventually(&format!("{task} to stop"), Duration::from_secs(60), async || match self.status(task).await {
            None => Ok(()),
            Some(status) => Err(status.stage),
        })
        .await
    }

    pub(crate) async fn status(&self, task: &TaskName) -> Option<TaskStatus> {
        self.session.status(task).await.ok().flatten()
    }

    /// Waits until the task is in the stage; says what it was in otherwise.
    pub(crate) async fn wait_for_stage(&self, task: &TaskName, stage: Stage) -> Result<TaskStatus> {
        let what = format!("{task} is {stage}");
        eventually(&what, Duration::from_secs(60), async || match self.status(task).await {
            Some(status) if status.stage == stage => Ok(status),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// The Core that runs the task, by the first node of its line.
    pub(crate) async fn running(&self, task: &TaskName) -> Option<usize> {
        let line = self.session.instances(task).await.ok()?;
        let info =
            line.into_iter().filter_map(|instance| instance.info.ok()).find(|info| info.role == Role::Running)?;
        self.cores.iter().position(|core| core.name == info.core.as_str())
    }

    /// Waits until every table of the database has the same contents on both servers.
    pub(crate) async fn wait_for_equal(
        &self,
        source: &MysqlServer,
        target: &MysqlServer,
        database: &str,
    ) -> Result<()> {
        wait_for_equal(source, target, database, Duration::from_secs(120)).await
    }

    /// Waits until the copy of a database is equal and its task streams. If it does not become so, the panic has what
    /// the Cores logged.
    pub(crate) async fn wait_for_copy(
        &self,
        task: &TaskName,
        source: &MysqlServer,
        target: &MysqlServer,
        database: &str,
    ) -> Result<TaskStatus> {
        let equal = self.wait_for_equal(source, target, database).await;
        equal.unwrap_or_else(|error| panic!("{error}\n{}", self.logs()));
        self.wait_for_stage(task, Stage::Streaming).await
    }

    /// What the Cores logged, for a test that fails.
    pub(crate) fn logs(&self) -> String {
        self.cores.iter().map(|core| format!("--- {}\n{}", core.name, tail(&core.log))).collect()
    }
}

impl CoreProcess {
    pub(crate) async fn kill9(&mut self) {
        self.process.kill9().await;
    }

    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.process = spawn(&self.config, &self.log)?;
        Ok(())
    }
}

fn spawn(config: &std::path::Path, log: &std::path::Path) -> Result<Process> {
    let config = config.display().to_string();
    Process::spawn("replicator-core", &["--config", &config], &[("RUST_LOG", "info")], log)
}

fn tail(log: &std::path::Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n") + "\n"
}

/// Waits until every table of the database has the same contents on both servers.
pub(crate) async fn wait_for_equal(
    source: &MysqlServer,
    target: &MysqlServer,
    database: &str,
    timeout: Duration,
) -> Result<()> {
    eventually(&format!("{database} is equal on both servers"), timeout, async || {
        let (ours, theirs) = match (source.checksum_tables(database).await, target.checksum_tables(database).await) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (ours, theirs) => return Err(format!("source {ours:?}, target {theirs:?}")),
        };
        let differing: Vec<String> = ours
            .iter()
            .filter(|(table, sum)| theirs.get(*table) != Some(sum))
            .map(|(table, sum)| format!("{table}: {sum:?} and {:?}", theirs.get(table)))
            .collect();
        if differing.is_empty() && ours.len() == theirs.len() { Ok(()) } else { Err(differing.join("; ")) }
    })
    .await
}

/// A task between two servers, from the beginning of the source's log.
pub(crate) fn copy_task(name: &str, source: &MysqlServer, target: &MysqlServer, more: &str) -> String {
    format!(
        "name = \"{name}\"\ngroup = \"{GROUP}\"\n[producer]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword = \"{}\"\n\
         start = \"latest\"\ntables = [\"shop.*\"]\nheartbeat = \"1s\"\n{more}\n[consumer]\nkind = \"mysql\"\nhost = \"127.0.0.1\"\n\
         port = {}\nuser = \"{}\"\npassword = \"{}\"\n[pipe]\nstatus_interval = \"250ms\"\ncheckpoint_interval = \"500ms\"\n",
        source.port(),
        source.user(),
        source.password(),
        target.port(),
        target.user(),
        target.password(),
    )
}
