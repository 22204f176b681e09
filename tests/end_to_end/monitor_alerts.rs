//! `replicator-monitor` as a process, over a real ZooKeeper, with a real receiver behind its channel.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::key_file;
use replicator_coordination::layout;
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::store::{CreateMode, Expected};
use replicator_coordination::tasks::Author;
use replicator_model::channel::ChannelSpec;
use replicator_model::desired::DesiredState;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::status::{Progress, Stage, TaskStatus};
use replicator_model::stored::Stored;
use replicator_model::task::TaskSpec;
use replicator_tests::{HttpReceiver, Process, Result, ZooKeeper, eventually, free_port};

const WAIT: Duration = Duration::from_secs(60);
/// Many evaluations, and more than any `for` below.
const A_WHILE: Duration = Duration::from_secs(3);

/// A ZooKeeper, a Monitor's settings, and someone who listens.
struct Scene {
    zookeeper: ZooKeeper,
    coordination: Coordination,
    receiver: HttpReceiver,
    folder: tempfile::TempDir,
}

/// What a Core would write, in a session of its own.
struct FakeCore {
    session: Session,
    name: CoreName,
}

impl Scene {
    async fn new() -> Result<Scene> {
        let zookeeper = ZooKeeper::start(1).await?;
        let config =
            serde_json::json!({"kind": "zookeeper", "tiers": [zookeeper.addresses()], "session_timeout": "4s"});
        let config: CoordinationConfig = serde_json::from_value(config).unwrap();
        let folder = tempfile::tempdir()?;
        let keys = key_file::read_or_make(&folder.path().join("secrets.key")).unwrap();
        let coordination = Coordination::open(&config).unwrap().with_keys(Arc::new(keys));
        let receiver = HttpReceiver::start().await?;
        let channel = serde_json::json!({
            "name": "hook", "kind": "webhook", "url": receiver.url(), "secret": {"env": "HOOK_SECRET"},
            "retry_backoff_min": "100ms",
        });
        let channel = ChannelSpec::from_json(channel.to_string().as_bytes()).unwrap();
        let session = coordination.connect().await.unwrap();
        session.put_channel(&channel, None).await.unwrap();
        let rules = serde_json::json!({"defaults": {
            "no_running_instance": {"for": "1s"},
            "task_lag_warning": {"for": "1s", "keep": "1s"},
            "core_gone": {"for": "1s"},
            "coordination_away": {"for": "2s"},
        }});
        session.put_rule_settings(&serde_json::from_value(rules).unwrap(), None).await.unwrap();
        Ok(Scene { zookeeper, coordination, receiver, folder })
    }

    /// Short times, so that a test is short; otherwise as an operator would write it.
    fn settings(&self, name: &str, port: u16) -> PathBuf {
        let text = format!(
            r#"
name = "{name}"
[coordination]
kind = "zookeeper"
tiers = [["{server}"]]
session_timeout = "4s"
[admin]
listen = "127.0.0.1:{port}"
[evaluation]
interval = "200ms"
[secrets]
key_file = "{keys}"
"#,
            server = self.zookeeper.connect_string(),
            keys = self.folder.path().join("secrets.key").display(),
        );
        let file = self.folder.path().join(format!("{name}.toml"));
        fs::write(&file, text).unwrap();
        file
    }

    fn monitor(&self, name: &str, port: u16) -> Result<Process> {
        let settings = self.settings(name, port);
        let log = self.folder.path().join(format!("{name}.log"));
        let args = ["--config", settings.to_str().unwrap()];
        Process::spawn("replicator-monitor", &args, &[("HOOK_SECRET", "canary-secret")], &log)
    }

    async fn started_task(&self, session: &Session, name: &str) -> TaskName {
        let spec = format!(
            r#"{{"name":"{name}","group":"g","producer":{{"host":"db1","user":"r"}},"consumer":{{"kind":"stdout"}}}}"#
        );
        let spec = TaskSpec::from_json(spec.as_bytes()).unwrap();
        session.create_task(&spec, Author { by: "test", reason: "" }).await.unwrap();
        session.order(&spec.name, DesiredState::Running, None).await.unwrap();
        spec.name
    }

    async fn core(&self, name: &str) -> FakeCore {
        let (session, name) = (self.coordination.connect().await.unwrap(), CoreName::new(name).unwrap());
        let info = CoreInfo {
            core: name.clone(),
            host: format!("host-{name}"),
            group: GroupName::new("g").unwrap(),
            version: "0".into(),
            capacity: 10,
            load: 0,
            admin: None,
            since_us: 0,
        };
        session.register_core(&info).await.unwrap();
        FakeCore { session, name }
    }

