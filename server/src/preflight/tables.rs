//! Checks of the target's tables: are they there, can they hold what comes, does anything else act on them.

use super::columns::{Mismatch, mismatches};
use super::finding::{Finding, Verdict, known, listed, statements};
use super::ground::{Ground, SourceServer, TargetServer};
use super::routes;
use replicator_model::task::{Router, Start};
use replicator_mysql::catalogue::{ListedTable, TableName};
use replicator_mysql::tables::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// A name as the target compares it.
fn folded(target: &TargetServer, (database, table): &TableName) -> TableName {
    match target.facts.lower_case_table_names {
        0 => (database.clone(), table.clone()),
        _ => (database.to_lowercase(), table.to_lowercase()),
    }
}

pub(super) fn shown((database, table): &TableName) -> String {
    format!("{database}.{table}")
}

pub(super) fn sql((database, table): &TableName) -> String {
    format!("{}.{}", quoted(database), quoted(table))
}

/// The tables that the task writes to and that are there.
fn written<'a>(source: &SourceServer, target: &'a TargetServer, ground: &Ground) -> Vec<(TableName, &'a ListedTable)> {
    let there: BTreeMap<TableName, &ListedTable> = target
        .tables
        .as_ref()
        .map_or(&[][..], |all| &all.items)
        .iter()
        .map(|table| (folded(target, &(table.database.clone(), table.table.clone())), table))
        .collect();
    let pairs = ground.pairs(source).into_iter();
    pairs.filter_map(|(from, to)| there.get(&folded(target, &to)).map(|table| (from, *table))).collect()
}

fn name_of(table: &ListedTable) -> TableName {
    (table.database.clone(), table.table.clone())
}

pub(crate) fn exist(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    let all = match known(&target.tables) {
        Ok(all) => all,
        Err(finding) => return finding,
    };
    let there: BTreeSet<TableName> = all.items.iter().map(|table| folded(target, &name_of(table))).collect();
    let mut missing = ground.pairs(source);
    missing.retain(|(_, to)| !there.contains(&folded(target, to)));
    if missing.is_empty() {
        return Finding::passed("every table of the task is there");
    }
    let mut fixes: Vec<String> = Vec::new();
    let databases: BTreeSet<&String> = missing.iter().map(|(_, to)| &to.0).collect();
    fixes.extend(databases.into_iter().map(|database| format!("CREATE DATABASE IF NOT EXISTS {}", quoted(database))));
    fixes.extend(missing.iter().map(|(from, to)| match source.creates.get(from) {
        Some(create) => renamed(create, &from.1, to),
        None => format!("-- make {} like the source's {}", sql(to), sql(from)),
    }));
    let names: Vec<String> = missing.iter().map(|(_, to)| shown(to)).collect();
    let found = format!("missing: {}", listed(&names));
    match ground.spec.producer.start {
        // The log may have their CREATE TABLE.
        Start::Earliest => Finding::warning(found, statements(&fixes)),
        _ => Finding::failed(found, statements(&fixes)),
    }
}

/// The source's `CREATE TABLE` for the table's name at the target.
fn renamed(create: &str, table: &str, to: &TableName) -> String {
    let head = format!("CREATE TABLE {}", quoted(table));
    match create.strip_prefix(&head) {
        Some(rest) => format!("CREATE TABLE {}{rest}", sql(to)),
        None => format!("-- {create}"),
    }
}

/// Mismatches of one kind as a finding.
fn compared(source: &SourceServer, target: &TargetServer, ground: &Ground, kind: Kind) -> Finding {
    let (from, to) = match (known(&source.columns), known(&target.columns)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(finding), _) | (_, Err(finding)) => return finding,
    };
    let router = Router::new(&ground.spec.routes);
    let (mut found, mut fixes) = (Vec::new(), Vec::new());
    for (name, table) in written(source, target, ground) {
        let at = name_of(table);
        if let (Some(source_columns), Some(target_columns)) = (from.get(&name), to.get(&at)) {
            let arriving = routes::arriving(&router, &name, source_columns, target_columns);
            for mismatch in mismatches(&arriving, target_columns) {
                if Kind::of(&mismatch) == kind {
                    found.push(format!("{} {}", shown(&at), mismatch.sentence()));
                    fixes.push(format!("ALTER TABLE {} {}", sql(&at), mismatch.alteration()));
                }
            }
        }
    }
    match (found.is_empty(), kind) {
        (true, _) => Finding::passed(kind.fine()),
        (false, Kind::Columns | Kind::Generated | Kind::Defaults) => {
            Finding::failed(listed(&found), statements(&fixes))
        }
        (false, Kind::Types | Kind::Charsets) => Finding::warning(listed(&found), statements(&fixes)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Columns,
    Types,
    Charsets,
    Generated,
    Defaults,
}

impl Kind {
    const fn of(mismatch: &Mismatch) -> Self {
        match mismatch {
            Mismatch::Missing(_) | Mismatch::Demanding(_) => Kind::Columns,
            Mismatch::Type { .. } => Kind::Types,
            Mismatch::Charset { .. } => Kind::Charsets,
            Mismatch::Generated(_) => Kind::Generated,
            Mismatch::Default { .. } => Kind::Defaults,
        }
    }

    const fn fine(self) -> &'static str {
        match self {
            Kind::Columns => "every column that the source sends is there",
            Kind::Types => "the columns' types are the source's",
            Kind::Charsets => "the columns' character sets hold what the source's do",
            Kind::Generated => "no column that the source sends is computed here",
            Kind::Defaults => "the columns' defaults are the source's",
        }
    }
}

