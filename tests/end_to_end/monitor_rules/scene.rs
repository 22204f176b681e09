//! Where the faults happen, and what is seen of them.

use crate::cluster::{Cluster, KEY_FILE, copy_task};
use replicator_model::alert::{AlertId, AlertState};
use replicator_model::channel::ChannelSpec;
use replicator_model::name::TaskName;
use replicator_model::rule::{self, About};
use replicator_model::status::Stage;
use replicator_tests::{Flavor, HttpReceiver, MysqlServer, Process, Received, Result, eventually, free_port};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

const WAIT: Duration = Duration::from_secs(90);

/// How long the source keeps its log, in seconds: two more than what `binlog_purge_near` is content with.
const RETENTION: &str = "--binlog-expire-logs-seconds=60";

const ITEM: &str =
    "CREATE DATABASE shop; CREATE TABLE shop.item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB;";

/// Short times, so that a test is short. A STANDBY reads a new spec within a session timeout, and a Monitor shows every
/// 5 s that it looks: so much is no fault.
fn rules() -> Value {
    json!({
        "defaults": {
            "no_running_instance": {"for": "1s"},
            "task_lag_warning": {"for": "1s", "keep": "1s", "threshold": 3.0},
            "task_lag_critical": {"for": "1s", "keep": "1s"},
            "not_advancing": {"for": "4s"},
            "binlog_purge_near": {"threshold": 58.0, "clear": 59.0},
            "paused_too_long": {"for": "2s"},
            "standbys_missing": {"for": "1s"},
            "spec_not_acknowledged": {"for": "7s"},
            "core_gone": {"for": "1s"},
            "failover": {"keep": "1s"},
            "stale_epoch_refused": {"keep": "1s"},
            "coordination_away": {"for": "2s"},
            "channel_failing": {"for": "1s"},
            "monitor_late": {"threshold": 7.0},
        },
        "tasks": {"copy": {"task_lag_critical": {"threshold": 5.0}, "flapping": {"threshold": 2.0}}},
    })
}

/// Two servers, two Cores with a task between them, a Monitor, and somebody who is told.
pub(super) struct Scene {
    pub(super) source: MysqlServer,
    pub(super) target: MysqlServer,
    pub(super) cluster: Cluster,
    pub(super) task: TaskName,
    pub(super) receiver: HttpReceiver,
    pub(super) monitor: Process,
    /// The rules that were seen to fire, and those that were seen to end.
    pub(super) fired: RefCell<BTreeSet<String>>,
    pub(super) ended: RefCell<BTreeSet<String>>,
}

/// The moment before a fault.
pub(super) struct Before {
    pub(super) received: usize,
    at: Instant,
}

impl Scene {
    pub(super) async fn set_up() -> Result<Scene> {
        let (source, target) = tokio::try_join!(
            MysqlServer::start_with(Flavor::MySql97, &[RETENTION]),
            MysqlServer::start(Flavor::MariaDb1011)
        )?;
        let (cluster, receiver) = (Cluster::start(1, 2).await?, HttpReceiver::start().await?);
        source.exec(ITEM).await?;
        target.exec(ITEM).await?;
        cluster.session.put_rule_settings(&serde_json::from_value(rules()).unwrap(), None).await.unwrap();
        put_channel(&cluster, "hook", json!({"env": "HOOK_URL"}), None).await;
        let spec = copy_task("copy", &source, &target, "").replace("[producer]", "standby = { hot = 2 }\n[producer]");
        let task = cluster.create(&spec).await;
        eventually("the task streams", WAIT, async || take_part(&cluster, &task).await).await?;
        let monitor = spawn_monitor(&cluster, &receiver, "m1", "4s")?;
        let (fired, ended) = (RefCell::default(), RefCell::default());
        let scene = Scene { source, target, cluster, task, receiver, monitor, fired, ended };
        scene.monitor_leads(1).await;
        Ok(scene)
    }

    /// Waits for `probe`; what everybody said goes with an error.
    pub(super) async fn wait_for(&self, what: &str, probe: impl AsyncFnMut() -> std::result::Result<(), String>) {
        if let Err(error) = eventually(what, WAIT, probe).await {
            let told: Vec<String> = self.receiver.received().iter().map(line).collect();
            let monitor = self.monitor.log_text();
            panic!("{error}\ntold:\n{}\n{}\n--- monitor\n{monitor}", told.join("\n"), self.cluster.logs());
        }
    }

    pub(super) async fn both_take_part(&self) {
        self.wait_for("the task streams and has a standby", async || take_part(&self.cluster, &self.task).await).await;
    }

    /// Waits until a Monitor of the log has taken the lead so many times.
    pub(super) async fn monitor_leads(&self, times: usize) {
        self.wait_for("the Monitor leads", async || {
            let found = self.monitor.log_text().matches("this monitor leads").count();
            if found >= times { Ok(()) } else { Err(format!("{found} of {times}")) }
        })
        .await;
    }

