use super::*;
use crate::task::SpecError;
use serde_json::json;

fn read(spec: serde_json::Value) -> Result<ChannelSpec, SpecError> {
    ChannelSpec::from_json(spec.to_string().as_bytes())
}

fn hook(url: &str, secret: &str) -> ChannelSpec {
    read(json!({"name": "ops", "kind": "webhook", "url": url, "secret": secret})).unwrap()
}

#[test]
fn what_is_left_out_is_the_default() {
    let spec = ChannelSpec::from_toml("name = \"ops\"\nkind = \"slack\"\nurl = { env = \"SLACK\" }\n").unwrap();
    assert_eq!((spec.enabled, spec.severity_min, spec.language), (true, Severity::Info, Language::En));
    assert_eq!((spec.timeout, spec.attempts_max, spec.per_minute_max), (Span::from_secs(5), 8, None));
    assert_eq!((spec.kind.word(), spec.kind.per_minute_max(), spec.place()), ("slack", Some(60), None));
    let mail = json!({"name": "m", "kind": "email", "host": "mx", "from": "a@x", "to": ["b@y"]});
    let mail = read(mail).unwrap();
    assert_eq!(mail.place().as_deref(), Some("mx:587"));
}

#[test]
fn each_mistake_is_named() {
    let mail = |key: &str, value: serde_json::Value| {
        let mut mail = json!({"name": "m", "kind": "email", "host": "mx", "from": "a@x", "to": ["b@y"]});
        mail[key] = value;
        mail
    };
    let slack = |key: &str, value: serde_json::Value| {
        let mut slack = json!({"name": "s", "kind": "slack", "url": "https://hooks.slack.example/x"});
        slack[key] = value;
        slack
    };
    for (spec, parts) in [
        (json!({"name": "-", "kind": "slack", "url": "http://h/"}), &["channel name"][..]),
        (json!({"name": "s", "kind": "slak", "url": "http://h/"}), &["slak", "slack"]),
        (slack("secret", json!("x")), &["secret", "unknown field"]),
        (slack("langage", json!("zh")), &["langage", "unknown field"]),
        (slack("url", json!("hooks")), &["`url`", "http://"]),
        (slack("url", json!("https://u:p@host/")), &["`url`", "user or password"]),
        (slack("url", json!("https:///x")), &["`url`", "no host"]),
        (slack("link", json!("console")), &["`link`"]),
        (slack("timeout", json!("1h")), &["`timeout`", "1m"]),
        (slack("retry_backoff_max", json!("1ms")), &["`retry_backoff_max`", "1s"]),
        (slack("attempts_max", json!(0)), &["`attempts_max`"]),
        (slack("per_minute_max", json!(0)), &["`per_minute_max`"]),
        (mail("from", json!("nobody")), &["`from`"]),
        (mail("to", json!(["x@y\r\nBcc: z@w"])), &["`to[0]`"]),
        (mail("to", json!([])), &["`to`"]),
        (mail("user", json!("u")), &["`user`", "both"]),
        (mail("port", json!(0)), &["`port`"]),
        (json!({"name": "a", "kind": "alertmanager", "urls": ["am:9093"]}), &["`urls[0]`"]),
    ] {
        let error = read(spec.clone()).unwrap_err().to_string();
        parts.iter().for_each(|part| assert!(error.contains(part), "{spec}: no `{part}` in {error}"));
    }
    let mut clear = mail("security", json!("none"));
    (clear["user"], clear["password"]) = (json!("u"), json!("canary"));
    let error = read(clear).unwrap_err().to_string();
    assert!(error.contains("in the clear") && !error.contains("canary"), "{error}");
}

#[test]
fn a_secret_stays_only_where_it_went_before() {
    let before = hook("https://h/hook", "key");
    let keep = |mut edit: ChannelSpec| edit.keep_secrets_of(Some(&before)).map(|()| edit);
    assert_eq!(keep(hook("********", "********")), Ok(before.clone()));
    assert_eq!(keep(hook("https://h/hook", "********")), Ok(before.clone()));
    assert_eq!(keep(hook("https://evil/hook", "********")), Err("secret".into()));
    assert_eq!(keep(hook("********", "new")), Ok(hook("https://h/hook", "new")));
    let other = read(json!({"name": "ops", "kind": "slack", "url": "********"})).unwrap();
    assert_eq!(keep(other), Err("url".into()), "another kind is another receiver");
    assert_eq!(hook("********", "x").keep_secrets_of(None), Err("url".into()));

    let mail = |host: &str| {
        let spec = json!({"name": "m", "kind": "email", "host": host, "from": "a@x", "to": ["b@y"],
            "user": "u", "password": "********"});
        read(spec).unwrap()
    };
    let mut stored = mail("mx");
    *stored.secrets_mut()[0].1 = SecretSource::literal("pw");
    let mut same = mail("mx");
    assert_eq!((same.keep_secrets_of(Some(&stored)), same), (Ok(()), stored.clone()));
    assert_eq!(mail("evil").keep_secrets_of(Some(&stored)), Err("password".into()));
}

#[test]
fn no_output_shows_a_secret() {
    let spec = hook("https://h/canary", "canary");
    let outputs = [format!("{spec:?}"), serde_json::to_string(&spec).unwrap(), spec.place().unwrap()];
    assert!(outputs.iter().all(|text| !text.contains("canary")), "{outputs:?}");
}

#[test]
fn only_the_last_deliveries_are_kept() {
    let mut kept = Deliveries::default();
    for attempt in 0..60 {
        let (alerts, subject) = (vec!["x".to_owned(); 99], "s".repeat(9999));
        kept.add(Delivery { at_us: 0, alerts, subject, delivered: true, detail: String::new(), took_ms: 1, attempt });
    }
    assert_eq!((kept.deliveries.len(), kept.deliveries[0].attempt), (Deliveries::KEPT_MAX, 10));
    assert!(serde_json::to_vec(&kept).unwrap().len() < 100_000);
}
