//! What documents say is so: examples read, links lead somewhere, every key and every page is there.

use crate::assert_none;
use crate::repository::{SourceFile, file, root, with_extension};
use regex::Regex;
use replicator_model::task::TaskSpec;
use std::collections::BTreeSet;
use toml::Table;

/// What an example of a part of a task is completed with.
const TASK: &str = r#"
name = "copy_shop"
group = "group1"
[producer]
host = "db1.example"
user = "replicator"
[consumer]
kind = "mysql"
host = "db2.example"
user = "replicator"
"#;

/// A fenced block: where it begins, its language, its text.
pub(crate) struct Block {
    pub(crate) place: String,
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The fenced blocks of all documents.
pub(crate) fn blocks() -> Vec<Block> {
    let fence = Regex::new(r"(?ms)^```(\S*)\n(.*?)^```").unwrap();
    let of = |file: &'static SourceFile| {
        let blocks = fence.captures_iter(&file.text).map(|found| Block {
            place: format!("{}:{}", file.path, file.line_of(found.get_match().start())),
            language: found[1].to_owned(),
            text: found[2].to_owned(),
        });
        blocks.collect::<Vec<_>>()
    };
    with_extension("md").flat_map(of).collect()
}

/// The settings file that an example is, if it says so: its first line is `# core.toml`.
pub(crate) fn settings_file(block: &Block) -> Option<&str> {
    let name = block.text.lines().next()?.strip_prefix("# ")?.split_whitespace().next()?;
    matches!(name, "core.toml" | "server.toml" | "monitor.toml").then_some(name)
}

/// Every TOML block is a task or a part of one, unless it says that it is a program's settings.
#[test]
fn examples_of_tasks_are_tasks() {
    let examples = blocks().into_iter().filter(|block| block.language == "toml" && settings_file(block).is_none());
    let (mut problems, mut count) = (Vec::new(), 0);
    for block in examples {
        count += 1;
        if let Err(problem) = read_task(&block.text) {
            problems.push(format!("{}: {problem}", block.place));
        }
    }
    assert!(count > 5, "the examples were not found");
    assert_none("examples that are refused", &problems);
}

fn read_task(text: &str) -> Result<TaskSpec, String> {
    let mut task: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let whole: Table = TASK.parse().unwrap();
    for (key, value) in whole {
        match (task.get_mut(&key), value) {
            (None, value) => drop(task.insert(key, value)),
            // A producer without a host is completed; a consumer is one kind or another.
            (Some(toml::Value::Table(part)), toml::Value::Table(rest)) if key == "producer" => {
                rest.into_iter().for_each(|(key, value)| {
                    part.entry(key).or_insert(value);
                });
            }
            _ => {}
        }
    }
    TaskSpec::from_toml(&toml::to_string(&task).unwrap()).map_err(|error| error.to_string())
}

/// The keys are asked of the reader itself: it lists them when it meets one that it does not know.
#[test]
fn every_key_of_a_task_is_in_the_reference() {
    let page = &file("docs/src/task.md").text;
    let unknown_in = |section: &str| format!("{section}\nno_such_key = 1\n");
    let consumer = |kind: &str| format!("[consumer]\nkind = \"{kind}\"\nno_such_key = 1\n");
    let sections = [
        unknown_in(""),
        unknown_in("[producer]"),
        unknown_in("[producer.tls]"),
        unknown_in("[[route]]"),
        unknown_in("[pipe]"),
        consumer("mysql"),
        consumer("kafka"),
        consumer("stdout"),
    ];
    let mut problems = Vec::new();
    for section in sections {
        let error = read_task(&section).expect_err("an unknown key was taken");
        let keys = keys_listed(&error);
        if keys.is_empty() {
            problems.push(format!("no keys in `{error}`"));
        }
        problems
            .extend(keys.into_iter().filter(|key| !page.contains(&format!("`{key}`"))).map(|key| format!("`{key}`")));
    }
    assert_none("keys that docs/src/task.md does not have", &problems);
}

/// The keys that serde lists behind "expected".
pub(crate) fn keys_listed(error: &str) -> BTreeSet<String> {
    let quoted = Regex::new("`([a-z_]+)`").unwrap();
    let list = error.split_once("expected").map_or("", |(_, list)| list);
    quoted.captures_iter(list).map(|found| found[1].to_owned()).collect()
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut problems = Vec::new();
    for file in with_extension("md") {
        let folder = root().join(&file.path);
        for found in link.captures_iter(&file.text) {
            let target = found[1].split('#').next().unwrap_or_default();
            let is_ours = !target.is_empty() && !target.contains("://");
            if is_ours && !folder.parent().unwrap().join(target).exists() {
                problems.push(format!("{}:{}: {target}", file.path, file.line_of(found.get_match().start())));
            }
        }
    }
    assert_none("links to nothing", &problems);
}

