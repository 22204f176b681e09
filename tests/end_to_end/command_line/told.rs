//! What goes wrong, and who is told: alerts, rules, silences, channels.

use super::Story;
use replicator_tests::Result;

impl Story {
    /// A row that is there already stops the task; it is seen, acknowledged, and left out.
    pub(super) async fn a_task_fails_and_somebody_is_told(&self) -> Result<()> {
        let terminal = &self.terminal;
        terminal.run("replicator channels list", 0).await;
        terminal.run("replicator channels apply -f dba.toml", 0).await;
        assert_eq!(terminal.run("replicator alerts", 0).await.out, "No alerts.\n");
        self.target.exec("INSERT INTO shop.item VALUES (1, 'by hand')").await?;
        let watching = terminal.begin("replicator alerts --watch");
        self.insert(1).await?;
        terminal.run("replicator task show copy_hot_item --wait-for state=failed", 0).await;
        watching.says("task_failed:copy_hot_item").await;
        watching.ends_by_ctrl_c().await;
        let failed = terminal.json("replicator task list --state failed -o json").await;
        assert_eq!(failed["tasks"][0]["explanation"]["code"], "duplicate_key", "{failed}");
        let again = terminal.run("replicator task show copy_hot_item --wait-for state=running", 1).await;
        assert!(again.error.contains("duplicate_key"), "{again:?}");
        let acknowledge = "replicator alerts acknowledge task_failed:copy_hot_item --note 'the disk is being replaced'";
        terminal.run(acknowledge, 0).await;
        let alerts = terminal.run("replicator alerts", 0).await.out;
        assert!(alerts.contains("alice: the disk is being replaced"), "{alerts}");
        terminal.run("replicator alerts unacknowledge task_failed:copy_hot_item", 0).await;
        terminal.run("replicator alerts acknowledge task_failed:no_such", 3).await;

        let shown = terminal.run("replicator task skip copy_hot_item --dry-run", 0).await.out;
        assert!(shown.contains("INSERT shop.item") && shown.contains("1 row"), "{shown}");
        let asked = [("Leave out this transaction of task copy_hot_item? [y/N]", "y")];
        terminal.answered("replicator task skip copy_hot_item --reason 'applied by hand'", &asked, 0).await;
        terminal.run("replicator task show copy_hot_item --wait-for state=running", 0).await;
        terminal.run("replicator task start copy_hot_item --wait", 0).await;
        let nothing = terminal.run("replicator task skip copy_hot_item --reason 'applied by hand' --yes", 5).await;
        assert!(nothing.error.contains("nothing_to_skip"), "{nothing:?}");
        let none = terminal.run("replicator task conflicts copy_hot_item --limit 50", 0).await.out;
        assert_eq!(none, "no conflicts are recorded at the target\n");
        terminal.run("replicator task conflicts no_such", 3).await;
        let over = async || {
            let over = terminal.run("replicator alerts --history -o json", 0).await.out;
            if over.contains("task_failed:copy_hot_item") { Ok(()) } else { Err(over) }
        };
        replicator_tests::eventually("it is over", std::time::Duration::from_secs(60), over).await?;
        terminal.run("replicator alerts --history", 0).await;
        Ok(())
    }

    pub(super) async fn rules_silences_and_channels(&self) {
        let terminal = &self.terminal;
        terminal.run("replicator rules set task_lag_warning --threshold 60 --for 5m", 0).await;
        terminal.run("replicator rules set task_lag_critical --task copy_hot_item --severity warning", 0).await;
        terminal.run("replicator rules set paused_too_long --enabled false", 0).await;
        let rules = terminal.run("replicator rules list", 0).await.out;
        let of = |rule: &str| rules.lines().find(|line| line.starts_with(rule)).unwrap_or_default().to_owned();
        assert!(of("task_lag_warning").contains("60 seconds") && of("paused_too_long").contains("off"), "{rules}");
        assert!(of("task_failed").contains("at once") && !rules.contains('…'), "{rules}");
        terminal.run("replicator rules set task_lag_warning --reset", 0).await;
        let rules = terminal.json("replicator rules list").await;
        let rules = rules["rules"].as_array().unwrap();
        assert_eq!(rules.iter().find(|rule| rule["rule"] == "task_lag_warning").unwrap()["threshold"], 30.0);
        terminal.run("replicator rules set no_such_rule --for 1s", 1).await;
        terminal.run("replicator rules set task_lag_warning", 2).await;

        terminal.run("replicator silence add --task copy_hot_item --for 2h --reason 'the target moves'", 0).await;
        terminal.run("replicator silence add --core core7 --for 1d --reason maintenance", 0).await;
        terminal.run("replicator silence add --for 1h", 2).await;
        let too_long = terminal.run("replicator silence add --task copy_hot_item --for 100d", 1).await;
        assert!(too_long.error.contains("30d") && !too_long.error.contains("matcher\""), "{too_long:?}");
        let silences = terminal.json("replicator silence list").await;
        let id = silences["silences"][0]["id"].as_str().unwrap();
        assert!(terminal.run("replicator silence list", 0).await.out.contains(id), "ids are shown whole");
        terminal.means("0b0e7c1e-6f0c-4b0e-9a52-3d7f3c1f6c55", id);
        terminal.run("replicator silence end 0b0e7c1e-6f0c-4b0e-9a52-3d7f3c1f6c55", 0).await;
        terminal.run("replicator silence end no_such", 3).await;

        terminal.run("replicator channels apply -f - < dba.json", 0).await;
        let tested = terminal.run("replicator channels test dba", 0).await.out;
        assert!(tested.starts_with("delivered in "), "{tested}");
        self.receiver.answer(500);
        let refused = terminal.run("replicator channels test dba", 1).await;
        assert!(refused.error.contains("500") && refused.error.contains("channel_not_delivered"), "{refused:?}");
        self.receiver.answer(204);
        let deliveries = terminal.run("replicator channels deliveries dba", 0).await.out;
        assert!(deliveries.contains("task_failed") || deliveries.contains("copy_hot_item"), "{deliveries}");
        assert!(terminal.run("replicator channels list", 0).await.out.contains("dba"));
        let wrong = terminal.run("replicator channels apply -f copy.toml", 1).await;
        assert!(wrong.error.contains("copy.toml"), "{wrong:?}");
        terminal.run("replicator channels delete json", 0).await;
        terminal.run("replicator channels delete json", 3).await;
    }
}
