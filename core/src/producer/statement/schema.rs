//! CREATE, ALTER, DROP, RENAME and TRUNCATE. Statements about objects that are not replicated are passed over.

use super::kinds::clauses;
use super::{DatabaseAction, Name, Statement, TableAction, TableStatement};
use replicator_schema::objects::{accept_duality, is_apart_from_tables};
use replicator_schema::reader::Reader;

#[derive(Default)]
struct Modifiers {
    temporary: bool,
    index: bool,
    replaces: bool,
}

/// Takes what may stand between the verb and the kind of object.
fn modifiers(reader: &mut Reader<'_>) -> Modifiers {
    let mut found = Modifiers::default();
    loop {
        if reader.accept_any(&["ONLINE", "OFFLINE", "IGNORE"]) {
            continue;
        }
        if reader.accept_all(&["OR", "REPLACE"]) {
            found.replaces = true;
        } else if reader.accept("TEMPORARY") {
            found.temporary = true;
        } else if ["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"].iter().any(|word| reader.accept(word)) {
            found.index = true;
        } else if reader.accept("ALGORITHM") || reader.accept("DEFINER") {
            reader.assignment();
        } else if reader.accept_all(&["SQL", "SECURITY"]) {
            reader.skip();
        } else if accept_duality(reader) {
            continue;
        } else {
            return found;
        }
    }
}

fn table(action: TableAction, names: Vec<Name>) -> TableStatement {
    let (mentions, clauses, start_transaction) = (Vec::new(), Vec::new(), None);
    let (temporary, replaces, from_select) = (false, false, false);
    TableStatement { action, names, mentions, temporary, replaces, clauses, from_select, start_transaction }
}

pub(super) fn create(reader: &mut Reader<'_>) -> Option<Statement> {
    let modifiers = modifiers(reader);
    let object = reader.word()?;
    match object.as_str() {
        "TABLE" => {
            reader.accept_all(&["IF", "NOT", "EXISTS"]);
            let name = reader.name()?;
            Some(Statement::Table(create_table(reader, name, &modifiers)))
        }
        "INDEX" => {
            reader.accept_all(&["IF", "NOT", "EXISTS"]);
            index(reader, TableAction::Index)
        }
        _ if modifiers.index && object != "REFERENCE" => None,
        "VIEW" => {
            reader.accept_all(&["IF", "NOT", "EXISTS"]);
            Some(Statement::Table(table(TableAction::View, vec![reader.name()?])))
        }
        "SEQUENCE" => {
            reader.accept_all(&["IF", "NOT", "EXISTS"]);
            let sequence = table(TableAction::Sequence, vec![reader.name()?]);
            Some(Statement::Table(TableStatement { temporary: modifiers.temporary, ..sequence }))
        }
        "DATABASE" | "SCHEMA" => {
            reader.accept_all(&["IF", "NOT", "EXISTS"]);
            Some(Statement::Database(DatabaseAction::Create, Some(reader.identifier()?)))
        }
        _ => is_apart_from_tables(&object, reader).then_some(Statement::Ignored),
    }
}

/// The rest of CREATE TABLE, from behind its name.
fn create_table(reader: &mut Reader<'_>, name: Name, modifiers: &Modifiers) -> TableStatement {
    let &Modifiers { temporary, replaces, .. } = modifiers;
    let mut statement = TableStatement { temporary, replaces, ..table(TableAction::Create, vec![name]) };
    let in_parentheses = reader.accept_symbol('(');
    if reader.accept("LIKE") {
        statement.mentions.extend(reader.name());
        return statement;
    }
    let mut depth = usize::from(in_parentheses);
    // A query in parentheses right behind the name.
    statement.from_select |= in_parentheses && (reader.next_is("SELECT") || reader.next_is("WITH"));
    while !reader.is_empty() {
        if reader.accept_symbol('(') {
            depth += 1;
            // `AS (SELECT …)`: nothing else in a table's definition may hold a query.
            statement.from_select |= reader.next_is("SELECT");
        } else if reader.accept_symbol(')') {
            depth = depth.saturating_sub(1);
        } else if reader.accept("REFERENCES") {
            statement.mentions.extend(reader.name());
        } else if depth == 0 && start_transaction(reader, &mut statement) {
            continue;
        } else {
            statement.from_select |= depth == 0 && (reader.next_is("SELECT") || reader.next_is("TABLE"));
            reader.skip();
        }
    }
    statement
}

fn start_transaction(reader: &mut Reader<'_>, statement: &mut TableStatement) -> bool {
    let start = reader.offset();
    let found = reader.accept_all(&["START", "TRANSACTION"]);
    if found {
        statement.start_transaction = Some(start..reader.offset());
    }
    found
}

/// `name … ON table`, for CREATE and DROP INDEX.
fn index(reader: &mut Reader<'_>, action: TableAction) -> Option<Statement> {
    while !reader.accept("ON") {
        if reader.is_empty() {
            return None;
        }
        reader.skip();
    }
    Some(Statement::Table(table(action, vec![reader.name()?])))
}

