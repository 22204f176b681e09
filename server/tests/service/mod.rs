//! A Server in this process over an embedded tree in a temporary folder, and what a Core would write into it.

use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::embedded::Embedded;
use replicator_coordination::key_file;
use replicator_coordination::lease::Lease;
use replicator_coordination::path::Path;
use replicator_coordination::sealing::Keyring;
use replicator_coordination::session::{Coordination, Session, Surroundings};
use replicator_coordination::standby::{Candidate, RoleChange};
use replicator_coordination::store::SessionId;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::instance::CoreInfo;
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::position::Position;
use replicator_model::secret::SecretSource;
use replicator_model::status::{Progress, Stage, TaskStatus};
use replicator_server::config::{AccessConfig, HttpConfig, Settings};
use replicator_server::reset::{Reset, ResetError, reset_setup};
use replicator_server::server::Server;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

/// With what the first user is made.
pub(crate) const SETUP_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// The password of every user.
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Service {
    address: SocketAddr,
    /// What requests show that show nothing else.
    token: String,
    client: reqwest::Client,
    coordination: Coordination,
    embedded: Option<Embedded>,
    _folder: Arc<TempDir>,
    _shutdown: DropGuard,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie that was set, as it is sent back.
    pub(crate) fn cookie(&self) -> &str {
        let cookie = self.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("replicator_session="), "{self:?}");
        cookie
    }
}

pub(crate) fn spec(name: &str) -> Value {
    json!({
        "name": name, "group": "g1",
        "producer": {"host": "db1", "user": "r", "password": {"env": "DB1"}},
        "consumer": {"kind": "mysql", "host": "db2", "user": "r"},
    })
}

