//! The API with many tasks: a Server by itself over an embedded tree, and how long its pages take while tasks change.

use crate::measure::{Measured, percentile};
use crate::ours::{listen, spawn};
use replicator_tests::{Error, Process, Result, first_admin};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// Requests for each page.
const REQUESTS: usize = 200;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// What the console asks for: a page of the list, all tasks, the overview.
const PAGES: [(&str, &str); 3] =
    [("list", "tasks?limit=100&sort=state&sparkline=true"), ("all", "tasks?limit=1000"), ("overview", "overview")];

/// A Server with so many tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Many {
    pub(crate) tasks: usize,
}

struct Serving {
    client: Client,
    address: String,
    token: String,
    server: Process,
    /// Last, so that the folder goes after the process.
    _folder: TempDir,
}

impl Many {
    pub(crate) async fn run(self) -> Result<Vec<Measured>> {
        let serving = Serving::start().await?;
        for index in 0..self.tasks {
            serving.ask(Method::POST, "tasks", Some(&spec(index))).await?;
        }
        let mut measured = Vec::new();
        for (name, page) in PAGES {
            let mut times = Vec::with_capacity(REQUESTS);
            for index in 0..REQUESTS {
                // Something always changes, as it does while tasks run, and each answer has to show it.
                let order = if index % 2 == 0 { "start" } else { "stop" };
                let address = format!("tasks/{}/{order}", task(index / 2 % self.tasks));
                serving.ask(Method::POST, &address, None).await?;
                let begun = Instant::now();
                serving.ask(Method::GET, page, None).await?;
                times.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
            times.sort_unstable();
            for (metric, thousandths) in [("p50_seconds", 500), ("p95_seconds", 950)] {
                let micros = percentile(&times, thousandths).unwrap_or_default();
                measured.push(Measured::new(format!("{name}_{metric}"), "s", micros as f64 / 1e6));
            }
        }
        let peak = serving.server.peak_rss_kib()? * 1024;
        measured.push(Measured::new("server_peak_bytes", "bytes", peak as f64));
        Ok(measured)
    }
}

impl Serving {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (tree, http) = (folder.path().join("tree"), listen());
        let config = format!("[coordination]\nkind = \"embedded\"\ndir = {tree:?}\n[http]\nlisten = \"{http}\"\n");
        let server = spawn("replicator-server", folder.path(), &config)?;
        let client = Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build();
        let client = client.map_err(|error| Error::new(format!("no HTTP client: {error}")))?;
        let address = format!("http://{http}");
        let token = first_admin(&address).await?;
        Ok(Self { client, address, token, server, _folder: folder })
    }

    /// Waits for the whole of the answer.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<()> {
        let failed = |error: reqwest::Error| Error::new(format!("{path}: {error}"));
        let mut request =
            self.client.request(method, format!("{}/api/v1/{path}", self.address)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        match status.is_success() {
            true => Ok(()),
            false => Err(Error::new(format!("{path} answered {status}: {text}"))),
        }
    }
}

fn task(index: usize) -> String {
    format!("copy_{index:04}")
}

fn spec(index: usize) -> Value {
    let end = |host: &str| json!({"host": format!("{host}{index}.example"), "user": "r", "password": {"env": "DB"}});
    let mut consumer = end("target");
    consumer["kind"] = json!("mysql");
    json!({"name": task(index), "group": format!("group{}", index % 10), "producer": end("source"), "consumer": consumer})
}
