//! DingTalk's custom robot: the signature stands in the address, and a 200 may hold a refusal.

use super::http::{Answer, Http, Url, one_line, parse_url, place};
use super::markdown::{markdown, plain};
use super::signature::{base64, hmac_sha256};
use super::template::Text;
use super::{BuildError, DeliveryError, look_up};
use replicator_model::channel::SignedUrl;
use replicator_model::secret::Secret;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// DingTalk takes 20 000 bytes.
const TEXT_BYTES_MAX: usize = 18_000;

/// "Sent too often": the robot is shut for ten minutes at worst, and looks again after one.
const TOO_OFTEN: i64 = 130_101;
const TOO_OFTEN_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Dingtalk {
    http: Http,
    url: Url,
    secret: Option<Secret>,
}

impl std::fmt::Debug for Dingtalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dingtalk({})", place(&self.url))
    }
}

impl Dingtalk {
    pub(super) fn build(to: &SignedUrl, http: Http) -> Result<Self, BuildError> {
        let url = parse_url("url", &look_up("url", &to.url)?)?;
        let secret = to.secret.as_ref().map(|secret| look_up("secret", secret)).transpose()?;
        Ok(Self { http, url, secret })
    }

    pub(super) async fn deliver(&self, text: &Text, now_us: i64) -> Result<String, DeliveryError> {
        let url = signed(&self.url, self.secret.as_ref(), now_us.div_euclid(1000));
        let answer = self.http.post_json(&url, HeaderMap::new(), body(text).to_string().into_bytes()).await?;
        judge(answer.accepted(&url)?, &url, &[TOO_OFTEN], TOO_OFTEN_PAUSE)
    }
}

/// What DingTalk and WeCom answer with 200.
#[derive(Deserialize)]
struct Verdict {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// Whether a 200 of DingTalk or WeCom means that the message was taken.
pub(super) fn judge(answer: Answer, url: &Url, too_often: &[i64], pause: Duration) -> Result<String, DeliveryError> {
    match serde_json::from_str::<Verdict>(&answer.body) {
        Ok(Verdict { errcode: 0, errmsg }) => Ok(format!("{} {}", answer.status, one_line(&errmsg))),
        Ok(Verdict { errcode, errmsg }) => Err(DeliveryError {
            reason: format!("{} answered errcode {errcode}: {}", place(url), one_line(&errmsg)),
            retry_after: too_often.contains(&errcode).then_some(pause),
            permanent: false,
        }),
        Err(_) => Err(DeliveryError::new(format!("{} answered {} without an errcode", place(url), answer.status))),
    }
}

/// The key hashes the time, in milliseconds, and itself; both stand behind the address.
fn signed(url: &Url, secret: Option<&Secret>, timestamp_ms: i64) -> Url {
    let mut url = url.clone();
    if let Some(secret) = secret {
        let sign = base64(&hmac_sha256(
            secret.expose().as_bytes(),
            &[format!("{timestamp_ms}\n{}", secret.expose()).as_bytes()],
        ));
        url.query_pairs_mut().append_pair("timestamp", &timestamp_ms.to_string()).append_pair("sign", &sign);
    }
    url
}

fn body(text: &Text) -> Value {
    // Two spaces before a line break make it one.
    json!({"msgtype": "markdown", "markdown": {
        "title": plain(&text.subject), "text": markdown(text, TEXT_BYTES_MAX, "  \n"),
    }})
}

#[cfg(test)]
mod tests {
    use super::super::template::{compose, samples};
    use super::*;
    use replicator_model::channel::Language;
    use reqwest::StatusCode;

    #[test]
    fn the_signature_is_what_other_tools_compute() {
        // printf '1790000000000\nSECcanary' | openssl dgst -sha256 -hmac SECcanary -binary | base64
        let url = Url::parse("https://oapi.example/robot/send?access_token=x").unwrap();
        let signed = signed(&url, Some(&Secret::new("SECcanary")), 1_790_000_000_000);
        let pairs: Vec<(String, String)> = signed.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("timestamp".to_owned(), "1790000000000".to_owned()));
        assert_eq!(pairs[2], ("sign".to_owned(), "Ttn/n/DjBePXCv/eIKuTVVP0VBt8QMZ2CzlhKzLz+mI=".to_owned()));
        assert!(!signed.query().unwrap().contains('/') && !signed.query().unwrap().contains('+'));
    }

    #[test]
    fn a_refusal_within_a_200_is_a_refusal() {
        let url = Url::parse("https://oapi.example/robot/send?access_token=x").unwrap();
        let judged = |body: &str| {
            let answer = Answer { status: StatusCode::OK, body: body.to_owned(), retry_after: None };
            judge(answer, &url, &[TOO_OFTEN], TOO_OFTEN_PAUSE)
        };
        assert!(judged(r#"{"errcode":0,"errmsg":"ok"}"#).is_ok());
        let error = judged(r#"{"errcode":310000,"errmsg":"sign not match"}"#).unwrap_err();
        assert!(error.reason.contains("310000: sign not match") && !error.reason.contains("access_token"), "{error}");
        let error = judged(r#"{"errcode":130101,"errmsg":"send too fast"}"#).unwrap_err();
        assert_eq!(error.retry_after, Some(TOO_OFTEN_PAUSE));
        assert!(judged("<html>").is_err());
    }

    #[test]
    fn the_bodies_are_as_the_golden_file_shows() {
        let mut all = String::new();
        for (name, message) in samples::messages() {
            let text = compose(&message, Language::Zh, Some("https://replicator.example"));
            let body = body(&text);
            all.push_str(&format!(
                "--- {name}: {}\n{}\n",
                body["markdown"]["title"],
                body["markdown"]["text"].as_str().unwrap()
            ));
        }
        samples::check("dingtalk.txt", &all);
    }
}
