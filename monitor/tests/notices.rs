//! A whole Monitor over an embedded tree, with a real receiver behind its channel.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use replicator_coordination::embedded::Embedded;
use replicator_coordination::key_file;
use replicator_coordination::layout;
use replicator_coordination::session::{Coordination, Session, Surroundings};
use replicator_coordination::store::{CreateMode, Expected};
use replicator_coordination::tasks::Author;
use replicator_model::channel::ChannelSpec;
use replicator_model::desired::DesiredState;
use replicator_model::epoch::Epoch;
use replicator_model::instance::{InstanceInfo, Role};
use replicator_model::name::{CoreName, TaskName};
use replicator_model::span::Span;
use replicator_model::status::Stage;
use replicator_model::stored::Stored;
use replicator_model::task::TaskSpec;
use replicator_monitor::Config;
use replicator_tests::{HttpReceiver, Received, Result, eventually};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "s3cret";
const WAIT: Duration = Duration::from_secs(20);
/// Long enough for several evaluations and attempts of the settings below.
const A_WHILE: Duration = Duration::from_secs(1);

struct Scene {
    coordination: Coordination,
    session: Session,
    receiver: HttpReceiver,
    task: TaskName,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A started task that nobody runs.
    async fn new() -> Result<Scene> {
        let folder = tempfile::tempdir()?;
        let embedded = Embedded::open(folder.path(), Duration::from_secs(2)).unwrap();
        let keys = key_file::read_or_make(&folder.path().join("secrets.key")).unwrap();
        let coordination = Coordination::new(Arc::new(embedded), Surroundings::real()).with_keys(Arc::new(keys));
        let session = coordination.connect().await.unwrap();
        let spec = r#"{"name":"copy","group":"g","producer":{"host":"db1","user":"r"},
            "consumer":{"kind":"stdout"}}"#;
        let spec = TaskSpec::from_json(spec.as_bytes()).unwrap();
        session.create_task(&spec, Author { by: "test", reason: "" }).await.unwrap();
        session.order(&spec.name, DesiredState::Running, None).await.unwrap();
        let receiver = HttpReceiver::start().await?;
        let channel = serde_json::json!({
            "name": "hook", "kind": "webhook", "url": receiver.url(), "secret": SECRET,
            "retry_backoff_min": "50ms", "retry_backoff_max": "100ms", "attempts_max": 3,
        });
        let channel = ChannelSpec::from_json(channel.to_string().as_bytes()).unwrap();
        session.put_channel(&channel, None).await.unwrap();
        let rules = r#"{"defaults":{"no_running_instance":{"for":"300ms"}}}"#;
        session.put_rule_settings(&serde_json::from_str(rules).unwrap(), None).await.unwrap();
        Ok(Scene { coordination, session, receiver, task: spec.name, _folder: folder })
    }

    fn monitor(&self, name: &str) -> (JoinHandle<()>, CancellationToken) {
        let shutdown = CancellationToken::new();
        let mut config = Config::new(replicator_coordination::config::CoordinationConfig::Embedded { dir: "".into() });
        config.name = name.to_owned();
        config.admin = None;
        config.evaluation.interval = Span::from_millis(100);
        let monitor = config.build_with(self.coordination.clone()).unwrap();
        let stop = shutdown.clone();
        (tokio::spawn(async move { monitor.run(stop).await.unwrap() }), shutdown)
    }

    /// An instance appears that says it is RUNNING; it lives as long as this scene's session.
    async fn runs(&self) {
        let info = InstanceInfo {
            core: CoreName::new("a").unwrap(),
            host: "h".into(),
            role: Role::Running,
            epoch: Epoch::new(1),
            spec_version: Some(0),
            since_us: 0,
            stage: Stage::Streaming,
            fence_rejections: 0,
            guid: "1".into(),
        };
        let (path, data) = (layout::instance_prefix(&self.task, "h"), Bytes::from(info.to_stored().unwrap()));
        self.session.store().create(&path, data, CreateMode::EphemeralSequential).await.unwrap();
    }

    async fn stops_running(&self) {
        for instance in self.session.instances(&self.task).await.unwrap() {
            let path = layout::instance(&self.task, &instance.name);
            self.session.store().remove(&path, Expected::Any).await.unwrap();
        }
    }

    /// Waits for so many notices that were accepted: their states.
    async fn told(&self, count: usize) -> Result<Vec<String>> {
        let accepted = async || {
            let states: Vec<String> = self.accepted().iter().map(state).collect();
            if states.len() >= count { Ok(states) } else { Err(format!("{states:?}")) }
        };
        eventually(&format!("{count} notices"), WAIT, accepted).await
    }

    fn accepted(&self) -> Vec<Received> {
        self.receiver.received().into_iter().filter(|request| request.status == 204).collect()
    }
}

fn state(request: &Received) -> String {
    request.json().unwrap()["state"].as_str().unwrap().to_owned()
}