    /// The notices so far, as `<state> <id>`.
    fn told(&self) -> Vec<String> {
        let text = |body: &serde_json::Value, key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let bodies = self.receiver.received().into_iter().map(|request| request.json().unwrap());
        bodies.map(|body| format!("{} {}", text(&body, "state"), text(&body, "id"))).collect()
    }

    /// Waits until exactly these were told, in any order, and sees that no more follow.
    async fn expect(&self, notices: &[&str]) -> Result<()> {
        let mut wanted: Vec<String> = notices.iter().map(|notice| (*notice).to_owned()).collect();
        wanted.sort();
        let same = async || {
            let mut told = self.told();
            told.sort();
            if told == wanted { Ok(()) } else { Err(format!("{told:?}")) }
        };
        eventually(&format!("{wanted:?}"), WAIT, same).await?;
        tokio::time::sleep(A_WHILE).await;
        let requests = self.receiver.received();
        assert_eq!(requests.len(), wanted.len(), "one too many: {requests:#?}");
        Ok(())
    }
}

impl FakeCore {
    async fn runs(&self, task: &TaskName) {
        let info = InstanceInfo {
            core: self.name.clone(),
            host: format!("host-{}", self.name),
            role: Role::Running,
            epoch: Epoch::new(1),
            spec_version: Some(0),
            since_us: 0,
            stage: Stage::Streaming,
            fence_rejections: 0,
            guid: self.name.to_string(),
        };
        let path = layout::instance_prefix(task, &info.host);
        let data = Bytes::from(info.to_stored().unwrap());
        self.session.store().create(&path, data, CreateMode::EphemeralSequential).await.unwrap();
    }

    async fn reports(&self, task: &TaskName, stage: Stage, lag: Option<f64>, failure: Option<Failure>) {
        let status = TaskStatus {
            core: self.name.clone(),
            epoch: Epoch::new(1),
            stage,
            spec_version: 0,
            desired_generation: 1,
            checkpoint: None,
            source_head: None,
            source_logs: None,
            lag_seconds: lag,
            lag_by: None,
            gtid_missing: None,
            progress: Progress::default(),
            failure,
            warnings: Vec::new(),
            failed_transaction: None,
            skipped: 0,
            retries: 0,
            since_us: 0,
            updated_us: 0,
        };
        let (path, data) = (layout::status(task), Bytes::from(status.to_stored().unwrap()));
        if self.session.store().create(&path, data.clone(), CreateMode::Ephemeral).await.is_err() {
            self.session.store().write(&path, data, Expected::Any).await.unwrap();
        }
    }
}

async fn get(port: u16, path: &str) -> Result<(u16, String)> {
    let error = |error: reqwest::Error| replicator_tests::Error::new(error.to_string());
    let client = reqwest::Client::builder().no_proxy().build().map_err(error)?;
    let response = client.get(format!("http://127.0.0.1:{port}{path}")).send().await.map_err(error)?;
    Ok((response.status().as_u16(), response.text().await.map_err(error)?))
}

async fn answers(port: u16, path: &str, status: u16) -> Result<String> {
    let probe = async || match get(port, path).await {
        Ok((found, text)) if found == status => Ok(text),
        other => Err(format!("{other:?}")),
    };
    eventually(&format!("{path} answers {status}"), WAIT, probe).await
}

fn has(metrics: &str, line: &str) -> bool {
    metrics.lines().any(|one| one == line)
}

