//! Tasks: made, changed, steered.

use super::Story;
use replicator_tests::Result;
use serde_json::Value;

impl Story {
    pub(super) async fn a_task_is_made_and_changed(&self) -> Result<()> {
        let terminal = &self.terminal;
        let proposed = terminal.run("replicator task apply -f - --dry-run < copy.toml", 0).await;
        assert_eq!(proposed.out, "task copy_hot_item would be created\n");
        terminal.run("replicator task preflight -f copy.toml --check source_row_image,target_tables", 0).await;
        let shown = terminal.run("replicator task preview -f copy.toml --rows 2", 0).await.out;
        assert!(shown.contains("copied"), "{shown}");
        terminal.run("replicator task apply -f copy.toml --start --wait", 0).await;
        assert_eq!(
            terminal.run("replicator task preview copy_hot_item", 0).await.out.lines().next(),
            shown.lines().next()
        );
        let checked = terminal.run("replicator task preflight copy_hot_item", 0).await.out;
        assert!(checked.contains(" 0 failed"), "{checked}");
        for rows in 2..=6 {
            let change = format!("sed -i 's/^heartbeat = .*/heartbeat = \"{rows}s\"/' copy.toml");
            terminal.run(&format!("{change}; replicator task apply -f copy.toml --reason 'try {rows}'"), 0).await;
        }
        let versions = terminal.run("replicator task versions copy_hot_item", 0).await.out;
        assert!(versions.contains("try 6") && versions.contains("alice"), "{versions}");
        assert!(terminal.run("replicator task diff copy_hot_item 2 3", 0).await.out.contains("+heartbeat = \"4s\""));
        terminal.run("replicator task diff copy_hot_item 3 5", 0).await;
        terminal.run("replicator task diff copy_hot_item 3", 0).await;
        terminal.run("replicator task diff copy_hot_item 3 77", 3).await;
        let earlier = terminal.run("replicator task get copy_hot_item --version 3", 0).await.out;
        assert!(earlier.contains("heartbeat") && earlier.contains("********"), "{earlier}");
        let whole = terminal.json("replicator task get copy_hot_item -o json").await;
        assert_eq!(whole["spec"]["name"], "copy_hot_item");
        let asked = [("back to version 3? [y/N]", "y")];
        let line = "replicator task rollback copy_hot_item --to 3 --reason 'target too small'";
        let screen = terminal.answered(line, &asked, 0).await;
        assert!(screen.contains("heartbeat"), "{screen}");
        // What is written out can be handed in again: a secret that is not shown is kept.
        terminal.run("replicator task get copy_hot_item > copy.toml", 0).await;
        assert!(terminal.run("replicator task diff -f copy.toml", 0).await.out.contains("is as the file says"));
        assert!(terminal.run("replicator task apply -f copy.toml", 0).await.out.contains("unchanged"));
        let wrong = "sed 's/^port/prot/' copy.toml > wrong.toml; replicator task apply -f wrong.toml";
        let wrong = terminal.run(wrong, 1).await;
        assert!(wrong.error.contains("wrong.toml") && wrong.error.contains("prot"), "{wrong:?}");
        Ok(())
    }

    async fn running_on(&self) -> String {
        self.state("replicator task show copy_hot_item --wait-for state=running").await["running"]["core"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    async fn state(&self, line: &str) -> Value {
        self.terminal.json(line).await
    }

    pub(super) async fn a_task_is_steered(&self) -> Result<()> {
        let terminal = &self.terminal;
        let listed = terminal.run("replicator task list", 0).await.out;
        assert!(listed.contains("copy_hot_item") && listed.contains("RUNNING"), "{listed}");
        terminal.run("replicator task list --state bogus", 2).await;
        // What is watched follows what is ordered meanwhile.
        let watching = terminal.begin("replicator task show copy_hot_item --watch");
        let lines = terminal.begin("replicator task show copy_hot_item --watch -o json");
        watching.says("copy_hot_item  RUNNING").await;
        terminal.run("replicator task pause copy_hot_item", 0).await;
        terminal.run("replicator task show copy_hot_item --wait-for state=paused", 0).await;
        watching.says("copy_hot_item  PAUSED").await;
        lines.says("\"state\":\"paused\"").await;
        watching.ends_by_ctrl_c().await;
        for line in lines.ends_by_ctrl_c().await.lines() {
            assert_eq!(serde_json::from_str::<Value>(line).unwrap()["name"], "copy_hot_item");
        }
        let late = terminal.run("replicator task show copy_hot_item --wait-for state=running --timeout 1s", 6).await;
        assert!(late.error.contains("wait_timeout"), "{late:?}");
        terminal.run("replicator task resume copy_hot_item", 0).await;
        self.running_on().await;
        self.a_task_goes_elsewhere().await?;

        if self.running_on().await == "core2" {
            terminal.run("replicator task handover copy_hot_item --wait", 0).await;
        }
        self.cluster_has_a_standby().await?;
        terminal.run("replicator task handover copy_hot_item --to core2 --wait", 0).await;
        assert_eq!(self.running_on().await, "core2");
        terminal.run("replicator task handover copy_hot_item --to core2 --wait", 5).await;
        Ok(())
    }

    async fn a_task_goes_elsewhere(&self) -> Result<()> {
        let terminal = &self.terminal;
        let head = self.source.query_strings("SHOW BINARY LOG STATUS").await?;
        let place = format!("{}:{}", head[0][0].as_deref().unwrap(), head[0][1].as_deref().unwrap());
        let now = self.source.query_strings("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')").await?;
        terminal.means("bin.000042:4", place);
        terminal.means("2026-11-22T08:00:00Z", now[0][0].clone().unwrap());
        let meant = terminal.run("replicator task rewind copy_hot_item --to earliest --dry-run", 0).await.out;
        assert!(meant.contains("are applied again") && meant.lines().all(|line| line.len() <= 100), "{meant}");
        let asked = [("[y/N]", "n")];
        let screen = terminal.answered("replicator task rewind copy_hot_item --to bin.000042:4", &asked, 1).await;
        assert!(screen.contains("nothing was done"), "{screen}");
        terminal.run("replicator task rewind copy_hot_item --to time:2026-11-22T08:00:00Z --yes", 0).await;
        terminal.run("replicator task rewind copy_hot_item --to yesterday", 2).await;
        self.running_on().await;
        Ok(())
    }

    pub(super) async fn cluster_has_a_standby(&self) -> Result<()> {
        let ready = async || {
            let line = self.cluster.session.instances(&self.cluster.task_name("copy_hot_item")).await;
            let line = line.map_err(|error| error.to_string())?;
            if line.len() == 2 { Ok(()) } else { Err(format!("{} in the line", line.len())) }
        };
        replicator_tests::eventually("two instances are in the line", std::time::Duration::from_secs(60), ready).await
    }
}
