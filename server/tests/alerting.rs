//! Alerts, silences, rules and channels, by real HTTP over loopback. What a Monitor would write is written by the test.
#![expect(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the other tests use the rest")]
mod service;

use bytes::Bytes;
use replicator_coordination::layout;
use replicator_coordination::path::Path;
use replicator_coordination::session::Session;
use replicator_coordination::store::{CreateMode, Expected};
use replicator_model::alert::{Alert, AlertHistory};
use replicator_model::channel::{ChannelSpec, ChannelTest, Deliveries, TestAnswer};
use replicator_model::name::ChannelName;
use replicator_model::stored::Stored;
use reqwest::StatusCode;
use serde_json::{Value, json};
use service::{Answer, Service, spec};
use std::time::Duration;

/// A secret that must not come back from anywhere.
const CANARY: &str = "canary-77b0c2";

const SINCE_US: i64 = 1_790_000_000_000_000;

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
}

/// Writes a node as the Monitor does.
async fn write<T: Stored>(session: &Session, path: &Path, value: &T) {
    let data = Bytes::from(value.to_stored().unwrap());
    let parent = path.parent().unwrap();
    session.store().create(&parent, Bytes::new(), CreateMode::Persistent).await.ok();
    if session.store().create(path, data.clone(), CreateMode::Persistent).await.is_err() {
        session.store().write(path, data, Expected::Any).await.unwrap();
    }
}

async fn alert(session: &Session, rule: &str, task: &str, state: &str, severity: &str) -> String {
    let alert: Alert = serde_json::from_value(json!({
        "rule": rule, "subject": {"task": task}, "state": state, "severity": severity, "value": 31.5, "threshold": 30.0,
        "unit": "seconds", "reason": format!("{rule} of {task}"), "hint": "do something", "since_us": SINCE_US,
        "seen_us": SINCE_US, "told_us": SINCE_US, "notices": 1,
    }))
    .unwrap();
    write(session, &layout::alert_state(&alert.id()), &alert).await;
    alert.id().to_string()
}

