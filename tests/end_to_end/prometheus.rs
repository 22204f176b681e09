//! What Prometheus and Grafana are given: rules that promtool tests, and names that real processes export.

use crate::cluster::{Cluster, copy_task};
use regex::Regex;
use replicator_model::channel::ChannelSpec;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Process, Result, eventually, free_port, promtool};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

fn deploy(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file)
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join("");
    assert!(output.status.success(), "{command:?}:\n{said}");
}

#[test]
fn each_prometheus_rule_fires_stays_quiet_and_resolves() {
    let promtool = promtool().unwrap();
    run(Command::new(&promtool).args(["check", "rules"]).arg(deploy("prometheus/replicator.rules.yml")));
    run(Command::new(&promtool).args(["test", "rules"]).arg(deploy("prometheus/replicator.rules.test.yml")));
    let rules = std::fs::read_to_string(deploy("prometheus/replicator.rules.yml")).unwrap();
    let tests = std::fs::read_to_string(deploy("prometheus/replicator.rules.test.yml")).unwrap();
    for alert in Regex::new(r"alert: (\w+)").unwrap().captures_iter(&rules) {
        let named = tests.matches(&format!("alertname: {}", &alert[1])).count();
        assert!(named >= 3, "{} has {named} tests; quiet, firing and resolved make three", &alert[1]);
    }
}

/// Every name that the text uses, without what a histogram adds.
fn names(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\bmysql_replicator_[a-z_]+").unwrap();
    name.find_iter(text).map(|found| found.as_str().trim_end_matches("_bucket").to_owned()).collect()
}

async fn scrape(port: u16) -> std::result::Result<String, String> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.map_err(|error| error.to_string())?;
    answer.text().await.map_err(|error| error.to_string())
}

/// A Server and a Monitor beside the Cluster's Core; the Monitor tells somebody who is not there.
fn server_and_monitor(cluster: &Cluster, ports: [u16; 2]) -> Result<[Process; 2]> {
    let folder = cluster.dir.path();
    let coordination = format!("[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\n", cluster.zookeeper.addresses());
    let spawn = |program: &str, text: String| {
        let (config, log) = (folder.join(format!("{program}.toml")), folder.join(format!("{program}.log")));
        std::fs::write(&config, text)?;
        let env = [("HOOK_URL", "http://127.0.0.1:9/hook")];
        Process::spawn(program, &["--config", &config.display().to_string()], &env, &log)
    };
    let listen = |section: &str, port: u16| format!("{coordination}[{section}]\nlisten = \"127.0.0.1:{port}\"\n");
    let history = folder.join("history").display().to_string();
    Ok([
        spawn("replicator-server", format!("{}[history]\nfolder = {history:?}\n", listen("http", ports[0])))?,
        spawn("replicator-monitor", listen("admin", ports[1]))?,
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_the_rules_use_names_that_are_there() -> Result<()> {
    let cluster = Cluster::start(1, 1).await?;
    let (source, target) =
        tokio::try_join!(MysqlServer::start(Flavor::MySql97), MysqlServer::start(Flavor::MariaDb1011))?;
    let ports = [free_port(), free_port()];
    let processes = server_and_monitor(&cluster, ports)?;
    let channel = json!({"name": "nobody", "kind": "webhook", "url": {"env": "HOOK_URL"}});
    let channel = ChannelSpec::from_json(channel.to_string().as_bytes()).unwrap();
    cluster.session.put_channel(&channel, None).await.unwrap();
    source.exec("CREATE DATABASE shop").await?;
    let running = cluster.create(&copy_task("running", &source, &target, "")).await;
    let failing = copy_task("failing", &source, &target, "").replace("user = \"replicator\"", "user = \"nobody\"");
    let failing = cluster.create(&failing).await;
    cluster.wait_for_stage(&running, Stage::Streaming).await?;
    cluster.wait_for_stage(&failing, Stage::Failed).await?;

    let used = ["prometheus/replicator.rules.yml", "grafana/replicator.json"]
        .map(|file| names(&std::fs::read_to_string(deploy(file)).unwrap()));
    let used: BTreeSet<String> = used.into_iter().flatten().collect();
    let mut pages = Vec::new();
    eventually("every name that is used to be there", Duration::from_secs(60), async || {
        pages.clear();
        for port in [cluster.cores[0].admin_port, ports[0], ports[1]] {
            pages.push(scrape(port).await?);
        }
        let there = names(&pages.concat());
        let missing: Vec<&String> = used.iter().filter(|name| !there.contains(*name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}")) }
    })
    .await
    .unwrap_or_else(|error| {
        panic!("{error}\n{}\n{}", cluster.logs(), processes.each_ref().map(Process::log_text).concat())
    });

    for page in &pages {
        let mut check = Command::new(promtool()?).args(["check", "metrics"]).stdin(Stdio::piped()).spawn()?;
        check.stdin.take().unwrap().write_all(page.replace("# EOF\n", "").as_bytes())?;
        // 3: only remarks on style, such as a histogram's name without its unit.
        assert!(matches!(check.wait()?.code(), Some(0 | 3)), "promtool check metrics refuses:\n{page}");
    }
    Ok(())
}
