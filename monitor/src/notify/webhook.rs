//! Notices as HTTP POST requests.
//!
//! | header | |
//! |---|---|
//! | `Idempotency-Key` | the same for every attempt of one notice, and for no other notice |
//! | `X-Replicator-Timestamp` | when this attempt was made, in seconds since 1970 UTC |
//! | `X-Replicator-Signature` | `sha256=` and the hex of HMAC-SHA256(secret, timestamp + "." + body); with a secret only |
//!
//! A receiver checks the signature, refuses old timestamps, answers 2xx once it has the notice, and drops keys that it
//! has seen. Redirects are not followed and proxies of the environment are not used: what is configured is where a
//! notice goes.

use super::DeliveryError;
use super::outbox::Retry;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use replicator_model::alert::Notice;
use replicator_model::secret::{Secret, SecretError, SecretSource};
use replicator_model::span::Span;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;

/// The `[webhook]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where to post. A secret, because many receivers put a token into the path.
    pub url: SecretSource,
    /// The key of the signature. Default: nothing is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretSource>,
    /// How long one attempt may take. Default 5s.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// The first pause between two attempts; it doubles. Default 1s.
    #[serde(default = "default_backoff_min")]
    pub retry_backoff_min: Span,
    /// The longest pause between two attempts. Default 1m.
    #[serde(default = "default_backoff_max")]
    pub retry_backoff_max: Span,
    /// After so many attempts a notice makes way for the others and queues up again. Default 8.
    #[serde(default = "default_attempts_max")]
    pub attempts_max: u32,
}

fn default_timeout() -> Span {
    Span::from_secs(5)
}

fn default_backoff_min() -> Span {
    Span::from_secs(1)
}

fn default_backoff_max() -> Span {
    Span::from_secs(60)
}

fn default_attempts_max() -> u32 {
    8
}

const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const TIMEOUT_MAX: Duration = Duration::from_secs(60);
const BACKOFF_MIN: Duration = Duration::from_millis(10);

/// Why there can be no webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("`webhook.{key}`: {problem}")]
    Secret { key: &'static str, problem: SecretError },
    #[error("`webhook.url` {0}")]
    Url(&'static str),
    #[error("`webhook`: no HTTP client: {0}")]
    Client(reqwest::Error),
}

impl WebhookConfig {
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: SecretSource::literal(url),
            secret: None,
            timeout: default_timeout(),
            retry_backoff_min: default_backoff_min(),
            retry_backoff_max: default_backoff_max(),
            attempts_max: default_attempts_max(),
        }
    }

    /// What is wrong with the settings, if anything; files and variables are not looked at.
    pub(crate) fn problem(&self) -> Option<String> {
        if let SecretSource::Literal(url) = &self.url
            && let Err(error) = parse_url(url)
        {
            return Some(error.to_string());
        }
        if !(TIMEOUT_MIN..=TIMEOUT_MAX).contains(&self.timeout.duration()) {
            return Some(format!("`webhook.timeout` is {}; it can be 100ms to 1m", self.timeout));
        }
        if self.retry_backoff_min.duration() < BACKOFF_MIN || self.retry_backoff_max < self.retry_backoff_min {
            return Some("`webhook.retry_backoff_min` must be 10ms or more, and not above `retry_backoff_max`".into());
        }
        (self.attempts_max == 0).then(|| "`webhook.attempts_max` is 0; it must be 1 or more".to_owned())
    }
}

fn parse_url(url: &Secret) -> Result<Url, WebhookError> {
    let url = Url::parse(url.expose()).map_err(|_| WebhookError::Url("is not a URL, such as https://host/path"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(WebhookError::Url("must begin with http:// or https:// and a host"));
    }
    Ok(url)
}

/// A receiver of notices.
#[derive(Clone)]
pub struct Webhook {
    client: Client,
    url: Url,
    secret: Option<Secret>,
    retry: Retry,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", self.place())
    }
}