fn key(request: &Received) -> &str {
    request.header("idempotency-key").unwrap()
}

/// As a receiver checks it: over the timestamp and the bytes of the body.
fn is_signed(request: &Received) -> bool {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(request.header("x-replicator-timestamp").unwrap().as_bytes());
    mac.update(b".");
    mac.update(&request.body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    request.header("x-replicator-signature").unwrap() == format!("sha256={hex}")
}

/// Kills it as kill -9 would: nothing is said to anybody.
async fn kill(monitor: JoinHandle<()>) {
    monitor.abort();
    monitor.await.ok();
}

#[tokio::test]
async fn a_notice_is_tried_until_it_is_taken_and_carries_its_signature_and_key() -> Result<()> {
    let scene = Scene::new().await?;
    scene.receiver.answer_next([500, 503, 302, 429]);
    let (monitor, shutdown) = scene.monitor("m1");
    assert_eq!(scene.told(1).await?, ["firing"]);
    scene.runs().await;
    assert_eq!(scene.told(2).await?, ["firing", "resolved"]);

    let requests = scene.receiver.received();
    assert_eq!(requests.iter().map(|one| one.status).collect::<Vec<_>>(), [500, 503, 302, 429, 204, 204]);
    assert!(requests.iter().all(is_signed));
    let (firing, resolved) = requests.split_at(5);
    assert!(firing.iter().all(|one| key(one) == key(&firing[0]) && one.body == firing[0].body));
    assert_ne!(key(&resolved[0]), key(&firing[0]));
    let body = firing[0].json()?;
    assert_eq!(
        (body["id"].as_str(), body["rule"].as_str()),
        (Some("no_running_instance:copy"), Some("no_running_instance"))
    );
    assert_eq!(
        (body["task"].as_str(), body["group"].as_str(), body["severity"].as_str()),
        (Some("copy"), Some("g"), Some("critical"))
    );
    assert!(body["reason"].as_str().unwrap().contains("no Core runs it"), "{body}");
    assert!(body["hint"].as_str().unwrap().contains("start a Core"), "{body}");
    assert_eq!(resolved[0].json()?["since"], body["since"]);

    shutdown.cancel();
    monitor.await.unwrap();
    Ok(())
}

#[tokio::test]
async fn a_monitor_killed_mid_alert_neither_loses_nor_repeats() -> Result<()> {
    let scene = Scene::new().await?;
    let (monitor, _) = scene.monitor("m1");
    assert_eq!(scene.told(1).await?, ["firing"]);
    tokio::time::sleep(A_WHILE).await;
    kill(monitor).await;

    // The same process again: the alert goes on, and nobody is told twice.
    let (monitor, _) = scene.monitor("m1");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(scene.told(1).await?, ["firing"]);
    kill(monitor).await;

    // It ends while no Monitor runs; the next one tells.
    scene.runs().await;
    let (monitor, _) = scene.monitor("m2");
    assert_eq!(scene.told(2).await?, ["firing", "resolved"]);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(scene.told(2).await?, ["firing", "resolved"]);
    let left = scene.session.store().list(&layout::alert_states()).await.unwrap();
    assert!(left.is_empty(), "what is over is not kept: {left:?}");

    // What no receiver took outlives the Monitor that found it.
    scene.receiver.answer(500);
    scene.stops_running().await;
    let tried = async || scene.receiver.received().into_iter().find(|one| one.status == 500);
    let refused = eventually("an attempt", WAIT, tried).await?;
    kill(monitor).await;
    scene.receiver.answer(204);
    let (_monitor, _) = scene.monitor("m3");
    assert_eq!(scene.told(3).await?, ["firing", "resolved", "firing"]);
    assert_eq!(key(&scene.accepted()[2]), key(&refused));
    Ok(())
}

#[tokio::test]
async fn of_two_monitors_one_tells_and_the_other_goes_on_when_it_dies() -> Result<()> {
    let scene = Scene::new().await?;
    let (first, _) = scene.monitor("m1");
    let line = async || scene.session.store().list(&layout::monitors()).await.map_err(|error| error.to_string());
    eventually("the first in line", WAIT, async || line().await.ok().filter(|line| line.len() == 1)).await?;
    let (_second, _) = scene.monitor("m2");
    eventually("both in line", WAIT, async || line().await.ok().filter(|line| line.len() == 2)).await?;
    assert_eq!(scene.told(1).await?, ["firing"]);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(scene.told(1).await?, ["firing"]);

    kill(first).await;
    let only = async || line().await.ok().filter(|line| line.len() == 1 && line[0].starts_with("m2-"));
    eventually("the second alone", WAIT, only).await?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(scene.told(1).await?, ["firing"]);
    scene.runs().await;
    assert_eq!(scene.told(2).await?, ["firing", "resolved"]);
    Ok(())
}
