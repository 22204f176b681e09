//! Notices as HTTP POST requests, for programs.
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

use super::http::{Http, Url, parse_url};
use super::signature::hmac_sha256;
use super::template::page;
use super::{BuildError, DeliveryError, Message, hex, look_up};
use jiff::Timestamp;
use replicator_model::alert::{Notice, Severity, Subject};
use replicator_model::channel::SignedUrl;
use replicator_model::rule::Unit;
use replicator_model::secret::Secret;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;

/// A receiver of notices.
pub(super) struct Webhook {
    http: Http,
    url: Url,
    secret: Option<Secret>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", super::http::place(&self.url))
    }
}

impl Webhook {
    pub(super) fn build(to: &SignedUrl, http: Http) -> Result<Self, BuildError> {
        let url = parse_url("url", &look_up("url", &to.url)?)?;
        let secret = to.secret.as_ref().map(|secret| look_up("secret", secret)).transpose()?;
        Ok(Self { http, url, secret })
    }

    /// One attempt.
    pub(super) async fn deliver(
        &self,
        message: &Message,
        link: Option<&str>,
        now_us: i64,
    ) -> Result<String, DeliveryError> {
        let mut answered = String::new();
        for body in bodies(message, link) {
            let body = serde_json::to_vec(&body).map_err(|error| DeliveryError::new(format!("no JSON: {error}")))?;
            let headers = headers(&message.key(), &body, now_us.div_euclid(1_000_000), self.secret.as_ref())
                .ok_or_else(|| DeliveryError::new("the message's key is no HTTP header"))?;
            let answer = self.http.post_json(&self.url, headers, body).await?.accepted(&self.url)?;
            answered = answer.status.to_string();
        }
        Ok(answered)
    }
}

/// The body: a promise to receivers.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    rule: &'a str,
    severity: Severity,
    state: String,
    task: Option<&'a str>,
    group: Option<&'a str>,
    core: Option<&'a str>,
    channel: Option<&'a str>,
    monitor: Option<&'a str>,
    value: Option<f64>,
    threshold: Option<f64>,
    unit: Option<Unit>,
    since: String,
    reason: &'a str,
    hint: &'a str,
    at: String,
    number: u32,
    /// Alerts that this one is the cause of, by id.
    joined: Vec<&'a str>,
    link: Option<String>,
}

/// A worker hands over one notice at a time.
fn bodies<'a>(message: &'a Message, link: Option<&str>) -> Vec<Body<'a>> {
    match message {
        Message::Notices(notices) => notices.iter().map(|notice| body(notice, link)).collect(),
        Message::Test { channel, at_us, .. } => vec![Body {
            id: "test",
            rule: "test",
            severity: Severity::Info,
            state: "test".to_owned(),
            task: None,
            group: None,
            core: None,
            channel: Some(channel.as_str()),
            monitor: None,
            value: None,
            threshold: None,
            unit: None,
            since: rfc3339(*at_us),
            reason: "somebody wants to see that this channel works",
            hint: "nothing has to be done",
            at: rfc3339(*at_us),
            number: 1,
            joined: Vec::new(),
            link: link.map(str::to_owned),
        }],
    }
}

fn body<'a>(notice: &'a Notice, link: Option<&str>) -> Body<'a> {
    let evidence = &notice.evidence;
    let (mut group, mut core) = (evidence.group.as_ref(), evidence.core.as_ref());
    if let Subject::Core { group: of, core: named } = &notice.subject {
        (group, core) = (Some(of), Some(named));
    }
    let finite = |value: &f64| value.is_finite();
    Body {
        id: notice.id.as_str(),
        rule: &notice.rule,
        severity: evidence.severity,
        state: notice.state.to_string(),
        task: notice.subject.task().map(|task| task.as_str()),
        group: group.map(|group| group.as_str()),
        core: core.map(|core| core.as_str()),
        channel: if let Subject::Channel(channel) = &notice.subject { Some(channel.as_str()) } else { None },
        monitor: if let Subject::Monitor(monitor) = &notice.subject { Some(monitor.as_str()) } else { None },
        value: evidence.value.filter(finite),
        threshold: evidence.threshold.filter(finite),
        unit: evidence.unit,
        since: rfc3339(notice.since_us),
        reason: &evidence.reason,
        hint: &evidence.hint,
        at: rfc3339(notice.at_us),
        number: notice.number,
        joined: notice.joined.iter().map(|joined| joined.id.as_str()).collect(),
        link: link.map(|base| page(base, &notice.subject)),
    }
}

pub(super) fn rfc3339(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| format!("{at:.3}"))
}

fn headers(key: &str, body: &[u8], timestamp: i64, secret: Option<&Secret>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_str(key).ok()?);
    headers.insert("x-replicator-timestamp", HeaderValue::from(timestamp));
    if let Some(secret) = secret {
        let signature = format!("sha256={}", signature(secret, timestamp, body));
        headers.insert("x-replicator-signature", HeaderValue::from_str(&signature).ok()?);
    }
    Some(headers)
}

fn signature(secret: &Secret, timestamp: i64, body: &[u8]) -> String {
    hex(&hmac_sha256(secret.expose().as_bytes(), &[timestamp.to_string().as_bytes(), b".", body]))
}

#[cfg(test)]
mod tests {
    use super::super::template::samples;
    use super::*;

    #[test]
    fn the_signature_is_what_other_tools_compute() {
        // printf '1790000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "da8fe498621aaab99d5b11c51346b13d1a2bf2914b865b8d3edd3531cab25a3e";
        assert_eq!(signature(&Secret::new("secret"), 1_790_000_000, br#"{"a":1}"#), expected);
    }

    #[test]
    fn the_bodies_are_as_the_golden_file_shows() {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            for body in bodies(&message, Some("https://replicator.example")) {
                all.push_str(&format!("--- {name}\n{}\n", serde_json::to_string_pretty(&body).unwrap()));
            }
        }
        samples::check("webhook.txt", &all);
    }

    #[test]
    fn what_no_json_can_say_is_left_out() {
        let mut notice = samples::lag();
        notice.evidence.value = Some(f64::NAN);
        assert_eq!(body(&notice, None).value, None);
    }
}
