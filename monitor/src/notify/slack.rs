//! Slack's incoming webhooks: Block Kit.

use super::http::{Http, Url, parse_url};
use super::template::{Entry, Text, Tone};
use super::{BuildError, DeliveryError, cut, look_up};
use replicator_model::channel::SecretUrl;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// Slack takes 50 blocks; an alert has one or two.
const ENTRIES_MAX: usize = 20;
/// Slack takes 3000 characters in one text.
const SECTION_CHARACTERS_MAX: usize = 2900;
/// Slack takes 150 in a heading.
const SUBJECT_BYTES_MAX: usize = 150;

pub(super) struct Slack {
    http: Http,
    url: Url,
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slack({})", super::http::place(&self.url))
    }
}

impl Slack {
    pub(super) fn build(to: &SecretUrl, http: Http) -> Result<Self, BuildError> {
        Ok(Self { http, url: parse_url("url", &look_up("url", &to.url)?)? })
    }

    pub(super) async fn deliver(&self, text: &Text) -> Result<String, DeliveryError> {
        let body = body(text).to_string().into_bytes();
        let answer = self.http.post_json(&self.url, HeaderMap::new(), body).await?.accepted(&self.url)?;
        Ok(answer.status.to_string())
    }
}

fn body(text: &Text) -> Value {
    let shown = &text.entries[..text.entries.len().min(ENTRIES_MAX)];
    let mut blocks: Vec<Value> = shown.iter().map(|entry| section(entry, text.link_label)).collect();
    if shown.len() < text.entries.len() {
        let more = text.more(text.entries.len() - shown.len());
        blocks.push(json!({"type": "context", "elements": [{"type": "plain_text", "text": more}]}));
    }
    // `text` is what a notification on a phone shows.
    json!({
        "text": escaped(cut(&text.subject, SUBJECT_BYTES_MAX)),
        "attachments": [{"color": colour(text.tone), "blocks": blocks}],
    })
}

fn section(entry: &Entry, link_label: &str) -> Value {
    let mut lines = vec![format!("*{}*", escaped(&entry.headline))];
    lines.extend(entry.facts.iter().map(|(label, value)| format!("*{label}:* {}", escaped(value))));
    let mut text: String = lines.join("\n").chars().take(SECTION_CHARACTERS_MAX).collect();
    if let Some(link) = &entry.link {
        text.push_str(&format!("\n<{link}|{link_label}>"));
    }
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

/// So that nothing that was found can mention people or make links.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "#c62828",
        Tone::Warning => "#ef6c00",
        Tone::Info => "#1565c0",
        Tone::Resolved => "#2e7d32",
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::{compose, samples};
    use super::*;
    use replicator_model::channel::Language;

    #[test]
    fn the_bodies_are_as_the_golden_file_shows() {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            let text = compose(&message, Language::En, Some("https://replicator.example"));
            all.push_str(&format!("--- {name}\n{}\n", serde_json::to_string_pretty(&body(&text)).unwrap()));
        }
        samples::check("slack.txt", &all);
    }

    #[test]
    fn many_alerts_stay_within_what_is_taken() {
        let many = super::super::Message::Notices(vec![samples::failed(); 300]);
        let body = body(&compose(&many, Language::Zh, None));
        assert_eq!(body["attachments"][0]["blocks"].as_array().unwrap().len(), ENTRIES_MAX + 1);
    }
}
