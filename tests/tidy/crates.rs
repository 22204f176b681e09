//! Arrows between crates, as their manifests have them.

use crate::assert_none;
use crate::repository::{SourceFile, with_extension};
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;

/// Which of our own crates a crate may be built upon. Siblings never know each other: Core, Server and Monitor meet in
/// the coordination tree, and only the program `replicator` joins them.
const ARROWS: [(&str, &[&str]); 10] = [
    ("replicator-model", &[]),
    ("replicator-binlog", &[]),
    ("replicator-schema", &[]),
    ("replicator-mysql", &["replicator-model", "replicator-binlog", "replicator-schema"]),
    ("replicator-coordination", &["replicator-model"]),
    (
        "replicator-core",
        &["replicator-model", "replicator-binlog", "replicator-schema", "replicator-mysql", "replicator-coordination"],
    ),
    ("replicator-server", &["replicator-model", "replicator-mysql", "replicator-coordination"]),
    ("replicator-monitor", &["replicator-model", "replicator-mysql", "replicator-coordination"]),
    (
        "replicator",
        &[
            "replicator-model",
            "replicator-binlog",
            "replicator-mysql",
            "replicator-coordination",
            "replicator-core",
            "replicator-server",
            "replicator-monitor",
        ],
    ),
    ("replicator-tests", &[]),
];

/// Crates that do no I/O, and all they may be built upon: no runtime, no client, no clock.
const PURE: [(&str, &[&str]); 3] = [
    (
        "replicator-model",
        &["hmac", "ipnet", "jiff", "regex", "serde", "serde_json", "sha2", "thiserror", "toml", "uuid"],
    ),
    ("replicator-schema", &["serde", "serde_json", "thiserror"]),
    ("replicator-binlog", &["crc32fast", "flate2", "thiserror", "zstd"]),
];

/// Guests that only some crates may have.
const GUESTS: [(&str, &[&str]); 7] = [
    ("zookeeper-client", &["replicator-coordination"]),
    ("rdkafka", &["replicator-core", "replicator-server", "replicator-tests"]),
    ("mysql_async", &["replicator-core", "replicator-mysql", "replicator-tests"]),
    ("utoipa", &["replicator-server"]),
    ("hmac", &["replicator-model", "replicator-monitor"]),
    ("encoding_rs", &["replicator-core"]),
    ("terminal_size", &["replicator"]),
];

struct Manifest {
    name: String,
    path: String,
    dependencies: BTreeSet<String>,
    all: BTreeSet<String>,
    lints_of_workspace: bool,
}

fn manifests() -> Vec<Manifest> {
    // The benchmarks' peers are a workspace of their own that nothing else is built with.
    let ours = |file: &&SourceFile| file.path.ends_with("/Cargo.toml") && !file.is_in("tests/bench/peers");
    let members = with_extension("toml").filter(ours);
    members.filter_map(manifest).collect()
}

fn manifest(file: &SourceFile) -> Option<Manifest> {
    let table: Table = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let section = |name: &str| -> BTreeSet<String> {
        let section = table.get(name).and_then(|section| section.as_table());
        section.map(|section| section.keys().cloned().collect()).unwrap_or_default()
    };
    let dependencies: BTreeSet<String> =
        section("dependencies").union(&section("build-dependencies")).cloned().collect();
    let all = dependencies.union(&section("dev-dependencies")).cloned().collect();
    let lints_of_workspace =
        table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool) == Some(true);
    Some(Manifest { name, path: file.path.clone(), dependencies, all, lints_of_workspace })
}

#[test]
fn crates_depend_along_the_arrows_alone() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut problems = Vec::new();
    for manifest in manifests() {
        let Some(allowed) = arrows.get(manifest.name.as_str()) else {
            problems.push(format!("{}: `{}` has no place among the arrows", manifest.path, manifest.name));
            continue;
        };
        let own = manifest.dependencies.iter().filter(|name| name.starts_with("replicator"));
        for name in own.filter(|name| !allowed.contains(&name.as_str())) {
            problems.push(format!("{}: `{}` must not depend on `{name}`", manifest.path, manifest.name));
        }
    }
    assert_none("arrows that ARCHITECTURE.md does not have", &problems);
}

#[test]
fn pure_crates_have_no_guests_that_do_io() {
    let mut problems = Vec::new();
    for manifest in manifests() {
        let Some((_, allowed)) = PURE.iter().find(|(name, _)| *name == manifest.name) else { continue };
        for name in manifest.dependencies.iter().filter(|name| !allowed.contains(&name.as_str())) {
            problems.push(format!("{}: `{name}`", manifest.path));
        }
    }
    assert_none("dependencies of crates that do no I/O", &problems);
}

#[test]
fn guests_stay_where_they_are_invited() {
    let mut problems = Vec::new();
    for manifest in manifests() {
        for (guest, hosts) in GUESTS {
            if manifest.all.contains(guest) && !hosts.contains(&manifest.name.as_str()) {
                problems.push(format!("{}: `{guest}` belongs to {}", manifest.path, hosts.join(", ")));
            }
        }
    }
    assert_none("dependencies in the wrong crate", &problems);
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let without = manifests().into_iter().filter(|manifest| !manifest.lints_of_workspace);
    let problems: Vec<String> =
        without.map(|manifest| format!("{}: add `[lints] workspace = true`", manifest.path)).collect();
    assert_none("crates with lints of their own", &problems);
}
