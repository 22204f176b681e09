//! CREATE and DROP.

use super::key::{self, KeyKind};
use super::{AlterTable, Clause, CreateTable, Effect, Element, default_charset, modifiers};
use crate::charset::Named;
use crate::column::{self, VERSIONED};
use crate::dialect::Dialect;
use crate::objects::is_apart_from_tables;
use crate::reader::{Name, Reader};

const FROM_A_QUERY: &str = "its columns come from a query";

pub(super) fn create(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Effect> {
    let modifiers = modifiers(reader);
    let object = reader.word()?;
    let if_not_exists = reader.accept_all(&["IF", "NOT", "EXISTS"]);
    match object.as_str() {
        "TABLE" if modifiers.temporary => Some(Effect::Nothing),
        "TABLE" => {
            let name = reader.name()?;
            table(reader, name, if_not_exists, dialect)
        }
        "INDEX" => index(reader, modifiers.index.unwrap_or(KeyKind::Plain), if_not_exists),
        "DATABASE" | "SCHEMA" => {
            let name = reader.identifier()?;
            Some(Effect::CreateDatabase { name, if_not_exists, named: database_options(reader) })
        }
        "VIEW" => Some(Effect::Other { name: reader.name()?, what: "a view" }),
        "SEQUENCE" if modifiers.temporary => Some(Effect::Nothing),
        "SEQUENCE" => Some(Effect::Other { name: reader.name()?, what: "a sequence" }),
        _ => is_apart_from_tables(&object, reader).then_some(Effect::Nothing),
    }
}

pub(super) fn database_options(reader: &mut Reader<'_>) -> Named {
    let mut named = Named::default();
    while !reader.is_empty() {
        if !default_charset(reader, &mut named) {
            reader.skip();
        }
    }
    named
}

/// From behind the table's name.
fn table(reader: &mut Reader<'_>, name: Name, if_not_exists: bool, dialect: Dialect) -> Option<Effect> {
    let mut table =
        CreateTable { name, if_not_exists, like: None, elements: Vec::new(), named: Named::default(), doubt: None };
    let mark = reader.mark();
    let in_parentheses = reader.accept_symbol('(');
    if reader.accept("LIKE") {
        table.like = Some(reader.name()?);
        return Some(Effect::CreateTable(Box::new(table)));
    }
    let is_query = in_parentheses && (is_query(reader) || reader.next_is_symbol('('));
    reader.back_to(mark);
    if in_parentheses && !is_query {
        reader.skip();
        table.elements = elements(reader, dialect)?;
    }
    options(reader, &mut table);
    Some(Effect::CreateTable(Box::new(table)))
}

fn is_query(reader: &Reader<'_>) -> bool {
    ["SELECT", "WITH", "VALUES", "TABLE"].iter().any(|word| reader.next_is(word))
}

/// From behind the opening parenthesis to behind the closing one.
pub(super) fn elements(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    loop {
        elements.push(match key::element(reader)? {
            Some(element) => element,
            None => Element::Column(column::read(reader, dialect)?),
        });
        if reader.accept_symbol(')') {
            return Some(elements);
        }
        reader.accept_symbol(',').then_some(())?;
    }
}

/// Options, partitions, and a query that gives columns and rows.
fn options(reader: &mut Reader<'_>, table: &mut CreateTable) {
    while !reader.is_empty() {
        if default_charset(reader, &mut table.named) {
            continue;
        }
        if reader.accept_all(&["WITH", "SYSTEM", "VERSIONING"]) {
            table.doubt = Some(VERSIONED);
        } else if is_query(reader) {
            table.doubt = Some(FROM_A_QUERY);
            return;
        } else if reader.accept_symbol('(') {
            if is_query(reader) {
                table.doubt = Some(FROM_A_QUERY);
                return;
            }
        } else if reader.accept_any(&["COMMENT", "CONNECTION", "PASSWORD", "ENGINE"]) {
            reader.assignment();
        } else if reader.accept("PARTITION") {
            partitions(reader);
        } else {
            reader.skip();
        }
    }
}

/// `PARTITION BY …`: up to a query, which may follow, or the end.
fn partitions(reader: &mut Reader<'_>) {
    while !reader.is_empty() && !is_query(reader) && !reader.accept("AS") {
        if !reader.skip_parentheses() {
            reader.skip();
        }
    }
}

/// From behind the word INDEX: `name … ON table (columns)`, which is ALTER TABLE ADD.
fn index(reader: &mut Reader<'_>, kind: KeyKind, if_not_exists: bool) -> Option<Effect> {
    let name = reader.identifier()?;
    while !reader.accept("ON") {
        reader.peek()?;
        reader.skip();
    }
    let table = reader.name()?;
    let (parts, partial, overlaps) = key::parts(reader)?;
    let key = key::KeySpec { kind, name: Some(name), parts, partial };
    let clause = if overlaps { Clause::Doubt("it has a period") } else { Clause::AddKey { key, if_not_exists } };
    Some(Effect::AlterTable(Box::new(AlterTable { name: table, clauses: vec![clause] })))
}

pub(super) fn drop(reader: &mut Reader<'_>) -> Option<Effect> {
    let modifiers = modifiers(reader);
    let object = reader.word()?;
    let if_exists = reader.accept_all(&["IF", "EXISTS"]);
    match object.as_str() {
        "TABLE" | "TABLES" | "SEQUENCE" | "VIEW" if modifiers.temporary => Some(Effect::Nothing),
        "TABLE" | "TABLES" | "SEQUENCE" | "VIEW" => Some(Effect::Drop(reader.names()?)),
        "INDEX" => {
            let name = reader.identifier()?;
            while !reader.accept("ON") {
                reader.peek()?;
                reader.skip();
            }
            let clauses = vec![Clause::DropKey { name, if_exists }];
            Some(Effect::AlterTable(Box::new(AlterTable { name: reader.name()?, clauses })))
        }
        "DATABASE" | "SCHEMA" => Some(Effect::DropDatabase { name: reader.identifier()? }),
        _ => is_apart_from_tables(&object, reader).then_some(Effect::Nothing),
    }
}
