//! Checks of the target: may it be written to, by us alone, and is it another server than the source.

use super::finding::{Finding, Verdict, known, listed, statements};
use super::ground::{Ground, SourceServer, TargetServer};
use super::source::{set_global, version_of};
use replicator_model::task::{ConsumerSpec, DdlPolicy, REPLICATOR_DATABASE};
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::privileges::Privileges;
use replicator_mysql::tables::quoted;
use std::collections::BTreeSet;

const ROW_PRIVILEGES: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
const SCHEMA_PRIVILEGES: [&str; 5] = ["CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"];

pub(crate) fn version(target: &TargetServer, _: &Ground) -> Finding {
    version_of(&target.facts)
}

pub(crate) fn writable(target: &TargetServer, _: &Ground) -> Finding {
    if !target.facts.read_only {
        return Finding::passed("read_only is OFF");
    }
    let is_super = target.settings.get("super_read_only").is_some_and(|value| value == "ON");
    let mut fixes = Vec::new();
    if is_super {
        fixes.push(set_global(&target.facts, "super_read_only", "OFF").trim_end_matches(';').to_owned());
    }
    fixes.push(set_global(&target.facts, "read_only", "OFF").trim_end_matches(';').to_owned());
    let found = if is_super { "super_read_only is ON" } else { "read_only is ON" };
    Finding::failed(format!("{found}: nothing can be written"), statements(&fixes))
}

/// The databases that the task writes to, as far as they are known.
fn databases(source: Option<&SourceServer>, ground: &Ground) -> BTreeSet<String> {
    let mut databases: BTreeSet<String> = ground
        .spec
        .routes
        .iter()
        .filter_map(|route| route.to.split_once('.').map(|(database, _)| database.to_owned()))
        .filter(|database| !database.contains('{'))
        .collect();
    match source {
        Some(source) => databases.extend(ground.pairs(source).into_iter().map(|(_, (database, _))| database)),
        None => databases
            .extend(ground.spec.producer.tables.iter().filter_map(|pattern| literal_database(pattern.as_str()))),
    }
    databases
}

/// The database that a pattern names, if it has no special characters.
fn literal_database(pattern: &str) -> Option<String> {
    let (database, _) = pattern.split_once('.')?;
    let plain = database.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    plain.then(|| database.to_owned())
}

fn lacking(privileges: &Privileges, wanted: &[&'static str], database: &str) -> Vec<&'static str> {
    wanted.iter().copied().filter(|privilege| !privileges.on_database(privilege, database)).collect()
}

pub(crate) fn grants(target: &TargetServer, ground: &Ground) -> Finding {
    let databases = databases(ground.source.reached.as_ref(), ground);
    if databases.is_empty() {
        return Finding::skipped("which databases the task writes to is not known");
    }
    let account = &target.privileges.account;
    let (mut missing, mut fixes) = (Vec::new(), Vec::new());
    for database in &databases {
        let lacking = lacking(&target.privileges, &wanted(ground), database);
        if !lacking.is_empty() {
            missing.push(format!("{} on {database}", lacking.join(", ")));
            fixes.push(format!("GRANT {} ON {}.* TO {account}", lacking.join(", "), quoted(database)));
        }
    }
    if missing.is_empty() {
        return Finding::passed(format!("{account} may do what is needed in {} databases", databases.len()));
    }
    Finding::failed(format!("{account} has no {}", listed(&missing)), statements(&fixes))
}

fn wanted(ground: &Ground) -> Vec<&'static str> {
    let applies = matches!(&ground.spec.consumer, ConsumerSpec::Mysql(target) if !target.ddl.kinds_of(DdlPolicy::Apply).is_empty());
    let schema: &[&'static str] = if applies { &SCHEMA_PRIVILEGES } else { &[] };
    [&ROW_PRIVILEGES[..], schema].concat()
}

pub(crate) fn own_grants(target: &TargetServer, _: &Ground) -> Finding {
    let account = &target.privileges.account;
    let wanted = [&ROW_PRIVILEGES[..], &["CREATE"]].concat();
    let lacking = lacking(&target.privileges, &wanted, REPLICATOR_DATABASE);
    if lacking.is_empty() {
        return Finding::passed(format!("{account} may keep the replicator's own tables"));
    }
    Finding::failed(
        format!("{account} has no {} on `{REPLICATOR_DATABASE}`", lacking.join(", ")),
        format!("GRANT ALL ON {}.* TO {account};", quoted(REPLICATOR_DATABASE)),
    )
}

pub(crate) fn packet(source: &SourceServer, target: &TargetServer, _: &Ground) -> Finding {
    let (from, to) = (source.facts.max_allowed_packet, target.facts.max_allowed_packet);
    if to >= from {
        return Finding::passed(format!("max_allowed_packet is {to} here and {from} at the source"));
    }
    let found = format!("max_allowed_packet is {to}, less than the source's {from}: a larger row can't be written");
    Finding::warning(found, set_global(&target.facts, "max_allowed_packet", &from.to_string()))
}

pub(crate) fn name_case(source: &SourceServer, target: &TargetServer, _: &Ground) -> Finding {
    let (from, to) = (source.facts.lower_case_table_names, target.facts.lower_case_table_names);
    if from == to {
        return Finding::passed(format!("lower_case_table_names is {to} on both"));
    }
    let found =
        format!("lower_case_table_names is {to}, and {from} at the source: names that differ by case alone meet");
    Finding::without_fix(Verdict::Warning, found)
}

/// Whether both are one server. MySQL has an identifier; of MariaDB all of what it says about itself has to agree.
fn is_same(source: &SourceServer, target: &TargetServer) -> bool {
    let same_settings = ["hostname", "port", "datadir", "pid_file"]
        .iter()
        .all(|name| source.settings.get(*name) == target.settings.get(*name));
    source.facts.flavor == target.facts.flavor
        && source.facts.server == target.facts.server
        && (source.facts.flavor == ServerFlavor::MySql || same_settings)
}

pub(crate) fn other_server(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    if !is_same(source, target) {
        return Finding::passed("source and target are two servers");
    }
    let filter = ground.spec.producer.filter();
    let back = |(_, (database, table)): &((String, String), (String, String))| filter.matches(database, table);
    let loops: Vec<String> = ground
        .pairs(source)
        .into_iter()
        .filter(back)
        .map(|(_, (database, table))| format!("{database}.{table}"))
        .collect();
    if loops.is_empty() {
        return Finding::passed("they are one server, and the routes lead out of the task's own tables");
    }
    Finding::failed(
        format!("source and target are one server, and {} would be read again as a change", listed(&loops)),
        "[consumer]\nhost = \"another-server.example\"",
    )
}

pub(crate) fn marker(target: &TargetServer, ground: &Ground) -> Finding {
    let markers = match known(&target.markers) {
        Ok(markers) => markers,
        Err(finding) => return finding,
    };
    let name = ground.spec.name.as_str();
    if !markers.iter().any(|marker| marker == name) {
        return Finding::passed("the target remembers nothing of a task of this name");
    }
    let is_continued = ground.group.reached.as_ref().is_some_and(|group| group.last_commit.is_some());
    if ground.is_stored && is_continued {
        return Finding::passed("the target remembers how far this task is");
    }
    let delete = |table: &str| format!("DELETE FROM {}.{table} WHERE task = '{name}'", quoted(REPLICATOR_DATABASE));
    let fixes: Vec<String> = ["checkpoint", "ddl", "owner"].iter().map(|table| delete(table)).collect();
    let found = format!("the target remembers a task `{name}`: this one would go on from there, whatever its `start`");
    Finding::warning(found, statements(&fixes))
}
