//! A column's definition.

use super::collation::{self, Mentioned};
use super::words::Words;
use super::{Told, refused};
use crate::dialect::{Dialect, Version};
use std::ops::Range;

/// Since then checks are checked; before, they are read and forgotten.
pub(super) const MYSQL_CHECKS: Version = Version(8, 0, 16);
pub(super) const MARIADB_CHECKS: Version = Version(10, 2, 1);

/// Since then a column's own REFERENCES makes a foreign key.
const MYSQL_REFERENCES: Version = Version(9, 0, 0);
const MARIADB_REFERENCES: Version = Version(10, 5, 0);

const INVISIBLE_MYSQL: Version = Version(8, 0, 23);
const INVISIBLE_MARIADB: Version = Version(10, 3, 3);

const TEXTS_AND_BYTES: [&str; 18] = [
    "TEXT",
    "TINYTEXT",
    "MEDIUMTEXT",
    "LONGTEXT",
    "BLOB",
    "TINYBLOB",
    "MEDIUMBLOB",
    "LONGBLOB",
    "JSON",
    "GEOMETRY",
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
    "LONG",
];

/// The source has read checks and forgotten them: its rows need not pass.
pub(super) fn is_unchecked_at_source(words: &Words<'_>) -> bool {
    let ends = words.ends;
    ends.source_before(MYSQL_CHECKS, MARIADB_CHECKS) && !ends.target_before(MYSQL_CHECKS, MARIADB_CHECKS)
}

/// The target can't hide a column from `SELECT *`. Rows are written by the names of their columns.
pub(super) fn all_are_visible(words: &Words<'_>) -> bool {
    words.ends.target_before(INVISIBLE_MYSQL, INVISIBLE_MARIADB)
}

/// From behind the column's name.
pub(super) fn definition(words: &mut Words<'_>, start: usize, end: usize) -> Told {
    type_of_column(words, start)?;
    charset(words, start, end)?;
    timestamp(words, start, end)?;
    default(words, start, end)?;
    let depth = words.depth(start);
    let mut at = start;
    while at < end {
        if words.depth(at) == depth {
            at += attribute(words, at, end)?;
        } else {
            at += 1;
        }
    }
    Ok(())
}

fn type_of_column(words: &Words<'_>, at: usize) -> Told {
    let name = words.upper(at);
    let mysql_alone = words.ends.target_before(Version(5, 7, 8), Version(10, 2, 7));
    match name.as_str() {
        "JSON" if mysql_alone => Err(refused("JSON", "so old a target has no JSON")),
        "UUID" | "INET6" | "INET4" if !words.ends.to_mariadb() => {
            Err(refused(name, "MySQL has no such type; a column of text or bytes of this name takes its values"))
        }
        "VECTOR" if words.ends.target_before(Version(9, 0, 0), Version(11, 7, 1)) => {
            Err(refused("VECTOR", "so old a target has no such type"))
        }
        _ => Ok(()),
    }
}

fn charset(words: &mut Words<'_>, start: usize, end: usize) -> Told {
    let mentioned = Mentioned::of(words, start..end);
    if !mentioned.is_nothing() {
        return mentioned.translate(words);
    }
    let is_national = words.is(start, &["NATIONAL", "NCHAR", "NVARCHAR"]);
    // An old word for a character set, right behind the type.
    let unicode = (start..end).find(|at| words.is(*at, &["UNICODE"]) && words.depth(*at) == words.depth(start));
    if let Some(at) = unicode {
        return collation::written(words, at, "ucs2");
    }
    let length = (start..end.min(start + 5)).find(|at| words.is_symbol(*at, '('));
    match length {
        Some(length) if is_national => {
            let behind = words.behind_parentheses(length).saturating_sub(1);
            let ends = words.ends;
            let utf8 =
                ["utf8mb3", "utf8"].into_iter().find(|name| ends.from.charsets.default_collation(name).is_some());
            collation::written(words, behind, utf8.unwrap_or("utf8"))
        }
        None if is_national => Err(refused("NATIONAL", "the length is missing")),
        _ => Ok(()),
    }
}