pub(crate) fn columns(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    compared(source, target, ground, Kind::Columns)
}

pub(crate) fn types(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    compared(source, target, ground, Kind::Types)
}

pub(crate) fn charsets(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    compared(source, target, ground, Kind::Charsets)
}

pub(crate) fn generated(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    compared(source, target, ground, Kind::Generated)
}

/// Where rows are logged whole, each has its defaults written out.
pub(crate) fn defaults(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    match source.facts.row_image.as_deref() {
        None | Some("FULL" | "FULL_NODUP") => Finding::passed("rows are logged with the values of all columns"),
        Some(_) => compared(source, target, ground, Kind::Defaults),
    }
}

pub(crate) fn engine(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    if let Err(finding) = known(&target.tables) {
        return finding;
    }
    let is_other = |table: &ListedTable| table.engine.as_deref().is_some_and(|engine| engine != "InnoDB");
    let others: Vec<TableName> = written(source, target, ground)
        .into_iter()
        .filter(|(_, table)| is_other(table))
        .map(|(_, table)| name_of(table))
        .collect();
    if others.is_empty() {
        return Finding::passed("all are InnoDB");
    }
    let names: Vec<String> = others.iter().map(shown).collect();
    let fixes: Vec<String> = others.iter().map(|name| format!("ALTER TABLE {} ENGINE = InnoDB", sql(name))).collect();
    Finding::failed(format!("not InnoDB: {}", listed(&names)), statements(&fixes))
}

pub(crate) fn triggers(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    let triggers = match known(&target.triggers) {
        Ok(triggers) => triggers,
        Err(finding) => return finding,
    };
    let written: BTreeSet<TableName> =
        written(source, target, ground).into_iter().map(|(_, table)| name_of(table)).collect();
    let acting: Vec<TableName> = triggers
        .iter()
        .filter(|trigger| written.contains(&trigger.on))
        .map(|trigger| (trigger.database.clone(), trigger.name.clone()))
        .collect();
    if acting.is_empty() {
        return Finding::passed("no trigger acts on the task's tables");
    }
    let names: Vec<String> = acting.iter().map(shown).collect();
    let fixes: Vec<String> = acting.iter().map(|name| format!("DROP TRIGGER {}", sql(name))).collect();
    Finding::warning(format!("triggers act on the task's tables: {}", listed(&names)), statements(&fixes))
}

pub(crate) fn foreign_keys(source: &SourceServer, target: &TargetServer, ground: &Ground) -> Finding {
    let keys = match known(&target.foreign_keys) {
        Ok(keys) => keys,
        Err(finding) => return finding,
    };
    let written: BTreeSet<TableName> =
        written(source, target, ground).into_iter().map(|(_, table)| name_of(table)).collect();
    let leaving: Vec<_> = keys.iter().filter(|key| written.contains(&key.on) && !written.contains(&key.to)).collect();
    if leaving.is_empty() {
        return Finding::passed("no foreign key refers to a table that the task does not write");
    }
    let names: Vec<String> =
        leaving.iter().map(|key| format!("{} of {} to {}", key.name, shown(&key.on), shown(&key.to))).collect();
    let fixes: Vec<String> = leaving
        .iter()
        .map(|key| format!("ALTER TABLE {} DROP FOREIGN KEY {}", sql(&key.on), quoted(&key.name)))
        .collect();
    Finding { verdict: Verdict::Warning, ..Finding::failed(listed(&names), statements(&fixes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_made_under_its_name_at_the_target() {
        let to = ("warehouse".to_owned(), "or`ders".to_owned());
        let made = renamed("CREATE TABLE `order` (\n  `id` int\n)", "order", &to);
        assert_eq!(made, "CREATE TABLE `warehouse`.`or``ders` (\n  `id` int\n)");
    }
}
