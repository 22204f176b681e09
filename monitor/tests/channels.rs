//! A whole Monitor over an embedded tree, and a real receiver of every kind of channel, which checks what it gets as the
//! service it stands for would.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use replicator_coordination::embedded::Embedded;
use replicator_coordination::key_file;
use replicator_coordination::session::{Coordination, Session, Surroundings};
use replicator_coordination::tasks::Author;
use replicator_model::channel::{ChannelSpec, TestAnswer};
use replicator_model::desired::DesiredState;
use replicator_model::name::ChannelName;
use replicator_model::task::TaskSpec;
use replicator_monitor::Config;
use replicator_tests::{HttpReceiver, MAIL_PASSWORD, MAIL_USER, MailReceiver, Received, Result, eventually};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

const SECRET: &str = "SECcanary";
const WAIT: Duration = Duration::from_secs(20);

struct Scene {
    session: Session,
    folder: tempfile::TempDir,
    _monitor: DropGuard,
}

impl Scene {
    /// A Monitor that looks often.
    async fn new() -> Result<Scene> {
        let folder = tempfile::tempdir()?;
        let embedded = Embedded::open(folder.path(), Duration::from_secs(10)).unwrap();
        let keys = key_file::read_or_make(&folder.path().join("secrets.key")).unwrap();
        let coordination = Coordination::new(Arc::new(embedded), Surroundings::real()).with_keys(Arc::new(keys));
        let mut config = Config::new(replicator_coordination::config::CoordinationConfig::Embedded { dir: "".into() });
        config.admin = None;
        config.evaluation.interval = "100ms".parse().unwrap();
        let (monitor, shutdown) = (config.build_with(coordination.clone()).unwrap(), CancellationToken::new());
        tokio::spawn(monitor.run(shutdown.clone()));
        let session = coordination.connect().await.unwrap();
        Ok(Scene { session, folder, _monitor: shutdown.drop_guard() })
    }

    async fn channel(&self, spec: Value) -> ChannelName {
        let mut whole = json!({"retry_backoff_min": "50ms", "retry_backoff_max": "100ms",
            "link": "https://replicator.example"});
        whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let spec = ChannelSpec::from_json(whole.to_string().as_bytes()).unwrap();
        self.session.put_channel(&spec, None).await.unwrap();
        spec.name
    }

    async fn test(&self, channel: &ChannelName) -> Result<TestAnswer> {
        let id = self.session.ask_for_test(channel, "alice").await.unwrap();
        let answered = async || self.session.channel_test(&id).await.unwrap().and_then(|test| test.answer);
        eventually("the test is answered", WAIT, answered).await
    }

    /// A started task that nobody runs: `no_running_instance` fires after half a minute.
    async fn alert(&self) {
        let spec = r#"{"name":"copy","group":"g","producer":{"host":"db1","user":"r"},"consumer":{"kind":"stdout"}}"#;
        let spec = TaskSpec::from_json(spec.as_bytes()).unwrap();
        self.session.create_task(&spec, Author { by: "test", reason: "" }).await.unwrap();
        self.session.order(&spec.name, DesiredState::Running, None).await.unwrap();
    }
}

