//! What Prometheus and Grafana are given: rules that promtool tests, and names that real processes export.

use crate::cluster::{Cluster, SESSION_TIMEOUT, copy_task};
use regex::Regex;
use replicator_model::stored::Stored as _;
use replicator_model::status::{Stage, TaskStatus};
use replicator_tests::{Flavor, MysqlServer, Process, Result, eventually, free_port, promtool};
use std::collections::BTreeSet;
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
