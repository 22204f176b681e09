//! The stored forms of what a Monitor keeps and what operators say about it.

use crate::alert::{
    Alert, AlertHistory, AlertId, AlertState, Evidence, Joined, Notice, OwedNotice, ResolvedAlert, Severity, Subject,
};
use crate::epoch::Epoch;
use crate::monitor::{LeaseMemory, LeasesOfTask, MonitorInfo, TakenOver};
use crate::name::{CoreName, GroupName, TaskName};
use crate::rule::Unit;
use crate::rule_settings::RuleSettings;
use crate::silence::{Acknowledgement, Silence, SilenceMatcher};
use crate::stored::tests::check;

fn alert() -> Alert {
    let evidence = Evidence {
        severity: Severity::Warning,
        group: Some(GroupName::new("g1").unwrap()),
        core: Some(CoreName::new("core1").unwrap()),
        value: Some(31.5),
        threshold: Some(30.0),
        unit: Some(Unit::Seconds),
        reason: "task copy is 31.5 s behind its source".into(),
        hint: "look at the target".into(),
    };
    let (rule, subject) = ("task_lag_warning".to_owned(), Subject::Task(TaskName::new("copy").unwrap()));
    let since_us = 1_790_000_000_000_000;
    let joined = Joined {
        id: AlertId::of("standbys_missing", &subject),
        rule: "standbys_missing".into(),
        subject: subject.clone(),
        severity: Severity::Warning,
        reason: "1 of 2 instances".into(),
    };
    let notice = Notice {
        id: AlertId::of(&rule, &subject),
        rule: rule.clone(),
        subject: subject.clone(),
        state: AlertState::Firing,
        evidence: evidence.clone(),
        since_us,
        at_us: since_us + 120_000_000,
        number: 1,
        group_key: AlertId::of(&rule, &subject).to_string(),
        joined: vec![joined],
        joined_more: 0,
    };
    Alert {
        rule,
        subject,
        state: AlertState::Firing,
        evidence,
        since_us,
        seen_us: since_us + 120_000_000,
        clear_since_us: None,
        told_us: since_us + 120_000_000,
        notices: 1,
        acknowledged: Some(acknowledgement(since_us)),
        silenced_by: vec!["s1".into()],
        group_key: notice.group_key.clone(),
        told_severity: Some(Severity::Warning),
        owed: vec![OwedNotice { notice, channels: ["webhook".to_owned()].into() }],
    }
}

fn acknowledgement(since_us: i64) -> Acknowledgement {
    Acknowledgement { by: "alice".into(), at_us: since_us + 130_000_000, note: "at it".into(), since_us }
}

#[test]
fn stored_forms_of_alerting_are_as_the_golden_files_show() {
    let alert = alert();
    check("alert", &alert);
    check("acknowledgement", &acknowledgement(alert.since_us));
    let Alert { rule, subject, evidence, since_us, notices, .. } = alert;
    let resolved = ResolvedAlert { rule, subject, evidence, since_us, resolved_us: since_us + 1, notices };
    check("alert_history", &AlertHistory { alerts: vec![resolved], dropped: 1 });
    let (core, task) = (CoreName::new("core1").unwrap(), TaskName::new("copy").unwrap());
    let matcher = SilenceMatcher { task: Some(task.clone()), ..SilenceMatcher::default() };
    let (by, reason) = ("alice".to_owned(), "moves to db2".to_owned());
    check("silence", &Silence { matcher, from_us: 1, until_us: 2, by, reason });
    let rules = r#"{"defaults":{"task_lag_warning":{"threshold":10.0,"for":"1m","keep":"5s"}},
        "tasks":{"copy":{"task_failed":{"enabled":false,"severity":"info","repeat":"1h"}}}}"#;
    check("rule_settings", &serde_json::from_str::<RuleSettings>(rules).unwrap());
    let (monitor, version) = ("m1".to_owned(), "0.1.0".to_owned());
    check("monitor", &MonitorInfo { monitor, version, since_us: 1, evaluated_us: 2, leads: true });
    let leases = LeasesOfTask {
        core: Some(core.clone()),
        epoch: Epoch::new(7),
        generation: 3,
        to_end_us: Some(2),
        leases_us: vec![1],
        taken_over: Some(TakenOver { from: core.clone(), at_us: 1 }),
        cores: [core.clone()].into(),
        refused: [(core, 2)].into(),
        refused_us: Some(2),
    };
    check("lease_memory", &LeaseMemory { tasks: [(task, leases)].into() });
}
