//! ALTER and RENAME.

use super::create::{database_options, elements};
use super::key::{self, options};
use super::{AlterTable, Clause, Effect, Element, Place, default_charset, modifiers};
use crate::charset::Named;
use crate::column::{self, VERSIONED};
use crate::dialect::Dialect;
use crate::objects::is_apart_from_tables;
use crate::reader::Reader;

pub(super) fn alter(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Effect> {
    modifiers(reader);
    let object = reader.word()?;
    match object.as_str() {
        "TABLE" => {
            reader.accept_all(&["IF", "EXISTS"]);
            let name = reader.name()?;
            wait(reader);
            let clauses = clauses(reader, dialect)?;
            Some(Effect::AlterTable(Box::new(AlterTable { name, clauses })))
        }
        "DATABASE" | "SCHEMA" => {
            const OPTIONS: [&str; 8] =
                ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "UPGRADE", "COMMENT"];
            let unnamed = OPTIONS.iter().any(|word| reader.next_is(word));
            let name = if unnamed { None } else { Some(reader.identifier()?) };
            Some(Effect::AlterDatabase { name, named: database_options(reader) })
        }
        "VIEW" | "SEQUENCE" => Some(Effect::Nothing),
        _ => is_apart_from_tables(&object, reader).then_some(Effect::Nothing),
    }
}

/// MariaDB: how long to wait for the table.
fn wait(reader: &mut Reader<'_>) {
    if !reader.accept("NOWAIT") && reader.accept("WAIT") {
        reader.skip();
    }
}

pub(super) fn rename(reader: &mut Reader<'_>) -> Option<Effect> {
    if reader.accept("USER") {
        return Some(Effect::Nothing);
    }
    reader.accept_any(&["TABLE", "TABLES"]).then_some(())?;
    let if_exists = reader.accept_all(&["IF", "EXISTS"]);
    let mut pairs = Vec::new();
    loop {
        let old = reader.name()?;
        wait(reader);
        reader.accept("TO").then_some(())?;
        pairs.push((old, reader.name()?));
        if !reader.accept_symbol(',') {
            return reader.is_empty().then_some(Effect::Rename { pairs, if_exists });
        }
    }
}

/// Clauses that concern partitions alone: the rest of the statement is theirs.
const OF_PARTITIONS: [&str; 12] = [
    "PARTITION",
    "REMOVE",
    "TRUNCATE",
    "COALESCE",
    "REORGANIZE",
    "ANALYZE",
    "CHECK",
    "OPTIMIZE",
    "REBUILD",
    "REPAIR",
    "EXCHANGE",
    "SECONDARY_LOAD",
];

