//! A column as statements define it.

use crate::charset::Named;
use crate::data_type::{self, DataType};
use crate::dialect::Dialect;
use crate::lexer::TokenKind;
use crate::reader::{Name, Reader};

/// What a statement says about a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) unsigned: bool,
    pub(crate) zerofill: bool,
    pub(crate) named: Named,
    /// MariaDB's COMPRESSED.
    pub(crate) compressed: bool,
    /// `NULL` is `Some(true)`, `NOT NULL` `Some(false)`.
    pub(crate) null: Option<bool>,
    pub(crate) auto_increment: bool,
    pub(crate) generated: bool,
    pub(crate) invisible: bool,
    pub(crate) primary: bool,
    pub(crate) unique: bool,
    /// A foreign key of this column alone.
    pub(crate) references: Option<Name>,
    /// What about it can't be followed.
    pub(crate) doubt: Option<&'static str>,
}

/// Takes a column with its name. `None`: not understood.
pub(crate) fn read(reader: &mut Reader<'_>, dialect: Dialect) -> Option<ColumnSpec> {
    let name = reader.column_name()?;
    read_named(name, reader, dialect)
}

/// Takes what follows the name of a column.
pub(crate) fn read_named(name: String, reader: &mut Reader<'_>, dialect: Dialect) -> Option<ColumnSpec> {
    let written = data_type::read(reader, dialect)?;
    let charset = written.national.then(|| "utf8".to_owned());
    let mut spec = ColumnSpec {
        name,
        data_type: written.data_type,
        unsigned: written.serial,
        zerofill: false,
        named: Named { charset, ..Named::default() },
        compressed: false,
        null: written.serial.then_some(false),
        auto_increment: written.serial,
        generated: false,
        invisible: false,
        primary: false,
        unique: written.serial,
        references: None,
        doubt: None,
    };
    while let Some(word) = reader.peek_word() {
        if !attribute(&word, &mut spec, reader, dialect)? {
            break;
        }
    }
    Some(spec)
}

/// Takes an attribute; false if it is none, `None` if it is not understood.
fn attribute(word: &str, spec: &mut ColumnSpec, reader: &mut Reader<'_>, dialect: Dialect) -> Option<bool> {
    let mark = reader.mark();
    reader.skip();
    match word {
        "UNSIGNED" => spec.unsigned = true,
        "SIGNED" | "VISIBLE" | "ENFORCED" => {}
        "ZEROFILL" => (spec.unsigned, spec.zerofill) = (true, true),
        "NULL" => spec.null = Some(true),
        "NOT" => not(spec, reader)?,
        "AUTO_INCREMENT" => spec.auto_increment = true,
        "INVISIBLE" => spec.invisible = true,
        "COMPRESSED" if dialect.is_mariadb() => {
            spec.compressed = true;
            if reader.accept_symbol('=') {
                reader.skip();
            }
        }
        "PRIMARY" => {
            reader.accept("KEY");
            spec.primary = true;
        }
        "KEY" => spec.primary = true,
        "UNIQUE" => {
            reader.accept("KEY");
            spec.unique = true;
        }
        "DEFAULT" => default(reader)?,
        "ON" => {
            reader.accept("UPDATE").then_some(())?;
            default(reader)?;
        }
        "SERIAL" => {
            reader.accept_all(&["DEFAULT", "VALUE"]).then_some(())?;
            (spec.auto_increment, spec.unique, spec.null) = (true, true, Some(false));
        }
        "COMMENT" => {
            reader.string()?;
        }
        "CONSTRAINT" => {
            if !reader.next_is("CHECK") {
                reader.identifier()?;
            }
        }
        "CHECK" => reader.skip_parentheses().then_some(())?,
        "REFERENCES" => spec.references = Some(references(reader)?),
        "GENERATED" | "AS" => generated(word, spec, reader)?,
        "WITH" | "WITHOUT" if reader.accept_all(&["SYSTEM", "VERSIONING"]) => spec.doubt = Some(VERSIONED),
        "COLUMN_FORMAT" | "STORAGE" | "SRID" => reader.skip(),
        "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE" | "REF_SYSTEM_ID" => reader.assignment(),
        _ if text_attribute(word, spec, reader) => {}
        // An option of an engine.
        _ if dialect.is_mariadb() && reader.next_is_symbol('=') => reader.assignment(),
        _ => {
            reader.back_to(mark);
            return Some(false);
        }
    }
    Some(true)
}

