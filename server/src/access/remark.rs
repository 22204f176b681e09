//! What the audit keeps of a change beyond that it was made: the reason that was given, and what is different now. It
//! goes to the layer beside the answer, and never outside.

use crate::difference::{secrets_changed, unified};
use replicator_model::access::User;
use replicator_model::channel::ChannelSpec;
use replicator_model::task::{TaskSpec, toml_text};
use serde::Serialize;

/// Longest diff that is kept, in bytes: the coordination service holds every entry in memory.
const DIFF_BYTES_MAX: usize = 8 << 10;
const CUT: &str = "… more than is kept\n";

/// Beside an answer, for the audit. Kept only if the operation was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remark {
    /// Why, or which, in the caller's words.
    pub(crate) detail: String,
    pub(crate) diff: Option<String>,
}

impl Remark {
    pub(crate) fn said(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), diff: None }
    }

    pub(crate) fn because(self, reason: &str) -> Self {
        Self { detail: reason.to_owned(), ..self }
    }

    /// What a task's spec was, and what it is.
    pub(crate) fn of_task(before: Option<&TaskSpec>, after: Option<&TaskSpec>) -> Self {
        let (mut old, mut new) = (before.cloned(), after.cloned());
        let changed = secrets_changed(
            &old.as_mut().map(TaskSpec::secrets_mut).unwrap_or_default(),
            &new.as_mut().map(TaskSpec::secrets_mut).unwrap_or_default(),
        );
        let text = |spec: Option<&TaskSpec>| spec.map_or(Some(String::new()), |spec| spec.to_toml().ok());
        Self::compared(text(before), text(after), &changed)
    }

    pub(crate) fn of_channel(before: Option<&ChannelSpec>, after: Option<&ChannelSpec>) -> Self {
        let (mut old, mut new) = (before.cloned(), after.cloned());
        let changed = secrets_changed(
            &old.as_mut().map(ChannelSpec::secrets_mut).unwrap_or_default(),
            &new.as_mut().map(ChannelSpec::secrets_mut).unwrap_or_default(),
        );
        let text = |spec: Option<&ChannelSpec>| {
            spec.map_or(Some(String::new()), |spec| Some(toml_text(&toml::Table::try_from(spec).ok()?)))
        };
        Self::compared(text(before), text(after), &changed)
    }

    pub(crate) fn of_user(before: Option<&User>, after: Option<&User>) -> Self {
        let changed = match (before, after) {
            (Some(before), Some(after)) if before.password != after.password => vec!["password".to_owned()],
            _ => Vec::new(),
        };
        let line = |user: &User| format!("role = \"{}\"\ndisabled = {}\n", user.role, user.disabled);
        Self::compared(Some(before.map(line).unwrap_or_default()), Some(after.map(line).unwrap_or_default()), &changed)
    }

    /// Documents without secrets, as JSON.
    pub(crate) fn of_rules<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Self {
        let text = |rules: Option<&T>| match rules {
            Some(rules) => serde_json::to_string_pretty(rules).ok().map(|text| text + "\n"),
            None => Some(String::new()),
        };
        Self::compared(text(before), text(after), &[])
    }

    fn compared(before: Option<String>, after: Option<String>, secrets_changed: &[String]) -> Self {
        let mut diff = match (before, after) {
            (Some(before), Some(after)) => cut(unified(("before", &before), ("after", &after))),
            _ => String::new(),
        };
        for key in secrets_changed {
            diff.push_str(&format!("# `{key}` is another one\n"));
        }
        Self { detail: String::new(), diff: Some(diff).filter(|diff| !diff.is_empty()) }
    }
}

/// Whole lines, as many as are kept.
fn cut(diff: String) -> String {
    if diff.len() <= DIFF_BYTES_MAX {
        return diff;
    }
    let mut kept = String::new();
    for line in diff.split_inclusive('\n') {
        if kept.len() + line.len() + CUT.len() > DIFF_BYTES_MAX {
            break;
        }
        kept.push_str(line);
    }
    kept + CUT
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::access::{PasswordHash, UserRole};
    use replicator_model::name::UserName;
    use serde_json::json;

    fn task(port: u16, password: &str) -> TaskSpec {
        let producer = json!({"host": "db1", "port": port, "user": "r", "password": password});
        let spec = json!({"name": "copy", "group": "g1", "producer": producer, "consumer": {"kind": "stdout"}});
        TaskSpec::from_json(spec.to_string().as_bytes()).unwrap()
    }

    fn slack(url: &str) -> ChannelSpec {
        ChannelSpec::from_json(json!({"name": "dba", "kind": "slack", "url": url}).to_string().as_bytes()).unwrap()
    }

    fn user(role: UserRole, password: &str) -> User {
        User {
            name: UserName::new("bob").unwrap(),
            password: PasswordHash::new(password),
            role,
            disabled: false,
            generation: 0,
            created_us: 0,
            last_login_us: 0,
        }
    }

    #[test]
    fn what_changed_is_told_without_secrets() {
        let of = |remark: Remark| remark.diff.unwrap_or_default();
        let (old, new) = (task(3306, "canary-1"), task(3307, "canary-2"));
        let diff = of(Remark::of_task(Some(&old), Some(&new)));
        assert!(diff.contains("--- before\n+++ after\n") && diff.contains("\n+port = 3307\n"), "{diff}");
        assert!(diff.ends_with("# `producer.password` is another one\n") && !diff.contains("canary"), "{diff}");
        assert_eq!(Remark::of_task(Some(&old), Some(&old)), Remark::default());
        let made = of(Remark::of_task(None, Some(&old)));
        assert!(made.contains("+name = \"copy\"") && !made.contains("canary"), "{made}");
        assert!(of(Remark::of_task(Some(&old), None)).contains("-name = \"copy\""));

        let (old, new) = (slack("https://hooks.example/canary-1"), slack("https://hooks.example/canary-2"));
        assert_eq!(of(Remark::of_channel(Some(&old), Some(&new))), "# `url` is another one\n");
        let made = of(Remark::of_channel(None, Some(&new)));
        assert!(made.contains("+kind = \"slack\"") && !made.contains("canary"), "{made}");

        let (old, new) = (user(UserRole::Viewer, "canary-1"), user(UserRole::Admin, "canary-2"));
        let diff = of(Remark::of_user(Some(&old), Some(&new)));
        assert!(diff.contains("-role = \"viewer\"\n+role = \"admin\"\n") && diff.contains("`password`"), "{diff}");
        assert!(!diff.contains("canary"), "{diff}");
        let rules = of(Remark::of_rules(None, Some(&json!({"defaults": {"task_failed": {"enabled": false}}}))));
        assert!(rules.contains("+    \"task_failed\": {\n"), "{rules}");
    }

    #[test]
    fn a_long_difference_is_cut_between_lines() {
        let long = Remark::of_rules(None, Some(&vec!["ünd so weiter"; 5_000])).diff.unwrap();
        assert!(long.len() <= DIFF_BYTES_MAX && long.ends_with(&format!("weiter\",\n{CUT}")), "{long}");
    }
}