fn ids(list: &Answer) -> Vec<&str> {
    list.body["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn alerts_are_listed_acknowledged_and_silenced() {
    let service = Service::start().await;
    let session = service.register_core("core1").await;
    assert_eq!(service.get("/alerts").await.body, json!({"alerts": []}));
    let lag = alert(&session, "task_lag_warning", "copy", "firing", "warning").await;
    let failed = alert(&session, "task_failed", "other", "firing", "critical").await;
    let pending = alert(&session, "not_advancing", "copy", "pending", "critical").await;
    assert_eq!(ids(&service.get("/alerts").await), [failed.as_str(), &lag, &pending], "the worst that fires first");
    assert_eq!(ids(&service.get("/alerts?state=firing&task=copy").await), [lag.as_str()]);
    assert_problem(&service.get("/alerts?state=burning").await, 400, "query_invalid");
    let one = &service.get("/alerts?task=other").await.body["alerts"][0];
    assert_eq!(
        (&one["subject"], &one["since"]),
        (&json!({"kind": "task", "task": "other"}), &json!("2026-09-21T14:13:20Z"))
    );

    let address = format!("/alerts/{lag}/acknowledge");
    let answer = service.post(&address, &json!({"note": "at it"})).await;
    assert_eq!((answer.status, &answer.body["acknowledged"]["note"]), (StatusCode::OK, &json!("at it")), "{answer:?}");
    let listed = service.get("/alerts?task=copy&state=firing").await;
    assert_eq!(listed.body["alerts"][0]["acknowledged"]["note"], "at it");
    assert_eq!(service.delete(&address, None).await.body["acknowledged"], Value::Null);
    assert_problem(&service.post(&format!("/alerts/{pending}/acknowledge"), &json!({})).await, 409, "alert_not_firing");
    assert_problem(&service.post("/alerts/no_such/acknowledge", &json!({})).await, 404, "alert_not_found");
    assert_problem(&service.post("/alerts/a%2Fb/acknowledge", &json!({})).await, 404, "alert_not_found");
    let long = json!({"note": "x".repeat(1001)});
    assert_problem(&service.post(&address, &long).await, 422, "text_too_long");

    let wanted = json!({"matcher": {"task": "copy"}, "lasts": "2h", "reason": "the target moves"});
    let silence = service.post("/silences", &wanted).await;
    assert_eq!((silence.status, &silence.body["state"]), (StatusCode::CREATED, &json!("active")), "{silence:?}");
    let id = silence.body["id"].as_str().unwrap();
    let quiet = service.get("/alerts?task=copy").await.body;
    assert_eq!(quiet["alerts"][0]["silenced_by"], json!([id]));
    let listed = service.get("/silences").await.body;
    assert_eq!(listed["silences"][0]["alerts"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(service.delete(&format!("/silences/{id}"), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.delete(&format!("/silences/{id}"), None).await.status, StatusCode::NO_CONTENT, "it is over");
    assert_eq!(service.get("/silences").await.body["silences"][0]["state"], "over");
    assert_eq!(service.get("/alerts?task=copy").await.body["alerts"][0]["silenced_by"], json!([]));
    assert_problem(&service.delete("/silences/no_such", None).await, 404, "silence_not_found");
    assert_problem(&service.post("/silences", &json!({"matcher": {}, "lasts": "1h"})).await, 422, "silence_invalid");
    assert_problem(&service.post("/silences", &json!({"matcher": {"task": "copy"}})).await, 422, "silence_invalid");
}

#[tokio::test]
async fn what_is_over_is_told_the_latest_first() {
    let service = Service::start().await;
    let session = service.register_core("core1").await;
    for (day, resolved) in [("2026-09-21", [1, 3]), ("2026-09-22", [5, 4])] {
        let of = |seconds: i64| {
            json!({"rule": "task_failed", "subject": {"task": format!("t{seconds}")}, "severity": "critical", "reason": "r",
                "hint": "h", "since_us": SINCE_US, "resolved_us": SINCE_US + seconds * 1_000_000, "notices": 1})
        };
        let kept: AlertHistory = serde_json::from_value(json!({"alerts": resolved.map(of), "dropped": 2})).unwrap();
        write(&session, &layout::alert_history(day), &kept).await;
    }
    let history = service.get("/alerts/history").await;
    assert_eq!(ids(&history), ["task_failed:t5", "task_failed:t4", "task_failed:t3", "task_failed:t1"]);
    assert_eq!(history.body["dropped"], 4);
    assert_eq!(ids(&service.get("/alerts/history?task=t3").await), ["task_failed:t3"]);
}

#[tokio::test]
async fn rules_are_changed_as_a_whole_and_for_one_task() {
    let service = Service::start().await;
    service.post("/tasks", &spec("copy")).await;
    let rules = service.get("/rules").await;
    assert_eq!((rules.header("etag"), &rules.body["version"]), ("\"0\"", &json!(0)));
    let of = |answer: &Answer, rule: &str| {
        answer.body["rules"].as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap().clone()
    };
    assert_eq!(
        (&of(&rules, "task_lag_warning")["threshold"], &of(&rules, "task_failed")["unit"]),
        (&json!(30.0), &Value::Null)
    );

    let set =
        json!({"defaults": {"task_lag_warning": {"threshold": 60.0, "for": "5m"}, "core_gone": {"enabled": false}}});
    assert_problem(&service.put("/rules", None, &set).await, 428, "precondition_required");
    let changed = service.put("/rules", Some("\"0\""), &set).await;
    assert_eq!((changed.status, changed.header("etag")), (StatusCode::OK, "\"1\""), "{changed:?}");
    let lag = of(&changed, "task_lag_warning");
    assert_eq!(
        (&lag["threshold"], &lag["for"], &lag["defaults"]["threshold"]),
        (&json!(60.0), &json!("5m"), &json!(30.0))
    );
    assert_eq!(of(&changed, "core_gone")["enabled"], json!(false));
    assert_problem(&service.put("/rules", Some("\"0\""), &set).await, 412, "version_stale");
    assert_problem(&service.put("/rules", Some("\"7\""), &set).await, 412, "version_stale");
    for bad in [
        json!({"defaults": {"no_such": {}}}),
        json!({"defaults": {"task_lag_warning": {"threshold": -1.0}}}),
        json!({"tasks": {"copy": {"core_gone": {"enabled": false}}}}),
    ] {
        assert_problem(&service.put("/rules", Some("\"1\""), &bad).await, 422, "rules_invalid");
    }
    let unknown = json!({"defaults": {"task_lag_warning": {"treshold": 1.0}}});
    assert_problem(&service.put("/rules", Some("\"1\""), &unknown).await, 400, "body_invalid");

    let own = json!({"task_lag_warning": {"threshold": 5.0}});
    let changed = service.put("/tasks/copy/rules", None, &own).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.body["task_overrides"], json!({"copy": own}));
    assert_eq!(of(&changed, "task_lag_warning")["overrides"], 1);
    assert_problem(&service.put("/tasks/no_such/rules", None, &own).await, 404, "task_not_found");
    assert_eq!(service.put("/tasks/copy/rules", None, &json!({})).await.body["task_overrides"], json!({}));
}

fn hook(url: &str) -> Value {
    json!({"name": "ops", "kind": "webhook", "url": url, "secret": CANARY, "severity_min": "warning"})
}

#[tokio::test]
async fn channels_are_made_changed_and_deleted_and_keep_their_secrets() {
    let service = Service::start().await;
    let url = format!("https://ops.example/{CANARY}");
    let mut answers = vec![service.post("/channels", &hook(&url)).await];
    assert_eq!((answers[0].status, answers[0].header("etag")), (StatusCode::CREATED, "\"0\""), "{answers:?}");
    assert_eq!(answers[0].body["place"], "https://ops.example");
    assert_problem(&service.post("/channels", &hook(&url)).await, 409, "channel_exists");

    let mut edited = answers[0].body["spec"].clone();
    assert_eq!((&edited["url"], &edited["secret"]), (&json!("********"), &json!("********")));
    edited["language"] = json!("zh");
    answers.push(service.put("/channels/ops", Some("\"0\""), &edited).await);
    assert_eq!((answers[1].status, answers[1].header("etag")), (StatusCode::OK, "\"1\""), "{answers:?}");
    assert_problem(&service.put("/channels/ops", Some("\"0\""), &edited).await, 412, "version_stale");
    assert_problem(&service.put("/channels/ops", None, &edited).await, 428, "precondition_required");
    let session = service.register_core("core1").await;
    let (kept, _) = session.channel(&ChannelName::new("ops").unwrap()).await.unwrap().unwrap();
    let mut wanted = hook(&url);
    wanted["language"] = json!("zh");
    let wanted = ChannelSpec::from_json(wanted.to_string().as_bytes()).unwrap();
    assert_eq!(kept, wanted, "an edit keeps what it did not see");

    edited["url"] = json!("https://evil.example/");
    assert_problem(&service.put("/channels/ops", Some("\"1\""), &edited).await, 422, "secret_needed_again");
    edited["name"] = json!("other");
    assert_problem(&service.put("/channels/ops", Some("\"1\""), &edited).await, 422, "name_mismatch");
    assert_problem(&service.post("/channels", &edited).await, 422, "secret_needed_again");
    let mut bad = hook("ops.example");
    bad["timeout"] = json!("1h");
    let bad = service.post("/channels", &bad).await;
    assert_problem(&bad, 422, "spec_invalid");
    let keys: Vec<&str> = bad.body["errors"].as_array().unwrap().iter().map(|e| e["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["timeout", "url"]);
    let toml = format!(
        "name = \"mail\"\nkind = \"email\"\nhost = \"mx\"\nfrom = \"a@x\"\nto = [\"b@y\"]\nuser = \"u\"\npassword = \"{CANARY}\"\n"
    );
    let mail = service.send_raw("POST", "/channels", toml, &[("content-type", "application/toml")]).await;
    assert_eq!(mail.status, StatusCode::CREATED, "{mail:?}");
    answers.extend([mail, service.get("/channels").await, service.get("/channels/ops").await, bad]);
    for answer in &answers {
        assert!(!answer.text.contains(CANARY), "{answer:?}");
    }
    let names: Vec<&str> =
        answers[3].body["channels"].as_array().unwrap().iter().map(|c| c["spec"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mail", "ops"]);

    assert_eq!(service.delete("/channels/ops", Some("\"1\"")).await.status, StatusCode::NO_CONTENT);
    assert_problem(&service.get("/channels/ops").await, 404, "channel_not_found");
    assert_problem(&service.delete("/channels/ops", Some("\"1\"")).await, 404, "channel_not_found");
    assert_problem(&service.get("/channels/-x").await, 400, "name_invalid");
}

#[tokio::test]
async fn a_test_is_answered_by_whoever_leads_and_deliveries_are_shown() {
    let service = Service::start().await;
    service.post("/channels", &hook("https://ops.example/x")).await;
    let session = service.register_core("core1").await;
    let answering = async {
        loop {
            let asked = session.store().list(&layout::alert_tests()).await.unwrap_or_default();
            if let Some(id) = asked.first() {
                let test: ChannelTest = session.channel_test(id).await.unwrap().unwrap();
                let answer = TestAnswer { delivered: false, detail: "ops.example answered 500".into(), took_ms: 12 };
                return session.answer_channel_test(id, &ChannelTest { answer: Some(answer), ..test }).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (answer, ()) = tokio::join!(service.post("/channels/ops/test", &Value::Null), answering);
    assert_eq!(answer.body, json!({"delivered": false, "detail": "ops.example answered 500", "took_ms": 12}));
    assert!(session.store().list(&layout::alert_tests()).await.unwrap().is_empty(), "what is answered is forgotten");
    assert_problem(&service.post("/channels/no_such/test", &Value::Null).await, 404, "channel_not_found");

    let of = |attempt: u32| {
        json!({"at_us": SINCE_US, "alerts": ["task_failed:copy"], "subject": "s", "delivered": attempt == 2,
        "detail": "d", "took_ms": 1, "attempt": attempt})
    };
    let kept: Deliveries = serde_json::from_value(json!({"deliveries": [of(1), of(2)]})).unwrap();
    session.keep_deliveries(&ChannelName::new("ops").unwrap(), &kept).await.unwrap();
    let shown = service.get("/channels/ops/deliveries").await.body;
    assert_eq!((&shown["deliveries"][0]["attempt"], &shown["deliveries"][0]["delivered"]), (&json!(2), &json!(true)));
    assert_eq!(service.get("/channels/ops").await.body["last_delivery"]["attempt"], 2);
}