    /// What the tree says of an alert, and by which one it is told.
    async fn state(&self, id: &str) -> std::result::Result<Option<(AlertState, String)>, String> {
        let alert = self.cluster.session.alert(&AlertId::from(id.to_owned())).await;
        Ok(alert.map_err(|error| error.to_string())?.map(|alert| (alert.state, alert.group_key)))
    }

    /// None of these alerts fires: whatever is told of them from here on is of the fault that comes next.
    pub(super) async fn before(&self, ids: &[&str]) -> Before {
        for id in ids {
            self.ends_in_tree(id).await;
        }
        Before { received: self.receiver.received().len(), at: Instant::now() }
    }

    /// The delivered messages about an alert since then, by what they say it is.
    pub(super) fn told(&self, before: &Before, id: &str, state: &str) -> Vec<Received> {
        let received = self.receiver.received().into_iter().skip(before.received);
        let is_it = |one: &Received| {
            let body = one.json().unwrap();
            one.status == 204 && body["state"] == state && body["id"] == id
        };
        received.filter(is_it).collect()
    }

    /// Somebody was told of it, by itself or as what another alert brings with it.
    pub(super) async fn fires(&self, before: &Before, id: &str) {
        self.wait_for(&format!("{id} is told"), async || {
            if !self.told(before, id, "firing").is_empty() {
                return Ok(());
            }
            // What is about no task has no cause, and may be known while the tree is away.
            if rule::rule(rule_of(id)).unwrap().about != About::Task {
                return Err("not yet".to_owned());
            }
            match self.state(id).await? {
                Some((AlertState::Firing, cause)) if !self.told(before, &cause, "firing").is_empty() => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        let rule = rule_of(id);
        let hold = rules()["defaults"][rule]["for"].as_str().unwrap_or("0s").to_owned();
        println!("{id}: told {:.1} s after the fault, `for` {hold}", before.at.elapsed().as_secs_f64());
        self.fired.borrow_mut().insert(rule.to_owned());
    }

    /// It is over, and who was told of it is told so; of what only happened there is nothing to tell.
    pub(super) async fn ends(&self, before: &Before, id: &str) {
        let began = Instant::now();
        self.ends_in_tree(id).await;
        let is_event = rule::rule(rule_of(id)).unwrap().is_event;
        if !is_event && !self.told(before, id, "firing").is_empty() {
            self.wait_for(&format!("the end of {id} is told"), async || {
                let told = self.told(before, id, "resolved").len();
                if told > 0 { Ok(()) } else { Err("not yet".to_owned()) }
            })
            .await;
        }
        println!("{id}: over {:.1} s after it was looked for", began.elapsed().as_secs_f64());
        self.ended.borrow_mut().insert(rule_of(id).to_owned());
    }

    async fn ends_in_tree(&self, id: &str) {
        self.wait_for(&format!("{id} does not fire"), async || match self.state(id).await? {
            Some((AlertState::Firing, cause)) => Err(format!("it fires, told by {cause}")),
            _ => Ok(()),
        })
        .await;
    }
}

/// The task streams, with a STANDBY behind it.
async fn take_part(cluster: &Cluster, task: &TaskName) -> std::result::Result<(), String> {
    let instances = cluster.session.instances(task).await.map_err(|error| error.to_string())?.len();
    let stage = cluster.status(task).await.map(|status| status.stage);
    match (instances, stage) {
        (2, Some(Stage::Streaming)) => Ok(()),
        _ => Err(format!("{instances} instance(s), {stage:?}")),
    }
}

fn rule_of(id: &str) -> &str {
    id.split(':').next().unwrap()
}

pub(super) fn line(one: &Received) -> String {
    let body = one.json().unwrap();
    format!("{} {} {} with {}: {}", one.status, body["state"], body["id"], body["joined"], body["reason"])
}

pub(super) async fn put_channel(cluster: &Cluster, name: &str, url: Value, version: Option<u64>) {
    let channel = json!({
        "name": name, "kind": "webhook", "url": url, "retry_backoff_min": "100ms", "retry_backoff_max": "500ms",
    });
    let channel = ChannelSpec::from_json(channel.to_string().as_bytes()).unwrap();
    cluster.session.put_channel(&channel, version).await.unwrap();
}

pub(crate) fn spawn_monitor(
    cluster: &Cluster,
    receiver: &HttpReceiver,
    name: &str,
    session_timeout: &str,
) -> Result<Process> {
    let (config, log) =
        (cluster.dir.path().join(format!("{name}.toml")), cluster.dir.path().join(format!("{name}.log")));
    let text = format!(
        "name = \"{name}\"\n[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\nsession_timeout = \"{session_timeout}\"\n\
         [admin]\nlisten = \"127.0.0.1:{}\"\n[evaluation]\ninterval = \"200ms\"\n[secrets]\nkey_file = {:?}\n",
        cluster.zookeeper.addresses(),
        free_port(),
        cluster.dir.path().join(KEY_FILE)
    );
    std::fs::write(&config, text)?;
    let env = [("HOOK_URL", receiver.url()), ("RUST_LOG", "info".to_owned())];
    let env = env.each_ref().map(|(name, value)| (*name, value.as_str()));
    Process::spawn("replicator-monitor", &["--config", &config.display().to_string()], &env, &log)
}
