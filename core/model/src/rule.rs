//! The rules by which a Monitor finds what is wrong, as data: what each is called, what it is about, and what holds
//! where nobody set anything else ([`crate::rule_settings`]).

use crate::alert::Severity;
use crate::span::Span;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a rule's value and threshold are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Seconds,
    Count,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Seconds => "seconds",
            Unit::Count => "count",
        })
    }
}

/// What a rule's alerts are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Task,
    Core,
    Coordination,
    Channel,
    Monitor,
}

/// A value that is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub unit: Unit,
    pub threshold: f64,
    /// What fires goes on until the value is on the good side of this; between the two nothing begins.
    pub clear: f64,
    /// Whether small values are the bad ones.
    pub low_is_bad: bool,
}

impl Measure {
    /// Whether `value` is so bad that the condition holds.
    pub fn is_bad(&self, value: f64) -> bool {
        if self.low_is_bad { value < self.threshold } else { value > self.threshold }
    }

    /// Whether `value` is so good that what fires may end. The threshold for clearing is good for nothing that is bad.
    pub fn is_good(&self, value: f64) -> bool {
        !self.is_bad(value) && if self.low_is_bad { value > self.clear } else { value < self.clear }
    }
}

/// A rule and its defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Stable, for programs and documents.
    pub code: &'static str,
    pub title: &'static str,
    pub about: About,
    /// One sentence for people: when it fires.
    pub meaning: &'static str,
    pub severity: Severity,
    /// How long the condition must hold before somebody is told.
    pub hold: Span,
    /// How long it must have been gone before that is told.
    pub keep: Span,
    pub measure: Option<Measure>,
    /// How often an alert that goes on is told again.
    pub repeat: Span,
    /// Whether a lost Core can be the cause: then the message about the Core tells of it.
    pub follows_core: bool,
    /// Whether it is something that happened rather than something that lasts: its end is told to nobody.
    pub is_event: bool,
}

const TASK: Rule = Rule {
    code: "",
    title: "",
    about: About::Task,
    meaning: "",
    severity: Severity::Warning,
    hold: Span::from_secs(0),
    keep: Span::from_secs(0),
    measure: None,
    repeat: Span::from_secs(4 * 3600),
    follows_core: false,
    is_event: false,
};

const fn above(unit: Unit, threshold: f64, clear: f64) -> Option<Measure> {
    Some(Measure { unit, threshold, clear, low_is_bad: false })
}

const MINUTE: u64 = 60;

