//! Rules and what is set of them.

use super::alert::SubjectKind;
use super::words::{SeverityWord, UnitWord};
use replicator_model::alert::Severity;
use replicator_model::rule::{About, Rule, Unit};
use replicator_model::rule_settings::{InForce, RuleSetting, RuleSettings};
use replicator_model::span::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// All rules as they hold, and what is set of them for single tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleList {
    /// The worst first.
    pub rules: Vec<RuleView>,
    /// What is set for single tasks: by task, by rule.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, RuleSettingDocument>>)]
    pub task_overrides: BTreeMap<String, BTreeMap<String, RuleSetting>>,
    /// Also the ETag; 0 while nobody set anything.
    pub version: u64,
}

/// One rule as it holds where no task has a setting of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    pub rule: String,
    pub title: String,
    #[schema(value_type = SubjectKind)]
    pub about: About,
    /// When it fires, in a sentence.
    pub meaning: String,
    pub enabled: bool,
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    /// How long the condition must hold before somebody is told.
    #[serde(rename = "for")]
    #[schema(value_type = String, example = "30s")]
    pub hold: Span,
    /// How long it must have been gone before that is told.
    #[schema(value_type = String, example = "2m")]
    pub keep: Span,
    /// `null`: nothing is measured.
    pub threshold: Option<f64>,
    pub clear: Option<f64>,
    #[schema(value_type = Option<UnitWord>)]
    pub unit: Option<Unit>,
    /// How often an alert that goes on is told again.
    #[schema(value_type = String, example = "4h")]
    pub repeat: Span,
    /// What holds where nobody set anything.
    pub defaults: RuleDefaults,
    /// How many tasks have a setting of their own.
    pub overrides: usize,
}

/// A rule's own defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleDefaults {
    pub enabled: bool,
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    #[serde(rename = "for")]
    #[schema(value_type = String, example = "30s")]
    pub hold: Span,
    #[schema(value_type = String, example = "2m")]
    pub keep: Span,
    pub threshold: Option<f64>,
    pub clear: Option<f64>,
    #[schema(value_type = String, example = "4h")]
    pub repeat: Span,
}

/// What is set of rules: for all, and for single tasks. What is left out is as it was made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "defaults": {"task_lag_warning": {"threshold": 60.0, "for": "5m"}, "paused_too_long": {"enabled": false}},
    "tasks": {"copy_hot_item": {"task_lag_critical": {"severity": "warning"}}},
}))]
#[serde(deny_unknown_fields)]
pub struct RuleSettingsDocument {
    /// By rule.
    #[serde(default)]
    pub defaults: BTreeMap<String, RuleSettingDocument>,
    /// By task, by rule.
    #[serde(default)]
    pub tasks: BTreeMap<String, BTreeMap<String, RuleSettingDocument>>,
}

/// What is set of one rule; what is left out is as it was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSettingDocument {
    pub enabled: Option<bool>,
    pub severity: Option<SeverityWord>,
    /// How long the condition must hold before somebody is told, such as `2m`.
    #[serde(rename = "for")]
    pub hold: Option<String>,
    /// How long it must have been gone before that is told.
    pub keep: Option<String>,
    /// In the unit of the rule.
    pub threshold: Option<f64>,
    /// In the unit of the rule.
    pub clear: Option<f64>,
    /// How often an alert that goes on is told again; `1m` or more.
    pub repeat: Option<String>,
}

impl RuleList {
    pub(crate) fn new(settings: &RuleSettings, version: u64) -> Self {
        let rules = replicator_model::rule::RULES.iter().map(|rule| RuleView::new(rule, settings)).collect();
        let overrides = settings.tasks.iter().map(|(task, rules)| (task.to_string(), rules.clone()));
        Self { rules, task_overrides: overrides.collect(), version }
    }
}

impl RuleView {
    fn new(rule: &'static Rule, settings: &RuleSettings) -> Self {
        let InForce { enabled, severity, hold, keep, measure, repeat, .. } = settings.in_force(rule, None);
        Self {
            rule: rule.code.to_owned(),
            title: rule.title.to_owned(),
            about: rule.about,
            meaning: rule.meaning.to_owned(),
            enabled,
            severity,
            hold,
            keep,
            threshold: measure.map(|measure| measure.threshold),
            clear: measure.map(|measure| measure.clear),
            unit: measure.map(|measure| measure.unit),
            repeat,
            defaults: RuleDefaults {
                enabled: true,
                severity: rule.severity,
                hold: rule.hold,
                keep: rule.keep,
                threshold: rule.measure.map(|measure| measure.threshold),
                clear: rule.measure.map(|measure| measure.clear),
                repeat: rule.repeat,
            },
            overrides: settings.overrides(rule.code),
        }
    }
}
