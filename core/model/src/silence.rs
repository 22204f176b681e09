//! What operators say about alerts: that somebody is at it, and that nobody is to be told for a while.

use crate::alert::{Evidence, Severity, Subject};
use crate::name::{CoreName, GroupName, TaskName};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest silence. What is to be quiet for ever is a rule to be disabled.
pub const SILENCE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// The data of `alerts/acknowledged/<id>`, written by Servers: somebody is at it. It counts for one firing only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub by: String,
    pub at_us: i64,
    pub note: String,
    /// The `since_us` of the alert that was seen: a later firing is another one.
    pub since_us: i64,
}

/// Which alerts a silence is about: those for which all that is given here is so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceMatcher {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<CoreName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// The data of `alerts/silences/<id>`: nobody is told of what matches until it ends. What still fires then is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub matcher: SilenceMatcher,
    pub from_us: i64,
    pub until_us: i64,
    pub by: String,
    pub reason: String,
}

impl SilenceMatcher {
    /// A silence of everything would hide what nobody thought of.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn matches(&self, rule: &str, subject: &Subject, evidence: &Evidence) -> bool {
        let group = match subject {
            Subject::Core { group, .. } => Some(group),
            _ => evidence.group.as_ref(),
        };
        let core = match subject {
            Subject::Core { core, .. } => Some(core),
            _ => evidence.core.as_ref(),
        };
        self.rule.as_deref().is_none_or(|wanted| wanted == rule)
            && self.task.as_ref().is_none_or(|wanted| subject.task() == Some(wanted))
            && self.group.as_ref().is_none_or(|wanted| group == Some(wanted))
            && self.core.as_ref().is_none_or(|wanted| core == Some(wanted))
            && self.severity.is_none_or(|wanted| wanted == evidence.severity)
    }
}

impl Silence {
    pub fn is_active(&self, now_us: i64) -> bool {
        (self.from_us..self.until_us).contains(&now_us)
    }

    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<String> {
        let longest = i64::try_from(SILENCE_MAX.as_micros()).unwrap_or(i64::MAX);
        if self.matcher.is_empty() {
            Some("`matcher` names nothing: give at least one of rule, task, group, core and severity".to_owned())
        } else if self.until_us <= self.from_us {
            Some("`until` is not after `from`".to_owned())
        } else if self.until_us.saturating_sub(self.from_us) > longest {
            Some("it lasts longer than 30d; disable the rule for the task instead".to_owned())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(core: &str) -> Evidence {
        Evidence {
            severity: Severity::Warning,
            group: Some(GroupName::new("g").unwrap()),
            core: Some(CoreName::new(core).unwrap()),
            value: None,
            threshold: None,
            unit: None,
            reason: String::new(),
            hint: String::new(),
        }
    }

    #[test]
    fn all_that_is_given_must_be_so() {
        let copy = Subject::Task(TaskName::new("copy").unwrap());
        let gone = Subject::Core { group: GroupName::new("g").unwrap(), core: CoreName::new("a").unwrap() };
        for (matcher, of_copy, of_gone) in [
            (r#"{}"#, true, true),
            (r#"{"rule":"task_failed"}"#, true, false),
            (r#"{"task":"copy"}"#, true, false),
            (r#"{"task":"other"}"#, false, false),
            (r#"{"group":"g"}"#, true, true),
            (r#"{"core":"a"}"#, false, true),
            (r#"{"core":"b"}"#, true, false),
            (r#"{"severity":"warning","group":"g"}"#, true, true),
            (r#"{"severity":"critical","group":"g"}"#, false, false),
            (r#"{"rule":"core_gone","core":"a"}"#, false, true),
        ] {
            let read: SilenceMatcher = serde_json::from_str(matcher).unwrap();
            assert_eq!(read.matches("task_failed", &copy, &evidence("b")), of_copy, "{matcher}");
            assert_eq!(read.matches("core_gone", &gone, &evidence("a")), of_gone, "{matcher}");
        }
        assert!(serde_json::from_str::<SilenceMatcher>(r#"{"taks":"copy"}"#).is_err());
    }

    #[test]
    fn a_silence_names_something_and_ends() {
        let silence = |task: Option<&str>, until_us| Silence {
            matcher: SilenceMatcher { task: task.map(|task| TaskName::new(task).unwrap()), ..Default::default() },
            from_us: 10,
            until_us,
            by: "alice".into(),
            reason: "works".into(),
        };
        assert_eq!(silence(Some("copy"), 20).problem(), None);
        for (bad, part) in [
            (silence(None, 20), "matcher"),
            (silence(Some("copy"), 10), "until"),
            (silence(Some("copy"), 31 * 24 * 3600 * 1_000_000), "30d"),
        ] {
            assert!(bad.problem().unwrap().contains(part), "{bad:?}");
        }
        let silence = silence(Some("copy"), 20);
        assert_eq!([9, 10, 19, 20].map(|now| silence.is_active(now)), [false, true, true, false]);
    }
}
