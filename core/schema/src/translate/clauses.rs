//! CREATE TABLE and ALTER TABLE, cut into their parts.

use super::collation::{self, Mentioned};
use super::words::Words;
use super::{Told, WITHOUT_IF_EXISTS, column, key, options, refused, wait};
use crate::dialect::Version;
use std::ops::Range;

pub(super) fn create_table(words: &mut Words<'_>, at: usize) -> Told {
    let name = words.name(at);
    if !words.is_symbol(name.end, '(') || words.is(name.end + 1, &["LIKE"]) {
        return Ok(());
    }
    let behind = words.behind_parentheses(name.end);
    let list = name.end + 1..behind.saturating_sub(1);
    elements(words, list)?;
    // Partitions, and what comes from a query, have words of their own.
    let ends = |at: &usize| words.is(*at, &["PARTITION", "AS", "SELECT", "IGNORE", "REPLACE"]) && words.depth(*at) == 0;
    let end = (behind..words.end()).find(ends).unwrap_or(words.end());
    options::table(words, behind..end)?;
    let mentioned = Mentioned::of(words, behind..end);
    if !mentioned.is_nothing() && behind < end {
        return mentioned.translate(words);
    }
    if let Some(default) = collation::of_database(words)? {
        words.insert_behind(behind.saturating_sub(1), &default);
    }
    Ok(())
}

fn elements(words: &mut Words<'_>, list: Range<usize>) -> Told {
    let parts = words.parts(list);
    for part in &parts {
        element(words, part.clone())?;
    }
    words.close_list(&parts);
    Ok(())
}

/// A column, a key or a check.
fn element(words: &mut Words<'_>, part: Range<usize>) -> Told {
    if words.is(part.start, &["PERIOD"]) && words.is(part.start + 1, &["FOR"]) && !words.ends.to_mariadb() {
        return Err(refused("PERIOD FOR", "MySQL has no periods"));
    }
    match key::begins(words, part.clone()) {
        Some(key::Begins::Key(at)) => key::key(words, at, part.end),
        Some(key::Begins::Check) => {
            if column::is_unchecked_at_source(words) {
                words.delete_part(part);
                return Ok(());
            }
            column::enforcement(words, part)
        }
        Some(key::Begins::ForeignKey) => Ok(()),
        None => column::definition(words, words.name(part.start).end, part.end),
    }
}

pub(super) fn alter_table(words: &mut Words<'_>, at: usize) -> Told {
    if words.is(at, &["IF"]) && !words.ends.to_mariadb() {
        return Err(refused("ALTER TABLE IF EXISTS", WITHOUT_IF_EXISTS));
    }
    let name = words.name(at);
    let start = name.end + wait(words, name.end);
    let parts = words.parts(start..words.end());
    for part in &parts {
        // What is left is about partitions.
        if words.is(part.start, &["PARTITION", "REORGANIZE", "EXCHANGE", "COALESCE", "TRUNCATE"]) {
            break;
        }
        if words.is(part.start, &["ADD", "DROP"]) && words.is(part.start + 1, &["PARTITION"]) {
            break;
        }
        clause(words, part.clone())?;
    }
    words.close_list(&parts);
    Ok(())
}

fn clause(words: &mut Words<'_>, part: Range<usize>) -> Told {
    let at = part.start;
    match words.upper(at).as_str() {
        "ADD" => add(words, part),
        "MODIFY" | "CHANGE" => {
            let column = if words.is(at + 1, &["COLUMN"]) { at + 2 } else { at + 1 };
            no_if_exists(words, column)?;
            let mut name = words.name(column);
            if words.is(at, &["CHANGE"]) {
                name = words.name(name.end);
            }
            column::definition(words, name.end, part.end)
        }
        "DROP" => drop(words, part),
        "ALTER" => alter(words, part),
        "RENAME" => rename(words, at),
        "CONVERT" if words.is(at + 1, &["TO"]) => Mentioned::of(words, part).translate(words),
        "ALGORITHM" | "LOCK" => {
            if words.ends.differ() {
                words.delete_part(part);
            }
            Ok(())
        }
        _ => {
            let end = (at..part.end).find(|at| words.is(*at, &["PARTITION"]) && words.depth(*at) == 0);
            let range = at..end.unwrap_or(part.end);
            options::table(words, range.clone())?;
            Mentioned::of(words, range).translate(words)
        }
    }
}