impl Service {
    /// Ready to answer.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = key_file::read_or_make(&folder.path().join("secrets.key")).unwrap();
        Self::embedded(folder, keys).await.with_first_user().await
    }

    /// Ready to answer, and nobody has signed in yet.
    pub(crate) async fn start_without_users() -> Self {
        Self::embedded(tempfile::tempdir().unwrap(), Keyring::default()).await
    }

    async fn with_first_user(mut self) -> Self {
        self.token = self.first_user().await;
        self
    }

    /// With nothing to seal passwords with.
    pub(crate) async fn start_without_keys() -> Self {
        Self::start_without_users().await.with_first_user().await
    }

    async fn embedded(folder: TempDir, keys: Keyring) -> Self {
        let embedded = Embedded::open(&folder.path().join("coordination"), Duration::from_secs(10)).unwrap();
        let coordination = Coordination::new(Arc::new(embedded.clone()), Surroundings::real());
        Self::over(coordination.with_keys(Arc::new(keys)), Some(embedded), Arc::new(folder)).await
    }

    /// Makes the first user, `root`, and answers an API token of it.
    pub(crate) async fn first_user(&self) -> String {
        let first = json!({"token": SETUP_TOKEN, "user": "root", "password": PASSWORD});
        let made = self.post("/setup", &first).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
        self.token_by(made.cookie(), "admin").await
    }

    /// A new user's API token.
    pub(crate) async fn token_of(&self, user: &str, role: &str) -> String {
        let made = self.post("/users", &json!({"name": user, "role": role, "password": PASSWORD})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let session = self.post("/session", &json!({"user": user, "password": PASSWORD})).await;
        self.token_by(session.cookie(), role).await
    }

    async fn token_by(&self, cookie: &str, role: &str) -> String {
        let headers = [("content-type", "application/json"), ("cookie", cookie), ("x-replicator-csrf", "1")];
        let made = self.send_raw("POST", "/tokens", json!({"name": "tests", "role": role}).to_string(), &headers).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.body["secret"].as_str().unwrap().to_owned()
    }

    /// Its coordination service is not there: a port that nobody listens on.
    pub(crate) async fn start_without_coordination() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config: CoordinationConfig =
            serde_json::from_value(json!({"kind": "zookeeper", "tiers": [[format!("127.0.0.1:{port}")]]})).unwrap();
        Self::over(Coordination::open(&config).unwrap(), None, Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// Another Server over the same tree.
    pub(crate) async fn another(&self) -> Self {
        let other = Self::over(self.coordination.clone(), self.embedded.clone(), Arc::clone(&self._folder)).await;
        Self { token: self.token.clone(), ..other }
    }

    async fn over(coordination: Coordination, embedded: Option<Embedded>, folder: Arc<TempDir>) -> Self {
        let http = HttpConfig { listen: "127.0.0.1:0".parse().unwrap(), ..HttpConfig::default() };
        let access = AccessConfig { setup_token: Some(SecretSource::literal(SETUP_TOKEN)), ..AccessConfig::default() };
        let settings = Settings { http, access, ..Settings::default() };
        let server = Server::new(settings, coordination.clone()).unwrap();
        let (address, shutdown) = (server.address(), CancellationToken::new());
        tokio::spawn(server.run(shutdown.clone()));
        let service = Self {
            address,
            token: "mr_0123456789abcdef_unknown".to_owned(),
            client: reqwest::Client::new(),
            coordination,
            embedded,
            _folder: folder,
            _shutdown: shutdown.drop_guard(),
        };
        while service.embedded.is_some() && service.fetch("/readyz").await.0 != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        service
    }

    /// What a program outside sends requests to, and with what.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.send_raw("GET", address, String::new(), &[]).await
    }

    pub(crate) async fn post(&self, address: &str, body: &Value) -> Answer {
        self.send_raw("POST", address, body.to_string(), &[("content-type", "application/json")]).await
    }

    pub(crate) async fn put(&self, address: &str, if_match: Option<&str>, body: &Value) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(if_match.map(|etag| ("if-match", etag)));
        self.send_raw("PUT", address, body.to_string(), &headers).await
    }

    pub(crate) async fn delete(&self, address: &str, if_match: Option<&str>) -> Answer {
        let headers: Vec<(&str, &str)> = if_match.map(|etag| ("if-match", etag)).into_iter().collect();
        self.send_raw("DELETE", address, String::new(), &headers).await
    }

    /// `address` is below `/api/v1`.
    pub(crate) async fn send_raw(&self, method: &str, address: &str, body: String, headers: &[(&str, &str)]) -> Answer {
        let url = format!("http://{}/api/v1{address}", self.address);
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url).body(body);
        if !headers.iter().any(|(name, _)| matches!(*name, "cookie" | "authorization")) {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }

    /// Status and problem code, without waiting for the end of the answer where there is no problem.
    pub(crate) async fn status_of(
        &self,
        method: &str,
        address: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> (u16, String) {
        let url = format!("http://{}/api/v1{address}", self.address);
        let mut request =
            self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        if status.is_success() {
            return (status.as_u16(), String::new());
        }
        let body: Value = response.json().await.unwrap_or_default();
        (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// A stream of events, below `/api/v1`.
    pub(crate) async fn stream(&self, address: &str) -> reqwest::Response {
        self.stream_by(address, ("authorization", &format!("Bearer {}", self.token))).await
    }

    /// The same for whoever shows the header.
    pub(crate) async fn stream_by(&self, address: &str, header: (&str, &str)) -> reqwest::Response {
        let url = format!("http://{}/api/v1{address}", self.address);
        self.client.get(url).header(header.0, header.1).send().await.unwrap()
    }

    /// What `replicator-server --reset-setup` prints.
    pub(crate) async fn reset_setup(&self) -> Result<Reset, ResetError> {
        reset_setup(&self.coordination.connect().await.unwrap(), &self.url()).await
    }

    /// The Server ends, as on SIGTERM.
    pub(crate) fn end(self) {
        drop(self._shutdown);
    }

    /// An address that is not below `/api/v1`.
    pub(crate) async fn fetch(&self, address: &str) -> (StatusCode, String) {
        let response = self.client.get(format!("http://{}{address}", self.address)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    pub(crate) async fn eventually(&self, address: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        for _ in 0..200 {
            let answer = self.get(address).await;
            if wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{address} never answered as wanted: {:?}", self.get(address).await);
    }

    /// Ends every session of the tree, as if nobody had been heard.
    pub(crate) async fn expire_sessions(&self) {
        for session in 1..100 {
            self.embedded.as_ref().unwrap().expire(SessionId(session)).await;
        }
    }

    pub(crate) async fn stored_password(&self, task: &str) -> String {
        let session = self.coordination.connect().await.unwrap();
        let spec = session.task(&TaskName::new(task).unwrap()).await.unwrap().spec;
        match spec.producer.password {
            SecretSource::Literal(secret) => secret.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// Every node of the tree with its data, as far as it is text.
    pub(crate) async fn tree(&self) -> Vec<(String, String)> {
        let session = self.coordination.connect().await.unwrap();
        let (mut open, mut found) = (vec![Path::root()], Vec::new());
        while let Some(path) = open.pop() {
            for name in session.store().list(&path).await.unwrap() {
                let child = path.child(&name).unwrap();
                if let Some(node) = session.store().read(&child).await.unwrap() {
                    found.push((child.to_string(), String::from_utf8_lossy(&node.data).into_owned()));
                }
                open.push(child);
            }
        }
        assert!(found.len() > 10, "the tree was not walked: {found:?}");
        found
    }

    /// Every file of the tree's folder with what it holds.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self._folder.path().join("coordination")).unwrap();
        let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read(&path).unwrap());
        let found: Vec<_> = files.map(|file| read(file.unwrap().path())).collect();
        assert!(found.iter().any(|(_, bytes)| !bytes.is_empty()), "the tree is in no file");
        found
    }

    /// A Core alive in group `g1` for as long as the answer is kept.
    pub(crate) async fn register_core(&self, core: &str) -> Session {
        let session = self.coordination.connect().await.unwrap();
        let info = CoreInfo {
            core: CoreName::new(core).unwrap(),
            host: "host1".into(),
            group: GroupName::new("g1").unwrap(),
            version: "0.1.0".into(),
            capacity: 10,
            load: 0,
            admin: None,
            since_us: 1_790_000_000_000_000,
        };
        session.register_core(&info).await.unwrap();
        session
    }

    /// A Core that holds the lease of a task.
    pub(crate) async fn run_task(&self, task: &str, core: &str) -> RunningTask {
        let (task, core) = (TaskName::new(task).unwrap(), CoreName::new(core).unwrap());
        let session = self.coordination.connect().await.unwrap();
        let mut candidate = Candidate::enter(&session, &task, &core, "host1");
        loop {
            if let RoleChange::Running(lease) = candidate.next().await {
                return RunningTask { core, candidate, lease };
            }
        }
    }
}

pub(crate) struct RunningTask {
    core: CoreName,
    candidate: Candidate,
    lease: Lease,
}

impl RunningTask {
    pub(crate) async fn report(&self, stage: Stage, generation: u64, failure: Option<Failure>) {
        let checkpoint = Checkpoint {
            epoch: self.lease.epoch(),
            server: "server-1".into(),
            position: Position::new("bin.000002", 400),
            gtid_set: None,
            event_time_us: 1_790_000_000_000_000,
            written_at_us: 1_790_000_000_000_000,
        };
        let status = TaskStatus {
            core: self.core.clone(),
            epoch: self.lease.epoch(),
            stage,
            spec_version: 0,
            desired_generation: generation,
            checkpoint: Some(checkpoint),
            source_head: Some(Position::new("bin.000002", 500)),
            source_logs: None,
            lag_seconds: Some(0.5),
            lag_by: None,
            gtid_missing: None,
            progress: Progress::default(),
            failure,
            warnings: Vec::new(),
            failed_transaction: None,
            skipped: 0,
            retries: 0,
            since_us: 1_790_000_000_000_000,
            updated_us: 1_790_000_000_000_000,
        };
        self.lease.write_status(&status).await.unwrap();
    }

    pub(crate) async fn leave(self) {
        self.candidate.leave().await;
    }
}
