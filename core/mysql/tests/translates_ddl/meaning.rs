//! Whether tables of two servers mean the same.

use replicator_mysql::schemas::Rules;
use replicator_schema::catalogue::{Catalogue, Slot};
use replicator_schema::dialect::Version;
use replicator_schema::effect::{self, Effect};
use replicator_schema::table::{ColumnDefinition, TableSchema};
use replicator_schema::translate::{End, counterpart};

pub(crate) fn end_of(rules: &Rules, database_collation: Option<String>) -> End {
    let charsets =
        rules.charset_collations.iter().fold(rules.server.charsets.clone(), |charsets, (charset, collation)| {
            charsets.with_default(charset, collation)
        });
    let explicit_timestamps = rules.explicit_timestamps.unwrap_or(false);
    End { dialect: rules.server.dialect, charsets, database_collation, explicit_timestamps }
}

/// The database of the table that a statement makes; d1 for all others.
pub(crate) fn database_of(sql: &str, sql_mode: u64, rules: &Rules) -> String {
    match effect::read(sql, sql_mode, rules.server.dialect) {
        Effect::CreateTable(create) => create.name().database.clone(),
        _ => None,
    }
    .unwrap_or_else(|| "d1".to_owned())
}

/// Tables, or databases under an empty table's name, that do not mean the same.
pub(crate) fn differing(ours: &Catalogue, theirs: &Catalogue, to: &End) -> Vec<((String, String), String)> {
    let mut found = Vec::new();
    for (name, database) in &ours.databases {
        let Some(there) = theirs.databases.get(name) else {
            found.push(((name.clone(), String::new()), "the database is not there".to_owned()));
            continue;
        };
        if !same_collation(database.collation.as_deref(), there.collation.as_deref(), to) {
            // ALTER DATABASE concerns tables to come: those are written out.
            let problem = format!("its default is {:?}, and {:?} there", database.collation, there.collation);
            if !["d1", "d2"].contains(&name.as_str()) {
                found.push(((name.clone(), String::new()), problem));
            }
        }
        for (table, slot) in &database.tables {
            let problem = match (slot, there.tables.get(table)) {
                (_, None) => Some("is not there".to_owned()),
                (Slot::Certain(ours), Some(Slot::Certain(theirs))) => difference(ours, theirs, to),
                _ => None,
            };
            found.extend(problem.map(|problem| ((name.clone(), table.clone()), problem)));
        }
        for table in there.tables.keys().filter(|table| !database.tables.contains_key(*table)) {
            found.push(((name.clone(), table.clone()), "is there and not at the source".to_owned()));
        }
    }
    found
}

fn same_collation(ours: Option<&str>, theirs: Option<&str>, to: &End) -> bool {
    ours.and_then(|name| counterpart(name, to)) == theirs.map(str::to_owned)
}

pub(crate) fn difference(ours: &TableSchema, theirs: &TableSchema, to: &End) -> Option<String> {
    if ours.columns.len() != theirs.columns.len() {
        return Some(format!("{} columns, and {} there", ours.columns.len(), theirs.columns.len()));
    }
    for (one, other) in ours.columns.iter().zip(&theirs.columns) {
        if let Some(what) = column_difference(one, other, to) {
            return Some(format!("{what}\n    {one:?}\n    {other:?}"));
        }
    }
    let keys = |schema: &TableSchema| {
        let unique = schema.keys.iter().filter(|key| key.unique);
        let mut keys: Vec<String> = unique.map(|key| format!("{} {:?}", key.name.to_lowercase(), key.parts)).collect();
        keys.sort();
        keys
    };
    if keys(ours) != keys(theirs) {
        return Some(format!("keys {:?}, and {:?} there", keys(ours), keys(theirs)));
    }
    let has_text = ours.columns.iter().any(|column| column.charset.is_some());
    let same = same_collation(ours.collation.as_deref(), theirs.collation.as_deref(), to);
    (has_text && !same).then(|| format!("its default is {:?}, and {:?} there", ours.collation, theirs.collation))
}

fn column_difference(ours: &ColumnDefinition, theirs: &ColumnDefinition, to: &End) -> Option<&'static str> {
    let is_json =
        |one: &ColumnDefinition, other: &ColumnDefinition| one.data_type == "json" && other.data_type == "longtext";
    let json = is_json(ours, theirs) || is_json(theirs, ours);
    let hides = to.dialect.version >= if to.dialect.is_mariadb() { Version(10, 3, 3) } else { Version(8, 0, 23) };
    match () {
        () if ours.name != theirs.name => Some("another name"),
        () if !json && plain(ours) != plain(theirs) => Some("another type"),
        () if !json
            && ours.charset.is_some()
            && !same_collation(ours.collation.as_deref(), theirs.collation.as_deref(), to) =>
        {
            Some("another collation")
        }
        () if ours.nullable != theirs.nullable => Some("NULL or not"),
        () if ours.generated != theirs.generated => Some("computed or not"),
        () if ours.auto_increment != theirs.auto_increment => Some("AUTO_INCREMENT or not"),
        () if hides && ours.invisible != theirs.invisible => Some("visible or not"),
        () => None,
    }
}

/// The type without widths that are only displayed, and under one name where there are two.
fn plain(column: &ColumnDefinition) -> String {
    let name = column.data_type.as_str();
    if matches!(name, "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year") {
        return format!("{name}{}", if column.is_unsigned() { " unsigned" } else { "" });
    }
    let plain = column.column_type.replace(" /* mariadb-5.3 */", "").replace(" /*M!100301 COMPRESSED*/", "");
    plain.replace("geomcollection", "geometrycollection").replace("double(", "double (").replace(" (", "(")
}
