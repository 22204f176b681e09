//! Feishu's (Lark's) custom bot: the signature stands in the body, and a 200 may hold a refusal.

use super::http::{Http, Url, one_line, parse_url, place};
use super::markdown::{markdown, plain};
use super::signature::{base64, hmac_sha256};
use super::template::{Text, Tone};
use super::{BuildError, DeliveryError, look_up};
use replicator_model::channel::SignedUrl;
use replicator_model::secret::Secret;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::time::Duration;

/// Feishu takes a request of 20 KB; quoting makes a text longer.
const TEXT_BYTES_MAX: usize = 14_000;

/// "Frequency limited", of the bot and of the tenant.
const TOO_OFTEN: [i64; 2] = [9499, 11_232];
const TOO_OFTEN_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Feishu {
    http: Http,
    url: Url,
    secret: Option<Secret>,
}

impl std::fmt::Debug for Feishu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Feishu({})", place(&self.url))
    }
}

/// What is answered with 200.
struct Verdict {
    code: i64,
    msg: String,
}

impl Feishu {
    pub(super) fn build(to: &SignedUrl, http: Http) -> Result<Self, BuildError> {
        let url = parse_url("url", &look_up("url", &to.url)?)?;
        let secret = to.secret.as_ref().map(|secret| look_up("secret", secret)).transpose()?;
        Ok(Self { http, url, secret })
    }

    pub(super) async fn deliver(&self, text: &Text, now_us: i64) -> Result<String, DeliveryError> {
        let body = body(text, self.secret.as_ref(), now_us.div_euclid(1_000_000)).to_string().into_bytes();
        let answer = self.http.post_json(&self.url, HeaderMap::new(), body).await?.accepted(&self.url)?;
        let place = place(&self.url);
        match read(&answer.body) {
            Some(Verdict { code: 0, msg }) => Ok(format!("{} {}", answer.status, one_line(&msg))),
            Some(Verdict { code, msg }) => Err(DeliveryError {
                reason: format!("{place} answered code {code}: {}", one_line(&msg)),
                retry_after: TOO_OFTEN.contains(&code).then_some(TOO_OFTEN_PAUSE),
                permanent: false,
            }),
            None => Err(DeliveryError::new(format!("{place} answered {} without a code", answer.status))),
        }
    }
}

/// Older bots write it with capitals, some write it twice.
fn read(body: &str) -> Option<Verdict> {
    let object: serde_json::Map<String, Value> = serde_json::from_str(body).ok()?;
    let word = |names: [&str; 2]| names.iter().find_map(|name| object.get(*name).cloned());
    let code = word(["code", "StatusCode"])?.as_i64()?;
    let msg = word(["msg", "StatusMessage"]).and_then(|msg| Some(msg.as_str()?.to_owned())).unwrap_or_default();
    Some(Verdict { code, msg })
}

/// The key here is the time, in seconds, with the secret; what is hashed is nothing.
fn sign(secret: &Secret, timestamp: i64) -> String {
    base64(&hmac_sha256(format!("{timestamp}\n{}", secret.expose()).as_bytes(), &[]))
}

fn body(text: &Text, secret: Option<&Secret>, timestamp: i64) -> Value {
    let mut body = json!({"msg_type": "interactive", "card": {
        "config": {"wide_screen_mode": true},
        "header": {"title": {"tag": "plain_text", "content": plain(&text.subject)}, "template": colour(text.tone)},
        "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": markdown(text, TEXT_BYTES_MAX, "\n")}}],
    }});
    if let Some(secret) = secret {
        body["timestamp"] = json!(timestamp.to_string());
        body["sign"] = json!(sign(secret, timestamp));
    }
    body
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Critical => "red",
        Tone::Warning => "orange",
        Tone::Info => "blue",
        Tone::Resolved => "green",
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::{compose, samples};
    use super::*;
    use replicator_model::channel::Language;

    #[test]
    fn the_signature_is_what_other_tools_compute() {
        // printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '1790000000\nSECcanary' | od -An -tx1 | tr -d ' \\n') -binary | base64
        assert_eq!(sign(&Secret::new("SECcanary"), 1_790_000_000), "BiPz5Z+PGiA7cvMonY1/nfp37ZjGlqKy029FtvEAGl0=");
    }

    #[test]
    fn answers_are_read_in_both_spellings() {
        for (body, code) in [
            (r#"{"code":0,"msg":"success","data":{},"StatusCode":0,"StatusMessage":"success"}"#, Some(0)),
            (r#"{"StatusCode":0,"StatusMessage":"success"}"#, Some(0)),
            (r#"{"code":19021,"msg":"sign match fail"}"#, Some(19_021)),
            ("<html>", None),
            (r#"{"code":"zero"}"#, None),
        ] {
            assert_eq!(read(body).map(|verdict| verdict.code), code, "{body}");
        }
    }

    #[test]
    fn the_bodies_are_as_the_golden_file_shows() {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            let text = compose(&message, Language::Zh, Some("https://replicator.example"));
            let body = body(&text, Some(&Secret::new("SECcanary")), 1_790_000_000);
            assert!(!body.to_string().contains("SECcanary"));
            all.push_str(&format!("--- {name}\n{}\n", serde_json::to_string_pretty(&body).unwrap()));
        }
        samples::check("feishu.txt", &all);
    }
}