impl Webhook {
    /// Looks up the secrets and prepares the client; connects to nobody.
    pub fn build(config: &WebhookConfig) -> Result<Self, WebhookError> {
        let lookup =
            |key, source: &SecretSource| source.resolve_here().map_err(|problem| WebhookError::Secret { key, problem });
        let url = parse_url(&lookup("url", &config.url)?)?;
        let secret = config.secret.as_ref().map(|source| lookup("secret", source)).transpose()?;
        let client = Client::builder()
            .timeout(config.timeout.duration())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("replicator-monitor/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookError::Client)?;
        let retry = Retry {
            backoff_min: config.retry_backoff_min.duration(),
            backoff_max: config.retry_backoff_max.duration(),
            attempts_max: config.attempts_max,
        };
        Ok(Self { client, url, secret, retry })
    }

    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// One attempt.
    pub(crate) async fn deliver(&self, notice: &Notice, now_us: i64) -> Result<(), DeliveryError> {
        let body = body(notice).map_err(|error| DeliveryError(format!("no JSON of the notice: {error}")))?;
        let headers = headers(notice, &body, now_us.div_euclid(1_000_000), self.secret.as_ref())
            .ok_or_else(|| DeliveryError("the notice's key is no HTTP header".to_owned()))?;
        let response = self.client.post(self.url.clone()).headers(headers).body(body).send().await;
        match response {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(DeliveryError(format!("{} answered {}", self.place(), response.status()))),
            Err(error) => Err(DeliveryError(format!("{}: {}", self.place(), root_cause(&error.without_url())))),
        }
    }

    /// Where it is, without the path, which may hold a token.
    fn place(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }
}

/// The innermost error says what happened; the outer ones only that a request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::ptr::eq(innermost, error) { error.to_string() } else { format!("{error}: {innermost}") }
}

/// The body: a promise to receivers.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    rule: &'a str,
    severity: replicator_model::alert::Severity,
    state: replicator_model::alert::AlertState,
    task: Option<&'a str>,
    group: Option<&'a str>,
    core: Option<&'a str>,
    value: Option<f64>,
    threshold: Option<f64>,
    since: String,
    reason: &'a str,
    hint: &'a str,
    at: String,
}

fn body(notice: &Notice) -> Result<Vec<u8>, serde_json::Error> {
    let evidence = &notice.evidence;
    let task = notice.subject.task().map(|task| task.as_str());
    serde_json::to_vec(&Body {
        id: notice.id.as_str(),
        rule: &notice.rule,
        severity: evidence.severity,
        state: notice.state,
        task,
        group: evidence.group.as_ref().map(|group| group.as_str()),
        core: evidence.core.as_ref().map(|core| core.as_str()),
        value: evidence.value,
        threshold: evidence.threshold,
        since: rfc3339(notice.since_us),
        reason: &evidence.reason,
        hint: &evidence.hint,
        at: rfc3339(notice.at_us),
    })
}

fn rfc3339(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| format!("{at:.3}"))
}

fn headers(notice: &Notice, body: &[u8], timestamp: i64, secret: Option<&Secret>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("idempotency-key", HeaderValue::from_str(&notice.key()).ok()?);
    headers.insert("x-replicator-timestamp", HeaderValue::from(timestamp));
    if let Some(secret) = secret {
        let signature = format!("sha256={}", signature(secret, timestamp, body)?);
        headers.insert("x-replicator-signature", HeaderValue::from_str(&signature).ok()?);
    }
    Some(headers)
}

fn signature(secret: &Secret, timestamp: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::alert::{AlertId, AlertState, Evidence, Severity, Subject};
    use replicator_model::name::TaskName;

    #[test]
    fn the_signature_is_what_other_tools_compute() {
        // printf '1790000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "da8fe498621aaab99d5b11c51346b13d1a2bf2914b865b8d3edd3531cab25a3e";
        assert_eq!(signature(&Secret::new("secret"), 1_790_000_000, br#"{"a":1}"#).unwrap(), expected);
    }

    #[test]
    fn the_body_has_every_field_and_times_people_read() {
        let subject = Subject::Task(TaskName::new("copy").unwrap());
        let evidence = Evidence {
            severity: Severity::Critical,
            group: None,
            core: None,
            value: Some(f64::NAN),
            threshold: Some(30.0),
            unit: None,
            reason: "r".into(),
            hint: "h".into(),
        };
        let notice = Notice {
            id: AlertId::of("task_failed", &subject),
            rule: "task_failed".into(),
            subject,
            state: AlertState::Firing,
            evidence,
            since_us: 1_790_000_000_000_000,
            at_us: 1_790_000_000_250_000,
            number: 1,
            group_key: "task_failed:copy".into(),
            joined: Vec::new(),
            joined_more: 0,
        };
        assert_eq!(
            String::from_utf8(body(&notice).unwrap()).unwrap(),
            r#"{"id":"task_failed:copy","rule":"task_failed","severity":"critical","state":"firing","task":"copy","group":null,"core":null,"value":null,"threshold":30.0,"since":"2026-09-21T14:13:20.000Z","reason":"r","hint":"h","at":"2026-09-21T14:13:20.250Z"}"#
        );
        assert_eq!(notice.key(), "task_failed:copy/1790000000000000/firing/1");
    }
}
