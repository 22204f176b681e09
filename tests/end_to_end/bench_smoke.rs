//! The benchmarks run and write their figures. What the figures are is not looked at: this machine is not quiet.

use replicator_tests::{Process, Result};
use std::collections::BTreeSet;
use std::time::Duration;

/// A catch-up and a steady rate, as small as they can be, of those that replicate, and of clients.
const ARGUMENTS: [&str; 10] = [
    "sysbench-durable",
    "latency/200",
    "--scale",
    "0.004",
    "--seconds",
    "2",
    "--repetitions",
    "1",
    "--systems",
    "replicator,native-4,clients",
];

const SYSTEMS: [&str; 2] = ["replicator", "native replica 4 workers"];

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_both_systems_are_written_when_the_tables_are_equal() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("figures").display().to_string();
    let arguments = [ARGUMENTS.as_slice(), &["--output", &output]].concat();
    let mut bench = Process::spawn("replicator-bench", &arguments, &[], &folder.path().join("log"))?;
    let ended = bench.wait_exit(Duration::from_secs(300)).await?;
    let log = bench.log_text();
    assert!(ended.success(), "{ended}\n{log}");
    // What clients wrote, once, too.
    assert_eq!(log.matches("the tables are equal").count(), 2 * SYSTEMS.len() + 1, "{log}");

    let read = |name: &str| std::fs::read_to_string(format!("{output}/{name}.jsonl"));
    let apply = figures(&read("apply")?, "apply/sysbench-durable");
    let latency = figures(&read("latency")?, "latency/200");
    for system in SYSTEMS {
        let has = |found: &BTreeSet<(String, String)>, metric: &str| found.contains(&(system.into(), metric.into()));
        for metric in ["wall_seconds", "rows_per_second", "cpu_seconds", "target_cpu_seconds", "target_peak_bytes"] {
            assert!(has(&apply, metric), "{system}: {metric} is not in {apply:?}");
        }
        for metric in ["p50_seconds", "p99_seconds", "p999_seconds", "transactions_per_second"] {
            assert!(has(&latency, metric), "{system}: {metric} is not in {latency:?}");
        }
    }
    let core = ("replicator".to_owned(), "core_peak_bytes".to_owned());
    assert!(apply.contains(&core), "{apply:?}");
    Ok(())
}

/// The system and metric of every line.
fn figures(lines: &str, bench: &str) -> BTreeSet<(String, String)> {
    let figure = |line: &str| {
        let figure: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&figure["bench"], &figure["repetition"]), (&bench.into(), &1.into()), "{line}");
        assert!(figure["value"].as_f64().unwrap() >= 0.0 && figure["unit"].is_string(), "{line}");
        let text = |key: &str| figure[key].as_str().unwrap().to_owned();
        (text("system"), text("metric"))
    };
    lines.lines().map(figure).collect()
}