#[tokio::test]
async fn each_fault_is_told_and_its_end_too_and_a_killed_monitor_goes_on() -> Result<()> {
    let scene = Scene::new().await?;
    let session = scene.coordination.connect().await.unwrap();
    let port = free_port();
    let mut monitor = scene.monitor("m1", port)?;
    answers(port, "/readyz", 200).await?;

    // Nobody runs a started task; then somebody does.
    let copy = scene.started_task(&session, "copy").await;
    scene.expect(&["firing no_running_instance:copy"]).await?;
    let core = scene.core("core1").await;
    core.runs(&copy).await;
    core.reports(&copy, Stage::Streaming, Some(0.0), None).await;
    let mut told = vec!["firing no_running_instance:copy", "resolved no_running_instance:copy"];
    scene.expect(&told).await?;

    // It fails, and the Monitor is killed meanwhile: nothing is repeated, nothing is lost.
    let failure = Failure::definite("access_denied", "db1:3306: user `r` was refused", "check the password");
    core.reports(&copy, Stage::Failed, None, Some(failure)).await;
    told.push("firing task_failed:copy");
    scene.expect(&told).await?;
    monitor.kill9().await;
    core.reports(&copy, Stage::Streaming, Some(1.0), None).await;
    let mut monitor = scene.monitor("m1", port)?;
    told.push("resolved task_failed:copy");
    scene.expect(&told).await?;

    // It lags.
    core.reports(&copy, Stage::Streaming, Some(45.5), None).await;
    told.push("firing task_lag_warning:copy");
    scene.expect(&told).await?;
    let metrics = answers(port, "/metrics", 200).await?;
    for line in [
        r#"mysql_replicator_task_lag_seconds{task="copy",group="g"} 45.5"#,
        r#"mysql_replicator_task_state{task="copy",group="g",state="STREAMING"} 1.0"#,
        r#"mysql_replicator_alerts{rule="task_lag_warning",severity="warning",state="firing"} 1.0"#,
        r#"mysql_replicator_notifications_total{channel="hook",result="delivered"} 2"#,
        r#"mysql_replicator_cores{group="g"} 1.0"#,
    ] {
        assert!(has(&metrics, line), "no `{line}` in:\n{metrics}");
    }

    // The Core goes with what it held, and comes back.
    core.session.close().await;
    // One message: the Core is why nobody runs the task.
    told.push("firing core_gone:g:core1");
    scene.expect(&told).await?;
    let core = scene.core("core1").await;
    core.runs(&copy).await;
    core.reports(&copy, Stage::Streaming, Some(0.0), None).await;
    told.extend(["resolved core_gone:g:core1", "resolved task_lag_warning:copy"]);
    scene.expect(&told).await?;

    // A Core that holds nothing goes without a word.
    let idle = scene.core("core2").await;
    eventually("the idle Core is seen", WAIT, async || {
        let metrics = get(port, "/metrics").await.map_err(|error| error.to_string())?.1;
        if has(&metrics, r#"mysql_replicator_cores{group="g"} 2.0"#) { Ok(()) } else { Err(metrics) }
    })
    .await?;
    idle.session.close().await;
    scene.expect(&told).await?;

    monitor.sigterm();
    assert!(monitor.wait_exit(Duration::from_secs(10)).await?.success());
    let log = monitor.log_text();
    assert!(log.contains("alert firing") && log.contains("check the password"), "{log}");
    assert!(!log.contains("canary-secret") && !log.contains("/hook"), "a secret is in the log:\n{log}");
    Ok(())
}

#[tokio::test]
async fn a_coordination_service_that_is_away_is_told_once_and_hides_nothing() -> Result<()> {
    let mut scene = Scene::new().await?;
    let session = scene.coordination.connect().await.unwrap();
    let (port, standby) = (free_port(), free_port());
    let _monitor = scene.monitor("m1", port)?;
    answers(port, "/readyz", 200).await?;
    let _second = scene.monitor("m2", standby)?;
    answers(standby, "/readyz", 200).await?;
    scene.started_task(&session, "copy").await;
    let mut told = vec!["firing no_running_instance:copy"];
    scene.expect(&told).await?;

    scene.zookeeper.kill9(0).await;
    told.push("firing coordination_away");
    scene.expect(&told).await?;
    answers(port, "/readyz", 503).await?;
    answers(port, "/healthz", 200).await?;
    let metrics = answers(port, "/metrics", 200).await?;
    assert!(has(&metrics, "mysql_replicator_coordination_connected 0.0"), "{metrics}");
    assert!(!metrics.contains("task=\"copy\""), "nothing old is shown as if it were now:\n{metrics}");

    scene.zookeeper.restart(0).await?;
    told.push("resolved coordination_away");
    scene.expect(&told).await?;
    let core = scene.core("core1").await;
    let copy = TaskName::new("copy").unwrap();
    core.runs(&copy).await;
    core.reports(&copy, Stage::Streaming, Some(0.0), None).await;
    told.push("resolved no_running_instance:copy");
    scene.expect(&told).await
}

#[tokio::test]
async fn settings_that_are_wrong_are_refused_with_their_place() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let check = async |text: &str, log: &Path| -> Result<(bool, String)> {
        let file = folder.path().join("monitor.toml");
        fs::write(&file, text)?;
        let args = ["--config", file.to_str().unwrap(), "--check"];
        let mut process = Process::spawn("replicator-monitor", &args, &[], log)?;
        let status = process.wait_exit(Duration::from_secs(10)).await?;
        Ok((status.success(), process.log_text()))
    };
    let good = "[coordination]\nkind = \"zookeeper\"\ntiers = [[\"zk1:2181\"]]\n";
    let (passed, log) = check(good, &folder.path().join("good.log")).await?;
    assert!(passed && log.contains("ok"), "{log}");
    let bad = format!("{good}[evaluation]\nintervall = \"1s\"\n");
    let (passed, log) = check(&bad, &folder.path().join("bad.log")).await?;
    assert!(!passed && ["monitor.toml", "line 5", "intervall"].iter().all(|part| log.contains(part)), "{log}");
    Ok(())
}
