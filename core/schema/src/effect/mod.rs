//! What a statement does to databases and tables, before it is asked what they were.
//!
//! The statement has run at the source: it is right, and only its meaning is looked for. Whatever is not understood
//! becomes a doubt about the tables it names, and nothing else.

mod alter;
mod create;
mod key;

use crate::charset::Named;
use crate::column::ColumnSpec;
use crate::dialect::Dialect;
use crate::lexer::{TokenKind, tokens};
use crate::objects::accept_duality;
use crate::reader::{Name, Reader};
pub(crate) use key::{KeyKind, KeySpec};

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It changes no table's form.
    Nothing,
    CreateDatabase {
        name: String,
        if_not_exists: bool,
        named: Named,
    },
    /// `None`: the session's.
    AlterDatabase {
        name: Option<String>,
        named: Named,
    },
    DropDatabase {
        name: String,
    },
    CreateTable(Box<CreateTable>),
    /// Tables, views or sequences.
    Drop(Vec<Name>),
    /// Old and new names, one after the other.
    Rename {
        pairs: Vec<(Name, Name)>,
        if_exists: bool,
    },
    AlterTable(Box<AlterTable>),
    /// Something else takes this name: a view, a sequence.
    Other {
        name: Name,
        what: &'static str,
    },
    /// Not understood: everything in it that might be a table's name.
    Unknown(Vec<Name>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTable {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) like: Option<Name>,
    pub(crate) elements: Vec<Element>,
    pub(crate) named: Named,
    /// What about it can't be followed.
    pub(crate) doubt: Option<&'static str>,
}

impl CreateTable {
    /// The table that is made.
    pub fn name(&self) -> &Name {
        &self.name
    }
}

/// What stands between the parentheses of CREATE TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    Column(ColumnSpec),
    Key(KeySpec),
    /// A check.
    Nothing,
    Doubt(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterTable {
    pub(crate) name: Name,
    pub(crate) clauses: Vec<Clause>,
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Last,
    First,
    After(String),
}

/// A part of ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    AddColumn {
        spec: ColumnSpec,
        place: Place,
        if_not_exists: bool,
    },
    /// CHANGE and MODIFY; without a place the column stays where it is.
    Change {
        old: String,
        spec: ColumnSpec,
        place: Place,
        if_exists: bool,
    },
    DropColumn {
        name: String,
        if_exists: bool,
    },
    RenameColumn {
        old: String,
        new: String,
        if_exists: bool,
    },
    Visibility {
        name: String,
        invisible: bool,
    },
    AddKey {
        key: KeySpec,
        if_not_exists: bool,
    },
    DropPrimaryKey,
    DropKey {
        name: String,
        if_exists: bool,
    },
    /// A key, a check or a foreign key.
    DropConstraint(String),
    RenameKey {
        old: String,
        new: String,
        if_exists: bool,
    },
    RenameTo(Name),
    /// The table's default for columns to come.
    Default(Named),
    /// Its columns, too.
    Convert(Named),
    /// A partition becomes a table of its own.
    SplitOff(Name),
    /// A table becomes a partition.
    TakeIn(Name),
    Doubt(&'static str),
}

/// Reads a statement. `sql_mode` is the session's, as bits.
pub fn read(sql: &str, sql_mode: u64, dialect: Dialect) -> Effect {
    let Ok(tokens) = tokens(sql, sql_mode, dialect) else { return Effect::Unknown(Vec::new()) };
    let mut reader = Reader::new(sql, &tokens, sql_mode);
    let effect = statement(&mut reader, dialect);
    effect.unwrap_or_else(|| {
        reader.back_to(0);
        Effect::Unknown(every_name(&mut reader))
    })
}

/// What a statement may have done that can't be read, but for some of its words.
pub fn not_read(sql: &str, sql_mode: u64, dialect: Dialect) -> Effect {
    let tokens = tokens(sql, sql_mode, dialect).unwrap_or_default();
    Effect::Unknown(every_name(&mut Reader::new(sql, &tokens, sql_mode)))
}

