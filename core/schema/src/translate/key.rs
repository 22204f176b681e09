//! Keys: what they are made of, and whether the optimizer may use them.

use super::words::Words;
use super::{Told, refused, wait};
use crate::dialect::Version;
use std::ops::Range;

/// What an element of a table is, besides a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// With the word that says so.
    Key(usize),
    Check,
    ForeignKey,
}

pub(super) fn begins(words: &Words<'_>, part: Range<usize>) -> Option<Begins> {
    let mut at = part.start;
    if words.is(at, &["CONSTRAINT"]) {
        at = words.behind_if_exists(at + 1);
        if !words.is(at, &["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]) {
            at += 1;
        }
    }
    let is_key = |at: usize| words.is(at, &["INDEX", "KEY"]) || words.is_symbol(at, '(');
    match words.upper(at).as_str() {
        "PRIMARY" | "UNIQUE" | "INDEX" | "KEY" | "FULLTEXT" => Some(Begins::Key(at)),
        "SPATIAL" | "VECTOR" if is_key(at + 1) => Some(Begins::Key(at)),
        "CHECK" => Some(Begins::Check),
        "FOREIGN" => Some(Begins::ForeignKey),
        _ => None,
    }
}

/// A key in a table's definition, from the word that says so.
pub(super) fn key(words: &mut Words<'_>, at: usize, end: usize) -> Told {
    if words.is(at, &["VECTOR"]) && !words.ends.to_mariadb() {
        return Err(refused("VECTOR INDEX", "MySQL has none"));
    }
    let depth = words.depth(at);
    let list = (at..end).find(|at| words.is_symbol(*at, '(') && words.depth(*at) == depth);
    if let Some(list) = list {
        parts(words, list)?;
        visibility(words, words.behind_parentheses(list)..end);
    }
    Ok(())
}

/// CREATE INDEX, from behind that word.
pub(super) fn index(words: &mut Words<'_>, at: usize) -> Told {
    if words.is(1, &["VECTOR"]) && !words.ends.to_mariadb() {
        return Err(refused("VECTOR INDEX", "MySQL has none"));
    }
    let list = (at..words.end()).find(|at| words.is_symbol(*at, '(') && words.depth(*at) == 0);
    if let Some(list) = list {
        parts(words, list)?;
        let behind = words.behind_parentheses(list);
        wait(words, behind);
        visibility(words, behind..words.end());
        hints_of_statement(words, behind);
    }
    Ok(())
}

fn parts(words: &Words<'_>, list: usize) -> Told {
    let inner = list + 1..words.behind_parentheses(list).saturating_sub(1);
    let is_expression = words.parts(inner).iter().any(|part| words.is_symbol(part.start, '('));
    let is_unknown = words.ends.to_mariadb() || words.ends.target_before(Version(8, 0, 13), Version(0, 0, 0));
    match is_expression && is_unknown {
        true => Err(refused("a key of an expression", "the target has keys of columns alone")),
        false => Ok(()),
    }
}

/// ALGORITHM and LOCK of CREATE and DROP INDEX.
pub(super) fn hints_of_statement(words: &mut Words<'_>, from: usize) {
    if !words.ends.differ() {
        return;
    }
    for at in from..words.end() {
        if words.is(at, &["ALGORITHM", "LOCK"]) && words.depth(at) == 0 {
            let value = if words.is_symbol(at + 1, '=') { at + 2 } else { at + 1 };
            if words.is(value, &["DEFAULT", "INPLACE", "COPY", "INSTANT", "NOCOPY", "NONE", "SHARED", "EXCLUSIVE"]) {
                words.delete(at..value + 1);
            }
        }
    }
}

/// Whether the optimizer may use a key has other words in MariaDB, and none in old servers. False: nothing is left of it.
pub(super) fn visibility(words: &mut Words<'_>, range: Range<usize>) -> bool {
    let ends = words.ends;
    let known = !ends.target_before(Version(8, 0, 0), Version(10, 6, 0));
    let depth = words.depth(range.start);
    let found =
        range.clone().find(|at| words.is(*at, &["INVISIBLE", "VISIBLE", "IGNORED"]) && words.depth(*at) == depth);
    let Some(at) = found else { return true };
    let negated = words.is(at, &["IGNORED"]) && at > 0 && words.is(at - 1, &["NOT"]);
    let start = if negated { at - 1 } else { at };
    let hidden = !negated && !words.is(at, &["VISIBLE"]);
    let is_own = words.is(at, &["IGNORED"]) == ends.to_mariadb();
    if known && is_own {
        return true;
    }
    let word = match (ends.to_mariadb(), hidden) {
        (true, true) => "IGNORED",
        (true, false) => "NOT IGNORED",
        (false, true) => "INVISIBLE",
        (false, false) => "VISIBLE",
    };
    if known {
        words.delete(start..at + 1);
        words.insert_before(start, word);
    } else {
        words.delete(start..at + 1);
    }
    known
}
