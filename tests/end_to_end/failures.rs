//! What a user sees on a bad day: one clear message, in the log, on the command line and over REST, and nothing else
//! stops.

use crate::cluster::{Cluster, KEY_FILE, copy_task};
use crate::workload;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Process, Result, SETUP_TOKEN, eventually, first_admin, free_port};
use std::process::Output;
use std::time::Duration;

/// A Server and the command line over the cluster's ZooKeeper.
pub(crate) struct Console {
    pub(crate) address: String,
    pub(crate) token: String,
    _server: Process,
}

impl Console {
    pub(crate) async fn start(cluster: &Cluster) -> Result<Console> {
        let (address, server) = spawn_server(cluster)?;
        let token = first_admin(&address).await?;
        let console = Console { address, token, _server: server };
        eventually("the Server answers", Duration::from_secs(30), async || {
            let text = console.run(&["task", "list"]).await;
            text.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&text.stderr).into_owned())
        })
        .await?;
        Ok(console)
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let program = Process::program("replicator").unwrap();
        let mut command = tokio::process::Command::new(program);
        command.args(["--server", &self.address]).args(arguments).env("REPLICATOR_TOKEN", &self.token);
        command.output().await.unwrap()
    }

    async fn show(&self, task: &str) -> String {
        String::from_utf8_lossy(&self.run(&["task", "show", task]).await.stdout).into_owned()
    }

    async fn get(&self, path: &str) -> String {
        let url = format!("{}/api/v1/{path}", self.address);
        reqwest::Client::new().get(url).bearer_auth(&self.token).send().await.unwrap().text().await.unwrap()
    }
}

/// A Server without users, and where it is.
pub(crate) fn spawn_server(cluster: &Cluster) -> Result<(String, Process)> {
    let (config, log) = (cluster.dir.path().join("server.toml"), cluster.dir.path().join("server.log"));
    let listen = format!("127.0.0.1:{}", free_port());
    std::fs::write(
        &config,
        format!(
            "[secrets]\nkey_file = {:?}\n[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\n[http]\nlisten = \"{listen}\"\n",
            cluster.dir.path().join(KEY_FILE),
            cluster.zookeeper.addresses()
        ),
    )?;
    let setup = [("REPLICATOR_ACCESS_SETUP_TOKEN", SETUP_TOKEN)];
    let server = Process::spawn("replicator-server", &["--config", &config.display().to_string()], &setup, &log)?;
    Ok((format!("http://{listen}"), server))
}

/// A task that fails in one way.
struct Fault<'a> {
    name: &'a str,
    spec: String,
    code: &'a str,
    /// What the message has to say: what, where.
    says: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_gives_one_clear_message_and_stops_one_task() -> Result<()> {
    let (source, target, off) = tokio::try_join!(
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MariaDb1011),
        MysqlServer::start_with(Flavor::MariaDb1011, &["--skip-log-bin"]),
    )?;
    let (statement, cluster) = tokio::try_join!(
        MysqlServer::start_with(Flavor::MariaDb1011, &["--binlog-format=STATEMENT"]),
        Cluster::start(1, 1)
    )?;
    let console = Console::start(&cluster).await?;
    for server in [&source, &target] {
        workload::create_schema(server).await?;
    }
    source.exec("CREATE DATABASE lost; CREATE TABLE lost.thing (id INT PRIMARY KEY)").await?;
    let healthy = cluster.create(&copy_task("healthy", &source, &target, "")).await;
    cluster.wait_for_stage(&healthy, Stage::Streaming).await?;

    let copy = |name: &str, source: &MysqlServer| copy_task(name, source, &target, "");
    let port = |server: &MysqlServer| format!("127.0.0.1:{}", server.port());
    let faults = [
        Fault {
            name: "password",
            spec: copy("password", &source).replacen("password = \"", "password = \"not-", 1),
            code: "access_denied",
            says: vec![port(&source), "1045".into()],
        },
        Fault { name: "off", spec: copy("off", &off), code: "binlog_off", says: vec![port(&off)] },
        Fault {
            name: "statement",
            spec: copy("statement", &statement),
            code: "binlog_not_row",
            says: vec![port(&statement), "STATEMENT".into()],
        },
        Fault {
            name: "purged",
            spec: copy("purged", &source).replace("\"latest\"", "{ file = \"binlog.000000\", offset = 4 }"),
            code: "position_lost",
            says: vec!["binlog.000000".into()],
        },
        Fault {
            name: "unknown",
            spec: copy("unknown", &source).replace("shop.*", "lost.*"),
            code: "unknown_table",
            says: vec!["lost.thing".into()],
        },
    ];
    for fault in &faults {
        cluster.create(&fault.spec).await;
    }
    // The unknown table is found with the first row for it.
    let unknown = cluster.task_name("unknown");
    cluster
        .wait_for_stage(&unknown, Stage::Streaming)
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    source.exec("INSERT INTO lost.thing VALUES (1)").await?;

    for fault in &faults {
        is_told_everywhere(fault, &cluster, &console).await;
    }

    source.exec("INSERT INTO shop.account VALUES (1, 'x', 1, 0, NULL, NULL)").await?;
    cluster.wait_for_equal(&source, &target, "shop").await?;
    let status = cluster.status(&healthy).await.unwrap();
    assert_eq!(status.stage, Stage::Streaming, "the healthy task is not disturbed: {status:?}");
    Ok(())
}

