//! The command line as people use it, on real servers: every command, and every example of its `--help` word for word.
//! A new command or example that nobody tries here fails.

mod orders;
mod people;
mod terminal;
mod told;

use crate::cluster::{Cluster, copy_task};
use crate::failures::spawn_server;
use crate::monitor_rules::scene::spawn_monitor;
use replicator_tests::{Flavor, HttpReceiver, MysqlServer, Process, Result, SETUP_TOKEN, eventually, free_port};
use std::time::Duration;
use terminal::{Terminal, certificate};

const ITEM: &str = "CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;";

/// Two databases, two Cores, a Server and a Monitor, and somebody at a terminal.
struct Story {
    terminal: Terminal,
    source: MysqlServer,
    target: MysqlServer,
    receiver: HttpReceiver,
    cluster: Cluster,
    _server: Process,
    _monitor: Process,
}

impl Story {
    async fn begin() -> Result<Story> {
        let (source, target, cluster) = tokio::try_join!(
            MysqlServer::start(Flavor::MySql97),
            MysqlServer::start(Flavor::MariaDb1011),
            Cluster::start(1, 2)
        )?;
        let (address, server) = spawn_server(&cluster)?;
        let receiver = HttpReceiver::start().await?;
        let monitor = spawn_monitor(&cluster, &receiver, "m1", "4s")?;
        source.exec(ITEM).await?;
        target.exec(ITEM).await?;
        let terminal = Terminal::new(&address).await?;
        let ready = async || {
            let answer = reqwest::get(format!("{address}/readyz")).await.map_err(|error| error.to_string())?;
            answer.status().is_success().then_some(()).ok_or_else(|| answer.status().to_string())
        };
        eventually("the Server is ready", Duration::from_secs(30), ready).await?;
        let story = Story { terminal, source, target, receiver, cluster, _server: server, _monitor: monitor };
        story.furnish();
        Ok(story)
    }

