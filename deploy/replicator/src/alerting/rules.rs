//! `replicator rules …`.

use super::arguments::{RuleSet, Rules};
use super::calls;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::Table;
use replicator_server::view::RuleList;
use serde_json::{Map, Value, json};

pub(super) async fn run(client: &Client, command: Rules, output: Output) -> Result<(), Failed> {
    match command {
        Rules::List => show(output, &calls::rules(client).await?, table),
        Rules::Set(set) => {
            let before = calls::rules(client).await?;
            let settings = changed(&before, &set);
            let after = calls::set_rules(client, before.version, &settings).await?;
            show(output, &after, |_| match &set.task {
                Some(task) => format!("rule {} set for task {task}\n", set.rule),
                None => format!("rule {} set\n", set.rule),
            });
        }
    }
    Ok(())
}

/// All settings with the change in them: what differs from the rules as they were made, and what tasks have.
fn changed(before: &RuleList, set: &RuleSet) -> Value {
    let mut defaults = Map::new();
    for rule in &before.rules {
        let (now, made) = (json!(rule), json!(rule.defaults));
        let keys = ["enabled", "severity", "for", "keep", "threshold", "clear", "repeat"];
        let differs = keys.into_iter().filter(|key| now[*key] != made[*key]);
        let own: Map<String, Value> = differs.map(|key| (key.to_owned(), now[key].clone())).collect();
        if !own.is_empty() {
            defaults.insert(rule.rule.clone(), Value::Object(own));
        }
    }
    let mut settings = json!({"defaults": defaults, "tasks": before.task_overrides});
    let place = match &set.task {
        Some(task) => &mut settings["tasks"][task.as_str()],
        None => &mut settings["defaults"],
    };
    if !place.is_object() {
        *place = json!({});
    }
    let mut own = if set.reset { json!({}) } else { place.get(&set.rule).cloned().unwrap_or_else(|| json!({})) };
    for (key, value) in [
        ("enabled", set.enabled.map(|enabled| json!(enabled))),
        ("severity", set.severity.map(|severity| json!(severity.word()))),
        ("for", set.hold.map(|hold| json!(hold))),
        ("keep", set.keep.map(|keep| json!(keep))),
        ("threshold", set.threshold.map(|threshold| json!(threshold))),
        ("clear", set.clear.map(|clear| json!(clear))),
        ("repeat", set.repeat.map(|repeat| json!(repeat))),
    ] {
        if let Some(value) = value {
            own[key] = value;
        }
    }
    if let Some(place) = place.as_object_mut() {
        if own.as_object().is_some_and(Map::is_empty) {
            place.remove(&set.rule);
        } else {
            place.insert(set.rule.clone(), own);
        }
    }
    settings
}

fn table(list: &RuleList) -> String {
    let mut table = Table::new(&["RULE", "SEVERITY", "FOR", "THRESHOLD", "REPEAT", "OVERRIDES", "FIRES WHEN"]);
    for rule in &list.rules {
        let unit = rule.unit.map(|unit| unit.to_string()).filter(|unit| unit != "count");
        let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
        table.row([
            rule.rule.clone(),
            if rule.enabled { rule.severity.to_string() } else { "off".to_owned() },
            if rule.hold.duration().is_zero() { "at once".to_owned() } else { rule.hold.to_string() },
            rule.threshold.map_or_else(|| "-".to_owned(), |threshold| format!("{threshold}{unit}")),
            rule.repeat.to_string(),
            rule.overrides.to_string(),
            rule.meaning.clone(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;

    fn set(command: &str) -> RuleSet {
        let words = ["replicator", "rules", "set"].into_iter().chain(command.split_whitespace());
        match Arguments::parse_from(words).command {
            Command::Rules(Rules::Set(set)) => set,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_change_leaves_the_other_settings_as_they_are() {
        let rule = |name: &str, threshold: f64| {
            json!({"rule": name, "title": "t", "about": "task", "meaning": "m", "enabled": true, "severity": "warning",
                "for": "2m", "keep": "2m", "threshold": threshold, "clear": 24.0, "unit": "seconds", "repeat": "4h",
                "defaults": {"enabled": true, "severity": "warning", "for": "2m", "keep": "2m", "threshold": 30.0,
                    "clear": 24.0, "repeat": "4h"},
                "overrides": 0})
        };
        let before = json!({"rules": [rule("a", 60.0), rule("b", 30.0)], "task_overrides": {"copy": {"a": {"enabled": false}}},
            "version": 3});
        let before: RuleList = serde_json::from_value(before).unwrap();
        let own = json!({"copy": {"a": {"enabled": false}}});
        for (command, defaults, tasks) in [
            ("b --for 5m", json!({"a": {"threshold": 60.0}, "b": {"for": "5m"}}), own.clone()),
            ("a --clear 50", json!({"a": {"threshold": 60.0, "clear": 50.0}}), own.clone()),
            ("a --reset", json!({}), own.clone()),
            ("a --task copy --reset", json!({"a": {"threshold": 60.0}}), json!({"copy": {}})),
            ("b --task new --enabled false", json!({"a": {"threshold": 60.0}}), {
                let mut both = own.clone();
                both["new"] = json!({"b": {"enabled": false}});
                both
            }),
        ] {
            assert_eq!(changed(&before, &set(command)), json!({"defaults": defaults, "tasks": tasks}), "{command}");
        }
    }
}