fn no_if_exists(words: &Words<'_>, at: usize) -> Told {
    match words.is(at, &["IF"]) && words.is(at + 1, &["EXISTS", "NOT"]) && !words.ends.to_mariadb() {
        true => Err(refused(words.text(at..words.behind_if_exists(at)), WITHOUT_IF_EXISTS)),
        false => Ok(()),
    }
}

fn add(words: &mut Words<'_>, part: Range<usize>) -> Told {
    let is_column = words.is(part.start + 1, &["COLUMN"]);
    let at = part.start + 1 + usize::from(is_column);
    if words.is(at, &["SYSTEM"]) && words.is(at + 1, &["VERSIONING"]) && !words.ends.to_mariadb() {
        return Err(refused("ADD SYSTEM VERSIONING", "MySQL keeps no former rows"));
    }
    no_if_exists(words, at)?;
    let at = words.behind_if_exists(at);
    if words.is_symbol(at, '(') {
        return elements(words, at + 1..words.behind_parentheses(at).saturating_sub(1));
    }
    for place in at..part.end.min(at + 4) {
        if !is_column && words.depth(place) == 0 {
            no_if_exists(words, place)?;
        }
    }
    let is_check = !is_column && matches!(key::begins(words, at..part.end), Some(key::Begins::Check));
    if is_check && column::is_unchecked_at_source(words) {
        words.delete_part(part);
        return Ok(());
    }
    match is_column {
        true => column::definition(words, words.name(at).end, part.end),
        false => element(words, at..part.end),
    }
}

/// Checks have names of their own in MySQL, and are constraints in MariaDB; before 8.0.16 MySQL has none.
fn drop(words: &mut Words<'_>, part: Range<usize>) -> Told {
    let at = part.start + 1;
    match words.upper(at).as_str() {
        "CHECK" if words.ends.to_mariadb() => words.replace(at, "CONSTRAINT"),
        "CHECK" if words.ends.target_before(column::MYSQL_CHECKS, column::MARIADB_CHECKS) => {
            words.delete_part(part);
        }
        "SYSTEM" if !words.ends.to_mariadb() && words.is(at + 1, &["VERSIONING"]) => words.delete_part(part),
        "COLUMN" | "INDEX" | "KEY" | "CONSTRAINT" => no_if_exists(words, at + 1)?,
        "FOREIGN" => no_if_exists(words, at + 2)?,
        _ => no_if_exists(words, at)?,
    }
    Ok(())
}

fn alter(words: &mut Words<'_>, part: Range<usize>) -> Told {
    let at = part.start + 1;
    let last = part.end.saturating_sub(1);
    match words.upper(at).as_str() {
        "INDEX" | "KEY" if words.is(last, &["VISIBLE", "INVISIBLE", "IGNORED"]) => {
            if !key::visibility(words, at + 1..part.end) {
                words.delete_part(part);
            }
            Ok(())
        }
        "CHECK" | "CONSTRAINT" if words.is(last, &["ENFORCED"]) => {
            if words.ends.target_before(column::MYSQL_CHECKS, Version(0, 0, 0)) {
                words.delete_part(part);
                return Ok(());
            }
            match words.ends.to_mariadb() {
                true => Err(refused("ENFORCED", "a check of MariaDB can't be switched on and off")),
                false => Ok(()),
            }
        }
        _ if words.is(last, &["VISIBLE", "INVISIBLE"]) && words.ends.to_mariadb() => {
            Err(refused("SET INVISIBLE", "MariaDB wants the column's whole definition for it"))
        }
        _ if words.is(last, &["VISIBLE", "INVISIBLE"]) && column::all_are_visible(words) => {
            words.delete_part(part);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn rename(words: &Words<'_>, at: usize) -> Told {
    const WHOLE: &str = "so old a target wants the whole definition for it";
    let what = words.upper(at + 1);
    let is_new = match what.as_str() {
        "COLUMN" => words.ends.target_before(Version(8, 0, 3), Version(10, 5, 2)),
        "INDEX" | "KEY" => words.ends.target_before(Version(5, 7, 1), Version(10, 5, 2)),
        _ => return Ok(()),
    };
    no_if_exists(words, at + 2)?;
    if is_new { Err(refused(format!("RENAME {what}"), WHOLE)) } else { Ok(()) }
}
