//! A target too far behind its source. One rule for those who look in working hours, one for those who are woken.

use super::{Common, Finding, Verdict, tenths};
use crate::facts::{Facts, TaskFacts};
use replicator_model::alert::{Evidence, Severity, Subject};
use replicator_model::name::TaskName;
use replicator_model::rule::Unit;
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};

pub const WARNING: &str = "task_lag_warning";
pub const CRITICAL: &str = "task_lag_critical";

/// Of the threshold: where a lag is over, unless `clear_below` says otherwise.
const CLEAR_FRACTION: f64 = 0.8;

/// What both lag rules can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub enabled: bool,
    pub severity: Severity,
    pub threshold: Span,
    pub clear_below: Option<Span>,
    pub hold: Span,
    pub keep_firing_for: Span,
}

/// What is written in `monitor.toml`; what is left out is the rule's own default.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    enabled: Option<bool>,
    severity: Option<Severity>,
    /// Seconds behind that are too many.
    threshold: Option<Span>,
    /// A lag is over below this, so that one that swings round the threshold is one alert. Default: 80 % of it.
    clear_below: Option<Span>,
    #[serde(rename = "for")]
    hold: Option<Span>,
    /// How long it must have been over before that is told.
    keep_firing_for: Option<Span>,
}

impl Settings {
    const WARNING: Settings = Settings {
        enabled: true,
        severity: Severity::Warning,
        threshold: Span::from_secs(30),
        clear_below: None,
        hold: Span::from_secs(120),
        keep_firing_for: Span::from_secs(120),
    };
    const CRITICAL: Settings = Settings {
        severity: Severity::Critical,
        threshold: Span::from_secs(300),
        hold: Span::from_secs(300),
        ..Settings::WARNING
    };

    fn overlaid(self, written: Written) -> Self {
        Self {
            enabled: written.enabled.unwrap_or(self.enabled),
            severity: written.severity.unwrap_or(self.severity),
            threshold: written.threshold.unwrap_or(self.threshold),
            clear_below: written.clear_below.or(self.clear_below),
            hold: written.hold.unwrap_or(self.hold),
            keep_firing_for: written.keep_firing_for.unwrap_or(self.keep_firing_for),
        }
    }

    fn written(self) -> Written {
        Written {
            enabled: Some(self.enabled),
            severity: Some(self.severity),
            threshold: Some(self.threshold),
            clear_below: self.clear_below,
            hold: Some(self.hold),
            keep_firing_for: Some(self.keep_firing_for),
        }
    }

    pub(crate) fn common(&self) -> Common {
        let Self { enabled, severity, hold, keep_firing_for, .. } = *self;
        Common { enabled, severity, hold, keep_firing: keep_firing_for }
    }

    pub(crate) fn problem(&self, name: &str) -> Option<String> {
        let clear = self.clear_below.filter(|clear| *clear > self.threshold)?;
        Some(format!("rules.{name}: clear_below = \"{clear}\" is above threshold = \"{}\"", self.threshold))
    }

    fn clear_seconds(&self) -> f64 {
        let threshold = self.threshold.duration().as_secs_f64();
        self.clear_below.map_or(threshold * CLEAR_FRACTION, |clear| clear.duration().as_secs_f64())
    }
}

macro_rules! with_defaults {
    ($type:ident, $defaults:expr) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "Written", into = "Written")]
        pub struct $type(pub Settings);

        impl Default for $type {
            fn default() -> Self {
                Self($defaults)
            }
        }

        impl From<Written> for $type {
            fn from(written: Written) -> Self {
                Self($defaults.overlaid(written))
            }
        }

        impl From<$type> for Written {
            fn from(settings: $type) -> Self {
                settings.0.written()
            }
        }
    };
}

with_defaults!(Warning, Settings::WARNING);
with_defaults!(Critical, Settings::CRITICAL);

/// A stopped or paused task is allowed to fall behind. A lag that is not known is neither high nor zero.
pub fn findings(rule: &'static str, facts: &Facts, settings: &Settings) -> Vec<Finding> {
    let judge = |(task, seen): (&TaskName, &TaskFacts)| {
        if seen.started() == Some(false) {
            return None;
        }
        let lag = seen.started().and_then(|_| seen.lag_seconds());
        let verdict = match lag {
            None => Verdict::Unknown,
            Some(lag) if lag > settings.threshold.duration().as_secs_f64() => Verdict::Holds,
            Some(lag) if lag >= settings.clear_seconds() => Verdict::Between,
            Some(_) => return None,
        };
        let evidence = evidence(task, seen, lag, settings);
        Some(Finding { rule, subject: Subject::Task(task.clone()), verdict, evidence })
    };
    facts.tasks.iter().filter_map(judge).collect()
}

fn evidence(task: &TaskName, seen: &TaskFacts, lag: Option<f64>, settings: &Settings) -> Evidence {
    let threshold = settings.threshold.duration().as_secs_f64();
    let behind = lag.map_or("an unknown time".to_owned(), tenths);
    Evidence {
        severity: settings.severity,
        group: seen.group.clone(),
        core: seen.running().map(|running| running.core.clone()),
        value: lag,
        threshold: Some(threshold),
        unit: Some(Unit::Seconds),
        reason: format!("task {task} is {behind} behind its source; more than {} is too much", tenths(threshold)),
        hint: format!(
            "see what holds it up in `replicator task show {task}`: a slow target, a long transaction, locks, or the source's network"
        ),
    }
}
