//! What is there and what needs somebody, from the picture. Pure. Changes are no part of it: they are in the audit.

use super::moment::Moment;
use crate::view::{
    AlertCounts, Attention, AttentionKind, CoreCounts, MonitorCounts, OverviewTasks, OverviewView, StatusView,
    TaskState, TaskSummary, time,
};
use replicator_model::alert::{Alert, AlertState, Severity};
use replicator_model::monitor::MonitorInfo;
use std::collections::BTreeMap;

const WORST_MAX: usize = 10;
const ATTENTION_MAX: usize = 50;
/// A leading Monitor that has not looked for so long is as good as none: it looks every second.
const MONITOR_LATE_SECONDS: f64 = 30.0;

pub(crate) fn overview(moment: &Moment) -> OverviewView {
    let mut by_state: BTreeMap<TaskState, u64> = BTreeMap::new();
    for task in moment.tasks.values() {
        *by_state.entry(task.summary.state).or_default() += 1;
    }
    OverviewView {
        tasks: OverviewTasks { total: count(moment.tasks.len()), by_state, worst_lag: worst_lag(moment) },
        attention: attention(moment),
        alerts: alert_counts(&moment.alerts),
        cores: CoreCounts {
            alive: count(moment.cores.values().map(Vec::len).sum()),
            groups: count(moment.cores.len()),
        },
        servers: count(moment.servers),
        monitors: monitor_counts(&moment.monitors, moment.at_us),
        changes: Vec::new(),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn worst_lag(moment: &Moment) -> Vec<TaskSummary> {
    let lag = |task: &TaskSummary| task.lag_seconds.unwrap_or(0.0);
    let mut behind: Vec<&TaskSummary> =
        moment.tasks.values().map(|task| &task.summary).filter(|task| lag(task) > 0.0).collect();
    behind.sort_by(|one, other| lag(other).total_cmp(&lag(one)));
    behind.into_iter().take(WORST_MAX).cloned().collect()
}

fn alert_counts(alerts: &[Alert]) -> AlertCounts {
    let mut counts = AlertCounts::default();
    for alert in alerts.iter().filter(|alert| alert.state == AlertState::Firing) {
        if !alert.silenced_by.is_empty() {
            counts.silenced += 1;
        } else if alert.acknowledged.is_some() {
            counts.acknowledged += 1;
        } else {
            counts.firing += 1;
        }
    }
    counts
}

fn monitor_counts(monitors: &[MonitorInfo], now_us: i64) -> MonitorCounts {
    let leader = monitors.iter().find(|monitor| monitor.leads);
    MonitorCounts {
        alive: count(monitors.len()),
        leader: leader.map(|leader| leader.monitor.clone()),
        last_evaluation_age_seconds: leader.map(|leader| seconds(now_us.saturating_sub(leader.evaluated_us).max(0))),
    }
}

fn seconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1e6
}

fn attention(moment: &Moment) -> Vec<Attention> {
    let mut found: Vec<Attention> = monitor_missing(moment).into_iter().collect();
    found.extend(moment.tasks.values().filter_map(|task| of_task(&task.status)));
    found.extend(moment.unreadable.iter().map(|(name, reason)| Attention {
        kind: AttentionKind::TaskUnreadable,
        subject: name.to_string(),
        since: None,
        text: reason.clone(),
        link: format!("/tasks/{name}"),
    }));
    let mut alerts: Vec<&Alert> = moment.alerts.iter().filter(|alert| is_open(alert)).collect();
    alerts.sort_by_key(|alert| (alert.evidence.severity != Severity::Critical, alert.since_us));
    found.extend(alerts.into_iter().map(of_alert));
    // What stands before the others of its kind stays there.
    found.sort_by_key(|attention| attention.kind);
    found.truncate(ATTENTION_MAX);
    found
}

fn is_open(alert: &Alert) -> bool {
    alert.state == AlertState::Firing && alert.acknowledged.is_none() && alert.silenced_by.is_empty()
}

fn of_alert(alert: &Alert) -> Attention {
    Attention {
        kind: AttentionKind::AlertFiring,
        subject: alert.id().to_string(),
        since: time(alert.since_us),
        text: alert.evidence.reason.clone(),
        link: format!("/alerts?id={}", alert.id()),
    }
}

fn of_task(task: &StatusView) -> Option<Attention> {
    let kind = match task.state {
        TaskState::Failed => AttentionKind::TaskFailed,
        TaskState::NotRunning => AttentionKind::TaskNotRunning,
        TaskState::Retrying => AttentionKind::TaskRetrying,
        _ => return None,
    };
    Some(Attention {
        kind,
        subject: task.name.clone(),
        since: task.running.as_ref().and_then(|running| running.since.clone()),
        text: task.explanation.as_ref().map_or_else(|| task.state.to_string(), |why| why.reason.clone()),
        link: format!("/tasks/{}", task.name),
    })
}

fn monitor_missing(moment: &Moment) -> Option<Attention> {
    let counts = monitor_counts(&moment.monitors, moment.at_us);
    let text = match counts.last_evaluation_age_seconds {
        None => "no Monitor is alive and leads: nobody is told of anything".to_owned(),
        Some(age) if age > MONITOR_LATE_SECONDS => format!("the leading Monitor has not looked for {age:.0} s"),
        Some(_) => return None,
    };
    let (subject, since) = (counts.leader.unwrap_or_default(), None);
    Some(Attention { kind: AttentionKind::MonitorMissing, subject, since, text, link: "/alerts".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::moment::sample;
    use replicator_model::name::TaskName;
    use std::sync::Arc;

    #[test]
    fn what_needs_somebody_comes_worst_first() {
        use TaskState::{Failed, NotRunning, Retrying, Running};
        let tasks = [("a", Running, Some(3.0)), ("b", Retrying, None), ("c", Failed, None), ("d", NotRunning, None)];
        let tasks = tasks.map(|(name, state, lag)| (TaskName::new(name).unwrap(), Arc::new(sample(name, state, lag))));
        let moment = Moment { tasks: tasks.into(), servers: 2, at_us: 100_000_000, ..Moment::default() };
        let shown = overview(&moment);
        let kinds: Vec<(AttentionKind, &str)> =
            shown.attention.iter().map(|found| (found.kind, found.subject.as_str())).collect();
        let expected = [
            (AttentionKind::MonitorMissing, ""),
            (AttentionKind::TaskFailed, "c"),
            (AttentionKind::TaskNotRunning, "d"),
            (AttentionKind::TaskRetrying, "b"),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(shown.tasks.worst_lag.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!((shown.tasks.total, shown.servers), (4, 2));
    }

    #[test]
    fn a_monitor_that_looks_is_not_missing_until_it_is_late() {
        let monitor = |evaluated_us| MonitorInfo {
            monitor: "m1".into(),
            version: "0".into(),
            since_us: 0,
            evaluated_us,
            leads: true,
        };
        for (age_us, is_missing) in [(1_000_000, false), (30_000_000, false), (31_000_000, true)] {
            let at_us = 100_000_000;
            let moment = Moment { monitors: vec![monitor(at_us - age_us)], at_us, ..Moment::default() };
            assert_eq!(!overview(&moment).attention.is_empty(), is_missing, "{age_us}");
        }
    }
}