fn clauses(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Vec<Clause>> {
    let mut clauses = Vec::new();
    while !reader.is_empty() {
        clause(reader, dialect, &mut clauses)?;
        let goes_on = reader.accept_symbol(',');
        let has_ended = reader.is_empty() || OF_PARTITIONS.iter().any(|word| reader.next_is(word));
        (goes_on || has_ended).then_some(())?;
    }
    Some(clauses)
}

fn skip_rest(reader: &mut Reader<'_>) {
    while !reader.is_empty() {
        reader.skip();
    }
}

fn clause(reader: &mut Reader<'_>, dialect: Dialect, clauses: &mut Vec<Clause>) -> Option<()> {
    let mark = reader.mark();
    match reader.word()?.as_str() {
        "ADD" => add(reader, dialect, clauses)?,
        "DROP" => drop(reader, clauses)?,
        "CHANGE" => {
            reader.accept("COLUMN");
            let if_exists = reader.accept_all(&["IF", "EXISTS"]);
            let old = reader.column_name()?;
            let spec = column::read(reader, dialect)?;
            clauses.push(Clause::Change { old, spec, place: place(reader)?, if_exists });
        }
        "MODIFY" => {
            reader.accept("COLUMN");
            let if_exists = reader.accept_all(&["IF", "EXISTS"]);
            let spec = column::read(reader, dialect)?;
            clauses.push(Clause::Change { old: spec.name.clone(), spec, place: place(reader)?, if_exists });
        }
        "ALTER" => alter_column(reader, clauses)?,
        "RENAME" => rename_in_table(reader, clauses)?,
        "CONVERT" => convert(reader, clauses)?,
        "ORDER" => order(reader)?,
        word if OF_PARTITIONS.contains(&word) => skip_rest(reader),
        _ => {
            reader.back_to(mark);
            let mut named = Named::default();
            while !reader.is_empty() && !reader.next_is_symbol(',') {
                if OF_PARTITIONS.iter().any(|word| reader.next_is(word)) {
                    break;
                }
                if !default_charset(reader, &mut named) && !reader.skip_parentheses() {
                    reader.skip();
                }
            }
            if !named.is_empty() {
                clauses.push(Clause::Default(named));
            }
        }
    }
    Some(())
}

/// Where a column is to go, behind its definition.
fn place(reader: &mut Reader<'_>) -> Option<Place> {
    if reader.accept("FIRST") {
        return Some(Place::First);
    }
    Some(if reader.accept("AFTER") { Place::After(reader.column_name()?) } else { Place::Last })
}

fn add(reader: &mut Reader<'_>, dialect: Dialect, clauses: &mut Vec<Clause>) -> Option<()> {
    if reader.accept("PARTITION") {
        skip_rest(reader);
        return Some(());
    }
    if reader.accept_all(&["SYSTEM", "VERSIONING"]) {
        clauses.push(Clause::Doubt(VERSIONED));
        return Some(());
    }
    let is_column = reader.accept("COLUMN");
    let if_not_exists = reader.accept_all(&["IF", "NOT", "EXISTS"]);
    if reader.accept_symbol('(') {
        for element in elements(reader, dialect)? {
            push(element, Place::Last, if_not_exists, clauses);
        }
        return Some(());
    }
    let mark = reader.mark();
    if !is_column {
        let if_not_exists = is_if_not_exists(reader);
        reader.back_to(mark);
        if let Some(element) = key::element(reader)? {
            push(element, Place::Last, if_not_exists, clauses);
            return Some(());
        }
    }
    let spec = column::read(reader, dialect)?;
    let place = place(reader)?;
    push(Element::Column(spec), place, if_not_exists, clauses);
    Some(())
}

/// MariaDB: `ADD UNIQUE KEY IF NOT EXISTS …`.
fn is_if_not_exists(reader: &mut Reader<'_>) -> bool {
    const WORDS_BEFORE_MAX: usize = 4;
    for _ in 0..WORDS_BEFORE_MAX {
        if reader.accept_all(&["IF", "NOT", "EXISTS"]) {
            return true;
        }
        if reader.next_is_symbol('(') {
            return false;
        }
        reader.skip();
    }
    false
}

fn push(element: Element, place: Place, if_not_exists: bool, clauses: &mut Vec<Clause>) {
    clauses.push(match element {
        Element::Column(spec) => Clause::AddColumn { spec, place, if_not_exists },
        Element::Key(key) => Clause::AddKey { key, if_not_exists },
        Element::Nothing => return,
        Element::Doubt(doubt) => Clause::Doubt(doubt),
    });
}

fn drop(reader: &mut Reader<'_>, clauses: &mut Vec<Clause>) -> Option<()> {
    if reader.accept("PARTITION") {
        skip_rest(reader);
    } else if reader.accept_all(&["PRIMARY", "KEY"]) {
        clauses.push(Clause::DropPrimaryKey);
    } else if reader.accept_any(&["INDEX", "KEY"]) {
        let if_exists = reader.accept_all(&["IF", "EXISTS"]);
        clauses.push(Clause::DropKey { name: reader.identifier()?, if_exists });
    } else if reader.accept_all(&["FOREIGN", "KEY"]) || reader.accept("CHECK") {
        reader.accept_all(&["IF", "EXISTS"]);
        reader.identifier()?;
    } else if reader.accept("CONSTRAINT") {
        reader.accept_all(&["IF", "EXISTS"]);
        clauses.push(Clause::DropConstraint(reader.identifier()?));
    } else if reader.accept_all(&["SYSTEM", "VERSIONING"]) || reader.accept_all(&["PERIOD", "FOR"]) {
        options(reader);
        clauses.push(Clause::Doubt(VERSIONED));
    } else {
        reader.accept("COLUMN");
        let if_exists = reader.accept_all(&["IF", "EXISTS"]);
        clauses.push(Clause::DropColumn { name: reader.column_name()?, if_exists });
        reader.accept_any(&["RESTRICT", "CASCADE"]);
    }
    Some(())
}

fn alter_column(reader: &mut Reader<'_>, clauses: &mut Vec<Clause>) -> Option<()> {
    if reader.accept_any(&["INDEX", "KEY", "CHECK", "CONSTRAINT"]) {
        options(reader);
        return Some(());
    }
    reader.accept("COLUMN");
    reader.accept_all(&["IF", "EXISTS"]);
    let name = reader.column_name()?;
    let set = reader.accept("SET");
    if set && (reader.next_is("INVISIBLE") || reader.next_is("VISIBLE")) {
        clauses.push(Clause::Visibility { name, invisible: reader.next_is("INVISIBLE") });
    }
    options(reader);
    Some(())
}

fn rename_in_table(reader: &mut Reader<'_>, clauses: &mut Vec<Clause>) -> Option<()> {
    let pair = |reader: &mut Reader<'_>| {
        let if_exists = reader.accept_all(&["IF", "EXISTS"]);
        let old = reader.identifier()?;
        reader.accept("TO").then_some(())?;
        Some((old, reader.identifier()?, if_exists))
    };
    if reader.accept("COLUMN") {
        let (old, new, if_exists) = pair(reader)?;
        clauses.push(Clause::RenameColumn { old, new, if_exists });
    } else if reader.accept_any(&["INDEX", "KEY"]) {
        let (old, new, if_exists) = pair(reader)?;
        clauses.push(Clause::RenameKey { old, new, if_exists });
    } else {
        if !reader.accept_any(&["TO", "AS"]) {
            reader.accept_symbol('=');
        }
        clauses.push(Clause::RenameTo(reader.name()?));
    }
    Some(())
}

