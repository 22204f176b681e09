//! Users, tokens, the audit, completion; what is said to who can't be served.

use super::Story;
use super::terminal::Terminal;

pub(super) const PASSWORD: &str = "a password of the tests";

impl Story {
    pub(super) async fn the_first_user_and_others(&self) {
        let terminal = &self.terminal;
        terminal.run("replicator task list", 4).await;
        let nobody = terminal.run("replicator whoami", 4).await;
        assert!(nobody.error.contains("replicator setup"), "{nobody:?}");
        let asked = [("one-time token", replicator_tests::SETUP_TOKEN), ("A password for alice", PASSWORD)];
        let screen = terminal.answered("replicator setup --user alice", &asked, 0).await;
        assert!(screen.contains("as alice (admin)") && !screen.contains(PASSWORD), "{screen}");
        let twice = "replicator setup --user alice --setup-token-file token --password-file password";
        terminal.run(twice, 5).await;
        terminal.run("replicator logout", 0).await;
        let nobody = terminal.run("replicator whoami", 4).await;
        assert!(nobody.error.contains("replicator login"), "{nobody:?}");
        let wrong = [("Password of alice", "wrong")];
        terminal.answered("replicator login --user alice", &wrong, 4).await;
        terminal.run("replicator login --user alice --password-file - < password", 0).await;
        assert_eq!(terminal.json("replicator whoami -o json").await["user"], "alice");

        let asked = [("A password for bob", PASSWORD)];
        terminal.answered("replicator user add bob --role operator", &asked, 0).await;
        terminal.run("replicator user add bob --role viewer --password-file /run/secrets/bob", 5).await;
        terminal.run("replicator user set bob --role viewer", 0).await;
        terminal.answered("replicator user set bob --password", &[("A new password for bob", PASSWORD)], 0).await;
        assert_eq!(terminal.json("replicator user list").await["users"][1]["role"], "viewer");
        self.bob_sees_and_changes_nothing().await;
        terminal.run("replicator user set bob --disable", 0).await;
        assert!(terminal.run("replicator user list", 0).await.out.contains("disabled"));
        terminal.run("replicator user set bob", 2).await;
        terminal.run("replicator user remove bob", 0).await;
        terminal.run("replicator user remove bob", 3).await;

        let made = terminal.run("replicator token create --name deploys --role operator --expires-in 90d", 0).await;
        terminal.file("deploys", &made.out);
        terminal.run("replicator --token-file deploys whoami", 0).await;
        let tokens = terminal.json("replicator token list").await;
        let deploys = tokens["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "deploys").unwrap();
        terminal.means("5f3a0c1d2e4b6a79", deploys["id"].as_str().unwrap());
        assert!(terminal.run("replicator token list", 0).await.out.contains("deploys"));
        terminal.run("replicator token revoke 5f3a0c1d2e4b6a79", 0).await;
        terminal.run("replicator --token-file deploys whoami", 4).await;
    }

    /// A viewer, who is signed in beside the others.
    async fn bob_sees_and_changes_nothing(&self) {
        let by_bob = "XDG_CONFIG_HOME=bob";
        let terminal = &self.terminal;
        terminal.run(&format!("{by_bob} replicator login --user bob --password-file password"), 0).await;
        terminal.run(&format!("{by_bob} replicator task list"), 0).await;
        let refused = terminal.run(&format!("{by_bob} replicator task delete any --yes"), 3).await;
        assert!(refused.error.contains("task_not_found"), "{refused:?}");
        let refused = terminal.run(&format!("{by_bob} replicator channels apply -f dba.toml"), 4).await;
        assert!(refused.error.contains("role_missing") && refused.error.contains("admin"), "{refused:?}");
        terminal.run(&format!("{by_bob} replicator logout"), 0).await;
    }

    pub(super) async fn what_else_there_is_to_see(&self) {
        let terminal = &self.terminal;
        let cores = terminal.run("replicator cores", 0).await.out;
        assert!(cores.contains("core1") && cores.contains("core2"), "{cores}");
        let watching = terminal.begin("replicator cores --watch");
        watching.says("core2").await;
        watching.ends_by_ctrl_c().await;
        terminal.run("replicator audit --task copy_shop --diff", 0).await;
        let by_task = terminal.run("replicator audit --task copy_hot_item --diff", 0).await.out;
        assert!(by_task.contains("pauseTask") && by_task.contains("\n  +"), "{by_task}");
        assert_eq!(by_task.matches("SUBJECT").count(), 1, "{by_task}");
        let by_bob = terminal.json("replicator audit --user bob --limit 10 -o json").await;
        assert!(!by_bob["entries"].as_array().unwrap().is_empty());
        let watching = terminal.begin("replicator audit --action deleteTask --watch");
        watching.says("Nothing of the kind").await;
        terminal
            .run("sed 's/copy_hot_item/other/' copy.toml | sed 's/\\*\\*\\*\\*\\*\\*\\*\\*/x/' > other.toml", 0)
            .await;
        terminal.run("replicator task apply -f other.toml; replicator task delete other --yes", 0).await;
        watching.says("task other").await;
        watching.ends_by_ctrl_c().await;
        terminal.run("replicator version", 0).await;

        // A reader that has seen enough ends what is watched.
        let line = "set -o pipefail; replicator audit --watch | head -1";
        assert!(terminal.run(line, 0).await.out.starts_with("AT"));
        let nobody = terminal.run("replicator --server http://127.0.0.1:1 task list", 6).await;
        assert!(nobody.error.contains("no answer from http://127.0.0.1:1: Connection refused"), "{nobody:?}");
        let other = terminal.run("replicator -o json task show no_such", 3).await;
        assert!(other.error.starts_with('{') && other.out.is_empty(), "{other:?}");
    }

    pub(super) async fn shells_complete(&self) {
        let terminal = &self.terminal;
        terminal.run("replicator completion bash > /etc/bash_completion.d/replicator", 0).await;
        terminal.run("replicator completion zsh > /usr/local/share/zsh/site-functions/_replicator", 0).await;
        terminal.run("replicator completion fish > ~/.config/fish/completions/replicator.fish", 0).await;
        for (line, goes_on) in [
            ("replicator task sh", "show"),
            ("replicator task show ", "copy_hot_item"),
            ("replicator task handover copy_hot_item --to ", "core1 core2"),
            ("replicator channels test d", "dba"),
            ("replicator task show copy_hot_item --wait-for state=run", "running"),
            ("replicator -o ", "table json"),
            ("replicator task apply -f ", ""),
            ("replicator --server http://127.0.0.1:1 task show ", ""),
        ] {
            assert_eq!(in_bash(terminal, line).await, goes_on, "{line}");
        }
    }

    pub(super) async fn the_end(&self) {
        let terminal = &self.terminal;
        let busy = terminal.run("replicator task delete copy_hot_item --yes", 5).await;
        assert!(busy.error.contains("hint"), "{busy:?}");
        terminal.run("replicator task stop copy_hot_item --wait --timeout 1m", 0).await;
        terminal.run("replicator task delete copy_hot_item", 2).await;
        terminal.run("replicator task delete copy_hot_item --yes", 0).await;
        assert!(terminal.run("replicator task list", 0).await.out.starts_with("No tasks"));
        terminal.run("replicator channels delete dba", 0).await;
        terminal.run("replicator logout", 0).await;
        terminal.run("replicator whoami", 4).await;
    }
}

/// What bash offers at the end of the line, once it has read the script.
async fn in_bash(terminal: &Terminal, line: &str) -> String {
    let asked = format!(
        ". completion/replicator; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=(replicator); compopt() {{ :; }}; \
         _replicator; echo \"${{COMPREPLY[*]}}\""
    );
    terminal.run(&asked, 0).await.out.trim_end().replace('\n', " ")
}
