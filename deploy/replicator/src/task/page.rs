//! One task on one screen.

use crate::table::{Table, WIDTH, cut, wrap};
use replicator_model::status::LagBy;
use replicator_server::view::{CheckpointView, FailureView, PositionView, StatusView};

pub(crate) fn page(status: &StatusView) -> String {
    let mut page = format!("{}  {}\n", status.name, status.state);
    let mut line = |name: &str, value: String| {
        page.push_str(&cut(&format!("  {name:<11} {value}"), WIDTH));
        page.push('\n');
    };
    line("flow", format!("{} → {} {}", status.source.address, status.target.kind, status.target.address));
    line("wanted", format!("{} (order {})", status.desired.state, status.desired.generation));
    line("spec", format!("version {}, group {}", status.version, status.group));
    match &status.running {
        Some(running) => line("running on", format!("{} ({}), epoch {}", running.core, running.host, running.epoch)),
        None => line("running on", "nobody".to_owned()),
    }
    let by = match status.lag_by.filter(|_| status.lag_seconds.is_some()) {
        Some(LagBy::Heartbeat) => ", by heartbeat rows",
        Some(LagBy::Head) | None => "",
    };
    line("lag", format!("{}{by}", lag(status.lag_seconds)));
    if let Some(progress) = &status.progress {
        line(
            "rate",
            format!(
                "{} transactions/s, {} rows/s, {}/s",
                rate(progress.transactions_per_second),
                rate(progress.rows_per_second),
                bytes(progress.bytes_per_second)
            ),
        );
        // Only a database has commits.
        let in_commits = match progress.commits {
            0 => String::new(),
            commits => format!(" in {commits} commits"),
        };
        line(
            "since start",
            format!(
                "{} transactions{in_commits}, {} rows, {}; {} queued",
                progress.transactions,
                progress.rows,
                bytes(progress.bytes as f64),
                bytes(progress.queue_bytes as f64)
            ),
        );
    }
    line("source at", status.source_head.as_ref().map_or_else(|| "not known".to_owned(), position));
    line("applied to", status.checkpoint.as_ref().map_or_else(|| "nothing yet".to_owned(), checkpoint));
    line("lastCommit", status.last_commit.as_ref().map_or_else(|| "nothing yet".to_owned(), checkpoint));
    if let Some(gtid_set) = status.checkpoint.as_ref().or(status.last_commit.as_ref()).and_then(|c| c.gtid_set.as_ref())
    {
        line("GTIDs", gtid_set.clone());
    }
    if let Some(owed) = status.desired.owed {
        line("still to do", owed.to_string());
    }
    if let Some(progress) = status.progress.as_ref().filter(|progress| progress.conflicts > 0) {
        line("conflicts", format!("{}, see mysql_replicator.conflict at the target", progress.conflicts));
    }
    if let Some(progress) = status.progress.as_ref().filter(|progress| progress.schema_changes_ignored > 0) {
        line("schema changes", format!("{} ignored, as consumer.ddl says", progress.schema_changes_ignored));
    }
    if status.skipped > 0 {
        line("left out", format!("{} transactions, by order", status.skipped));
    }
    if status.retries > 0 {
        line("retries", status.retries.to_string());
    }
    page.push_str(&reasons(status));
    page.push_str(&instances(status));
    page
}

fn reasons(status: &StatusView) -> String {
    let mut text = status.explanation.as_ref().map(|why| reason("why", why)).unwrap_or_default();
    if let Some(failure) = status.failure.as_ref().filter(|failure| status.explanation.as_ref() != Some(*failure)) {
        text.push_str(&reason("last failure", failure));
    }
    status.warnings.iter().for_each(|warning| text.push_str(&reason("warning", warning)));
    text
}

fn reason(title: &str, why: &FailureView) -> String {
    let reason = wrap(&format!("{} [{}]", why.reason, why.code), "    ");
    format!("\n  {title}\n{reason}{}", wrap(&format!("hint: {}", why.hint), "    "))
}

