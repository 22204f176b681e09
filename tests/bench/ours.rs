//! The replicator as it is run: a ZooKeeper, a Server to give orders to, and a Core that carries one task.

use replicator_tests::{
    Error, MysqlServer, Process, Result, SETUP_TOKEN, ZooKeeper, eventually, first_admin, free_port, new_secrets_key,
};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const TASK: &str = "bench";
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything runs, and the task is there and stopped.
pub(crate) struct Ours {
    client: Client,
    address: String,
    token: String,
    core: Process,
    server: Process,
    zookeeper: ZooKeeper,
    /// Last, so that the folder goes after the processes.
    _folder: TempDir,
}

impl Ours {
    /// With a task, all its settings the defaults, that goes on behind the transactions in `applied`.
    pub(crate) async fn prepare(source: &MysqlServer, target: &MysqlServer, applied: &str) -> Result<Ours> {
        let zookeeper = ZooKeeper::start(1).await?;
        let folder = tempfile::tempdir()?;
        let key_file = folder.path().join("secrets.key");
        new_secrets_key(&key_file)?;
        let coordination = format!(
            "[secrets]\nkey_file = {key_file:?}\n[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\n",
            zookeeper.addresses()
        );
        let (admin, http) = (listen(), listen());
        let core = format!("group = \"group1\"\nname = \"core1\"\n{coordination}[admin]\nlisten = \"{admin}\"\n");
        let server = format!("{coordination}[http]\nlisten = \"{http}\"\n");
        let core = spawn("replicator-core", folder.path(), &core)?;
        let server = spawn("replicator-server", folder.path(), &server)?;
        let client = Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build();
        let client = client.map_err(|error| Error::new(format!("no HTTP client: {error}")))?;
        let address = format!("http://{http}");
        let mut ours = Ours { client, address, token: String::new(), core, server, zookeeper, _folder: folder };
        ours.wait_until_ready(&format!("http://{admin}/readyz")).await?;
        ours.wait_until_ready(&format!("{}/readyz", ours.address)).await?;
        ours.token = first_admin(&ours.address).await?;
        let create = ours.client.post(format!("{}/api/v1/tasks", ours.address));
        let create = create.header("Content-Type", "application/toml").body(task(source, target, applied));
        ours.ask(create).await?;
        Ok(ours)
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        let start = self.client.post(format!("{}/api/v1/tasks/{TASK}/start", self.address));
        self.ask(start).await.map(drop)
    }

    /// # Errors
    /// When a process has ended, or the task has FAILED or is tried again: then the figures would say nothing.
    pub(crate) async fn check(&mut self) -> Result<()> {
        for (name, process) in [("replicator-core", &mut self.core), ("replicator-server", &mut self.server)] {
            if let Some(status) = process.exit_status()? {
                return Err(Error::new(format!("{name} has ended ({status}):\n{}", process.log_text())));
            }
        }
        let status = self.client.get(format!("{}/api/v1/tasks/{TASK}/status", self.address));
        let status = self.ask(status).await?;
        match status.get("failure").filter(|failure| !failure.is_null()) {
            Some(failure) => Err(Error::new(format!("the task does not run: {failure}"))),
            None => Ok(()),
        }
    }

    /// As the Core counts them; it says so once a second or so.
    pub(crate) async fn commits(&self) -> Result<u64> {
        let seen = eventually("the task to have nothing left", READY_TIMEOUT, async || {
            let status = self.client.get(format!("{}/api/v1/tasks/{TASK}/status", self.address));
            let status = self.ask(status).await.map_err(|error| error.to_string())?;
            match (status["lag_seconds"].as_f64(), status["progress"]["commits"].as_u64()) {
                (Some(0.0), Some(commits)) => Ok(commits),
                _ => Err(status.to_string()),
            }
        });
        seen.await
    }

    pub(crate) fn core_pid(&self) -> u32 {
        self.core.pid()
    }

    /// The processes that all tasks of all hosts share.
    pub(crate) fn shared_pids(&self) -> Vec<u32> {
        vec![self.server.pid(), self.zookeeper.pid(0)]
    }

    async fn wait_until_ready(&self, url: &str) -> Result<()> {
        let ready = eventually(&format!("{url} to answer 200"), READY_TIMEOUT, async || {
            match self.client.get(url).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
        ready.map_err(|error| {
            Error::new(format!("{error}\ncore:\n{}\nserver:\n{}", self.core.log_text(), self.server.log_text()))
        })
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Value> {
        let failed = |error: reqwest::Error| Error::new(format!("the Server's API: {error}"));
        let answer = request.bearer_auth(&self.token).send().await.map_err(failed)?;
        let (status, url) = (answer.status(), answer.url().to_string());
        let body = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Error::new(format!("{url} answered {status}: {body}")));
        }
        serde_json::from_str(&body).map_err(|error| Error::new(format!("{url} answered no JSON: {error}")))
    }
}

pub(crate) fn listen() -> String {
    format!("127.0.0.1:{}", free_port())
}

pub(crate) fn spawn(program: &str, folder: &Path, config: &str) -> Result<Process> {
    let file = folder.join(format!("{program}.toml"));
    std::fs::write(&file, config)?;
    let setup = [("REPLICATOR_ACCESS_SETUP_TOKEN", SETUP_TOKEN)];
    Process::spawn(program, &["--config", &file.display().to_string()], &setup, &folder.join(format!("{program}.log")))
}

fn task(source: &MysqlServer, target: &MysqlServer, applied: &str) -> String {
    let end = |server: &MysqlServer| {
        format!(
            "kind = \"mysql\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword = \"{}\"\n",
            server.port(),
            server.user(),
            server.password()
        )
    };
    format!(
        "name = \"{TASK}\"\ngroup = \"group1\"\n[producer]\n{}tables = [\"{}.*\"]\nstart = {{ gtid = \"{applied}\" }}\n\
         [consumer]\n{}",
        end(source),
        crate::workload::DATABASE,
        end(target)
    )
}
