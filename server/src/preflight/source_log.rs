//! Checks of the source's log and tables: is everything in it, for long enough, from where the task begins.

use super::finding::{Finding, Verdict, known, listed, statements};
use super::ground::{Ground, SourceServer};
use super::source::set_global;
use replicator_model::gtid::GtidSet;
use replicator_model::position::Position;
use replicator_model::task::Start;
use replicator_mysql::facts::{ServerFlavor, Version};
use replicator_mysql::tables::quoted;

/// A task that was away for longer can't go on.
const KEPT_MIN_S: u64 = 2 * 3600;

pub(crate) fn expiry(source: &SourceServer, _: &Ground) -> Finding {
    let number = |name: &str| source.settings.get(name).and_then(|value| value.parse::<f64>().ok());
    // Whole days, or parts of one in MariaDB.
    let days = number("expire_logs_days").map(|days| (days * 86_400.0) as u64).filter(|seconds| *seconds > 0);
    let seconds = number("binlog_expire_logs_seconds").map(|seconds| seconds as u64).filter(|seconds| *seconds > 0);
    match seconds.or(days) {
        None => Finding::passed("log files are kept until somebody purges them"),
        Some(kept) if kept >= KEPT_MIN_S => Finding::passed(format!("log files are kept for {} h", kept / 3600)),
        Some(kept) => {
            let fix = match source.settings.contains_key("binlog_expire_logs_seconds") {
                true => set_global(&source.facts, "binlog_expire_logs_seconds", "604800"),
                false => set_global(&source.facts, "expire_logs_days", "7"),
            };
            Finding::warning(format!("log files are kept for {kept} s"), fix)
        }
    }
}

pub(crate) fn filter(source: &SourceServer, ground: &Ground) -> Finding {
    let filter = match known(&source.filter) {
        Ok(filter) => filter,
        Err(finding) => return finding,
    };
    let is_lost = |database: &String| {
        filter.without.contains(database) || (!filter.only.is_empty() && !filter.only.contains(database))
    };
    let mut lost: Vec<String> = ground.matched(source).into_iter().map(|table| table.database.clone()).collect();
    lost.retain(is_lost);
    lost.dedup();
    if lost.is_empty() {
        return Finding::passed("the server leaves nothing of the task's tables out of its log");
    }
    let line = if filter.without.is_empty() { "binlog_do_db" } else { "binlog_ignore_db" };
    let found = format!("{line} keeps changes of {} out of the log", listed(&lost));
    Finding::failed(found, format!("[mysqld]\n# remove the {line} lines, then restart the server"))
}

pub(crate) fn start(source: &SourceServer, ground: &Ground) -> Finding {
    let kept = ground.group.reached.as_ref().and_then(|group| group.last_commit.as_ref());
    match (kept, &ground.spec.producer.start) {
        (Some(kept), _) => match &kept.gtid_set {
            Some(set) => after(source, set, "the task's checkpoint"),
            None if kept.server == source.facts.server => at(source, &kept.position, "the task's checkpoint"),
            None => Finding::without_fix(
                Verdict::Failed,
                format!("the task's checkpoint is a position of {}, another server, without GTIDs", kept.server),
            ),
        },
        (None, Start::Gtid { gtid }) => match source.facts.parse_gtid_set(gtid) {
            Ok(set) => after(source, &set, "the start"),
            Err(failure) => Finding::without_fix(Verdict::Failed, format!("`producer.start.gtid`: {}", failure.reason)),
        },
        (None, Start::Position { file, offset }) => at(source, &Position::new(file, *offset), "the start"),
        (None, Start::Latest) => Finding::passed("it begins at the log's end"),
        (None, _) => Finding::passed("it begins with what the source has"),
    }
}

const START_FIX: &str = "[producer]\nstart = \"earliest\"   # with the tables copied anew";

