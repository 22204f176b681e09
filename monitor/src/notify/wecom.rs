//! WeCom's group robot: short Markdown, and a 200 may hold a refusal.

use super::dingtalk::judge;
use super::http::{Http, Url, parse_url, place};
use super::markdown::markdown;
use super::template::Text;
use super::{BuildError, DeliveryError, look_up};
use replicator_model::channel::SecretUrl;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::time::Duration;

/// WeCom takes 4096 bytes.
const TEXT_BYTES_MAX: usize = 4096;

/// "Called too often".
const TOO_OFTEN: i64 = 45_009;
const TOO_OFTEN_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Wecom {
    http: Http,
    url: Url,
}

impl std::fmt::Debug for Wecom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wecom({})", place(&self.url))
    }
}

impl Wecom {
    pub(super) fn build(to: &SecretUrl, http: Http) -> Result<Self, BuildError> {
        Ok(Self { http, url: parse_url("url", &look_up("url", &to.url)?)? })
    }

    pub(super) async fn deliver(&self, text: &Text) -> Result<String, DeliveryError> {
        let body = body(text).to_string().into_bytes();
        let answer = self.http.post_json(&self.url, HeaderMap::new(), body).await?;
        judge(answer.accepted(&self.url)?, &self.url, &[TOO_OFTEN], TOO_OFTEN_PAUSE)
    }
}

fn body(text: &Text) -> Value {
    json!({"msgtype": "markdown", "markdown": {"content": markdown(text, TEXT_BYTES_MAX, "\n")}})
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::template::{compose, samples};
    use super::*;
    use replicator_model::channel::Language;

    #[test]
    fn many_alerts_stay_within_what_is_taken() {
        for language in [Language::En, Language::Zh] {
            for count in [1, 30] {
                let mut notice = samples::failed();
                notice.evidence.reason = "长".repeat(if count == 1 { 5000 } else { 100 });
                let text =
                    compose(&Message::Notices(vec![notice; count]), language, Some("https://replicator.example"));
                let content = body(&text)["markdown"]["content"].as_str().unwrap().to_owned();
                assert!(content.len() <= TEXT_BYTES_MAX && content.len() > 2500, "{}", content.len());
                assert!(count == 1 || content.contains("more alerts") || content.contains("条告警"), "{content}");
            }
        }
    }
}
