//! Whether a table has what a statement would change: of several tables that are one somewhere else, each brings the same
//! change there.
//!
//! What the statement adds is taken out of the table, and what it takes out is put in. If the statement then makes of it
//! what the table is, the table has had the change. Anything in doubt means no.

use crate::catalogue::{Catalogue, Server, Session, Slot, TableName};
use crate::effect::{AlterTable, Clause, Effect, KeyKind, KeySpec, read};
use crate::table::{ColumnDefinition, Key, PRIMARY, TableSchema, same};
use std::sync::Arc;

/// Whether `table`, which the statement changes under `name`, has this change already. `session` and `server` are those that the
/// statement would run with.
pub fn has_already(sql: &str, name: &TableName, table: &TableSchema, session: &Session, server: &Server) -> bool {
    let effect = read(sql, session.sql_mode, server.dialect);
    let Effect::AlterTable(statement) = &effect else { return false };
    let Some(before) = without(statement, table) else { return false };
    let mut catalogue = Catalogue::default();
    catalogue.put(name.clone(), Some(Slot::Certain(Arc::new(before))));
    catalogue.apply(&effect, session, server);
    matches!(catalogue.table(&name.0, &name.1), Some(Slot::Certain(after)) if is_like(after, table))
}

/// The table as it would be without the statement; `None` if it can't have had it.
fn without(statement: &AlterTable, table: &TableSchema) -> Option<TableSchema> {
    let mut before = table.clone();
    for clause in &statement.clauses {
        match clause {
            Clause::AddColumn { spec, .. } => {
                before.columns.remove(before.column(&spec.name)?);
                before.keys.retain(|key| !key.parts.iter().flatten().any(|part| same(part, &spec.name)));
            }
            Clause::DropColumn { name, .. } => {
                if before.column(name).is_some() {
                    return None;
                }
                before.columns.push(ColumnDefinition::new(name, "int"));
            }
            Clause::RenameColumn { old, new, .. } => rename(&mut before, new, old)?,
            Clause::Change { old, spec, .. } if !same(old, &spec.name) => rename(&mut before, &spec.name, old)?,
            Clause::Change { .. } | Clause::Visibility { .. } | Clause::Default(_) => {}
            // An added column took its keys with it.
            Clause::AddKey { key, .. } => match (before.key(named(key)?), is_about_new(key, statement)) {
                (Some(place), _) => drop(before.keys.remove(place)),
                (None, true) => {}
                (None, false) => return None,
            },
            Clause::DropKey { name, .. } => {
                if before.key(name).is_some() {
                    return None;
                }
                let part = before.columns.first()?.name.clone();
                before.keys.push(Key { name: name.clone(), unique: false, partial: false, parts: vec![Some(part)] });
            }
            _ => return None,
        }
    }
    Some(before)
}

/// The name of a key, if the statement gives it one.
fn named(key: &KeySpec) -> Option<&str> {
    if key.kind == KeyKind::Primary { Some(PRIMARY) } else { key.name.as_deref() }
}

fn is_about_new(key: &KeySpec, statement: &AlterTable) -> bool {
    let is_new = |part: &String| {
        statement
            .clauses
            .iter()
            .any(|clause| matches!(clause, Clause::AddColumn { spec, .. } if same(&spec.name, part)))
    };
    key.parts.iter().flatten().any(is_new)
}

fn rename(table: &mut TableSchema, from: &str, to: &str) -> Option<()> {
    if table.column(to).is_some() {
        return None;
    }
    let place = table.column(from)?;
    to.clone_into(&mut table.columns[place].name);
    for part in table.keys.iter_mut().flat_map(|key| &mut key.parts).flatten() {
        if same(part, from) {
            to.clone_into(part);
        }
    }
    Some(())
}