fn mac(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// As DingTalk checks it.
fn dingtalk_signed(request: &Received) -> bool {
    let url = reqwest::Url::parse(&format!("http://host{}", request.address)).unwrap();
    let of = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap();
    let timestamp = of("timestamp");
    timestamp.len() == 13 && of("sign") == mac(SECRET.as_bytes(), &format!("{timestamp}\n{SECRET}"))
}

/// As Feishu checks it.
fn feishu_signed(body: &Value) -> bool {
    let timestamp = body["timestamp"].as_str().unwrap();
    timestamp.len() == 10 && body["sign"] == mac(format!("{timestamp}\n{SECRET}").as_bytes(), "")
}

#[tokio::test]
async fn every_kind_takes_a_test_message_that_is_signed_as_it_wants() -> Result<()> {
    let scene = Scene::new().await?;
    let hosts: Vec<HttpReceiver> = futures_util::future::try_join_all((0..6).map(|_| HttpReceiver::start())).await?;
    let [hook, slack, ding, wecom, feishu, peers] = hosts.as_slice() else { panic!("six were started") };
    slack.answer_text("ok");
    ding.answer_text(r#"{"errcode":0,"errmsg":"ok"}"#);
    wecom.answer_text(r#"{"errcode":0,"errmsg":"ok"}"#);
    feishu.answer_text(r#"{"code":0,"msg":"success","data":{}}"#);
    peers.answer_text("");
    let mail = MailReceiver::start().await?;
    let base = |host: &HttpReceiver| host.url().replace("/hook", "");
    for spec in [
        json!({"name": "hook", "kind": "webhook", "url": hook.url(), "secret": SECRET}),
        json!({"name": "slack", "kind": "slack", "url": slack.url()}),
        json!({"name": "ding", "kind": "dingtalk", "url": format!("{}?access_token=t", ding.url()), "secret": SECRET, "language": "zh"}),
        json!({"name": "wecom", "kind": "wecom", "url": wecom.url(), "language": "zh"}),
        json!({"name": "feishu", "kind": "feishu", "url": feishu.url(), "secret": SECRET, "language": "zh"}),
        json!({"name": "am", "kind": "alertmanager", "urls": [base(peers), format!("{}/sub/", base(peers))], "token": SECRET}),
        json!({"name": "mail", "kind": "email", "host": "127.0.0.1", "port": mail.port(), "security": "none",
            "from": "replicator@example.org", "to": ["dba@example.org"]}),
    ] {
        let name = scene.channel(spec).await;
        let answer = scene.test(&name).await?;
        assert!(answer.delivered, "{name}: {answer:?}");
        let kept = scene.session.deliveries(&name).await.unwrap();
        assert!(kept.deliveries[0].subject.contains("test") || kept.deliveries[0].subject.contains("测试"), "{kept:?}");
    }
    let only = |host: &HttpReceiver| host.received()[0].clone();
    assert_eq!(only(hook).json()?["state"], "test");
    assert!(only(slack).json()?["text"].as_str().unwrap().contains("[test]"));
    assert!(dingtalk_signed(&only(ding)), "{:?}", only(ding));
    assert!(feishu_signed(&only(feishu).json()?));
    assert!(only(wecom).json()?["markdown"]["content"].as_str().unwrap().contains("该渠道可用"));
    let told: Vec<(String, String)> = peers
        .received()
        .iter()
        .map(|one| (one.address.clone(), one.header("authorization").unwrap().to_owned()))
        .collect();
    let bearer = format!("Bearer {SECRET}");
    let mut wanted = vec![("/api/v2/alerts".to_owned(), bearer.clone()), ("/sub/api/v2/alerts".to_owned(), bearer)];
    wanted.sort();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, wanted, "every peer is told");
    let mails = mail.mails();
    assert!(mails[0].contains("Subject: [test] Channel mail") && mails[0].contains("text/html"), "{mails:?}");
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_told_without_the_secret_and_tried_again() -> Result<()> {
    let scene = Scene::new().await?;
    let ding = HttpReceiver::start().await?;
    ding.answer_text(r#"{"errcode":310000,"errmsg":"sign not match"}"#);
    let name = scene
        .channel(json!({"name": "ding", "kind": "dingtalk", "url": format!("{}?access_token=canary", ding.url())}))
        .await;
    let answer = scene.test(&name).await?;
    assert!(!answer.delivered && answer.detail.contains("310000: sign not match"), "{answer:?}");
    assert!(!answer.detail.contains("canary"), "{answer:?}");

    // What was refused is owed until it is taken, also by a receiver that is put in the place of another.
    scene.alert().await;
    let refused = async || (ding.received().len() >= 3).then_some(());
    eventually("refused twice", Duration::from_secs(60), refused).await?;
    ding.answer_text(r#"{"errcode":0,"errmsg":"ok"}"#);
    let delivered = async || {
        let kept = scene.session.deliveries(&name).await.unwrap().deliveries;
        kept.iter()
            .any(|one| one.delivered && one.alerts == ["no_running_instance:copy"])
            .then_some(())
            .ok_or(format!("{kept:?}"))
    };
    eventually("delivered", WAIT, delivered).await?;
    let nobody = ChannelName::new("nobody").unwrap();
    let answer = scene.test(&nobody).await?;
    assert!(!answer.delivered && answer.detail.contains("gone"), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn mail_goes_over_starttls_with_a_login_to_a_server_that_is_trusted() -> Result<()> {
    let scene = Scene::new().await?;
    let (mail, other) =
        tokio::try_join!(MailReceiver::start_encrypted("127.0.0.1"), MailReceiver::start_encrypted("other.example"))?;
    let ca = |receiver: &MailReceiver, name: &str| {
        let file = scene.folder.path().join(name);
        std::fs::write(&file, receiver.certificate().unwrap()).unwrap();
        file
    };
    let (own, foreign) = (ca(&mail, "own.pem"), ca(&other, "foreign.pem"));
    let channel = |name: &str, port: u16, ca: &std::path::Path, password: &str| {
        json!({"name": name, "kind": "email", "host": "127.0.0.1", "port": port, "ca": ca, "user": MAIL_USER,
            "password": password, "from": "replicator@example.org", "to": ["dba@example.org"]})
    };
    for (name, port, ca, password, said) in [
        ("right", mail.port(), &own, MAIL_PASSWORD, None),
        ("stranger", mail.port(), &foreign, MAIL_PASSWORD, Some("`ca`")),
        ("misnamed", other.port(), &foreign, MAIL_PASSWORD, Some("`host`")),
        ("wrong", mail.port(), &own, "canary-mail", Some("535")),
    ] {
        let name = scene.channel(channel(name, port, ca, password)).await;
        let answer = scene.test(&name).await?;
        assert_eq!(answer.delivered, said.is_none(), "{name}: {answer:?}");
        said.iter().for_each(|said| assert!(answer.detail.contains(said), "{name}: {answer:?}"));
        assert!(!answer.detail.contains("canary"), "{answer:?}");
    }
    let wrong = scene.session.deliveries(&ChannelName::new("wrong").unwrap()).await.unwrap();
    assert!(wrong.deliveries[0].detail.contains("check the channel's `user` and `password`"), "{wrong:?}");
    let mails = mail.mails();
    assert!(mails.len() == 1 && mails[0].contains("Subject: [test] Channel right"), "{mails:?}");
    assert_eq!((mail.logins(), other.logins(), other.mails().len()), (2, 0, 0), "nobody is shown a password in vain");
    Ok(())
}

/// An alert as Alertmanager checks it; its labels and when it ends.
fn taken_in(alert: &Value) -> (String, Duration) {
    for (name, value) in alert["labels"].as_object().unwrap() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !value.as_str().unwrap().is_empty());
    }
    let time = |key: &str| alert[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time("startsAt") < time("endsAt"), "{alert}");
    assert!(alert["generatorURL"].as_str().unwrap().starts_with("https://replicator.example/"), "{alert}");
    let left = time("endsAt").as_second() - jiff::Timestamp::now().as_second();
    (alert["labels"].to_string(), Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

#[tokio::test]
async fn alertmanagers_are_told_again_before_an_alert_would_end_there() -> Result<()> {
    let scene = Scene::new().await?;
    let rules = r#"{"defaults":{"no_running_instance":{"for":"300ms"}}}"#;
    scene.session.put_rule_settings(&serde_json::from_str(rules).unwrap(), None).await.unwrap();
    let (one, two) = tokio::try_join!(HttpReceiver::start(), HttpReceiver::start())?;
    let base = |host: &HttpReceiver| host.url().replace("/hook", "");
    scene.channel(json!({"name": "am", "kind": "alertmanager", "urls": [base(&one), base(&two)]})).await;
    scene.alert().await;
    let firing = |host: &HttpReceiver| -> Vec<(String, Duration)> {
        let alerts = host.received().into_iter().flat_map(|one| one.json().unwrap().as_array().unwrap().clone());
        alerts.map(|alert| taken_in(&alert)).filter(|(_, left)| !left.is_zero()).collect()
    };
    let told = async |count: usize| {
        let told = async || {
            let told = (firing(&one).len(), firing(&two).len());
            if told.0.min(told.1) >= count { Ok(()) } else { Err(format!("{told:?} of {count}")) }
        };
        eventually("both are told", WAIT, told).await
    };
    told(1).await?;
    let before = firing(&one).len().max(firing(&two).len());
    // A minute of the Monitor's clock, in steps that its session outlives.
    for _ in 0..13 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
        tokio::time::resume();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    told(before + 1).await?;
    let all = firing(&two);
    assert!(all.iter().all(|(labels, left)| *labels == all[0].0 && left.as_secs() > 200), "{all:?}");

    let task = replicator_model::name::TaskName::new("copy").unwrap();
    scene.session.order(&task, DesiredState::Stopped, None).await.unwrap();
    let ended = async || {
        let last = two.received().pop().unwrap().json().unwrap();
        if taken_in(&last[0]).1.is_zero() { Ok(()) } else { Err(last.to_string()) }
    };
    eventually("its end is told", WAIT, ended).await?;
    assert_eq!(all[0].0, two.received().pop().unwrap().json()?[0]["labels"].to_string());
    Ok(())
}
