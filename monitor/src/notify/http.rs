//! Posting to a receiver: where it may be, how long it may take, how much of its answer is read.

use super::{BuildError, DeliveryError, cut};
use replicator_model::networks::{Networks, allowed};
use replicator_model::secret::Secret;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub(super) use reqwest::Url;

/// How much of an answer is read: enough for a code and a sentence.
const ANSWER_BYTES_MAX: usize = 4096;

/// The longest that a receiver is left alone because it says so.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// A client that follows no redirect, uses no proxy of the environment, and connects to allowed addresses only: what
/// is configured is where a message goes.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    networks: Arc<Networks>,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    pub(super) retry_after: Option<Duration>,
}

impl Http {
    pub(super) fn build(timeout: Duration, networks: &Networks) -> Result<Self, BuildError> {
        let networks = Arc::new(networks.clone());
        let client = Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Checked(Arc::clone(&networks))))
            .user_agent(concat!("replicator-monitor/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| BuildError::new("timeout", format!("no HTTP client: {error}")))?;
        Ok(Self { client, networks })
    }

    pub(super) async fn post_json(
        &self,
        url: &Url,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, DeliveryError> {
        // An address that is written out is not looked up, so the resolver does not see it.
        if let Some(address) = url.host_str().and_then(address_of) {
            allowed(&self.networks, address).map_err(|forbidden| DeliveryError::new(forbidden.to_string()))?;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let problem =
            |error: reqwest::Error| DeliveryError::new(format!("{}: {}", place(url), root_cause(&error.without_url())));
        let mut response = self.client.post(url.clone()).headers(headers).body(body).send().await.map_err(problem)?;
        let mut text = Vec::new();
        while let Some(part) = response.chunk().await.map_err(problem)? {
            text.extend_from_slice(&part[..part.len().min(ANSWER_BYTES_MAX - text.len())]);
            if text.len() >= ANSWER_BYTES_MAX {
                break;
            }
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer {
            status: response.status(),
            body: String::from_utf8_lossy(&text).into_owned(),
            retry_after: retry_after.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX)),
        })
    }
}

impl Answer {
    /// The answer if it is 2xx.
    pub(super) fn accepted(self, url: &Url) -> Result<Self, DeliveryError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let said = self.body.trim();
        let said = if said.is_empty() { String::new() } else { format!(": {}", one_line(said)) };
        let reason = format!("{} answered {}{said}", place(url), self.status);
        Err(DeliveryError { reason, retry_after: self.retry_after, permanent: false })
    }
}

/// For logs and pages: short and without line breaks.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&text, 300).to_owned()
}

fn address_of(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// Looks a name up once; every address of it is checked, and the connection goes to one of them.
struct Checked(Arc<Networks>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = look_up(&networks, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a host, if all of them are allowed.
pub(super) async fn look_up(networks: &Networks, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await?.collect();
    for address in &addresses {
        allowed(networks, address.ip()).map_err(std::io::Error::other)?;
    }
    if addresses.is_empty() { Err(std::io::Error::other("it has no address")) } else { Ok(addresses) }
}

/// Reads the address of a receiver.
pub(super) fn parse_url(key: &'static str, url: &Secret) -> Result<Url, BuildError> {
    replicator_model::channel::place_of(url.expose()).map_err(|problem| BuildError::new(key, problem))?;
    Url::parse(url.expose()).map_err(|_| BuildError::new(key, "it is not a URL, such as https://host/path"))
}

/// Where it is, without the path, which may hold a token.
pub(super) fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The innermost error says what happened; the outer ones only that a request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::ptr::eq(innermost, error) { error.to_string() } else { format!("{error}: {innermost}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_that_is_not_allowed_is_not_connected_to() {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let http = Http::build(Duration::from_secs(5), &Networks::default()).unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"] {
            let url = Url::parse(&format!("http://{host}:{port}/token")).unwrap();
            let error = http.post_json(&url, HeaderMap::new(), Vec::new()).await.unwrap_err();
            assert!(error.reason.contains("not connected to") && !error.reason.contains("token"), "{host}: {error}");
        }
        let nobody = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
    }
}