/// The same message in the status, on the command line, over REST and in the log.
async fn is_told_everywhere(fault: &Fault<'_>, cluster: &Cluster, console: &Console) {
    let status = cluster.wait_for_stage(&cluster.task_name(fault.name), Stage::Failed).await;
    let status = status.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let failure = status.failure.unwrap();
    println!("{}: {failure}", fault.name);
    assert_eq!(failure.code, fault.code, "{failure}");
    assert!(!failure.hint.is_empty() && failure.to_string().len() < 700, "{failure}");
    let (shown, answered) =
        (console.show(fault.name).await, console.get(&format!("tasks/{}/status", fault.name)).await);
    let logged = cluster.logs();
    for says in fault.says.iter().chain([&failure.code]) {
        assert!(failure.to_string().contains(says), "no `{says}` in {failure}");
        assert!(answered.contains(says), "no `{says}` over REST: {answered}");
        assert!(logged.contains(says), "no `{says}` in the log: {logged}");
    }
    assert!(shown.contains("FAILED") && shown.contains(&failure.code), "{shown}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&shown).contains(&words(&failure.hint)), "no hint `{}` in\n{shown}", failure.hint);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_task_file_names_key_and_line() -> Result<()> {
    let cluster = Cluster::start(1, 0).await?;
    let console = Console::start(&cluster).await?;
    let good =
        "name = \"t\"\ngroup = \"group1\"\n[producer]\nhost = \"a\"\nuser = \"u\"\n[consumer]\nkind = \"stdout\"\n";
    for (text, says) in [
        (good.replace("user = \"u\"", "usr = \"u\""), vec!["line 5", "usr"]),
        (good.replace("host = \"a\"", "host = "), vec!["line 4"]),
        (good.replace("kind = \"stdout\"", "kind = \"mysql\""), vec!["host"]),
        (good.replace("name = \"t\"", "name = \"t t\""), vec!["line 1", "t t"]),
    ] {
        let file = cluster.dir.path().join("task.toml");
        std::fs::write(&file, &text)?;
        let output = console.run(&["task", "apply", "-f", &file.display().to_string()]).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "accepted:\n{text}");
        for part in says {
            assert!(error.contains(part), "no `{part}` in {error}");
        }
        assert!(error.lines().count() < 15, "fits a screen: {error}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_zookeeper_and_a_bad_config_are_said_plainly() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (config, log) = (dir.path().join("core.toml"), dir.path().join("core.log"));
    let nowhere = format!("127.0.0.1:{}", free_port());
    let text = |keys: &str| {
        format!(
            "{keys}\n[coordination]\nkind = \"zookeeper\"\ntiers = [[\"{nowhere}\"]]\nsession_timeout = \"2s\"\n[admin]\nlisten = \"127.0.0.1:{}\"\n",
            free_port()
        )
    };
    std::fs::write(&config, text("group = \"g\""))?;
    let core = Process::spawn("replicator-core", &["--config", &config.display().to_string()], &[], &log)?;
    eventually("the log names the server and what to do", Duration::from_secs(60), async || {
        let text = core.log_text();
        (text.contains(&nowhere) && text.contains("[coordination]")).then_some(()).ok_or(text)
    })
    .await?;
    drop(core);
    for (text, says) in
        [(text("grp = \"g\""), "grp"), (text("group = ["), "line 3"), (text("group = \"g\"\ncapacity = 0"), "capacity")]
    {
        std::fs::write(&config, &text)?;
        let output = tokio::process::Command::new(Process::program("replicator-core")?)
            .args(["--config", &config.display().to_string(), "--check"])
            .output()
            .await?;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && error.contains(says) && error.contains("core.toml"),
            "no `{says}` in {error}"
        );
    }
    Ok(())
}
