//! What documents tell people to type is what the built programs and the Makefile understand.

use crate::assert_none;
use crate::documents::{Block, blocks, keys_listed, settings_file};
use crate::repository::file;
use regex::Regex;
use replicator_tests::Process;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const PROGRAMS: [&str; 4] = ["replicator", "replicator-core", "replicator-server", "replicator-monitor"];

/// Targets that people and CI rely on.
const TARGETS: [&str; 7] = ["demo", "test", "unit", "end-to-end", "lint", "bench", "setup"];

/// Runs a program to its end: whether it went well, and what it said.
fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let path = Process::program(program).unwrap_or_else(|error| panic!("{error}"));
    let output = Command::new(path).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

/// The command lines in documents, without prompts, variables and what is in quotes; continuations joined.
fn command_lines() -> Vec<(String, Vec<String>)> {
    let quoted = Regex::new(r#""[^"\n]*"|'[^'\n]*'"#).unwrap();
    let mut lines = Vec::new();
    for Block { place, language, text } in blocks() {
        if !matches!(language.as_str(), "sh" | "console") {
            continue;
        }
        let joined = text.replace("\\\n", " ");
        let joined = quoted.replace_all(&joined, "");
        for line in joined.lines() {
            let line = line.trim().trim_start_matches("$ ").split(" #").next().unwrap_or_default();
            for command in line.split(['|', '&', ';']) {
                let words = command.split_whitespace().skip_while(|word| word.contains('='));
                lines.push((place.clone(), words.map(str::to_owned).collect()));
            }
        }
    }
    lines
}

/// The words of a command that name a command: up to the first option or argument.
fn subcommands<'a>(words: &'a [String], help: &mut impl FnMut(&[&str]) -> Option<String>) -> Vec<&'a str> {
    let mut path: Vec<&str> = Vec::new();
    for word in words {
        let is_listed = help(&path).is_some_and(|help| {
            Regex::new(&format!(r"(?m)^  {}(?:\s|$)", regex::escape(word))).unwrap().is_match(&help)
        });
        if word.starts_with('-') || !is_listed {
            break;
        }
        path.push(word);
    }
    path
}

#[test]
fn commands_in_documents_are_commands() {
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    let (mut problems, mut count) = (Vec::new(), 0);
    for (place, words) in command_lines() {
        let Some((program, words)) = words.split_first() else { continue };
        let program = program.rsplit('/').next().unwrap_or_default();
        let Some(program) = PROGRAMS.iter().find(|known| **known == program) else { continue };
        count += 1;
        let mut help = |path: &[&str]| {
            let key = format!("{program} {}", path.join(" "));
            let ask = || Some(run(program, &[path, &["--help"]].concat())).filter(|(ok, _)| *ok).map(|(_, text)| text);
            known.entry(key).or_insert_with(ask).clone()
        };
        let path = subcommands(words, &mut help);
        let Some(text) = help(&path) else {
            problems.push(format!("{place}: `{program} {}` has no --help", path.join(" ")));
            continue;
        };
        let takes_commands = text.contains("\nCommands:");
        if takes_commands && words.get(path.len()).is_some_and(|word| !word.starts_with('-')) {
            problems.push(format!("{place}: `{program} {}` has no command `{}`", path.join(" "), words[path.len()]));
        }
        let options = words.iter().filter(|word| word.starts_with('-') && word.len() > 1);
        for option in options.map(|option| option.split('=').next().unwrap_or_default()) {
            if !Regex::new(&format!(r"(?:^|[\s,]){}(?:[\s,=\[<]|$)", regex::escape(option))).unwrap().is_match(&text) {
                problems.push(format!("{place}: `{program} {}` has no option `{option}`", path.join(" ")));
            }
        }
    }
    assert!(count > 5, "the commands were not found");
    assert_none("commands in documents", &problems);
}

#[test]
fn settings_in_documents_pass_the_programs_check() {
    let folder = tempfile::tempdir().unwrap();
    let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
    for block in blocks() {
        let Some(name) = settings_file(&block) else { continue };
        let program = format!("replicator-{}", name.trim_end_matches(".toml"));
        let path = folder.path().join(name);
        std::fs::write(&path, &block.text).unwrap();
        let (ok, said) = run(&program, &["--config", path.to_str().unwrap(), "--check"]);
        if !ok {
            problems.push(format!("{}: {said}", block.place));
        }
        seen.insert(program);
    }
    assert_none("settings that are refused", &problems);
    assert_eq!(seen.len(), 3, "an example is missing, only {seen:?} have one");
}

/// As with tasks: each program lists its keys when it meets one that it does not know.
#[test]
fn every_setting_is_in_the_book() {
    let folder = tempfile::tempdir().unwrap();
    const COORDINATION: &str = "[coordination]\nkind = \"zookeeper\"\ntiers = [[\"zk1:2181\"]]\n";
    let sections = [
        ("core", "", ""),
        ("core", "group = \"g\"\n", "[admin]\n"),
        ("server", "", ""),
        ("server", "", "[http]\n"),
        ("server", "", "[inspect]\n"),
        ("monitor", "", ""),
        ("monitor", "", "[admin]\n"),
        ("monitor", "", "[evaluation]\n"),
        ("monitor", "", "[networks]\n"),
    ];
    let mut problems = Vec::new();
    for (program, before, section) in sections {
        let text = match section {
            "" => format!("no_such_key = 1\n{before}{COORDINATION}"),
            section => format!("{before}{COORDINATION}{section}no_such_key = 1\n"),
        };
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        let (ok, said) = run(&format!("replicator-{program}"), &["--config", path.to_str().unwrap(), "--check"]);
        let keys = keys_listed(&said);
        if ok || keys.is_empty() {
            problems.push(format!("{program} {section}: an unknown key was not refused by name: {said}"));
        }
        let page = format!("docs/src/{program}.md");
        let missing = keys.into_iter().filter(|key| !file(&page).text.contains(&format!("`{key}`")));
        problems.extend(missing.map(|key| format!("{page}: `{key}`")));
    }
    assert_none("settings that the book does not have", &problems);
}

#[test]
fn targets_in_documents_are_in_the_makefile() {
    let target = Regex::new(r"(?m)^([a-z][a-z-]*):").unwrap();
    let makefile = &file("Makefile").text;
    let known: BTreeSet<&str> = target.captures_iter(makefile).map(|found| found.get(1).unwrap().as_str()).collect();
    let mut problems: Vec<String> =
        TARGETS.iter().filter(|target| !known.contains(*target)).map(|target| format!("no `make {target}`")).collect();
    for (place, words) in command_lines().into_iter().filter(|(_, words)| words.iter().any(|word| word == "make")) {
        let after = words.iter().skip_while(|word| *word != "make").skip(1);
        for word in after.filter(|word| !word.contains('=') && !known.contains(word.as_str())) {
            problems.push(format!("{place}: `make {word}`"));
        }
    }
    assert!(file(".ci/run").text.contains("make test"), ".ci/run does not call `make test`");
    assert_none("targets", &problems);
}