/// Whether TIMESTAMP means NULL or NOT NULL, and a default of now, is a setting. Where the target's session can't take
/// the source's, see [`can_set_explicit`], it is written.
fn timestamp(words: &mut Words<'_>, start: usize, end: usize) -> Told {
    let ends = words.ends;
    if !words.is(start, &["TIMESTAMP"]) || ends.from.explicit_timestamps == ends.to.explicit_timestamps {
        return Ok(());
    }
    if can_set_explicit(ends.to.dialect) {
        return Ok(());
    }
    let has = |word: &str| (start..end).any(|at| words.is(at, &[word]) && words.depth(at) == words.depth(start));
    let is_said = (has("NULL") || has("NOT")) && (has("DEFAULT") || !has("NOT"));
    match (ends.from.explicit_timestamps, is_said) {
        (_, true) => Ok(()),
        (true, false) if !has("NOT") && !has("NULL") => {
            let behind = match words.is_symbol(start + 1, '(') {
                true => words.behind_parentheses(start + 1).saturating_sub(1),
                false => start,
            };
            words.insert_behind(behind, " NULL");
            Ok(())
        }
        _ => Err(refused(
            "TIMESTAMP",
            "without NULL or NOT NULL and DEFAULT it means what explicit_defaults_for_timestamp says, and that can't be set at the target",
        )),
    }
}

/// Whether a session may choose what TIMESTAMP means.
pub fn can_set_explicit(dialect: Dialect) -> bool {
    let since = if dialect.is_mariadb() { Version(10, 8, 2) } else { Version(8, 0, 0) };
    dialect.version >= since
}

/// MySQL wants parentheses around what is computed, and around any default of a text.
fn default(words: &mut Words<'_>, start: usize, end: usize) -> Told {
    if words.ends.to_mariadb() || !words.ends.from.dialect.is_mariadb() {
        return Ok(());
    }
    let depth = words.depth(start);
    let Some(at) = (start..end).find(|at| words.is(*at, &["DEFAULT"]) && words.depth(*at) == depth) else {
        return Ok(());
    };
    let value = at + 1;
    const NOW: [&str; 4] = ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"];
    let is_call = !words.upper(value).is_empty() && words.is_symbol(value + 1, '(') && !words.is(value, &NOW);
    let is_text = TEXTS_AND_BYTES.contains(&words.upper(start).as_str()) && words.is_literal(value);
    let last = match (is_call, is_text) {
        _ if words.is(value, &["NEXT", "NEXTVAL"]) => {
            return Err(refused("DEFAULT NEXT VALUE", "MySQL has no sequences"));
        }
        (true, _) => words.behind_parentheses(value + 1).saturating_sub(1),
        (_, true) => value,
        _ => return Ok(()),
    };
    if words.ends.target_before(Version(8, 0, 13), Version(0, 0, 0)) {
        return Err(refused(
            words.text(at..last + 1),
            "so old a target has constant defaults alone, and none for texts",
        ));
    }
    words.insert_before(value, "(");
    words.insert_behind(last, ")");
    Ok(())
}

