//! Notices for the golden files of all kinds.

use crate::notify::Message;
use replicator_model::alert::{AlertId, AlertState, Evidence, Joined, Notice, Severity, Subject};
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName};
use replicator_model::rule::Unit;

pub(crate) const AT_US: i64 = 1_790_000_125_000_000;

pub(crate) fn task(name: &str) -> Subject {
    Subject::Task(TaskName::new(name).unwrap())
}

pub(crate) fn notice(rule: &str, subject: Subject, state: AlertState, severity: Severity) -> Notice {
    Notice {
        id: AlertId::of(rule, &subject),
        rule: rule.to_owned(),
        group_key: AlertId::of(rule, &subject).to_string(),
        subject,
        state,
        evidence: Evidence {
            severity,
            group: Some(GroupName::new("g1").unwrap()),
            core: Some(CoreName::new("core1").unwrap()),
            value: None,
            threshold: None,
            unit: None,
            reason: "the reason".to_owned(),
            hint: "the hint".to_owned(),
        },
        since_us: AT_US - 125_000_000,
        at_us: AT_US,
        number: 1,
        joined: Vec::new(),
        joined_more: 0,
    }
}

pub(crate) fn lag() -> Notice {
    let mut lag = notice("task_lag_warning", task("copy"), AlertState::Firing, Severity::Warning);
    (lag.evidence.value, lag.evidence.threshold, lag.evidence.unit) = (Some(31.5), Some(30.0), Some(Unit::Seconds));
    lag.evidence.reason = "task copy is 31.5 s behind its source".to_owned();
    lag.evidence.hint = "look at the target's load and locks".to_owned();
    lag
}

/// With what markup is made of in what was found.
pub(crate) fn failed() -> Notice {
    let mut failed = notice("task_failed", task("orders_eu"), AlertState::Firing, Severity::Critical);
    failed.evidence.reason =
        "db2:3306: table `shop`.`a<b>&[c](http://evil)` *has* no column \"x\" [column_missing]".to_owned();
    failed.evidence.hint = "add the column, then start the task".to_owned();
    failed
}

pub(crate) fn resolved() -> Notice {
    let mut resolved = lag();
    (resolved.state, resolved.number) = (AlertState::Resolved, 2);
    resolved.evidence.reason = "task copy was 31.5 s behind its source".to_owned();
    resolved
}

fn core_gone() -> Notice {
    let core = Subject::Core { group: GroupName::new("g1").unwrap(), core: CoreName::new("core7").unwrap() };
    let mut gone = notice("core_gone", core, AlertState::Firing, Severity::Warning);
    (gone.number, gone.joined_more) = (3, 2);
    gone.joined = vec![Joined {
        id: AlertId::of("no_running_instance", &task("copy")),
        rule: "no_running_instance".to_owned(),
        subject: task("copy"),
        severity: Severity::Critical,
        reason: String::new(),
    }];
    gone
}

/// Every kind of message that there is.
pub(crate) fn messages() -> Vec<(&'static str, Message)> {
    let channel = ChannelName::new("ops").unwrap();
    vec![
        ("firing", Message::Notices(vec![lag()])),
        ("failed", Message::Notices(vec![failed()])),
        ("resolved", Message::Notices(vec![resolved()])),
        ("several", Message::Notices(vec![resolved(), core_gone(), failed()])),
        ("test", Message::Test { channel, id: "t1".to_owned(), by: "alice".to_owned(), at_us: AT_US }),
    ]
}

/// Compares with a golden file. `REPLICATOR_BLESS=1` writes it.
pub(crate) fn check(name: &str, text: &str) {
    let path = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("REPLICATOR_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{path}: look at it, then bless it");
}
