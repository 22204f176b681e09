//! What operators set of the rules: for all tasks and for single ones, kept in the tree.

use crate::alert::Severity;
use crate::name::TaskName;
use crate::rule::{self, About, Measure, Rule};
use crate::span::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest `for` and `keep`.
const HOLD_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Below it people are told the same thing so often that they stop reading.
const REPEAT_MIN: Duration = Duration::from_secs(60);
/// Most tasks with settings of their own: so many fit one node of the tree.
pub const TASKS_MAX: usize = 1000;

/// What is set of one rule; what is left out is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSetting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// How long the condition must hold before somebody is told.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// How long it must have been gone before that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Span>,
    /// In the unit of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// In the unit of the rule. Default: as far from the threshold, in proportion, as the rule's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<f64>,
    /// How often an alert that goes on is told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Span>,
}

/// The data of `alerts/rules`: a rule's defaults ← `defaults` ← those of the task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    #[serde(default)]
    pub defaults: BTreeMap<String, RuleSetting>,
    #[serde(default)]
    pub tasks: BTreeMap<TaskName, BTreeMap<String, RuleSetting>>,
}

/// A rule as it holds for one subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InForce {
    pub rule: &'static Rule,
    pub enabled: bool,
    pub severity: Severity,
    pub hold: Span,
    pub keep: Span,
    pub measure: Option<Measure>,
    pub repeat: Span,
}

impl InForce {
    fn of(rule: &'static Rule) -> Self {
        let Rule { severity, hold, keep, measure, repeat, .. } = *rule;
        Self { rule, enabled: true, severity, hold, keep, measure, repeat }
    }

    fn overlaid(self, setting: &RuleSetting) -> Self {
        let measure = self.measure.map(|measure| {
            let threshold = setting.threshold.unwrap_or(measure.threshold);
            let scaled =
                if measure.threshold > 0.0 { threshold * measure.clear / measure.threshold } else { threshold };
            let clear = setting.clear.unwrap_or(if setting.threshold.is_some() { scaled } else { measure.clear });
            Measure { threshold, clear, ..measure }
        });
        Self {
            rule: self.rule,
            enabled: setting.enabled.unwrap_or(self.enabled),
            severity: setting.severity.unwrap_or(self.severity),
            hold: setting.hold.unwrap_or(self.hold),
            keep: setting.keep.unwrap_or(self.keep),
            measure,
            repeat: setting.repeat.unwrap_or(self.repeat),
        }
    }
}

impl RuleSettings {
    /// `rule` as it holds for `task`, or for what is no task.
    pub fn in_force(&self, rule: &'static Rule, task: Option<&TaskName>) -> InForce {
        let own = task.and_then(|task| self.tasks.get(task)).and_then(|rules| rules.get(rule.code));
        [self.defaults.get(rule.code), own].into_iter().flatten().fold(InForce::of(rule), InForce::overlaid)
    }

    /// How many tasks have settings of their own for the rule.
    pub fn overrides(&self, code: &str) -> usize {
        self.tasks.values().filter(|rules| rules.contains_key(code)).count()
    }

    /// What is wrong and where (`defaults.task_failed.for`), if anything.
    pub fn problem(&self) -> Option<(String, String)> {
        if self.tasks.len() > TASKS_MAX {
            return Some(("tasks".to_owned(), format!("more than {TASKS_MAX} tasks have settings of their own")));
        }
        let defaults = self.defaults.iter().map(|(code, setting)| (None, code, setting));
        let tasks =
            self.tasks.iter().flat_map(|(task, rules)| rules.iter().map(move |(code, set)| (Some(task), code, set)));
        for (task, code, setting) in defaults.chain(tasks) {
            let place = task.map_or_else(|| format!("defaults.{code}"), |task| format!("tasks.{task}.{code}"));
            if let Some((key, problem)) = self.problem_of(task, code, setting) {
                let place = if key.is_empty() { place } else { format!("{place}.{key}") };
                return Some((place, problem));
            }
        }
        None
    }