fn instances(status: &StatusView) -> String {
    let mut text = format!("\n  instances ({} of {} wanted)\n", status.instances.len(), status.instances_wanted);
    if status.instances.is_empty() {
        return text;
    }
    let mut table = Table::new(&["ROLE", "CORE", "HOST", "EPOCH", "STAGE", "SPEC", "NODE"]);
    for instance in &status.instances {
        table.row([
            format!("{:?}", instance.role).to_uppercase(),
            instance.core.clone(),
            instance.host.clone(),
            if instance.epoch == 0 { "-".to_owned() } else { instance.epoch.to_string() },
            instance.stage.to_string(),
            instance.spec_version.map_or_else(|| "-".to_owned(), |version| version.to_string()),
            instance.node.clone(),
        ]);
    }
    for line in table.to_string().lines() {
        text.push_str(&format!("    {}\n", cut(line, WIDTH - 4)));
    }
    text
}

fn position(position: &PositionView) -> String {
    format!("{}:{}", position.file, position.offset)
}

fn checkpoint(checkpoint: &CheckpointView) -> String {
    let time = checkpoint.event_time.as_deref().map(|time| format!(", committed {time}")).unwrap_or_default();
    format!("{} of {}, epoch {}{time}", position(&checkpoint.position), checkpoint.server, checkpoint.epoch)
}

/// Seconds behind, `?` while it is not known.
pub(crate) fn lag(seconds: Option<f64>) -> String {
    match seconds {
        None => "?".to_owned(),
        Some(seconds) if seconds < 10.0 => format!("{seconds:.1} s"),
        Some(seconds) if seconds < 600.0 => format!("{seconds:.0} s"),
        Some(seconds) if seconds < 36_000.0 => format!("{:.0} min", seconds / 60.0),
        Some(seconds) => format!("{:.0} h", seconds / 3600.0),
    }
}

/// A number a second, short.
pub(crate) fn rate(number: f64) -> String {
    match number {
        number if number < 10.0 => format!("{number:.1}"),
        number if number < 100_000.0 => format!("{number:.0}"),
        number => format!("{:.0}k", number / 1000.0),
    }
}

fn bytes(number: f64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut number = number;
    let mut unit = 0;
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{number:.0} B") } else { format!("{number:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_fits_a_screen_and_says_what_matters() {
        let long = "x".repeat(300);
        let status: StatusView = serde_json::from_value(json!({
            "name": "copy", "group": "g1", "version": 2,
            "source": {"kind": "mysql", "address": "db1:3306"}, "target": {"kind": "mysql", "address": "db2:3306"},
            "desired": {"state": "running", "generation": 3}, "state": "failed",
            "explanation": {"code": "access_denied", "reason": "db1:3306: user `r` was refused", "hint": "check the password"},
            "failure": {"code": "access_denied", "reason": "db1:3306: user `r` was refused", "hint": "check the password"},
            "running": {"core": "core1", "host": "host1", "epoch": 7, "since": null},
            "lag_seconds": 1.5, "retries": 0, "instances_wanted": 2,
            "checkpoint": {"epoch": 7, "server": long, "position": {"file": "bin.000002", "offset": 400}, "gtid_set": long},
            "instances": [{"node": "host1-0000000001", "core": "core1", "host": "host1", "role": "RUNNING", "epoch": 7,
                "spec_version": 2, "stage": "failed", "since": null}],
        }))
        .unwrap();
        let page = page(&status);
        for part in [
            "copy  FAILED",
            "db1:3306 → mysql db2:3306",
            "1.5 s",
            "user `r` was refused [access_denied]",
            "hint: check",
            "RUNNING  core1",
            "bin.000002:400",
            "1 of 2 wanted",
        ] {
            assert!(page.contains(part), "no `{part}` in\n{page}");
        }
        assert_eq!(page.matches("was refused").count(), 1, "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        assert!(page.lines().count() <= 24, "{page}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [None, Some(0.0), Some(75.4), Some(1234.0), Some(90_000.0)].map(lag),
            ["?", "0.0 s", "75 s", "21 min", "25 h"]
        );
        assert_eq!([0.0, 12.3, 1_234_567.0].map(rate), ["0.0", "12", "1235k"]);
        assert_eq!([512.0, 2048.0, 5e9].map(bytes), ["512 B", "2.0 KiB", "4.7 GiB"]);
    }
}
