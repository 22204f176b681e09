//! The rules: pure functions from what is known to what is wrong. A rule says nothing about how long or who is told;
//! that is the [`crate::ledger`]'s. What each is called, and what it compares with, is in [`replicator_model::rule`].
//!
//! A new rule = a row of [`replicator_model::rule::RULES`], a function here, and a line in [`OF_TASKS`] or [`evaluate`].

mod binlog_purge_near;
mod channel_failing;
pub mod coordination_away;
mod core_gone;
mod leases_of_task;
pub mod monitor_late;
mod no_running_instance;
mod not_advancing;
mod paused_too_long;
mod spec_not_acknowledged;
mod standbys_missing;
mod task_failed;
mod task_lag;

use crate::facts::{Facts, TaskFacts};
use crate::leases::Leases;
use crate::roster::Roster;
use replicator_model::alert::{AlertId, Evidence, Subject};
use replicator_model::monitor::LeasesOfTask;
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::rule::{RULES, Rule, Unit};
use replicator_model::rule_settings::{InForce, RuleSettings};

/// One thing that a rule has to say about one subject now. What no rule mentions is clear.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub rule: &'static str,
    pub subject: Subject,
    pub verdict: Verdict,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Holds,
    /// Better than the threshold, not yet better than the threshold for clearing: what fires goes on, nothing begins.
    Between,
    /// It can't be told: what fires goes on, what is pending waits, nothing begins and nothing resolves.
    Unknown,
}

impl Finding {
    pub fn id(&self) -> AlertId {
        AlertId::of(self.rule, &self.subject)
    }
}

/// Everything that rules are judged by.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub facts: &'a Facts,
    pub roster: &'a Roster,
    pub leases: &'a Leases,
    pub settings: &'a RuleSettings,
    pub now_us: i64,
}

/// One task and one rule, as it holds for the task.
struct Case<'a> {
    task: &'a TaskName,
    seen: &'a TaskFacts,
    memory: Option<&'a LeasesOfTask>,
    rule: InForce,
    world: World<'a>,
}

/// What a rule says of one subject, in words and numbers.
struct Judgement {
    verdict: Verdict,
    core: Option<CoreName>,
    value: Option<f64>,
    threshold: Option<f64>,
    unit: Option<Unit>,
    reason: String,
    hint: String,
}

impl Judgement {
    fn new(verdict: Verdict, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        let (reason, hint) = (reason.into(), hint.into());
        Self { verdict, core: None, value: None, threshold: None, unit: None, reason, hint }
    }

    fn on(self, core: Option<CoreName>) -> Self {
        Self { core, ..self }
    }

    fn measured(self, value: Option<f64>, threshold: Option<f64>, unit: Unit) -> Self {
        Self { value, threshold, unit: Some(unit), ..self }
    }

    fn of(self, rule: &InForce, subject: Subject, group: Option<GroupName>) -> Finding {
        let Self { verdict, core, value, threshold, unit, reason, hint } = self;
        let evidence = Evidence { severity: rule.severity, group, core, value, threshold, unit, reason, hint };
        Finding { rule: rule.rule.code, subject, verdict, evidence }
    }
}

type OfTask = fn(&Case<'_>) -> Option<Judgement>;

/// The rules about tasks, one function each.
const OF_TASKS: [(&str, OfTask); 12] = [
    ("no_running_instance", no_running_instance::judge),
    ("task_failed", task_failed::judge),
    ("task_lag_warning", task_lag::judge),
    ("task_lag_critical", task_lag::judge),
    ("not_advancing", not_advancing::judge),
    ("paused_too_long", paused_too_long::judge),
    ("standbys_missing", standbys_missing::judge),
    ("spec_not_acknowledged", spec_not_acknowledged::judge),
    ("failover", leases_of_task::failover),
    ("flapping", leases_of_task::flapping),
    ("stale_epoch_refused", leases_of_task::stale_epoch_refused),
    ("binlog_purge_near", binlog_purge_near::judge),
];

/// What every enabled rule over the tree finds. `coordination_away` is not among them: it is about not seeing the tree.
pub fn evaluate(world: World<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in &RULES {
        match OF_TASKS.iter().find(|(code, _)| *code == rule.code) {
            Some((_, judge)) => findings.extend(of_tasks(world, rule, *judge)),
            None => findings.extend(of_others(world, world.settings.in_force(rule, None))),
        }
    }
    findings
}

fn of_tasks<'a>(world: World<'a>, rule: &'static Rule, judge: OfTask) -> impl Iterator<Item = Finding> + 'a {
    world.facts.tasks.iter().filter_map(move |(task, seen)| {
        let rule = world.settings.in_force(rule, Some(task));
        let case = Case { task, seen, memory: world.leases.of(task), rule, world };
        let judgement = judge(&case).filter(|_| rule.enabled)?;
        Some(judgement.of(&rule, Subject::Task(task.clone()), seen.group.clone()))
    })
}

fn of_others(world: World<'_>, rule: InForce) -> Vec<Finding> {
    match rule.rule.code {
        _ if !rule.enabled => Vec::new(),
        "core_gone" => core_gone::findings(world, &rule),
        "channel_failing" => channel_failing::findings(world, &rule),
        monitor_late::CODE => monitor_late::findings(world.facts, &rule),
        _ => Vec::new(),
    }
}

/// Bad, good, or in between.
fn compare(rule: &InForce, value: f64) -> Option<Verdict> {
    let measure = rule.rule.measure.and(rule.measure)?;
    if measure.is_bad(value) { Some(Verdict::Holds) } else { (!measure.is_good(value)).then_some(Verdict::Between) }
}

fn threshold(rule: &InForce) -> Option<f64> {
    rule.measure.map(|measure| measure.threshold)
}

/// Seconds as people read them: tenths of few, minutes and hours of many.
pub(crate) fn lasting(seconds: f64) -> String {
    let minutes = (seconds / 60.0).floor();
    if seconds < 600.0 {
        format!("{seconds:.1} s")
    } else if minutes < 120.0 {
        format!("{minutes:.0} min")
    } else {
        format!("{:.1} h", minutes / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::rule::About;

    #[test]
    fn every_rule_is_judged_and_nothing_else() {
        for (code, _) in &OF_TASKS {
            assert!(RULES.iter().any(|rule| rule.code == *code && rule.about == About::Task), "{code}");
        }
        let others: Vec<&str> = RULES.iter().filter(|rule| rule.about != About::Task).map(|rule| rule.code).collect();
        assert_eq!(others, [coordination_away::CODE, "core_gone", "channel_failing", monitor_late::CODE]);
        assert_eq!(OF_TASKS.len() + others.len(), RULES.len());
    }
}
