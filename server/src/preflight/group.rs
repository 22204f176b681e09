//! Checks of the tree: who would run the task, and who else does the same.

use super::finding::{Finding, Verdict, listed};
use super::ground::{Ground, Group};
use super::tables::shown;
use replicator_model::task::{ConsumerSpec, Router, Standby, TaskSpec};
use replicator_mysql::catalogue::TableName;

pub(crate) fn cores(group: &Group, ground: &Ground) -> Finding {
    match group.cores.len() {
        0 => Finding::failed(
            format!("no Core is alive in group `{}`", ground.spec.group),
            format!("# core.toml on at least one host, then start replicator-core\ngroup = \"{}\"", ground.spec.group),
        ),
        count => Finding::passed(format!("{count} Cores are alive in group `{}`", ground.spec.group)),
    }
}

pub(crate) fn standbys(group: &Group, ground: &Ground) -> Finding {
    let (wanted, there) = (ground.spec.standby.instances() as usize, group.cores.len());
    if there >= wanted {
        return Finding::passed(format!("{wanted} wanted, {there} Cores are there"));
    }
    let fix = match (there, ground.spec.standby) {
        (_, Standby::Cold) | (0 | 1, _) => "standby = \"cold\"".to_owned(),
        _ => format!("standby = {{ hot = {there} }}"),
    };
    Finding::warning(format!("{wanted} Cores are to register, {there} are alive"), fix)
}

pub(crate) fn name(group: &Group, ground: &Ground) -> Finding {
    match (group.exists, ground.is_stored) {
        (true, false) => {
            let found = format!("there is a task `{}` already", ground.spec.name);
            Finding::failed(found, format!("name = \"{}_2\"", ground.spec.name))
        }
        (true, true) => Finding::passed("it is this task"),
        (false, _) => Finding::passed("no other task has this name"),
    }
}

/// The tables of `ours` that another task would write too.
fn both(ours: &[(TableName, TableName)], other: &TaskSpec, same_source: bool) -> Vec<String> {
    let (filter, router) = (other.producer.filter(), Router::new(&other.routes));
    let is_theirs = |from: &TableName, to: &TableName| match same_source {
        true => filter.matches(&from.0, &from.1) && router.route(&from.0, &from.1) == *to,
        // What its source has is not known: its patterns are asked about the names at the target.
        false => {
            let unrouted = filter.matches(&to.0, &to.1) && router.route(&to.0, &to.1) == *to;
            unrouted || other.routes.iter().any(|route| route.to == shown(to))
        }
    };
    ours.iter().filter(|(from, to)| is_theirs(from, to)).map(|(_, to)| shown(to)).collect()
}

pub(crate) fn writers(group: &Group, ground: &Ground) -> Finding {
    let Some(source) = &ground.source.reached else {
        return Finding::skipped("the source was not reached, so the task's tables are not known");
    };
    let ConsumerSpec::Mysql(target) = &ground.spec.consumer else {
        return Finding::skipped("the target is no database");
    };
    let ours = ground.pairs(source);
    let mut found = Vec::new();
    for other in &group.others {
        let is_there =
            matches!(&other.consumer, ConsumerSpec::Mysql(to) if (&to.host, to.port) == (&target.host, target.port));
        if is_there {
            let same_source = other.producer.address() == ground.spec.producer.address();
            let tables = both(&ours, other, same_source);
            if !tables.is_empty() {
                found.push(format!("task `{}` writes {}", other.name, listed(&tables)));
            }
        }
    }
    if found.is_empty() {
        return Finding::passed("no other task writes to the same tables");
    }
    Finding::failed(
        format!("{}: two would write the same rows", listed(&found)),
        "[producer]\nexclude = [\"…\"]   # the tables named above, in one of the two",
    )
}

pub(crate) fn spec(ground: &Ground) -> Finding {
    let problems = ground.spec.problems();
    match problems.is_empty() {
        true => Finding::passed("the spec can work"),
        false => {
            let found: Vec<String> =
                problems.iter().map(|problem| format!("`{}`: {}", problem.key, problem.problem)).collect();
            let hints: Vec<String> =
                problems.iter().map(|problem| format!("# {}: {}", problem.key, problem.hint)).collect();
            Finding { verdict: Verdict::Failed, found: found.join("; "), fix: Some(hints.join("\n")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_writers_are_found_through_routes() {
        let task = |tables: &str, routes: serde_json::Value| {
            let spec = json!({"name": "other", "group": "g", "producer": {"host": "a", "user": "r", "tables": [tables]},
                "route": routes, "consumer": {"kind": "stdout"}});
            TaskSpec::from_json(spec.to_string().as_bytes()).unwrap()
        };
        let name = |text: &str| {
            let (a, b) = text.split_once('.').unwrap();
            (a.to_owned(), b.to_owned())
        };
        let ours = [(name("shop.item"), name("shop.item")), (name("shop.order"), name("w.orders"))];
        let plain = json!([]);
        let to_orders = json!([{"from": "x.*", "to": "w.orders"}]);
        for (tables, routes, same_source, found) in [
            ("shop.*", &plain, true, vec!["shop.item"]),
            ("shop.*", &plain, false, vec!["shop.item"]),
            ("hr.*", &plain, false, vec![]),
            ("x.*", &to_orders, false, vec!["w.orders"]),
            ("x.*", &to_orders, true, vec![]),
        ] {
            assert_eq!(both(&ours, &task(tables, routes.clone()), same_source), found, "{tables} {routes}");
        }
    }
}
