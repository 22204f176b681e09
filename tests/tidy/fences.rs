//! Which files may name which library, and the arrows between Core's modules.

use crate::assert_none;
use crate::repository::with_extension;
use crate::rust_code::{Code, names};

/// A library's crate name in code, and the files and folders (ending in `/`) that may name it. Tests may name any.
const FENCES: [(&str, &[&str]); 17] = [
    ("zookeeper_client", &["core/coordination/src/zookeeper.rs"]),
    ("rdkafka", &["core/src/consumer/kafka/", "server/src/inspect/kafka.rs"]),
    ("mysql_async", &["core/mysql/src/", "core/src/producer/", "core/src/consumer/mysql/"]),
    ("mysql_common", &["core/mysql/src/replication/auth.rs"]),
    ("tokio_rustls", &["core/mysql/src/replication/", "server/src/tls.rs"]),
    ("encoding_rs", &["core/src/change/charset/"]),
    ("flate2", &["core/binlog/src/deflate.rs"]),
    ("axum", &["server/src/", "core/src/admin.rs", "monitor/src/admin.rs", "monitor/src/monitor.rs"]),
    ("reqwest", &["monitor/src/notify/", "deploy/replicator/src/"]),
    ("redb", &["server/src/history/"]),
    ("lettre", &["monitor/src/notify/email.rs"]),
    ("hmac", &["monitor/src/notify/signature.rs", "core/model/src/shape/mask.rs"]),
    ("utoipa", &["server/src/api/", "server/src/view/", "server/src/access/roles.rs"]),
    ("argon2", &["server/src/access/passwords.rs"]),
    ("prometheus_client", &["core/src/metrics.rs", "server/src/metrics.rs", "monitor/src/metrics.rs"]),
    ("clap", &["core/src/main.rs", "server/src/main.rs", "monitor/src/main.rs", "deploy/replicator/src/"]),
    (
        "tracing_subscriber",
        &["core/src/main.rs", "server/src/main.rs", "monitor/src/main.rs", "deploy/replicator/src/"],
    ),
];

/// Modules of Core and what else of Core each may name. The fence is data that the pipe hands to a consumer.
const CORE_ARROWS: [(&str, &[&str]); 9] = [
    ("change", &[]),
    ("producer", &["change"]),
    ("consumer", &["change", "pipe::fence"]),
    ("pipe", &["change", "producer", "consumer"]),
    ("metrics", &[]),
    ("supervisor", &["pipe", "producer", "consumer", "metrics"]),
    ("instance", &["supervisor", "metrics", "admin", "config"]),
    ("config", &["instance"]),
    ("admin", &["metrics"]),
];

/// The only modules of Core that may know the coordination service.
const COORDINATED: [&str; 3] = ["supervisor", "instance", "config"];

#[test]
fn libraries_are_named_behind_their_fences() {
    let mut problems = Vec::new();
    for file in with_extension("rs").filter(|file| !file.is_in("tests")) {
        let code = Code::of(file);
        for (library, places) in FENCES {
            let allowed = places.iter().any(|place| match place.strip_suffix('/') {
                Some(folder) => file.is_in(folder),
                None => file.path == *place,
            });
            if !allowed && names(&code.shipped, library) {
                problems.push(format!("{} names {library}, which belongs to {}", file.path, places.join(", ")));
            }
        }
    }
    assert_none("libraries outside their fences", &problems);
}

/// The module of Core that a file belongs to: `core/src/pipe/lag.rs` to `pipe`.
fn module_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("core/src/")?;
    Some(rest.split_once('/').map_or_else(|| rest.trim_end_matches(".rs"), |(module, _)| module))
}

/// What follows each `crate::` in the code, as far as it is a path.
fn paths_of_crate(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices("crate::").map(|(at, prefix)| {
        let rest = &code[at + prefix.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        rest[..end].trim_end_matches(':')
    })
}

#[test]
fn modules_of_core_depend_along_the_arrows_alone() {
    let mut problems = Vec::new();
    for file in with_extension("rs") {
        let Some(module) = module_of(&file.path).filter(|module| !matches!(*module, "lib" | "main")) else { continue };
        let Some((_, allowed)) = CORE_ARROWS.iter().find(|(name, _)| *name == module) else {
            problems.push(format!("{}: module `{module}` has no place among Core's arrows", file.path));
            continue;
        };
        let code = Code::of(file);
        for path in paths_of_crate(&code.shipped) {
            let within =
                |place: &str| path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with(':'));
            let is_module = CORE_ARROWS.iter().any(|(name, _)| within(name));
            if is_module && !within(module) && !allowed.iter().any(|place| within(place)) {
                problems.push(format!("{}: `{module}` must not name `crate::{path}`", file.path));
            }
        }
        if names(&code.shipped, "replicator_coordination") && !COORDINATED.contains(&module) {
            problems.push(format!("{}: `{module}` must not know the coordination service", file.path));
        }
    }
    assert_none("arrows that core/src/lib.rs does not draw", &problems);
}

#[test]
fn no_code_that_is_shipped_is_unsafe() {
    let unsafe_files = with_extension("rs").filter(|file| names(&Code::of(file).shipped, "unsafe"));
    let problems: Vec<String> = unsafe_files.map(|file| file.path.clone()).collect();
    assert_none("files with unsafe code", &problems);
}
