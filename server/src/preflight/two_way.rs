//! Checks of a source that is written to by another task, and of rows that are compared whole.

use super::finding::{Finding, Verdict, known, listed};
use super::ground::{Ground, SourceServer};
use super::source::set_global;
use replicator_model::task::{ConsumerSpec, MySqlTargetSpec, OnConflict, REPLICATOR_DATABASE, TaskSpec};

/// The task that goes the other way, by the addresses of both.
fn opposite(ground: &Ground) -> Option<&TaskSpec> {
    let ConsumerSpec::Mysql(target) = &ground.spec.consumer else { return None };
    let is_opposite = |other: &&TaskSpec| {
        let ConsumerSpec::Mysql(back) = &other.consumer else { return false };
        ground.spec.producer.hosts().any(|host| host == (back.host.as_str(), back.port))
            && other.producer.hosts().any(|host| host == (target.host.as_str(), target.port))
    };
    ground.group.reached.as_ref()?.others.iter().find(is_opposite)
}

/// What has to be so where another task applies what this one reads.
pub(crate) fn pair(source: &SourceServer, ground: &Ground) -> Finding {
    let Some(other) = opposite(ground) else {
        return Finding::passed("no other task goes the other way");
    };
    let filter = match known(&source.filter) {
        Ok(filter) => filter,
        Err(finding) => return finding,
    };
    let own = REPLICATOR_DATABASE.to_owned();
    if filter.without.contains(&own) || !(filter.only.is_empty() || filter.only.contains(&own)) {
        let found = format!("the log lacks `{own}`, so what {} applies here would go back", other.name);
        let line = if filter.without.contains(&own) { "# remove binlog_ignore_db" } else { "binlog_do_db" };
        return Finding::failed(found, format!("[mysqld]\n{line} = {own}\n# then restart the server"));
    }
    let columns = match known(&source.columns) {
        Ok(columns) => columns,
        Err(finding) => return finding,
    };
    let counts = |table: &&replicator_mysql::catalogue::ListedTable| {
        let columns = columns.get(&(table.database.clone(), table.table.clone()));
        columns.is_some_and(|columns| columns.iter().any(|column| column.definition.auto_increment))
    };
    let step = source.settings.get("auto_increment_increment").map_or("1", String::as_str);
    let counted = ground.matched(source).iter().filter(|table| counts(table)).count();
    if step == "1" && counted > 0 {
        let fix = [("auto_increment_increment", "2"), ("auto_increment_offset", "1")]
            .map(|(name, value)| set_global(&source.facts, name, value));
        return Finding::warning(
            format!(
                "auto_increment_increment is 1, and {counted} tables count their keys: {} brings the same keys from the other site",
                other.name
            ),
            format!("{}\n-- and another offset at the other site", fix.join("\n")),
        );
    }
    Finding::passed(format!("{} goes the other way, and keys of both sites differ", other.name))
}

/// What rows that are compared whole need.
pub(crate) fn compared(source: &SourceServer, ground: &Ground) -> Finding {
    let target = match &ground.spec.consumer {
        ConsumerSpec::Mysql(target) if target.compares() => target,
        _ => return Finding::passed("rows are found by their keys alone"),
    };
    let image = source.facts.row_image.as_deref().unwrap_or("FULL");
    if image != "FULL" {
        let found = format!("binlog_row_image is {image}: what the log leaves out is not compared");
        return Finding::warning(found, set_global(&source.facts, "binlog_row_image", "'FULL'"));
    }
    newest_column(source, ground, target)
}

fn newest_column(source: &SourceServer, ground: &Ground, target: &MySqlTargetSpec) -> Finding {
    let name = match (target.on_conflict, &target.newest_by) {
        (OnConflict::Newest, Some(name)) => name,
        _ => return Finding::passed("the log has rows whole"),
    };
    let columns = match known(&source.columns) {
        Ok(columns) => columns,
        Err(finding) => return finding,
    };
    let lacks = |table: &(String, String)| {
        let columns = columns.get(table);
        columns.is_some_and(|columns| !columns.iter().any(|column| column.definition.name.eq_ignore_ascii_case(name)))
    };
    let tables = ground.matched(source).into_iter().map(|table| (table.database.clone(), table.table.clone()));
    let lacking: Vec<String> = tables.filter(lacks).map(|(database, table)| format!("{database}.{table}")).collect();
    match lacking.is_empty() {
        true => Finding::passed(format!("every table has `{name}`")),
        false => Finding::without_fix(Verdict::Failed, format!("no column `{name}` in {}", listed(&lacking))),
    }
}
