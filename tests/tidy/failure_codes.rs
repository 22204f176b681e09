//! Codes are promises to operators: each that the code can give is explained, and none is explained that nobody gives.

use crate::assert_none;
use crate::repository::{SourceFile, file, with_extension};
use crate::rust_code::Code;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "docs/src/errors.md";

/// A code with the classes that it comes in.
type Codes = BTreeMap<String, BTreeSet<String>>;

/// Where a first argument is a failure's code, and the class that it has. `refuse` is the producer's.
const CONSTRUCTORS: &str = r#"(?:Failure::(transient|definite)|\brefuse)\(\s*(?:"([a-z0-9_]+)"|([A-Za-z_:]+))"#;

#[test]
fn every_failure_code_is_explained() {
    let (given, unknown) = given_by_tasks();
    assert_none("failures whose code is neither a text, nor a constant, nor `code` from a match", &unknown);
    let explained = explained("## When a task fails");
    let mut problems = differences(&given, &explained);
    for (code, classes) in &given {
        let stated = explained.get(code);
        if stated.is_some_and(|stated| stated != classes) {
            problems.push(format!("`{code}` is {classes:?} in the code and {stated:?} in {PAGE}"));
        }
    }
    assert_none("failure codes", &problems);
}

#[test]
fn every_problem_of_the_api_is_explained() {
    let files = ["server/src/problem.rs", "server/src/alerting/problem.rs"];
    let code = files.map(|path| Code::of(file(path)).with_strings).concat();
    let pattern = Regex::new(r#"\b(?:S|StatusCode)::[A-Z_]+,\s*"([a-z_]+)""#).unwrap();
    let given: Codes = pattern.captures_iter(&code).map(|found| (found[1].to_owned(), BTreeSet::new())).collect();
    assert!(given.len() > 10, "the API's problems were not found");
    assert_none("problem codes of the API", &differences(&given, &explained("## When a request is refused")));
}

fn differences(given: &Codes, explained: &Codes) -> Vec<String> {
    let missing = given.keys().filter(|code| !explained.contains_key(*code));
    let stale = explained.keys().filter(|code| !given.contains_key(*code));
    let missing = missing.map(|code| format!("`{code}` is not in {PAGE}"));
    missing.chain(stale.map(|code| format!("`{code}` is in {PAGE}, and no code gives it"))).collect()
}

/// The codes of the shipped code, and the places whose code can't be told.
fn given_by_tasks() -> (Codes, Vec<String>) {
    let constructors = Regex::new(CONSTRUCTORS).unwrap();
    let constants = constants();
    let (mut codes, mut unknown) = (Codes::new(), Vec::new());
    let shipped = with_extension("rs").filter(|file| !file.is_in("tests") && file.path != "core/model/src/failure.rs");
    for file in shipped {
        let code = shipped_with_strings(file);
        for found in constructors.captures_iter(&code) {
            let is_refusal = found.get(1).is_none();
            let is_definition = code[..found.get_match().start()].trim_end().ends_with("fn");
            if is_definition || (is_refusal && !file.is_in("core/src/producer")) {
                continue;
            }
            let class = found.get(1).map_or("definite", |class| class.as_str());
            let mut add = |code: &str| {
                codes.entry(code.to_owned()).or_default().insert(class.to_owned());
            };
            match (found.get(2), found.get(3).map(|name| name.as_str())) {
                (Some(code), _) => add(code.as_str()),
                (None, Some("code")) => codes_of_matches(&code).iter().for_each(|code| add(code)),
                (None, Some(name)) if constants.contains_key(last_part(name)) => add(&constants[last_part(name)]),
                _ => unknown.push(format!("{}:{}", file.path, file.line_of(found.get_match().start()))),
            }
        }
    }
    (codes, unknown)
}

/// The code without comments and tests, its strings kept.
fn shipped_with_strings(file: &SourceFile) -> String {
    let code = Code::of(file);
    let lines = code.with_strings.lines().zip(code.bare.lines()).zip(code.shipped.lines());
    // A line that has code, and none once the tests are out, is a test's.
    lines
        .map(|((text, bare), shipped)| if bare.trim() == shipped.trim() { text } else { "" })
        .fold(String::new(), |code, line| code + line + "\n")
}

fn last_part(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// `let code = match … { … => "a_code", … };`
fn codes_of_matches(code: &str) -> Vec<String> {
    let matches = Regex::new(r"(?s)let code = match.*?\};").unwrap();
    let arm = Regex::new(r#"=>\s*"([a-z0-9_]+)""#).unwrap();
    let arms = matches.find_iter(code).flat_map(|found| arm.captures_iter(found.as_str()));
    arms.map(|found| found[1].to_owned()).collect()
}

fn constants() -> BTreeMap<String, String> {
    let constant = Regex::new(r#"const ([A-Z_]+): &str = "([a-z0-9_]+)";"#).unwrap();
    let found = with_extension("rs").flat_map(|file| constant.captures_iter(&file.text));
    found.map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// The codes of the tables under a heading of the page: in backticks in the first column, the class in the second.
fn explained(heading: &str) -> Codes {
    let page = &file(PAGE).text;
    let from = page.find(heading).unwrap_or_else(|| panic!("{PAGE} has no `{heading}`"));
    let rest = &page[from + heading.len()..];
    let section = rest.find("\n## ").map_or(rest, |end| &rest[..end]);
    let row = Regex::new(r"(?m)^\| `([a-z0-9_]+)` \| ([^|]*)\|").unwrap();
    row.captures_iter(section).map(|found| (found[1].to_owned(), classes(&found[2]))).collect()
}

fn classes(column: &str) -> BTreeSet<String> {
    column.split(',').map(|class| class.trim().to_owned()).filter(|class| !class.is_empty()).collect()
}