/// Tables that others are made from.
pub(crate) fn referred(effect: &Effect) -> Vec<&Name> {
    match effect {
        Effect::CreateTable(create) => create.like.iter().collect(),
        Effect::Rename { pairs, .. } => pairs.iter().map(|(old, _)| old).collect(),
        Effect::AlterTable(alter) => {
            let moves = |clause: &Clause| matches!(clause, Clause::RenameTo(_) | Clause::SplitOff(_));
            if alter.clauses.iter().any(moves) { vec![&alter.name] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// Whatever might be a table's name.
fn every_name(reader: &mut Reader<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    while let Some(token) = reader.peek() {
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::Quoted(_));
        match if is_name { reader.name() } else { None } {
            Some(name) => names.push(name),
            None => reader.skip(),
        }
    }
    names
}

/// Statements that change no table's form.
const OF_NO_EFFECT: [&str; 46] = [
    "ANALYZE",
    "BEGIN",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKSUM",
    "CLONE",
    "COMMIT",
    "DEALLOCATE",
    "DELETE",
    "DO",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FLUSH",
    "GRANT",
    "HANDLER",
    "HELP",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "KILL",
    "LOAD",
    "LOCK",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "RELEASE",
    "REPAIR",
    "REPLACE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SHOW",
    "START",
    "STOP",
    "TRUNCATE",
    "UNINSTALL",
    "UNLOCK",
    "UPDATE",
    "USE",
    "XA",
];

/// `None`: not understood.
fn statement(reader: &mut Reader<'_>, dialect: Dialect) -> Option<Effect> {
    let Some(verb) = reader.word() else {
        return reader.is_empty().then_some(Effect::Nothing);
    };
    match verb.as_str() {
        "CREATE" => create::create(reader, dialect),
        "ALTER" => alter::alter(reader, dialect),
        "DROP" => create::drop(reader),
        "RENAME" => alter::rename(reader),
        // MariaDB: SET STATEMENT … FOR …
        "SET" => {
            if !reader.accept("STATEMENT") {
                return Some(Effect::Nothing);
            }
            while !reader.accept("FOR") {
                if reader.peek()?.kind == TokenKind::Symbol('(') {
                    reader.skip_parentheses().then_some(())?;
                } else if reader.next_is("SQL_MODE") || reader.next_is("CHARACTER_SET_COLLATIONS") {
                    return None;
                } else {
                    reader.skip();
                }
            }
            statement(reader, dialect)
        }
        "WITH" => Some(Effect::Nothing),
        verb => OF_NO_EFFECT.contains(&verb).then_some(Effect::Nothing),
    }
}

/// Takes what may stand between the verb and the kind of object. Which of the words were there that matter.
#[derive(Debug, Default)]
struct Modifiers {
    temporary: bool,
    /// UNIQUE, FULLTEXT, … of an index.
    index: Option<KeyKind>,
}

fn modifiers(reader: &mut Reader<'_>) -> Modifiers {
    let mut found = Modifiers::default();
    loop {
        if reader.accept_all(&["OR", "REPLACE"]) || reader.accept_any(&["ONLINE", "OFFLINE", "IGNORE"]) {
            continue;
        }
        if reader.accept("TEMPORARY") {
            found.temporary = true;
        } else if reader.accept("UNIQUE") {
            found.index = Some(KeyKind::Unique);
        } else if reader.accept_any(&["FULLTEXT", "SPATIAL", "VECTOR"]) {
            found.index = Some(KeyKind::Plain);
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

/// Takes what a table's or database's options say about its character set, up to a comma or the end.
fn default_charset(reader: &mut Reader<'_>, named: &mut Named) -> bool {
    let mark = reader.mark();
    reader.accept("DEFAULT");
    let is_charset =
        reader.accept("CHARSET") || reader.accept_all(&["CHARACTER", "SET"]) || reader.accept_all(&["CHAR", "SET"]);
    if is_charset {
        reader.accept_symbol('=');
        match reader.identifier_or_string() {
            Some(name) if name.eq_ignore_ascii_case("default") => named.default = true,
            name => named.charset = name,
        }
    } else if reader.accept("COLLATE") {
        reader.accept_symbol('=');
        named.collation = reader.identifier_or_string();
    } else {
        reader.back_to(mark);
        return false;
    }
    true
}

#[cfg(test)]
mod tests;