pub(crate) const VERSIONED: &str = "it is system-versioned";

fn not(spec: &mut ColumnSpec, reader: &mut Reader<'_>) -> Option<()> {
    match reader.word()?.as_str() {
        "NULL" => spec.null = Some(false),
        "SECONDARY" | "ENFORCED" => {}
        _ => return None,
    }
    Some(())
}

/// What is said about the character set.
fn text_attribute(word: &str, spec: &mut ColumnSpec, reader: &mut Reader<'_>) -> bool {
    let of = |charset: &str| Named { charset: Some(charset.to_owned()), ..Named::default() };
    match word {
        "ASCII" => spec.named = Named { binary: spec.named.binary, ..of("latin1") },
        "UNICODE" => spec.named = Named { binary: spec.named.binary, ..of("ucs2") },
        "BYTE" => spec.named = of("binary"),
        "BINARY" => spec.named.binary = true,
        "CHARSET" => spec.named.charset = reader.identifier_or_string(),
        "CHARACTER" | "CHAR" if reader.accept("SET") => spec.named.charset = reader.identifier_or_string(),
        "COLLATE" => spec.named.collation = reader.identifier_or_string(),
        _ => return false,
    }
    true
}

/// A literal, a function, or an expression in parentheses.
fn default(reader: &mut Reader<'_>) -> Option<()> {
    while reader.accept_symbol('-') || reader.accept_symbol('+') {}
    if reader.skip_parentheses() {
        return Some(());
    }
    if reader.accept_all(&["NEXT", "VALUE", "FOR"]) {
        return reader.name().map(drop);
    }
    reader.accept_symbol('.');
    let is_literal = |reader: &Reader<'_>| {
        reader.peek().is_some_and(|token| matches!(token.kind, TokenKind::Text | TokenKind::Bytes))
    };
    match &reader.peek()?.kind {
        TokenKind::Symbol(_) => return None,
        TokenKind::Text | TokenKind::Bytes => while_literals(reader, is_literal),
        TokenKind::Number => reader.skip(),
        TokenKind::Word | TokenKind::Quoted(_) => {
            reader.skip();
            // `_latin1'a'`, `DATE '2020-01-01'`, `db.f(1)`.
            while_literals(reader, is_literal);
            while reader.accept_symbol('.') {
                reader.skip();
            }
            reader.skip_parentheses();
        }
    }
    Some(())
}

fn while_literals(reader: &mut Reader<'_>, is_literal: impl Fn(&Reader<'_>) -> bool) {
    while is_literal(reader) {
        reader.skip();
    }
}

fn generated(word: &str, spec: &mut ColumnSpec, reader: &mut Reader<'_>) -> Option<()> {
    if word == "GENERATED" {
        if reader.accept_all(&["BY", "DEFAULT", "AS", "IDENTITY"]) {
            return None;
        }
        reader.accept("ALWAYS");
        reader.accept("AS").then_some(())?;
    }
    spec.generated = true;
    if reader.accept("ROW") {
        spec.doubt = Some(VERSIONED);
        return reader.accept_any(&["START", "END"]).then_some(());
    }
    reader.skip_parentheses().then_some(())?;
    reader.accept_any(&["VIRTUAL", "STORED", "PERSISTENT"]);
    Some(())
}

/// Takes what follows REFERENCES.
pub(crate) fn references(reader: &mut Reader<'_>) -> Option<Name> {
    let name = reader.name()?;
    reader.skip_parentheses();
    if reader.accept("MATCH") {
        reader.skip();
    }
    while reader.accept("ON") {
        reader.accept_any(&["DELETE", "UPDATE"]).then_some(())?;
        if reader.accept("SET") {
            reader.accept_any(&["NULL", "DEFAULT"]).then_some(())?;
        } else if reader.accept("NO") {
            reader.accept("ACTION").then_some(())?;
        } else {
            reader.accept_any(&["RESTRICT", "CASCADE"]).then_some(())?;
        }
    }
    Some(name)
}
