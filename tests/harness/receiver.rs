//! The other end of webhooks: an HTTP server that keeps what is posted to it and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::{Error, Result};

/// Listens on a free port of 127.0.0.1 until it is dropped.
pub struct HttpReceiver {
    port: u16,
    shared: Arc<Mutex<Shared>>,
    server: AbortHandle,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path and query.
    pub address: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
    /// What it was answered.
    pub status: u16,
}

struct Shared {
    received: Vec<Received>,
    next: VecDeque<u16>,
    otherwise: u16,
    /// The body of every answer with 200.
    text: String,
}

impl HttpReceiver {
    /// Answers 204 to every POST until it is told otherwise.
    pub async fn start() -> Result<HttpReceiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Shared { received: Vec::new(), next: VecDeque::new(), otherwise: 204, text: String::new() };
        let shared = Arc::new(Mutex::new(shared));
        let routes = Router::new().fallback(post(receive)).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await }).abort_handle();
        Ok(HttpReceiver { port, shared, server })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Answers the next requests with these, one each.
    pub fn answer_next(&self, statuses: impl IntoIterator<Item = u16>) {
        lock(&self.shared).next.extend(statuses);
    }

    /// Answers everything else with this.
    pub fn answer(&self, status: u16) {
        lock(&self.shared).otherwise = status;
    }

    /// Answers everything else with 200 and this.
    pub fn answer_text(&self, text: impl Into<String>) {
        let mut shared = lock(&self.shared);
        (shared.otherwise, shared.text) = (200, text.into());
    }

    /// All requests so far, in the order in which they came.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared).received.clone()
    }
}

impl Drop for HttpReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Received {
    /// # Errors
    /// When there is none.
    pub fn header(&self, name: &str) -> Result<&str> {
        let header = self.headers.get(name).map(String::as_str);
        header.ok_or_else(|| Error::new(format!("no header {name} in {:?}", self.headers)))
    }

    /// # Errors
    /// When the body is no JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).map_err(Error::during("the body of the request"))
    }
}

async fn receive(
    State(shared): State<Arc<Mutex<Shared>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut shared = lock(&shared);
    let status = shared.next.pop_front().unwrap_or(shared.otherwise);
    shared.received.push(Received { address: uri.to_string(), headers, body, status });
    let text = if status == 200 { shared.text.clone() } else { String::new() };
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), text)
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