/// Answers how many words it has taken.
fn attribute(words: &mut Words<'_>, at: usize, end: usize) -> Result<usize, super::Refusal> {
    let ends = words.ends;
    let to_mysql = !ends.to_mariadb();
    let value = if words.is_symbol(at + 1, '=') { at + 2 } else { at + 1 };
    match words.upper(at).as_str() {
        "INVISIBLE" if all_are_visible(words) => words.delete(at..at + 1),
        "VISIBLE" if ends.to_mariadb() || all_are_visible(words) => words.delete(at..at + 1),
        "PERSISTENT" if to_mysql => words.replace(at, "STORED"),
        "COMPRESSED" if to_mysql => words.delete(at..if value == at + 2 { value + 1 } else { at + 1 }),
        "SRID" if ends.to_mariadb() || ends.target_before(Version(8, 0, 3), Version(0, 0, 0)) => {
            words.delete(at..at + 2)
        }
        "REF_SYSTEM_ID" if to_mysql => words.delete(at..value + 1),
        "COLUMN_FORMAT" | "STORAGE" if ends.to_mariadb() => words.delete(at..at + 2),
        "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE"
            if ends.to_mariadb() || ends.target_before(Version(8, 0, 21), Version(0, 0, 0)) =>
        {
            words.delete(at..value + 1);
        }
        "WITHOUT" if words.is(at + 1, &["SYSTEM"]) && to_mysql => words.delete(at..at + 3),
        "WITH" if words.is(at + 1, &["SYSTEM"]) && to_mysql => {
            return Err(refused("WITH SYSTEM VERSIONING", "MySQL keeps no former rows"));
        }
        "ROW" if words.is(at + 1, &["START", "END"]) && to_mysql => {
            return Err(refused("AS ROW START", "MySQL keeps no former rows"));
        }
        "REFERENCES" => return references(words, at, end),
        "CHECK" if words.is_symbol(at + 1, '(') => return check(words, at, end),
        _ => {}
    }
    Ok(1)
}

fn references(words: &mut Words<'_>, at: usize, end: usize) -> Result<usize, super::Refusal> {
    let ends = words.ends;
    let is_foreign_key = |is_before: bool| !is_before;
    let at_source = is_foreign_key(ends.source_before(MYSQL_REFERENCES, MARIADB_REFERENCES));
    let at_target = is_foreign_key(ends.target_before(MYSQL_REFERENCES, MARIADB_REFERENCES));
    if at_source == at_target {
        return Ok(1);
    }
    if at_source {
        return Err(refused("REFERENCES", "so old a target makes no foreign key of what stands with a column"));
    }
    let name = words.name(at + 1);
    let mut last = if words.is_symbol(name.end, '(') { words.behind_parentheses(name.end) } else { name.end };
    while last < end && words.is(last, &["ON", "MATCH"]) {
        let is_match = words.is(last, &["MATCH"]);
        let action = if is_match { last + 1 } else { last + 2 };
        last = if words.is(action, &["SET", "NO"]) { action + 2 } else { action + 1 };
    }
    words.delete(at..last);
    Ok(last - at)
}

fn check(words: &mut Words<'_>, at: usize, end: usize) -> Result<usize, super::Refusal> {
    let behind = words.behind_parentheses(at + 1);
    if !is_unchecked_at_source(words) {
        enforcement(words, behind..end.min(behind + 2))?;
        return Ok(behind - at);
    }
    let named = match () {
        () if at >= 1 && words.is(at - 1, &["CONSTRAINT"]) => at - 1,
        () if at >= 2 && words.is(at - 2, &["CONSTRAINT"]) => at - 2,
        () => at,
    };
    words.delete(named..behind);
    Ok(behind - at)
}

/// `[NOT] ENFORCED` behind a check.
pub(super) fn enforcement(words: &mut Words<'_>, range: Range<usize>) -> Told {
    let depth = words.depth(range.start);
    let Some(at) = range.clone().find(|at| words.is(*at, &["ENFORCED"]) && words.depth(*at) == depth) else {
        return Ok(());
    };
    let negated = at > range.start && words.is(at - 1, &["NOT"]);
    let forgets = words.ends.target_before(MYSQL_CHECKS, MARIADB_CHECKS);
    if words.ends.to_mariadb() && negated && !forgets {
        return Err(refused("NOT ENFORCED", "MariaDB checks every check"));
    }
    if words.ends.to_mariadb() || forgets {
        words.delete(if negated { at - 1 } else { at }..at + 1);
    }
    Ok(())
}