fn convert(reader: &mut Reader<'_>, clauses: &mut Vec<Clause>) -> Option<()> {
    if reader.accept("PARTITION") {
        reader.identifier()?;
        reader.accept_all(&["TO", "TABLE"]).then_some(())?;
        clauses.push(Clause::SplitOff(reader.name()?));
        options(reader);
    } else if reader.accept("TABLE") {
        clauses.push(Clause::TakeIn(reader.name()?));
        skip_rest(reader);
    } else {
        reader.accept("TO").then_some(())?;
        let mut named = Named::default();
        default_charset(reader, &mut named).then_some(())?;
        default_charset(reader, &mut named);
        clauses.push(Clause::Convert(named));
    }
    Some(())
}

/// ORDER BY: its commas are its own.
fn order(reader: &mut Reader<'_>) -> Option<()> {
    const CLAUSES: [&str; 9] = ["ADD", "DROP", "CHANGE", "MODIFY", "ALTER", "RENAME", "CONVERT", "ALGORITHM", "LOCK"];
    reader.accept("BY").then_some(())?;
    loop {
        reader.column_name()?;
        reader.accept_any(&["ASC", "DESC"]);
        let mark = reader.mark();
        if !reader.accept_symbol(',') {
            return Some(());
        }
        if CLAUSES.iter().any(|word| reader.next_is(word)) {
            reader.back_to(mark);
            return Some(());
        }
    }
}
