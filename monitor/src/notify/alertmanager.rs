//! Prometheus's Alertmanager, API v2: every peer is told, and told again for as long as an alert fires. What it is not
//! told of any more ends there by itself, so a Monitor that dies leaves nothing behind.

use super::http::{Http, Url, parse_url, place};
use super::template::page;
use super::webhook::rfc3339;
use super::{BuildError, DeliveryError, Message, look_up};
use replicator_model::alert::{AlertState, Notice, Subject};
use replicator_model::channel::AlertmanagerSpec;
use replicator_model::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How often everything that fires is told again.
pub(super) const RESEND: Duration = Duration::from_secs(60);

/// An alert that is not told again ends so long after the last time: as Prometheus does, four times as long.
const ENDS_AFTER_US: i64 = 240_000_000;

/// A test ends by itself.
const TEST_ENDS_AFTER_US: i64 = 60_000_000;

pub(super) struct Alertmanager {
    http: Http,
    peers: Vec<Url>,
    token: Option<HeaderValue>,
}

impl std::fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alertmanager({})", self.peers.iter().map(place).collect::<Vec<_>>().join(", "))
    }
}

impl Alertmanager {
    pub(super) fn build(spec: &AlertmanagerSpec, http: Http) -> Result<Self, BuildError> {
        let peer = |url: &String| {
            let mut url = parse_url("urls", &Secret::new(url))?;
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().extend(["api", "v2", "alerts"]);
            }
            Ok(url)
        };
        let peers = spec.urls.iter().map(peer).collect::<Result<_, BuildError>>()?;
        let header = |token: Secret| {
            let header = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
            header.map_err(|_| BuildError::new("token", "it has a character that no header takes"))
        };
        let token = spec.token.as_ref().map(|token| header(look_up("token", token)?)).transpose()?;
        Ok(Self { http, peers, token })
    }

    /// Tells every peer; one that has it is enough, because they tell each other, and the others are named.
    pub(super) async fn deliver(
        &self,
        message: &Message,
        link: Option<&str>,
        now_us: i64,
    ) -> Result<String, DeliveryError> {
        let body = body(message, link, now_us).to_string().into_bytes();
        let mut headers = HeaderMap::new();
        headers.extend(self.token.clone().map(|token| (AUTHORIZATION, token)));
        let posts = self.peers.iter().map(|peer| {
            let post = self.http.post_json(peer, headers.clone(), body.clone());
            async move { post.await.and_then(|answer| answer.accepted(peer)) }
        });
        let answers = futures_util::future::join_all(posts).await;
        let told = answers.iter().filter(|answer| answer.is_ok()).count();
        let problems: Vec<String> = answers.into_iter().filter_map(|answer| answer.err().map(|e| e.reason)).collect();
        match (told, problems.is_empty()) {
            (0, _) => Err(DeliveryError::new(problems.join("; "))),
            (told, true) => Ok(format!("{told} told")),
            (told, false) => Ok(format!("{told} told, not all: {}", problems.join("; "))),
        }
    }
}

fn body(message: &Message, link: Option<&str>, now_us: i64) -> Value {
    match message {
        Message::Notices(notices) => notices.iter().map(|notice| alert(notice, link, now_us)).collect(),
        Message::Test { channel, by, at_us, .. } => json!([{
            "labels": {"alertname": "replicator_channel_test", "severity": "info", "channel": channel},
            "annotations": {"summary": "This channel works", "description": format!("asked for by {by}")},
            "startsAt": rfc3339(*at_us),
            "endsAt": rfc3339(now_us + TEST_ENDS_AFTER_US),
        }]),
    }
}

/// The labels are the alert's identity there: the same when it begins, goes on and ends.
fn alert(notice: &Notice, link: Option<&str>, now_us: i64) -> Value {
    let evidence = &notice.evidence;
    let mut labels = Map::new();
    let mut label = |name: &str, value: &str| drop(labels.insert(name.to_owned(), json!(value)));
    label("alertname", &notice.rule);
    label("severity", &evidence.severity.to_string());
    label("source", "mysql_replicator");
    match &notice.subject {
        Subject::Task(task) => label("task", task.as_str()),
        Subject::Core { group, core } => {
            label("group", group.as_str());
            label("core", core.as_str());
        }
        Subject::Channel(channel) => label("channel", channel.as_str()),
        Subject::Monitor(monitor) => label("monitor", monitor),
        Subject::Coordination => {}
    }
    let mut annotations = json!({"summary": notice.id, "description": evidence.reason, "hint": evidence.hint});
    for (name, value) in [("value", evidence.value), ("threshold", evidence.threshold)] {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            annotations[name] = json!(value.to_string());
        }
    }
    let ends = if notice.state == AlertState::Resolved { notice.at_us } else { now_us + ENDS_AFTER_US };
    let mut alert = json!({
        "labels": labels, "annotations": annotations,
        "startsAt": rfc3339(notice.since_us), "endsAt": rfc3339(ends),
    });
    if let Some(link) = link {
        alert["generatorURL"] = json!(page(link, &notice.subject));
    }
    alert
}

#[cfg(test)]
mod tests {
    use super::super::template::samples;
    use super::*;

    #[test]
    fn the_bodies_are_as_the_golden_file_shows() {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            let body = body(&message, Some("https://replicator.example"), samples::AT_US);
            all.push_str(&format!("--- {name}\n{}\n", serde_json::to_string_pretty(&body).unwrap()));
        }
        samples::check("alertmanager.txt", &all);
    }

    #[test]
    fn an_alert_is_the_same_from_beginning_to_end() {
        let (firing, resolved) = (samples::lag(), samples::resolved());
        let of = |notice: &Notice| alert(notice, None, samples::AT_US);
        assert_eq!(
            (&of(&firing)["labels"], &of(&firing)["startsAt"]),
            (&of(&resolved)["labels"], &of(&resolved)["startsAt"])
        );
        assert!(of(&firing)["endsAt"].as_str() > of(&resolved)["endsAt"].as_str());
    }
}