    fn problem_of(&self, task: Option<&TaskName>, code: &str, set: &RuleSetting) -> Option<(&'static str, String)> {
        let Some(rule) = rule::rule(code) else {
            let known: Vec<&str> = rule::RULES.iter().map(|rule| rule.code).collect();
            return Some(("", format!("there is no rule `{code}`; there are {}", known.join(", "))));
        };
        if task.is_some() && rule.about != About::Task {
            return Some(("", format!("`{code}` is about no task; set it under `defaults`")));
        }
        if set.hold.is_some_and(|hold| hold.duration() > HOLD_MAX) {
            return Some(("for", "it can be at most 30d".to_owned()));
        }
        if set.keep.is_some_and(|keep| keep.duration() > HOLD_MAX) {
            return Some(("keep", "it can be at most 30d".to_owned()));
        }
        if let Some(repeat) = set.repeat.filter(|repeat| repeat.duration() < REPEAT_MIN) {
            return Some(("repeat", format!("it is {repeat}; it can be 1m or more")));
        }
        let bad = |value: &f64| !value.is_finite() || *value < 0.0;
        if rule.measure.is_none() && set.threshold.or(set.clear).is_some() {
            return Some(("threshold", format!("`{code}` compares with no threshold")));
        }
        if set.threshold.as_ref().is_some_and(bad) {
            return Some(("threshold", "it must be 0 or more".to_owned()));
        }
        if set.clear.as_ref().is_some_and(bad) {
            return Some(("clear", "it must be 0 or more".to_owned()));
        }
        let measure = self.in_force(rule, task).measure?;
        measure.is_bad(measure.clear).then(|| {
            let side = if measure.low_is_bad { "below" } else { "above" };
            ("clear", format!("{} is {side} the threshold {}", measure.clear, measure.threshold))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> RuleSettings {
        serde_json::from_str(json).unwrap()
    }

    fn task(name: &str) -> TaskName {
        TaskName::new(name).unwrap()
    }

    #[test]
    fn a_task_overrides_the_defaults_key_by_key() {
        let set = settings(
            r#"{"defaults":{"task_lag_warning":{"threshold":10,"for":"1m"},"core_gone":{"enabled":false}},
                "tasks":{"copy":{"task_lag_warning":{"for":"5s","severity":"critical"}}}}"#,
        );
        let lag = rule::rule("task_lag_warning").unwrap();
        let (other, copy) = (set.in_force(lag, Some(&task("other"))), set.in_force(lag, Some(&task("copy"))));
        let measure = copy.measure.unwrap();
        assert_eq!((measure.threshold, measure.clear), (10.0, 8.0), "clear moves with the threshold");
        assert_eq!((other.hold, copy.hold), (Span::from_secs(60), Span::from_secs(5)));
        assert_eq!((other.severity, copy.severity), (Severity::Warning, Severity::Critical));
        assert_eq!((copy.keep, copy.repeat), (lag.keep, lag.repeat));
        assert!(!set.in_force(rule::rule("core_gone").unwrap(), None).enabled);
        assert_eq!((set.overrides("task_lag_warning"), set.overrides("core_gone")), (1, 0));
        assert_eq!(set.problem(), None);
    }

    #[test]
    fn bad_settings_are_refused_by_place() {
        for (json, parts) in [
            (r#"{"defaults":{"task_lag":{}}}"#, &["defaults.task_lag", "task_lag_warning"][..]),
            (r#"{"tasks":{"copy":{"core_gone":{}}}}"#, &["tasks.copy.core_gone", "defaults"]),
            (r#"{"defaults":{"task_failed":{"threshold":1}}}"#, &["threshold", "task_failed"]),
            (r#"{"defaults":{"task_failed":{"repeat":"1s"}}}"#, &["defaults.task_failed.repeat", "1m"]),
            (r#"{"defaults":{"task_failed":{"for":"31d"}}}"#, &["task_failed.for", "30d"]),
            (r#"{"defaults":{"task_failed":{"keep":"31d"}}}"#, &["task_failed.keep", "30d"]),
            (r#"{"defaults":{"flapping":{"threshold":-1}}}"#, &["flapping.threshold", "0 or more"]),
            (r#"{"defaults":{"task_lag_warning":{"clear":40}}}"#, &["clear", "40", "above", "30"]),
            (r#"{"defaults":{"binlog_purge_near":{"clear":40}}}"#, &["clear", "40", "below", "7200"]),
        ] {
            let (place, problem) = settings(json).problem().unwrap();
            let text = format!("{place}: {problem}");
            parts.iter().for_each(|part| assert!(text.contains(part), "{json}: no `{part}` in {text}"));
        }
        assert!(serde_json::from_str::<RuleSettings>(r#"{"defaults":{"x":{"hold":"1s"}}}"#).is_err());
    }
}
