//! Checks of the source: what its user may do, how it logs, who else is there.

use super::finding::{Finding, Verdict, known, listed, statements};
use super::ground::{Ground, SourceServer};
use replicator_model::task::REPLICATOR_DATABASE;
use replicator_mysql::facts::{ServerFacts, ServerFlavor, Version};
use replicator_mysql::replication::ReplicaIdentity;
use replicator_mysql::tables::quoted;
use std::collections::BTreeSet;

/// Oldest versions that the project is tested with.
const MYSQL_OLDEST: Version = Version(5, 6, 0);
const MARIADB_OLDEST: Version = Version(10, 2, 0);

/// Most that the clocks may differ before it shows in what is measured.
const SKEW_MAX_S: i64 = 5;

pub(crate) fn version(source: &SourceServer, _: &Ground) -> Finding {
    version_of(&source.facts)
}

pub(crate) fn version_of(facts: &ServerFacts) -> Finding {
    let oldest = match facts.flavor {
        ServerFlavor::MySql => MYSQL_OLDEST,
        ServerFlavor::MariaDb => MARIADB_OLDEST,
    };
    let found = format!("{} {}", facts.flavor, facts.version_text);
    if facts.version < oldest {
        let found = format!("{found}; nothing older than {} {oldest} was tested", facts.flavor);
        return Finding::without_fix(Verdict::Warning, found);
    }
    Finding::passed(found)
}

fn granted(source: &SourceServer, privilege: &str) -> Finding {
    let account = &source.privileges.account;
    if source.privileges.globally(privilege) {
        return Finding::passed(format!("{account} has {privilege}"));
    }
    Finding::failed(format!("{account} has no {privilege}"), format!("GRANT {privilege} ON *.* TO {account};"))
}

pub(crate) fn replication_grant(source: &SourceServer, _: &Ground) -> Finding {
    granted(source, "REPLICATION SLAVE")
}

pub(crate) fn monitor_grant(source: &SourceServer, _: &Ground) -> Finding {
    let is_new_name = source.facts.flavor == ServerFlavor::MariaDb && source.facts.version >= Version(10, 5, 2);
    granted(source, if is_new_name { "BINLOG MONITOR" } else { "REPLICATION CLIENT" })
}

pub(crate) fn select_grant(source: &SourceServer, ground: &Ground) -> Finding {
    let account = &source.privileges.account;
    let mut missing = BTreeSet::new();
    for table in ground.matched(source) {
        if !source.privileges.on_table("SELECT", &table.database, &table.table) {
            missing.insert(table.database.clone());
        }
    }
    // What the user may not see is not in the list: databases named without a pattern are asked about by name.
    let literals = ground.spec.producer.tables.iter().filter_map(|pattern| pattern.literal());
    for (database, table) in literals {
        if !source.privileges.on_table("SELECT", database, table) {
            missing.insert(database.to_owned());
        }
    }
    if missing.is_empty() {
        return Finding::passed(format!("{account} may see the columns of the task's tables"));
    }
    let names: Vec<String> = missing.iter().cloned().collect();
    let fixes: Vec<String> =
        missing.iter().map(|database| format!("GRANT SELECT ON {}.* TO {account}", quoted(database))).collect();
    let found = format!("{account} has no SELECT on {}", listed(&names));
    match source.facts.row_metadata.as_deref() {
        Some("FULL") => Finding::warning(found, statements(&fixes)),
        _ => Finding::failed(found, statements(&fixes)),
    }
}

/// The table that is there already needs no right to make one, but whether it is there only its reader sees.
pub(crate) fn heartbeat_grant(source: &SourceServer, ground: &Ground) -> Finding {
    let account = &source.privileges.account;
    let Some(every) = ground.spec.producer.lag_heartbeat else {
        return Finding::passed("the task writes no heartbeat rows: `lag_heartbeat` is not set");
    };
    let missing: Vec<String> = ["CREATE", "SELECT", "INSERT", "UPDATE"]
        .into_iter()
        .filter(|privilege| !source.privileges.on_database(privilege, REPLICATOR_DATABASE))
        .map(str::to_owned)
        .collect();
    if missing.is_empty() {
        return Finding::passed(format!("{account} may write one every {every}"));
    }
    let fix = format!("GRANT {} ON {}.* TO {account};", missing.join(", "), quoted(REPLICATOR_DATABASE));
    Finding::warning(format!("{account} has no {} on `{REPLICATOR_DATABASE}`", listed(&missing)), fix)
}

/// `SET PERSIST` where the server has it, so that it outlives a restart.
pub(crate) fn set_global(facts: &ServerFacts, name: &str, value: &str) -> String {
    let persists = facts.flavor == ServerFlavor::MySql && facts.version >= Version(8, 0, 0);
    let word = if persists { "PERSIST" } else { "GLOBAL" };
    format!("SET {word} {name} = {value};")
}

pub(crate) fn log_bin(source: &SourceServer, _: &Ground) -> Finding {
    match source.facts.log_bin {
        true => Finding::passed("log_bin is ON"),
        false => Finding::failed("log_bin is OFF", "[mysqld]\nlog_bin = bin\nserver_id = 1\n# then restart the server"),
    }
}

/// A setting that has to be one value. Versions without it behave as if it were.
fn has_value(source: &SourceServer, name: &str, is: Option<&str>, wanted: &str) -> Finding {
    match is {
        None => Finding::passed(format!("this version has no {name}")),
        Some(is) if is == wanted => Finding::passed(format!("{name} is {wanted}")),
        Some(is) => Finding::failed(format!("{name} is {is}"), set_global(&source.facts, name, &format!("'{wanted}'"))),
    }
}

