//! `replicator doctor` and `replicator task preflight`: checks, and what mends what they found.

use crate::arguments::{Doctor, DoctorSide, Output};
use crate::client::Client;
use crate::exit::{Exit, Failed, printable};
use crate::output::show;
use crate::table::wrap;
use crate::task::arguments::Preflight;
use crate::task::read_spec;
use crate::try_changes::{Server, password};
use replicator_model::span::Span;
use replicator_model::task::TaskSpec;
use replicator_server::inspect::limits::{InspectConfig, Limits};
use replicator_server::inspect::secret::Reach;
use replicator_server::preflight::finding::About;
use replicator_server::preflight::run::{Wanted, run};
use replicator_server::view::{CheckState, CheckView, PreflightView};
use serde_json::json;

/// How long one step may take: nobody else waits behind it.
const TIMEOUT: Span = Span::from_secs(10);

/// Asks the server itself; no Server of ours is needed.
pub(crate) async fn doctor(wanted: Doctor, output: Output) -> Result<(), Failed> {
    let server = Server::parse(&wanted.server_address)?;
    let password = password(&server, wanted.password_file.as_ref());
    let login = json!({"host": server.host, "port": server.port, "user": server.user});
    let nobody = json!({"host": "", "user": "", "tables": wanted.tables});
    let (producer, consumer, side) = match wanted.as_side {
        DoctorSide::Source => {
            let mut producer = login;
            producer["tables"] = json!(wanted.tables);
            (producer, json!({"kind": "stdout"}), About::Source)
        }
        DoctorSide::Target => {
            let mut consumer = login;
            consumer["kind"] = json!("mysql");
            (nobody, consumer, About::Target)
        }
    };
    let spec = json!({"name": "doctor", "group": "doctor", "producer": producer, "consumer": consumer});
    let mut spec: TaskSpec = serde_json::from_value(spec).map_err(|error| {
        Failed::new(Exit::Usage, "spec_invalid", error.to_string(), "see `replicator doctor --help`")
    })?;
    let wanted_secret = match wanted.as_side {
        DoctorSide::Source => "producer.password",
        DoctorSide::Target => "consumer.password",
    };
    for (key, secret) in spec.secrets_mut() {
        if let (true, Some(password)) = (key == wanted_secret, &password) {
            *secret = password.clone();
        }
    }
    let limits = Limits::new(&InspectConfig { timeout: TIMEOUT, ..InspectConfig::default() }, None);
    let wanted = Wanted { spec, is_stored: false, codes: &[], sides: &[side], reach: Reach::Own };
    answer(&run(wanted, None, &limits).await.into(), output)
}

/// Asks a Server to check a task: one that it has, or one in a file.
pub(crate) async fn task(client: &Client, wanted: Preflight, output: Output) -> Result<(), Failed> {
    let view = match (&wanted.name, &wanted.file) {
        (_, Some(file)) => {
            let (spec, text) = read_spec(file)?;
            let written =
                if text.is_json { serde_json::from_str(&text.text).ok() } else { toml::from_str(&text.text).ok() };
            let written: serde_json::Value = written.unwrap_or_default();
            let stored = client.task(&spec.name).await?.is_some();
            client
                .preflight(&json!({
                    "spec": written, "checks": wanted.checks, "task": stored.then(|| spec.name.to_string()),
                }))
                .await?
        }
        (Some(name), None) => client.preflight_task(name, &wanted.checks).await?,
        (None, None) => {
            let hint = "give a task's name, or a file with -f";
            return Err(Failed::new(Exit::Usage, "task_missing", "which task is to be checked?", hint));
        }
    };
    answer(&view, output)
}

fn answer(view: &PreflightView, output: Output) -> Result<(), Failed> {
    show(output, view, page);
    match view.failed {
        0 => Ok(()),
        1 => Err(Failed::new(
            Exit::Failed,
            "preflight_failed",
            "a check failed",
            "do what stands under `fix`, then check again",
        )),
        many => Err(Failed::new(
            Exit::Failed,
            "preflight_failed",
            format!("{many} checks failed"),
            "do what stands under each `fix`, then check again",
        )),
    }
}

/// What needs a hand first, then what is well; what could not be told comes last.
fn page(view: &PreflightView) -> String {
    let mut text = String::new();
    for state in [CheckState::Failed, CheckState::Warning, CheckState::Passed, CheckState::Skipped] {
        for check in view.checks.iter().filter(|check| check.state == state) {
            text.push_str(&entry(check));
        }
    }
    let skipped = view.checks.len() - view.passed - view.warnings - view.failed;
    text.push_str(&format!(
        "{} passed, {} warnings, {} failed, {skipped} skipped\n",
        view.passed, view.warnings, view.failed
    ));
    text
}

fn entry(check: &CheckView) -> String {
    let word = match check.state {
        CheckState::Passed => "ok      ",
        CheckState::Warning => "WARNING ",
        CheckState::Failed => "FAILED  ",
        CheckState::Skipped => "skipped ",
    };
    let mut text = format!("{word} {} [{}]\n", check.title, check.code);
    text.push_str(&wrap(&check.found, "         "));
    if matches!(check.state, CheckState::Failed | CheckState::Warning) {
        text.push_str(&wrap(&format!("why: {}", check.why), "         "));
        if let Some(fix) = &check.fix {
            text.push_str("         fix:\n");
            printable(fix).lines().for_each(|line| text.push_str(&format!("           {line}\n")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_server::view::CheckSide;

    #[test]
    fn what_failed_comes_first_with_its_fix() {
        let check = |code: &str, state, fix: Option<&str>| CheckView {
            code: code.into(),
            about: CheckSide::Source,
            state,
            title: "Rows are logged whole".into(),
            found: "binlog_row_image is MINIMAL".into(),
            why: "because".into(),
            fix: fix.map(str::to_owned),
            millis: 1,
        };
        let checks = vec![
            check("one", CheckState::Passed, None),
            check("two", CheckState::Failed, Some("SET GLOBAL a = 1;\nSET GLOBAL b\u{1b} = 2;")),
        ];
        let view = PreflightView { checks, passed: 1, warnings: 0, failed: 1 };
        let text = page(&view);
        assert!(text.starts_with("FAILED   Rows are logged whole [two]\n"), "{text}");
        assert!(text.contains("           SET GLOBAL b\u{fffd} = 2;\n"), "{text}");
        assert!(text.ends_with("1 passed, 0 warnings, 1 failed, 0 skipped\n"), "{text}");
    }
}
