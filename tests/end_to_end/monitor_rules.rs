//! Every rule of the Monitor, on real servers and real processes: quiet while all is well, told with the fault, over
//! once that is mended. The faults come one after another in one scene, because starting it takes longer than most of
//! them.

use crate::cluster::{Cluster, GROUP, KEY_FILE, copy_task};
use replicator_coordination::layout;
use replicator_coordination::tasks::Author;
use replicator_model::alert::{AlertId, AlertState};
use replicator_model::channel::ChannelSpec;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_model::rule::{self, About, RULES};
use replicator_model::span::Span;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, HttpReceiver, MysqlServer, Process, Received, Result, eventually, free_port};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const WAIT: Duration = Duration::from_secs(90);

/// Longer than any `for` below: what has not been told by then is not told.
const A_WHILE: Duration = Duration::from_secs(9);

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

struct Scene {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    task: TaskName,
    receiver: HttpReceiver,
    monitor: Process,
    /// The rules that were seen to fire, and those that were seen to end.
    fired: RefCell<BTreeSet<String>>,
    ended: RefCell<BTreeSet<String>>,
}

/// The moment before a fault.
struct Before {
    received: usize,
    at: Instant,
}

impl Scene {
    async fn set_up() -> Result<Scene> {
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
    async fn wait_for(&self, what: &str, probe: impl AsyncFnMut() -> std::result::Result<(), String>) {
        if let Err(error) = eventually(what, WAIT, probe).await {
            let told: Vec<String> = self.receiver.received().iter().map(line).collect();
            let monitor = self.monitor.log_text();
            panic!("{error}\ntold:\n{}\n{}\n--- monitor\n{monitor}", told.join("\n"), self.cluster.logs());
        }
    }

    async fn both_take_part(&self) {
        self.wait_for("the task streams and has a standby", async || take_part(&self.cluster, &self.task).await).await;
    }

    /// Waits until a Monitor of the log has taken the lead so many times.
    async fn monitor_leads(&self, times: usize) {
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
    async fn before(&self, ids: &[&str]) -> Before {
        for id in ids {
            self.ends_in_tree(id).await;
        }
        Before { received: self.receiver.received().len(), at: Instant::now() }
    }

    /// The delivered messages about an alert since then, by what they say it is.
    fn told(&self, before: &Before, id: &str, state: &str) -> Vec<Received> {
        let received = self.receiver.received().into_iter().skip(before.received);
        let is_it = |one: &Received| {
            let body = one.json().unwrap();
            one.status == 204 && body["state"] == state && body["id"] == id
        };
        received.filter(is_it).collect()
    }

    /// Somebody was told of it, by itself or as what another alert brings with it.
    async fn fires(&self, before: &Before, id: &str) {
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
    async fn ends(&self, before: &Before, id: &str) {
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

    async fn write_row(&self) -> Result<()> {
        self.source.exec("INSERT INTO shop.item (name) VALUES ('source')").await
    }

    /// A new version of the spec that changes nothing of weight.
    async fn edit(&self) {
        let task = self.cluster.session.task(&self.task).await.unwrap();
        let mut spec = task.spec;
        spec.pipe.retry_backoff_max = Span::from_secs(2 + task.version);
        let author = Author { by: "test", reason: "end to end" };
        self.cluster.session.update_task(&spec, task.version, author).await.unwrap();
    }

    /// Rows flow, and the spec is edited: nobody is told of that.
    async fn all_is_well(&self) -> Result<()> {
        let until = Instant::now() + A_WHILE;
        self.edit().await;
        while Instant::now() < until {
            self.write_row().await?;
            sleep(Duration::from_millis(300)).await;
        }
        let told: Vec<String> = self.receiver.received().iter().map(line).collect();
        assert!(told.is_empty(), "told while all is well: {told:#?}\n{}", self.cluster.logs());
        Ok(())
    }

    /// The Monitor is killed before it could tell of what fires, and once more just after it has: nothing is lost, and
    /// what is told twice is known by its key.
    async fn a_row_that_is_there_already(&mut self) -> Result<()> {
        let id = "task_failed:copy";
        let before = self.before(&[id]).await;
        self.receiver.answer(500);
        self.target.exec("INSERT INTO shop.item VALUES (1000000, 'by hand')").await?;
        self.source.exec("INSERT INTO shop.item VALUES (1000000, 'source')").await?;
        self.wait_for("a message is refused", async || {
            (self.receiver.received().len() > before.received).then_some(()).ok_or_else(|| "none".to_owned())
        })
        .await;
        self.monitor.kill9().await;
        self.receiver.answer(204);
        self.monitor = spawn_monitor(&self.cluster, &self.receiver, "m1", "4s")?;
        self.fires(&before, id).await;
        self.monitor.kill9().await;
        self.monitor = spawn_monitor(&self.cluster, &self.receiver, "m1", "4s")?;
        self.monitor_leads(3).await;
        sleep(Duration::from_secs(2)).await;
        let told = self.told(&before, id, "firing");
        let keys: BTreeSet<&str> = told.iter().map(|one| one.header("idempotency-key").unwrap()).collect();
        println!("a Monitor that was killed twice told of {id} {} time(s)", told.len());
        assert!(told.len() <= 2 && keys.len() == 1, "{} messages with the keys {keys:?}", told.len());
        self.target.exec("DELETE FROM shop.item WHERE id = 1000000").await?;
        self.cluster.order(&self.task, DesiredState::Running).await;
        self.ends(&before, id).await;
        Ok(())
    }

    async fn a_target_that_hangs(&self) -> Result<()> {
        self.both_take_part().await;
        let late = ["task_lag_warning:copy", "task_lag_critical:copy", "not_advancing:copy", "binlog_purge_near:copy"];
        let before = self.before(&late).await;
        self.target.sigstop();
        self.write_row().await?;
        self.source.exec("FLUSH BINARY LOGS").await?;
        let told = async {
            for id in late {
                self.fires(&before, id).await;
            }
        };
        let writes = async {
            loop {
                self.write_row().await.unwrap();
                sleep(Duration::from_millis(300)).await;
            }
        };
        tokio::select! { () = told => {}, () = writes => {} }
        // A pipe that can't close does not work by the new version.
        let id = "spec_not_acknowledged:copy";
        let edited = self.before(&[id]).await;
        self.edit().await;
        self.fires(&edited, id).await;
        self.target.sigcont();
        self.ends(&edited, id).await;
        for id in late {
            self.ends(&before, id).await;
        }
        Ok(())
    }

    async fn a_task_that_is_paused(&self) {
        let id = "paused_too_long:copy";
        let before = self.before(&[id]).await;
        self.cluster.order(&self.task, DesiredState::Paused).await;
        self.fires(&before, id).await;
        self.cluster.order(&self.task, DesiredState::Running).await;
        self.ends(&before, id).await;
    }

    /// Kills the Core that runs the task, sees what is told, and starts it again.
    async fn a_running_core_that_is_killed(&mut self, more: &str) -> Result<Before> {
        self.both_take_part().await;
        let running = self.cluster.running(&self.task).await.unwrap();
        let gone = format!("core_gone:{GROUP}:{}", self.cluster.cores[running].name);
        let ids = [more, gone.as_str(), "standbys_missing:copy"];
        let before = self.before(&ids).await;
        self.cluster.cores[running].kill9().await;
        for id in ids {
            self.fires(&before, id).await;
        }
        self.cluster.cores[running].start_again()?;
        self.ends(&before, &gone).await;
        self.ends(&before, "standbys_missing:copy").await;
        Ok(before)
    }

    async fn no_core_is_left(&mut self) -> Result<()> {
        self.both_take_part().await;
        let id = "no_running_instance:copy";
        let before = self.before(&[id]).await;
        let running = self.cluster.running(&self.task).await.unwrap();
        for core in [1 - running, running] {
            self.cluster.cores[core].kill9().await;
        }
        self.fires(&before, id).await;
        for core in &mut self.cluster.cores {
            core.start_again()?;
        }
        self.ends(&before, id).await;
        Ok(())
    }

    /// As if a later owner had been there that this one did not hear of.
    async fn an_epoch_that_is_stale(&self) -> Result<Before> {
        self.both_take_part().await;
        let before = self.before(&["stale_epoch_refused:copy"]).await;
        let raise = |by: &str| format!("UPDATE mysql_replicator.owner SET epoch = epoch {by} WHERE task = 'copy'");
        self.target.exec(&raise("+ 100")).await?;
        self.write_row().await?;
        self.fires(&before, "stale_epoch_refused:copy").await;
        self.target.exec(&raise("- 100")).await?;
        Ok(before)
    }

    /// The last of three take-overs, while a channel leads nowhere. Nobody minds a stopped task.
    async fn one_take_over_too_many(&mut self) -> Result<()> {
        let nowhere = format!("http://127.0.0.1:{}/hook", free_port());
        put_channel(&self.cluster, "broken", json!(nowhere), None).await;
        let before = self.before(&["channel_failing:broken"]).await;
        let flapping = self.a_running_core_that_is_killed("flapping:copy").await?;
        self.fires(&before, "channel_failing:broken").await;
        put_channel(&self.cluster, "broken", json!(self.receiver.url()), Some(0)).await;
        self.ends(&before, "channel_failing:broken").await;
        self.cluster.order(&self.task, DesiredState::Stopped).await;
        self.ends(&flapping, "flapping:copy").await;
        Ok(())
    }

    async fn no_zookeeper(&mut self) -> Result<()> {
        let before = self.before(&[]).await;
        self.cluster.zookeeper.kill9(0).await;
        self.fires(&before, "coordination_away").await;
        self.cluster.zookeeper.restart(0).await?;
        self.ends(&before, "coordination_away").await;
        Ok(())
    }

    /// A leading Monitor that stands still for less than its session takes to end: the other one tells.
    async fn a_monitor_that_hangs(&mut self) -> Result<()> {
        self.monitor.sigterm();
        self.monitor.wait_exit(Duration::from_secs(30)).await?;
        self.monitor = spawn_monitor(&self.cluster, &self.receiver, "m2", "30s")?;
        self.monitor_leads(1).await;
        let _other = spawn_monitor(&self.cluster, &self.receiver, "m3", "30s")?;
        self.wait_for("two Monitors are there", async || {
            let line = self.cluster.session.store().list(&layout::monitors()).await;
            let found = line.map_err(|error| error.to_string())?.len();
            if found == 2 { Ok(()) } else { Err(found.to_string()) }
        })
        .await;
        let before = self.before(&[]).await;
        self.monitor.sigstop();
        self.fires(&before, "monitor_late:m2").await;
        self.monitor.sigcont();
        self.ends(&before, "monitor_late:m2").await;
        Ok(())
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

fn line(one: &Received) -> String {
    let body = one.json().unwrap();
    format!("{} {} {} with {}: {}", one.status, body["state"], body["id"], body["joined"], body["reason"])
}

async fn put_channel(cluster: &Cluster, name: &str, url: Value, version: Option<u64>) {
    let channel = json!({
        "name": name, "kind": "webhook", "url": url, "retry_backoff_min": "100ms", "retry_backoff_max": "500ms",
    });
    let channel = ChannelSpec::from_json(channel.to_string().as_bytes()).unwrap();
    cluster.session.put_channel(&channel, version).await.unwrap();
}

fn spawn_monitor(cluster: &Cluster, receiver: &HttpReceiver, name: &str, session_timeout: &str) -> Result<Process> {
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

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_is_quiet_fires_and_ends() -> Result<()> {
    let mut scene = Scene::set_up().await?;
    scene.all_is_well().await?;
    scene.a_row_that_is_there_already().await?;
    scene.a_target_that_hangs().await?;
    scene.a_task_that_is_paused().await;
    let taken_over = scene.a_running_core_that_is_killed("failover:copy").await?;
    scene.no_core_is_left().await?;
    let refused = scene.an_epoch_that_is_stale().await?;
    scene.one_take_over_too_many().await?;
    scene.ends(&taken_over, "failover:copy").await;
    scene.ends(&refused, "stale_epoch_refused:copy").await;
    scene.no_zookeeper().await?;
    scene.a_monitor_that_hangs().await?;
    let all: BTreeSet<String> = RULES.iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(*scene.fired.borrow(), all, "each rule has fired");
    assert_eq!(*scene.ended.borrow(), all, "each rule's alert has ended");
    Ok(())
}
