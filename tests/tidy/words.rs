//! Names, hosts and paths that have no place here.

use crate::assert_none;
use crate::repository::{FILES, SourceFile, file, with_extension};
use regex::Regex;

/// Buckets: whoever wants to put something there has not found its owner yet.
const BUCKETS: [&str; 9] = ["util", "utils", "common", "helper", "helpers", "manager", "managers", "types", "misc"];

/// Public hosts that files may name. A registry or mirror of somebody's own network is not among them.
const HOSTS: [&str; 24] = [
    "127.0.0.1",
    "0.0.0.0",
    "localhost",
    "github.com",
    "crates.io",
    "docs.rs",
    "rustup.rs",
    "doc.rust-lang.org",
    "keepachangelog.com",
    "semver.org",
    "json-schema.org",
    "spec.openapis.org",
    "prometheus.io",
    "www.apache.org",
    "maven.apache.org",
    "kafka.apache.org",
    "zookeeper.apache.org",
    "repo.maven.apache.org",
    "deb.debian.org",
    "dev.mysql.com",
    "mariadb.com",
    "www.w3.org",
    "www.rfc-editor.org",
    "hooks.slack.com",
];

/// Hosts under these names belong to nobody (RFC 2606).
fn is_example(host: &str) -> bool {
    let host = host.to_lowercase();
    !host.contains('.') || host.ends_with(".example") || host.ends_with(".test") || host.ends_with("example.com")
}

#[test]
fn files_are_named_after_what_they_hold() {
    let mut problems = Vec::new();
    for file in FILES.iter().filter(|file| matches!(file.extension(), "rs" | "ts" | "tsx")) {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| part.split('_').any(|word| BUCKETS.contains(&word))) {
            problems.push(format!("{}: `{part}` says nothing about what is in it", file.path));
        }
    }
    assert_none("buckets", &problems);
}

#[test]
fn no_host_is_named_that_others_do_not_have() {
    let hosts = Regex::new(r"[a-z][a-z0-9+]*://(?:[A-Za-z0-9_]+@)?([A-Za-z0-9][A-Za-z0-9.-]*)").unwrap();
    let mut problems = Vec::new();
    // Packages say where they take donations; that none is fetched from elsewhere is asked of the lock file below.
    for file in FILES.iter().filter(|file| !file.path.ends_with("package-lock.json")) {
        for found in hosts.captures_iter(&file.text) {
            let host = found[1].trim_end_matches('.');
            if !HOSTS.contains(&host) && !is_example(host) {
                problems.push(at(file, found.get_match().start(), host));
            }
        }
    }
    assert_none("hosts that are not known to be public", &problems);
}

#[test]
fn no_path_of_somebodys_machine_is_named() {
    let paths = Regex::new(r"(?:^|[^\w.])(/(?:root|work|Users|home/[a-z]\w*)/[\w./-]*)").unwrap();
    let mut problems = Vec::new();
    for file in FILES.iter() {
        problems.extend(paths.captures_iter(&file.text).map(|found| at(file, found.get_match().start(), &found[1])));
    }
    assert_none("paths of one machine", &problems);
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let sources = file("Cargo.lock").text.lines().filter_map(|line| line.strip_prefix("source = "));
    let problems: Vec<String> =
        sources.filter(|source| source.trim_matches('"') != REGISTRY).map(str::to_owned).collect();
    assert_none("crates from elsewhere in Cargo.lock", &problems);
}

/// The lock file names packages and their hashes; where they are fetched from is each machine's own setting.
#[test]
fn no_package_of_the_console_names_where_it_is_fetched_from() {
    let lock = &file("web-console/package-lock.json").text;
    assert!(lock.contains("\"integrity\""), "the lock file has no hashes");
    let addresses = lock.lines().filter(|line| line.trim_start().starts_with("\"resolved\""));
    let problems: Vec<String> = addresses.map(str::to_owned).collect();
    assert_none("packages with an address (see web-console/.npmrc)", &problems);
}

/// Servers' own texts and statements have the old words; our sentences do not.
#[test]
fn documents_say_source_and_replica() {
    let code = Regex::new(r"(?s)```.*?```|`[^`]*`").unwrap();
    let old = Regex::new(r"(?i)\b(master|slave)s?\b").unwrap();
    let mut problems = Vec::new();
    for file in with_extension("md") {
        let text = code.replace_all(&file.text, "");
        problems.extend(old.find_iter(&text).map(|found| format!("{}: `{}`", file.path, found.as_str())));
    }
    assert_none("old words; write source and replica, or put a server's own text in backticks", &problems);
}

fn at(file: &SourceFile, byte: usize, what: &str) -> String {
    format!("{}:{}: {what}", file.path, file.line_of(byte))
}
