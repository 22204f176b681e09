//! The Server's REST API, as far as the demo needs it.

use replicator_tests::{Error, Result};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Rest {
    client: Client,
    address: String,
    token: String,
}

/// What is known of the task; see `StatusView` in the Server's OpenAPI document.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    state: String,
    pub(crate) stage: Option<String>,
    failure: Option<Failure>,
    explanation: Option<Failure>,
    pub(crate) lag_seconds: Option<f64>,
    pub(crate) progress: Option<Progress>,
    pub(crate) checkpoint: Option<Checkpoint>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    code: String,
    reason: String,
    hint: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Progress {
    pub(crate) transactions: u64,
    pub(crate) rows: u64,
    pub(crate) rows_per_second: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    #[serde(default)]
    pub(crate) gtid_set: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) file: String,
    pub(crate) offset: u64,
}

#[derive(Debug, Deserialize)]
struct Problem {
    detail: String,
    hint: String,
}

impl Status {
    /// Why it will not go on, if it will not.
    pub(crate) fn failed(&self) -> Option<String> {
        let why = self.failure.as_ref().or(self.explanation.as_ref());
        let text = why.map(|why| format!("{} [{}]; {}", why.reason, why.code, why.hint));
        (self.state == "failed").then(|| text.unwrap_or_else(|| "no reason is given".into()))
    }

    /// The transient failure that is being tried again, if there is one.
    pub(crate) fn retrying(&self) -> Option<&str> {
        self.failure.as_ref().filter(|_| self.state == "retrying").map(|failure| failure.reason.as_str())
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }
}

impl Rest {
    /// `token` is shown with each request.
    pub(crate) fn new(address: String, token: String) -> Result<Rest> {
        let client = Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build();
        Ok(Rest { client: client.map_err(|error| Error::new(format!("no HTTP client: {error}")))?, address, token })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Makes the task from its TOML, started.
    pub(crate) async fn start_task(&self, task: &str) -> Result<()> {
        let url = format!("{}/api/v1/tasks?desired=running", self.address);
        let request = self.client.post(&url).header("Content-Type", "application/toml").body(task.to_owned());
        let answer = request.bearer_auth(&self.token).send().await.map_err(|error| failed(&url, &error))?;
        read::<serde::de::IgnoredAny>(&url, answer).await.map(drop)
    }

    pub(crate) async fn status(&self) -> Result<Status> {
        let url = format!("{}/api/v1/tasks/{}/status", self.address, crate::TASK);
        let answer =
            self.client.get(&url).bearer_auth(&self.token).send().await.map_err(|error| failed(&url, &error))?;
        read(&url, answer).await
    }
}

/// What was answered, or the problem that was.
async fn read<T: DeserializeOwned>(url: &str, answer: Response) -> Result<T> {
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| failed(url, &error))?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| failed(url, &error));
    }
    Err(match serde_json::from_slice::<Problem>(&body) {
        Ok(Problem { detail, hint }) => Error::new(format!("{url} answered {status}: {detail}; {hint}")),
        Err(_) => Error::new(format!("{url} answered {status}")),
    })
}

fn failed(url: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(format!("{url}: {error}"))
}