pub(super) fn alter(reader: &mut Reader<'_>) -> Option<Statement> {
    modifiers(reader);
    let object = reader.word()?;
    match object.as_str() {
        "TABLE" => {
            reader.accept_all(&["IF", "EXISTS"]);
            let name = reader.name()?;
            alter_table(reader, name)
        }
        "VIEW" => Some(Statement::Table(table(TableAction::View, vec![reader.name()?]))),
        "SEQUENCE" => {
            reader.accept_all(&["IF", "EXISTS"]);
            Some(Statement::Table(table(TableAction::Sequence, vec![reader.name()?])))
        }
        "DATABASE" | "SCHEMA" => {
            const OPTIONS: [&str; 9] =
                ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "UPGRADE", "COMMENT", "SET"];
            let unnamed = reader.peek_word().is_some_and(|word| OPTIONS.contains(&word.as_str()));
            let name = if unnamed { None } else { Some(reader.identifier()?) };
            Some(Statement::Database(DatabaseAction::Alter, name))
        }
        _ => is_apart_from_tables(&object, reader).then_some(Statement::Ignored),
    }
}

/// The rest of ALTER TABLE, from behind its name: other tables come in by RENAME, EXCHANGE and CONVERT, and by
/// REFERENCES. A tablespace that is imported brings rows that no event tells of.
fn alter_table(reader: &mut Reader<'_>, name: Name) -> Option<Statement> {
    let mark = reader.mark();
    let mut statement = TableStatement { clauses: clauses(reader), ..table(TableAction::Alter, vec![name]) };
    reader.back_to(mark);
    let mut depth = 0usize;
    while !reader.is_empty() {
        if reader.accept_symbol('(') {
            depth += 1;
        } else if reader.accept_symbol(')') {
            depth = depth.saturating_sub(1);
        } else if reader.accept("REFERENCES") {
            statement.mentions.push(reader.name()?);
        } else if depth > 0 {
            reader.skip();
        } else if reader.accept_all(&["IMPORT", "TABLESPACE"]) || reader.accept_all(&["DISCARD", "TABLESPACE"]) {
            return None;
        } else if reader.accept("RENAME") {
            if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|word| reader.next_is(word)) {
                continue;
            }
            if !(reader.accept("TO") || reader.accept("AS")) {
                reader.accept_symbol('=');
            }
            statement.names.push(reader.name()?);
        } else if [["WITH", "TABLE"], ["TO", "TABLE"], ["CONVERT", "TABLE"]]
            .iter()
            .any(|words| reader.accept_all(words))
        {
            statement.names.push(reader.name()?);
        } else {
            reader.skip();
        }
    }
    Some(Statement::Table(statement))
}

pub(super) fn drop(reader: &mut Reader<'_>) -> Option<Statement> {
    let modifiers = modifiers(reader);
    let object = reader.word()?;
    match object.as_str() {
        "TABLE" | "TABLES" => {
            reader.accept_all(&["IF", "EXISTS"]);
            let dropped = table(TableAction::Drop, reader.names()?);
            Some(Statement::Table(TableStatement { temporary: modifiers.temporary, ..dropped }))
        }
        "VIEW" => {
            reader.accept_all(&["IF", "EXISTS"]);
            Some(Statement::Table(table(TableAction::DropView, reader.names()?)))
        }
        "SEQUENCE" => {
            reader.accept_all(&["IF", "EXISTS"]);
            let dropped = table(TableAction::Sequence, reader.names()?);
            Some(Statement::Table(TableStatement { temporary: modifiers.temporary, ..dropped }))
        }
        "INDEX" => {
            reader.accept_all(&["IF", "EXISTS"]);
            index(reader, TableAction::DropIndex)
        }
        "DATABASE" | "SCHEMA" => {
            reader.accept_all(&["IF", "EXISTS"]);
            Some(Statement::Database(DatabaseAction::Drop, Some(reader.identifier()?)))
        }
        _ => is_apart_from_tables(&object, reader).then_some(Statement::Ignored),
    }
}

pub(super) fn rename(reader: &mut Reader<'_>) -> Option<Statement> {
    if reader.accept("USER") {
        return Some(Statement::Ignored);
    }
    if !(reader.accept("TABLE") || reader.accept("TABLES")) {
        return None;
    }
    reader.accept_all(&["IF", "EXISTS"]);
    let mut names = Vec::new();
    loop {
        names.push(reader.name()?);
        // MariaDB: how long to wait for the table.
        if !reader.accept("NOWAIT") && reader.accept("WAIT") {
            reader.skip();
        }
        if !reader.accept("TO") {
            return None;
        }
        names.push(reader.name()?);
        if !reader.accept_symbol(',') {
            break;
        }
    }
    Some(Statement::Table(table(TableAction::Rename, names)))
}

pub(super) fn truncate(reader: &mut Reader<'_>) -> Option<Statement> {
    reader.accept("TABLE");
    Some(Statement::Table(table(TableAction::Truncate, vec![reader.name()?])))
}