    /// What examples name: files, hosts, places.
    fn furnish(&self) {
        let Story { terminal, source, target, receiver, .. } = self;
        let task = copy_task("copy_hot_item", source, target, "");
        terminal.file("copy.toml", &task.replace("[producer]", "standby = { hot = 2 }\n[producer]"));
        let channel = |name: &str| format!("name = \"{name}\"\nkind = \"webhook\"\nurl = \"{}\"\n", receiver.url());
        terminal.file("dba.toml", &channel("dba"));
        terminal.file("dba.json", &format!(r#"{{"name":"json","kind":"webhook","url":"{}"}}"#, receiver.url()));
        terminal.file("token", SETUP_TOKEN);
        terminal.file("password", people::PASSWORD);
        for (name, secret) in [("bob", people::PASSWORD), ("db1", source.password()), ("db2", target.password())] {
            terminal.file(&format!("secrets/{name}"), secret);
        }
        for folder in ["completion", ".config/fish/completions"] {
            std::fs::create_dir_all(terminal.path(folder)).unwrap();
        }
        certificate(terminal.folder.path());
        terminal.means("/run/secrets/", terminal.path("secrets/"));
        terminal.means("/etc/bash_completion.d/", terminal.path("completion/"));
        terminal.means("/usr/local/share/zsh/site-functions/", terminal.path("completion/"));
        terminal.means("@db1/", format!("@127.0.0.1:{}/", source.port()));
        terminal.means("@db2/", format!("@127.0.0.1:{}/", target.port()));
        terminal.means("@127.0.0.1:3306/", format!("@127.0.0.1:{}/", source.port()));
        terminal.means("--data /var/lib/replicator", "--data standalone --listen 127.0.0.1:0");
        terminal.means("0.0.0.0:8443", format!("127.0.0.1:{}", free_port()));
    }

    async fn insert(&self, id: u32) -> Result<()> {
        self.source.exec(&format!("INSERT INTO shop.item VALUES ({id}, 'source');")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_does_what_its_help_shows() -> Result<()> {
    let story = Story::begin().await?;
    let told: Result<()> = async {
        story.the_first_user_and_others().await;
        story.a_task_is_made_and_changed().await?;
        story.a_task_is_steered().await?;
        story.a_task_fails_and_somebody_is_told().await?;
        story.rules_silences_and_channels().await;
        story.what_else_there_is_to_see().await;
        story.shells_complete().await;
        story.a_log_is_read().await?;
        story.what_needs_no_server().await?;
        story.the_end().await;
        Ok(())
    }
    .await;
    told?;
    story.terminal.nothing_was_left_out();
    Ok(())
}

impl Story {
    /// Files of the source's log, which are read without it.
    async fn a_log_is_read(&self) -> Result<()> {
        let terminal = &self.terminal;
        self.insert(60).await?;
        let head = self.source.query_strings("SHOW BINARY LOG STATUS").await?;
        let log = self.source.data_dir().join(head[0][0].as_deref().unwrap());
        terminal.means("/var/lib/mysql/binlog.000042", log.display().to_string());
        terminal.means("zcat binlog.000042.gz", format!("cat {}", log.display()));
        // Not every host has it.
        terminal.means("| jq -c .after", "| cat");
        let line = "replicator binlog /var/lib/mysql/binlog.000042 --tables 'shop.*' | jq -c .after";
        let rows = terminal.run(line, 0).await.out;
        assert!(rows.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{rows}");
        assert!(rows.contains("60"), "{rows}");
        terminal.run("zcat binlog.000042.gz | replicator binlog - --start 4711 --rows-only", 0).await;
        terminal.run("replicator binlog copy.toml", 1).await;
        Ok(())
    }

    /// `standalone`, `try` and `doctor` ask no Server.
    async fn what_needs_no_server(&self) -> Result<()> {
        let terminal = &self.terminal;
        terminal.run("REPLICATOR_PASSWORD=secret replicator doctor mysql://replicator@db1/ --tables 'shop.*'", 0).await;
        let target = "replicator doctor mysql://replicator@db2/ --as target --password-file /run/secrets/db2";
        assert!(terminal.run(target, 0).await.out.ends_with("skipped\n"));

        let line = "REPLICATOR_PASSWORD=secret replicator try mysql://replicator@127.0.0.1:3306/ --tables 'shop.*'";
        let trying = terminal.begin(line);
        trying.says("reading the changes").await;
        self.insert(70).await?;
        trying.says("\"70\"").await;
        trying.ends_by_ctrl_c().await;
        let line = "replicator try mysql://replicator@db1/ --password-file /run/secrets/db1 --start earliest";
        let trying = terminal.begin(line);
        trying.says("\"70\"").await;
        trying.ends_by_ctrl_c().await;
        // Whoever has seen enough is no failure.
        let try_it = "replicator try mysql://replicator@db1/ --password-file /run/secrets/db1";
        let line = format!("set -o pipefail; {try_it} --start earliest | head -1");
        let rows = async {
            for id in 71..=76 {
                self.insert(id).await?;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Result::<()>::Ok(())
        };
        let (ran, written) = tokio::join!(terminal.run(&line, 0), rows);
        written?;
        assert_eq!(ran.out.lines().count(), 1);

        let alone = terminal.begin("replicator standalone --data /var/lib/replicator");
        alone.says("replicator is ready").await;
        alone.says("/setup#token=").await;
        self.all_roles_show_their_metrics(&alone.text()).await;
        alone.ends_by_ctrl_c().await;

        let line = "replicator standalone --data data --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem";
        let encrypted = terminal.begin(line);
        encrypted.says("users  none yet: open https://").await;
        let to = "replicator --server https://0.0.0.0:8443";
        let unknown = terminal.run(&format!("{to} whoami"), 6).await;
        assert!(unknown.error.contains("UnknownIssuer") && unknown.error.contains("--ca FILE"), "{unknown:?}");
        let known = terminal.run(&format!("{to} --ca cert.pem whoami"), 4).await;
        assert!(known.error.contains("replicator setup"), "{known:?}");
        let plain = terminal.run("replicator --server http://0.0.0.0:8443 whoami", 1).await;
        assert!(plain.error.contains("https://"), "{plain:?}");
        terminal.run("replicator standalone --data data --tls-cert cert.pem", 2).await;
        encrypted.ends_by_ctrl_c().await;
        Ok(())
    }

    /// On the one page of the process that has all three.
    async fn all_roles_show_their_metrics(&self, said: &str) {
        let rest = said.split_whitespace().find(|word| word.ends_with("/api/v1")).unwrap();
        let page = reqwest::get(rest.replace("/api/v1", "/metrics")).await.unwrap().text().await.unwrap();
        for name in ["audit_write_failures", "tasks", "monitor_evaluations", "alerts"] {
            assert!(page.contains(&format!("# TYPE mysql_replicator_{name} ")), "{name}: {page}");
        }
        assert_eq!(page.matches("# TYPE mysql_replicator_coordination_connected ").count(), 1, "{page}");
        assert!(page.ends_with("# EOF\n") && page.matches("# EOF").count() == 1, "{page}");
    }
}
