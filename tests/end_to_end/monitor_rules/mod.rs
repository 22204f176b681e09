//! Every rule of the Monitor, on real servers and real processes: quiet while all is well, told with the fault, over
//! once that is mended. The faults come one after another in one scene, because starting it takes longer than most of
//! them.

pub(crate) mod scene;

use crate::cluster::GROUP;
use replicator_coordination::layout;
use replicator_coordination::tasks::Author;
use replicator_model::desired::DesiredState;
use replicator_model::rule::RULES;
use replicator_model::span::Span;
use replicator_tests::{Result, free_port};
use scene::{Before, Scene, line, put_channel, spawn_monitor};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longer than any `for` of the scene: what has not been told by then is not told.
const A_WHILE: Duration = Duration::from_secs(9);

impl Scene {
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
