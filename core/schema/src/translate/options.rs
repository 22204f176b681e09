//! Options of tables and databases.

use super::collation::Mentioned;
use super::words::Words;
use super::{Told, refused};
use crate::dialect::Version;
use std::ops::Range;

/// How MySQL stores a table, which means nothing to others, and since when it knows that.
const OF_MYSQL: [(&str, Version); 8] = [
    ("AUTOEXTEND_SIZE", Version(8, 0, 23)),
    ("COMPRESSION", Version(5, 7, 8)),
    ("TABLESPACE", Version(5, 7, 6)),
    ("STORAGE", Version(5, 6, 0)),
    ("SECONDARY_ENGINE", Version(8, 0, 13)),
    ("ENGINE_ATTRIBUTE", Version(8, 0, 21)),
    ("SECONDARY_ENGINE_ATTRIBUTE", Version(8, 0, 21)),
    ("START", Version(8, 0, 21)),
];

/// The same of MariaDB.
const OF_MARIADB: [&str; 7] = [
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "PAGE_CHECKSUM",
    "TRANSACTIONAL",
    "ENCRYPTION_KEY_ID",
    "SEQUENCE",
    "IETF_QUOTES",
];

/// Options of a table, from behind its columns, or a clause of ALTER TABLE.
pub(super) fn table(words: &mut Words<'_>, range: Range<usize>) -> Told {
    let ends = words.ends;
    let to_mysql = !ends.to_mariadb();
    let depth = words.depth(range.start);
    for at in range.clone() {
        if words.depth(at) != depth {
            continue;
        }
        let value = if words.is_symbol(at + 1, '=') { at + 2 } else { at + 1 };
        let name = match words.upper(at) {
            // MariaDB writes options of engines in quotes.
            unquoted if unquoted.is_empty() => words.value(at).to_ascii_uppercase(),
            name => name,
        };
        if words.is_literal(at) || at > range.start && words.is_symbol(at - 1, '=') {
            continue;
        }
        let of_mysql = OF_MYSQL.iter().find(|(known, _)| *known == name).map(|(_, since)| *since);
        let is_unknown = match of_mysql {
            Some(since) => ends.to_mariadb() || ends.target_before(since, Version(0, 0, 0)),
            None => to_mysql && OF_MARIADB.contains(&name.as_str()),
        };
        let encrypts = |value: String| !matches!(value.to_ascii_uppercase().as_str(), "N" | "NO" | "0" | "DEFAULT");
        match name.as_str() {
            "WITH" if words.is(at + 1, &["SYSTEM"]) && to_mysql => {
                return Err(refused("WITH SYSTEM VERSIONING", "MySQL keeps no former rows"));
            }
            "ENCRYPTION" if ends.to_mariadb() || ends.target_before(Version(5, 7, 11), Version(0, 0, 0)) => {
                encryption(words, at, value, encrypts(words.value(value)))?;
            }
            "ENCRYPTED" if to_mysql => encryption(words, at, value, encrypts(words.value(value)))?,
            _ if is_unknown => remove(words, at..value + 1, &range),
            _ => {}
        }
    }
    Ok(())
}

fn encryption(words: &mut Words<'_>, at: usize, value: usize, is_on: bool) -> Told {
    if is_on {
        return Err(refused(
            words.text(at..value + 1),
            "the target encrypts in another way, which somebody has to choose",
        ));
    }
    words.delete(at..value + 1);
    Ok(())
}

fn remove(words: &mut Words<'_>, option: Range<usize>, range: &Range<usize>) {
    match option == *range {
        true => words.delete_part(option),
        false if words.is_symbol(option.end, ',') => words.delete(option.start..option.end + 1),
        false => words.delete(option),
    }
}

/// CREATE and ALTER DATABASE, from behind that word.
pub(super) fn database(words: &mut Words<'_>, at: usize) -> Told {
    let range = at..words.end();
    for at in range.clone() {
        let value = if words.is_symbol(at + 1, '=') { at + 2 } else { at + 1 };
        let start = if at > 0 && words.is(at - 1, &["DEFAULT"]) { at - 1 } else { at };
        match words.upper(at).as_str() {
            "ENCRYPTION"
                if words.ends.to_mariadb() || words.ends.target_before(Version(8, 0, 16), Version(0, 0, 0)) =>
            {
                if words.value(value).eq_ignore_ascii_case("y") {
                    return Err(refused(
                        "ENCRYPTION",
                        "the target encrypts in another way, which somebody has to choose",
                    ));
                }
                words.delete(start..value + 1);
            }
            "COMMENT" if !words.ends.to_mariadb() => words.delete(at..value + 1),
            _ => {}
        }
    }
    Mentioned::of(words, range).translate(words)
}