/// All of them, the worst first.
pub const RULES: [Rule; 16] = [
    Rule {
        code: "no_running_instance",
        title: "Nobody runs the task",
        meaning: "a started task has no RUNNING instance",
        severity: Severity::Critical,
        // Long enough for a standby to take over after a lost session, so that a takeover wakes nobody.
        hold: Span::from_secs(30),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "task_failed",
        title: "Task failed",
        meaning: "a task stopped for a reason that does not go away by itself",
        severity: Severity::Critical,
        ..TASK
    },
    Rule {
        code: "task_lag_critical",
        title: "Far too far behind",
        meaning: "the target is more seconds behind its source than the threshold",
        severity: Severity::Critical,
        hold: Span::from_secs(5 * MINUTE),
        keep: Span::from_secs(2 * MINUTE),
        measure: above(Unit::Seconds, 300.0, 240.0),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "binlog_purge_near",
        title: "Binary log about to be purged",
        meaning: "the source purges what the task has not read yet in fewer seconds than the threshold, or has done so",
        severity: Severity::Critical,
        measure: Some(Measure { unit: Unit::Seconds, threshold: 7200.0, clear: 10_800.0, low_is_bad: true }),
        ..TASK
    },
    Rule {
        code: "coordination_away",
        title: "Coordination service away",
        about: About::Coordination,
        meaning: "the coordination service does not answer this Monitor",
        severity: Severity::Critical,
        // Long enough for ZooKeeper to elect a leader.
        hold: Span::from_secs(10),
        ..TASK
    },
    Rule {
        code: "task_lag_warning",
        title: "Too far behind",
        meaning: "the target is more seconds behind its source than the threshold",
        hold: Span::from_secs(2 * MINUTE),
        keep: Span::from_secs(2 * MINUTE),
        measure: above(Unit::Seconds, 30.0, 24.0),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "not_advancing",
        title: "Task does not advance",
        meaning: "the source goes on and the task's checkpoint does not, or the task tries again and again",
        hold: Span::from_secs(2 * MINUTE),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "paused_too_long",
        title: "Task paused for long",
        meaning: "a task is paused; its changes wait at the source, which purges its log one day",
        hold: Span::from_secs(30 * MINUTE),
        repeat: Span::from_secs(24 * 3600),
        ..TASK
    },
    Rule {
        code: "standbys_missing",
        title: "Standbys missing",
        meaning: "a task with hot standbys has fewer instances than its spec wants",
        hold: Span::from_secs(5 * MINUTE),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "spec_not_acknowledged",
        title: "Spec not in force everywhere",
        meaning: "an instance works by an older version of the task's spec than the one that was given last",
        hold: Span::from_secs(MINUTE),
        follows_core: true,
        ..TASK
    },
    Rule {
        code: "flapping",
        title: "Task changes hands again and again",
        meaning: "a task was taken over more often in 10 minutes than the threshold, without an order",
        measure: above(Unit::Count, 3.0, 2.0),
        ..TASK
    },
    Rule {
        code: "stale_epoch_refused",
        title: "A former owner was refused",
        meaning: "a Core that had lost a task's lease tried to go on and was refused; nothing was written",
        keep: Span::from_secs(10 * MINUTE),
        is_event: true,
        ..TASK
    },
    Rule {
        code: "core_gone",
        title: "Core gone",
        about: About::Core,
        meaning: "a Core that held tasks is not in its group any more",
        hold: Span::from_secs(30),
        ..TASK
    },
    Rule {
        code: "channel_failing",
        title: "Channel does not deliver",
        about: About::Channel,
        meaning: "messages wait because a channel refuses them or is away",
        hold: Span::from_secs(5 * MINUTE),
        ..TASK
    },
    Rule {
        code: "monitor_late",
        title: "Monitor late",
        about: About::Monitor,
        meaning: "a Monitor that is registered has not evaluated for more seconds than the threshold",
        measure: above(Unit::Seconds, 30.0, 20.0),
        ..TASK
    },
    Rule {
        code: "failover",
        title: "Task taken over",
        meaning: "another Core has taken a task over without an order",
        severity: Severity::Info,
        keep: Span::from_secs(10 * MINUTE),
        follows_core: true,
        is_event: true,
        ..TASK
    },
];

/// The rule of this code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        for one in &RULES {
            assert_eq!(rule(one.code), Some(one), "each code once");
            assert!(!one.title.is_empty() && !one.meaning.is_empty(), "{}", one.code);
            if let Some(measure) = one.measure {
                assert!(!measure.is_bad(measure.clear), "{}: what is clear is not bad", one.code);
            }
        }
    }

    #[test]
    fn between_bad_and_good_nothing_changes() {
        let lag = rule("task_lag_warning").unwrap().measure.unwrap();
        let left = rule("binlog_purge_near").unwrap().measure.unwrap();
        for (measure, value, bad, good) in [
            (lag, 30.1, true, false),
            (lag, 30.0, false, false),
            (lag, 24.0, false, false),
            (lag, 23.9, false, true),
            (left, 7199.0, true, false),
            (left, 7200.0, false, false),
            (left, 10_801.0, false, true),
        ] {
            assert_eq!((measure.is_bad(value), measure.is_good(value)), (bad, good), "{value}");
        }
        let zero = Measure { threshold: 0.0, clear: 0.0, ..lag };
        assert!(!zero.is_bad(0.0) && !zero.is_good(0.0) && zero.is_bad(0.1));
    }
}