/// Whether rows are the same in both; the order of columns does not matter to whoever names them.
fn is_like(one: &TableSchema, other: &TableSchema) -> bool {
    let column = |column: &ColumnDefinition| {
        let found = other.column(&column.name).and_then(|place| other.columns.get(place));
        found.is_some_and(|found| {
            found.type_alone() == column.type_alone()
                && (found.nullable, found.generated, &found.collation)
                    == (column.nullable, column.generated, &column.collation)
        })
    };
    let parts = |key: &Key| -> Vec<Option<String>> {
        key.parts.iter().map(|part| part.as_ref().map(|part| part.to_lowercase())).collect()
    };
    let key = |key: &Key| {
        let found = other.key(&key.name).and_then(|place| other.keys.get(place));
        found.is_some_and(|found| (found.unique, parts(found)) == (key.unique, parts(key)))
    };
    (one.columns.len(), one.keys.len()) == (other.columns.len(), other.keys.len())
        && one.columns.iter().all(column)
        && one.keys.iter().all(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charsets;
    use crate::dialect::{Dialect, ServerFlavor, Version};

    #[test]
    fn a_change_that_the_table_has_is_told_from_one_that_it_lacks() {
        let charsets = Charsets::new(
            [("utf8mb4".to_owned(), "utf8mb4_0900_ai_ci".to_owned(), 4)],
            [("utf8mb4_0900_ai_ci".to_owned(), "utf8mb4".to_owned())],
        );
        let dialect = Dialect::new(ServerFlavor::MySql, Version(9, 7, 0));
        let server = Server { dialect, charsets, lower_case: false };
        let session = Session { database: "s".into(), explicit_timestamps: Some(true), ..Session::default() };
        let mut catalogue = Catalogue::default();
        for sql in [
            "CREATE DATABASE s DEFAULT CHARACTER SET utf8mb4",
            "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10), b INT NOT NULL, KEY k (b), UNIQUE KEY u (a, b))",
        ] {
            catalogue.apply(&read(sql, 0, dialect), &session, &server);
        }
        let name = ("s".to_owned(), "t".to_owned());
        let Some(Slot::Certain(table)) = catalogue.table("s", "t").cloned() else { panic!("{catalogue:?}") };
        for (sql, expected) in [
            ("ALTER TABLE t ADD COLUMN b INT NOT NULL", false),
            ("ALTER TABLE t ADD COLUMN b INT NOT NULL, ADD KEY k (b), ADD UNIQUE KEY u (a, b)", true),
            ("ALTER TABLE t ADD COLUMN b INT, ADD KEY k (b), ADD UNIQUE KEY u (a, b)", false),
            ("ALTER TABLE t ADD COLUMN c INT", false),
            ("ALTER TABLE t ADD KEY k (b)", true),
            ("ALTER TABLE s.t ADD UNIQUE KEY k (b)", false),
            ("ALTER TABLE t ADD KEY k (a)", false),
            ("CREATE INDEX k ON t (b)", true),
            ("ALTER TABLE t DROP COLUMN c", true),
            ("ALTER TABLE t DROP COLUMN c, DROP COLUMN b", false),
            ("ALTER TABLE t DROP KEY l", true),
            ("ALTER TABLE t DROP COLUMN c, MODIFY b INT NOT NULL", true),
            ("ALTER TABLE t DROP COLUMN c, MODIFY b BIGINT NOT NULL", false),
            ("ALTER TABLE t RENAME COLUMN x TO b", true),
            ("ALTER TABLE t CHANGE x b INT NOT NULL", true),
            ("ALTER TABLE t CHANGE x b INT", false),
            ("ALTER TABLE t CHANGE x c INT", false),
            ("ALTER TABLE t ADD PRIMARY KEY (id)", true),
            ("ALTER TABLE t ADD PRIMARY KEY (b)", false),
            ("ALTER TABLE t ADD KEY (b)", false),
            ("ALTER TABLE t RENAME TO r", false),
            ("DROP TABLE t", false),
            ("ALTER TABLE t ADD COLUMN b INT NOT NULL AFTER gone, ADD KEY k (b), ADD UNIQUE KEY u (a, b)", false),
        ] {
            assert_eq!(has_already(sql, &name, &table, &session, &server), expected, "{sql}");
        }
    }
}
