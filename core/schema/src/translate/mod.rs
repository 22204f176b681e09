//! A statement of one server as another one has to be told it.
//!
//! What only says how to do it or how to store it (ALGORITHM, LOCK, WAIT, compression, visibility of an index) is taken
//! out where the target does not know it. What is left out and means something is written: default collations. What
//! decides about values and has no counterpart is refused. What is not looked at goes as it is: the target says itself
//! what it does not understand.

mod clauses;
mod collation;
mod column;
mod key;
mod options;
mod words;

use crate::charset::Charsets;
use crate::dialect::{Dialect, Version};
use crate::lexer::{Token, tokens};
pub use collation::counterpart;
pub use column::can_set_explicit;
use words::Words;

/// A server, as far as it decides what a statement means there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub dialect: Dialect,
    /// With the defaults of the session.
    pub charsets: Charsets,
    /// The default of the database that the statement is about; `None`: not known.
    pub database_collation: Option<String>,
    pub explicit_timestamps: bool,
}

/// What becomes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translation {
    AsIs,
    Into {
        /// To be run before; running it again does no harm.
        first: Option<String>,
        sql: String,
    },
    /// This part has no counterpart at the target.
    Refused {
        clause: String,
        why: &'static str,
    },
}

/// A part that has no counterpart.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    clause: String,
    why: &'static str,
}

type Told = Result<(), Refusal>;

fn refused(clause: impl Into<String>, why: &'static str) -> Refusal {
    Refusal { clause: clause.into(), why }
}

/// `sql_mode` is the session's, as bits.
pub fn translate(sql: &str, sql_mode: u64, from: &End, to: &End) -> Translation {
    let Ok(read) = tokens(sql, sql_mode, from.dialect) else { return Translation::AsIs };
    // What stands in comments for some servers counts as the source took it.
    let taken = match tokens(sql, sql_mode, to.dialect) {
        Ok(other) if other == read => None,
        _ => Some(without_comments(sql, &read)),
    };
    let text = taken.as_deref().unwrap_or(sql);
    let Ok(read) = tokens(text, sql_mode, from.dialect) else { return Translation::AsIs };
    let mut words = Words::new(text, &read, Ends { from, to });
    let first = match statement(&mut words) {
        Ok(first) => first,
        Err(Refusal { clause, why }) => return Translation::Refused { clause, why },
    };
    match words.edited() {
        None if taken.is_none() && first.is_none() => Translation::AsIs,
        edited => Translation::Into { first, sql: edited.unwrap_or_else(|| text.to_owned()) },
    }
}

/// The words alone, with a space where there was anything between.
fn without_comments(sql: &str, tokens: &[Token]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|end| end < token.span.start) {
            text.push(' ');
        }
        text.push_str(sql.get(token.span.clone()).unwrap_or_default());
        end = Some(token.span.end);
    }
    text
}

#[derive(Debug, Clone, Copy)]
struct Ends<'a> {
    from: &'a End,
    to: &'a End,
}

impl Ends<'_> {
    fn to_mariadb(self) -> bool {
        self.to.dialect.is_mariadb()
    }

    /// The target is a MySQL, or a MariaDB, before these versions.
    fn target_before(self, mysql: Version, mariadb: Version) -> bool {
        is_before(self.to.dialect, mysql, mariadb)
    }

    fn source_before(self, mysql: Version, mariadb: Version) -> bool {
        is_before(self.from.dialect, mysql, mariadb)
    }

    fn differ(self) -> bool {
        let same_line = |(Version(a, b, _), Version(c, d, _)): (Version, Version)| (a, b) == (c, d);
        let (from, to) = (self.from.dialect, self.to.dialect);
        from.flavor != to.flavor || !same_line((from.version, to.version))
    }
}

fn is_before(dialect: Dialect, mysql: Version, mariadb: Version) -> bool {
    dialect.version < if dialect.is_mariadb() { mariadb } else { mysql }
}

const WITHOUT_IF_EXISTS: &str =
    "MySQL has no IF [NOT] EXISTS here, and whether it was there can't be told from the log";

/// Answers what is to be run before.
fn statement(words: &mut Words<'_>) -> Result<Option<String>, Refusal> {
    let verb = words.upper(0);
    let mut at = 1;
    let mut replaces = false;
    loop {
        match words.upper(at).as_str() {
            "OR" if words.upper(at + 1) == "REPLACE" => (replaces, at) = (true, at + 2),
            "ONLINE" | "OFFLINE" | "IGNORE" | "TEMPORARY" | "UNIQUE" | "FULLTEXT" | "SPATIAL" | "VECTOR" => at += 1,
            _ => break,
        }
    }
    let (object, to_mysql) = (words.upper(at), !words.ends.to_mariadb());
    let behind = at + 1;
    let mut first = None;
    if replaces && to_mysql && object != "VIEW" {
        if (verb.as_str(), object.as_str()) != ("CREATE", "TABLE") {
            return Err(refused(format!("CREATE OR REPLACE {object}"), "MySQL has it for views alone"));
        }
        words.delete(1..3);
        first = Some(format!("DROP TABLE IF EXISTS {}", words.text(words.name(behind))));
    }
    match (verb.as_str(), object.as_str()) {
        ("CREATE", "TABLE") => clauses::create_table(words, behind)?,
        ("ALTER", "TABLE") => clauses::alter_table(words, behind)?,
        ("CREATE", "INDEX") => {
            if_exists(words, behind)?;
            key::index(words, behind)?;
            wait_at_end(words);
        }
        ("DROP", "INDEX") => {
            if_exists(words, behind)?;
            key::hints_of_statement(words, behind);
            wait_at_end(words);
        }
        ("DROP", "TABLE" | "TABLES" | "VIEW") => wait_at_end(words),
        ("TRUNCATE", _) => wait_at_end(words),
        ("RENAME", "TABLE" | "TABLES") => rename(words, behind)?,
        ("CREATE" | "ALTER", "DATABASE" | "SCHEMA") => options::database(words, behind)?,
        (_, "SEQUENCE") if to_mysql => return Err(refused("SEQUENCE", "MySQL has no sequences")),
        _ => {}
    }
    Ok(first)
}

fn if_exists(words: &Words<'_>, at: usize) -> Told {
    match words.upper(at) == "IF" && !words.ends.to_mariadb() {
        true => Err(refused("IF [NOT] EXISTS", WITHOUT_IF_EXISTS)),
        false => Ok(()),
    }
}

/// MariaDB: how long to wait for the table.
fn wait(words: &mut Words<'_>, at: usize) -> usize {
    let length = match words.upper(at).as_str() {
        "WAIT" if words.is_number(at + 1) => 2,
        "NOWAIT" => 1,
        _ => return 0,
    };
    if !words.ends.to_mariadb() {
        words.delete(at..at + length);
    }
    length
}

fn wait_at_end(words: &mut Words<'_>) {
    let end = words.end();
    for length in [1, 2] {
        if let Some(at) = end.checked_sub(length).filter(|at| *at > 2 && words.depth(*at) == 0)
            && wait(words, at) == length
        {
            return;
        }
    }
}

fn rename(words: &mut Words<'_>, at: usize) -> Told {
    if_exists(words, at)?;
    for at in at..words.end() {
        if words.upper(at + 1) == "TO" || words.upper(at + 2) == "TO" {
            wait(words, at);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