pub(crate) fn binlog_format(source: &SourceServer, _: &Ground) -> Finding {
    has_value(source, "binlog_format", source.facts.binlog_format.as_deref(), "ROW")
}

pub(crate) fn row_image(source: &SourceServer, _: &Ground) -> Finding {
    lesser(has_value(source, "binlog_row_image", source.facts.row_image.as_deref(), "FULL"))
}

pub(crate) fn row_value_options(source: &SourceServer, _: &Ground) -> Finding {
    let name = "binlog_row_value_options";
    match (source.facts.row_value_options.as_deref(), source.facts.row_image.as_deref()) {
        // A change inside of a value is applied to the value before, which whole rows have.
        (Some(options @ "PARTIAL_JSON"), Some("FULL")) => {
            Finding::passed(format!("{name} is {options}, and rows hold the values before"))
        }
        (options, _) => has_value(source, name, options, ""),
    }
}

pub(crate) fn row_metadata(source: &SourceServer, _: &Ground) -> Finding {
    lesser(has_value(source, "binlog_row_metadata", source.facts.row_metadata.as_deref(), "FULL"))
}

/// What the task can go on with.
fn lesser(finding: Finding) -> Finding {
    match finding.verdict {
        Verdict::Failed => Finding { verdict: Verdict::Warning, ..finding },
        _ => finding,
    }
}

pub(crate) fn gtids(source: &SourceServer, _: &Ground) -> Finding {
    if source.facts.gtids {
        return Finding::passed("every transaction has a GTID");
    }
    let mode = source.settings.get("gtid_mode").map_or("OFF", String::as_str);
    if source.facts.version < Version(5, 7, 6) {
        let lines = "[mysqld]\ngtid_mode = ON\nenforce_gtid_consistency = ON\nlog_slave_updates = ON\n# then restart the server";
        return Finding::warning(format!("gtid_mode is {mode}"), lines);
    }
    let set = |name: &str, value: &str| set_global(&source.facts, name, value).trim_end_matches(';').to_owned();
    let steps = ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"];
    let from = steps.iter().position(|step| *step == mode).unwrap_or(0) + 1;
    let mut fixes = vec![set("enforce_gtid_consistency", "ON")];
    fixes.extend(steps.iter().skip(from).map(|step| set("gtid_mode", step)));
    Finding::warning(format!("gtid_mode is {mode}"), statements(&fixes))
}

pub(crate) fn replica_updates(source: &SourceServer, _: &Ground) -> Finding {
    let logs = ["log_replica_updates", "log_slave_updates"].iter().find_map(|name| source.settings.get(*name));
    if logs.is_some_and(|logs| logs == "ON") {
        return Finding::passed("what it replicates itself is in its log too");
    }
    match known(&source.followed) {
        Ok(followed) if followed.is_empty() => Finding::passed("it is no replica"),
        Ok(followed) => {
            let name = match source.facts.flavor == ServerFlavor::MySql && source.facts.version >= Version(8, 0, 26) {
                true => "log_replica_updates",
                false => "log_slave_updates",
            };
            let found =
                format!("it replicates from {}, and {name} is OFF: those changes are not in its log", listed(followed));
            Finding::failed(found, format!("[mysqld]\n{name} = ON\n# then restart the server"))
        }
        Err(finding) => finding,
    }
}

pub(crate) fn server_id(source: &SourceServer, ground: &Ground) -> Finding {
    let own = ReplicaIdentity::of_task(ground.spec.name.as_str(), ground.spec.producer.server_id);
    let others = source.replicas.as_ref().map_or(&[][..], Vec::as_slice);
    let taken_by = if source.facts.server_id == own.server_id {
        Some("the source itself".to_owned())
    } else {
        let other = others.iter().find(|other| other.server_id == own.server_id);
        // The task's own connection is no other.
        other.filter(|other| !other.is(&own)).map(|other| format!("a replica on `{}`", other.host))
    };
    match taken_by {
        Some(who) => {
            let taken: BTreeSet<u32> =
                others.iter().map(|other| other.server_id).chain([source.facts.server_id]).collect();
            let free = (own.server_id.saturating_add(1)..u32::MAX).find(|id| !taken.contains(id)).unwrap_or(1);
            let found = format!("the task's replica id {} is that of {who}", own.server_id);
            Finding::failed(found, format!("[producer]\nserver_id = {free}"))
        }
        None if source.replicas.is_err() => {
            Finding::passed(format!("{} is not the source's own; its other replicas can't be seen", own.server_id))
        }
        None => Finding::passed(format!("nobody else has {}", own.server_id)),
    }
}

pub(crate) fn clock(source: &SourceServer, _: &Ground) -> Finding {
    match known(&source.head) {
        Ok(head) => {
            let skew = (head.now_us - source.asked_at_us) / 1_000_000;
            if skew.abs() > SKEW_MAX_S {
                let found =
                    format!("the source's clock is {} s {}", skew.abs(), if skew > 0 { "ahead" } else { "behind" });
                return Finding::warning(found, "# on both hosts\ntimedatectl set-ntp true");
            }
            Finding::passed(format!("the clocks differ by less than {} s", SKEW_MAX_S + 1))
        }
        Err(finding) => finding,
    }
}