fn at(source: &SourceServer, position: &Position, what: &str) -> Finding {
    let files = match known(&source.files) {
        Ok(files) => files,
        Err(finding) => return finding,
    };
    match files.iter().find(|file| file.name == position.file) {
        Some(file) if position.offset <= file.size => Finding::passed(format!("{what} {position} is still in the log")),
        Some(file) => Finding::failed(format!("{what} is {position}, and the file ends at {}", file.size), START_FIX),
        None => {
            let oldest = files.first().map_or("none", |file| file.name.as_str());
            Finding::failed(format!("{what} is {position}, and the oldest file is {oldest}"), START_FIX)
        }
    }
}

fn after(source: &SourceServer, set: &GtidSet, what: &str) -> Finding {
    match (set, &source.facts.executed, &source.purged) {
        (GtidSet::MySql(set), Some(GtidSet::MySql(executed)), Some(GtidSet::MySql(purged))) => {
            let (errant, gone) = (set.subtract(executed), purged.subtract(set));
            if !errant.is_empty() {
                let found = format!("{what} has transactions that the source does not have: {errant}");
                return Finding::without_fix(Verdict::Failed, found);
            }
            if !gone.is_empty() {
                return Finding::failed(format!("the source has purged transactions after {what}: {gone}"), START_FIX);
            }
            Finding::passed(format!("everything after {what} is still in the log"))
        }
        (GtidSet::MariaDb(_), _, _) if source.facts.flavor == ServerFlavor::MariaDb => Finding::passed(format!(
            "{what} is a GTID position of this family; the source looks it up when it is asked"
        )),
        _ => Finding::without_fix(
            Verdict::Failed,
            format!("{what} is a GTID set that {} can't follow (another family, or no GTIDs)", source.facts.flavor),
        ),
    }
}

pub(crate) fn tables(source: &SourceServer, ground: &Ground) -> Finding {
    let all = match known(&source.tables) {
        Ok(all) => all,
        Err(finding) => return finding,
    };
    let matched = ground.matched(source).len();
    let cut = if all.is_cut { " (of the first ones: there are more)" } else { "" };
    if matched > 0 {
        return Finding::passed(format!("{matched} of {} tables{cut}", all.items.len()));
    }
    let patterns: Vec<String> = ground.spec.producer.tables.iter().map(ToString::to_string).collect();
    let mut names: Vec<String> = all.items.iter().map(|table| table.database.clone()).collect();
    names.dedup();
    let found = format!("{} match none of {} tables{cut}", listed(&patterns), all.items.len());
    match names.first() {
        Some(database) => Finding::warning(found, format!("[producer]\ntables = [\"{database}.*\"]")),
        None => Finding::without_fix(Verdict::Warning, found),
    }
}

pub(crate) fn keys(source: &SourceServer, ground: &Ground) -> Finding {
    if let Err(finding) = known(&source.tables) {
        return finding;
    }
    let without: Vec<(String, String)> = ground
        .matched(source)
        .into_iter()
        .filter(|table| !table.has_key)
        .map(|table| (table.database.clone(), table.table.clone()))
        .collect();
    if without.is_empty() {
        return Finding::passed("every table has a key that tells its rows apart");
    }
    let can_hide = source.facts.flavor == ServerFlavor::MySql && source.facts.version >= Version(8, 0, 23)
        || source.facts.flavor == ServerFlavor::MariaDb && source.facts.version >= Version(10, 3, 3);
    let hidden = if can_hide { " INVISIBLE" } else { "" };
    let fix = |(database, table): &(String, String)| {
        format!(
            "ALTER TABLE {}.{} ADD COLUMN replicator_row BIGINT UNSIGNED NOT NULL AUTO_INCREMENT{hidden} PRIMARY KEY",
            quoted(database),
            quoted(table)
        )
    };
    let names: Vec<String> = without.iter().map(|(database, table)| format!("{database}.{table}")).collect();
    let fixes: Vec<String> = without.iter().map(fix).collect();
    Finding::warning(format!("no key: {}", listed(&names)), statements(&fixes))
}