#[test]
fn the_book_lists_all_its_pages() {
    let summary = &file("docs/src/SUMMARY.md").text;
    let pages = with_extension("md").filter_map(|file| file.path.strip_prefix("docs/src/"));
    let missing = pages.filter(|page| *page != "SUMMARY.md" && !summary.contains(&format!("({page})")));
    let problems: Vec<String> = missing.map(str::to_owned).collect();
    assert_none("pages that docs/src/SUMMARY.md does not have", &problems);
}

#[test]
fn what_has_changed_is_written_down() {
    let changes = &file("CHANGELOG.md").text;
    let unreleased =
        changes.split_once("## Unreleased").map(|(_, rest)| rest).expect("CHANGELOG.md has no `## Unreleased`");
    let section = unreleased.split("\n## ").next().unwrap_or_default();
    assert!(section.lines().any(|line| line.starts_with("- ")), "`## Unreleased` of CHANGELOG.md is empty");
}

#[test]
fn the_architecture_stays_readable() {
    const LINES_MAX: usize = 250;
    let architecture = file("ARCHITECTURE.md");
    let lines = architecture.text.lines().count();
    assert!(lines <= LINES_MAX, "ARCHITECTURE.md has {lines} lines; {LINES_MAX} is the wall");
    let folders =
        ["core/model", "core/binlog", "core/mysql", "core/coordination", "server", "monitor", "deploy/replicator"];
    folders.iter().for_each(|folder| assert!(architecture.text.contains(folder), "ARCHITECTURE.md has no {folder}"));
}

/// Operators build dashboards and alerts on these.
#[test]
fn every_metric_and_rule_is_in_the_book() {
    let registered = Regex::new(r#"\.register(?:_with_unit)?\(\s*"([a-z_]+)""#).unwrap();
    let named = Regex::new(r#"(?m)^        code: "([a-z_]+)","#).unwrap();
    let page = |path: &str| &file(path).text;
    let mut problems = Vec::new();
    for source in with_extension("rs").filter(|file| file.path.ends_with("/src/metrics.rs")) {
        let metrics = registered.captures_iter(&source.text).map(|found| found[1].to_owned());
        let missing = metrics.filter(|name| !page("docs/src/operations.md").contains(name.as_str()));
        problems.extend(missing.map(|name| format!("docs/src/operations.md: {name}")));
    }
    let rules: Vec<String> =
        named.captures_iter(page("core/model/src/rule.rs")).map(|found| found[1].to_owned()).collect();
    assert!(rules.len() > 10, "the table of rules is not where this test looks");
    let missing = rules.iter().filter(|name| !page("docs/src/monitor.md").contains(&format!("| `{name}` |")));
    problems.extend(missing.map(|name| format!("docs/src/monitor.md: {name}")));
    assert_none("metrics and rules that the book does not have", &problems);
}

/// A check's code is a promise; the page says why each is there.
#[test]
fn every_check_of_preflight_is_in_the_book() {
    let code = Regex::new(r#"\bcheck\(\s*"([a-z_]+)""#).unwrap();
    let row = Regex::new(r"(?m)^\| `([a-z_]+)` \|").unwrap();
    let of = |pattern: &Regex, path: &str| -> BTreeSet<String> {
        pattern.captures_iter(&file(path).text).map(|found| found[1].to_owned()).collect()
    };
    let given = of(&code, "server/src/preflight/catalogue.rs");
    assert!(given.len() > 40, "the checks were not found");
    let explained = of(&row, "docs/src/preflight.md");
    let problems: Vec<String> = given.symmetric_difference(&explained).cloned().collect();
    assert_none("checks in the code or in docs/src/preflight.md alone", &problems);
}

#[test]
fn what_may_come_in_from_outside_is_written_down() {
    for path in ["deny.toml", "clippy.toml", "rustfmt.toml", "rust-toolchain.toml"] {
        let parsed = file(path).text.parse::<Table>();
        assert!(parsed.is_ok(), "{path}: {}", parsed.unwrap_err());
    }
    let deny: Table = file("deny.toml").text.parse().unwrap();
    for section in ["licenses", "bans", "sources"] {
        assert!(deny.contains_key(section), "deny.toml has no [{section}]");
    }
}
