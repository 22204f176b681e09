//! Collations under the names of another server.

use super::words::Words;
use super::{End, Refusal, Told, refused};
use std::ops::Range;

/// Collations that differ in nothing but the version of Unicode that they know: they have the same strength and treat
/// spaces at the end alike. MariaDB 11.4 takes MySQL's names for its own in this way. (name behind that of the
/// character set, others to try in turn)
const COUNTERPARTS: [(&str, &[&str]); 8] = [
    ("0900_ai_ci", &["uca1400_nopad_ai_ci", "unicode_520_nopad_ci"]),
    ("0900_as_ci", &["uca1400_nopad_as_ci"]),
    ("0900_as_cs", &["uca1400_nopad_as_cs"]),
    ("0900_bin", &["nopad_bin"]),
    ("uca1400_ai_ci", &["unicode_520_ci"]),
    ("uca1400_nopad_ai_ci", &["0900_ai_ci", "unicode_520_nopad_ci"]),
    ("uca1400_nopad_as_ci", &["0900_as_ci"]),
    ("uca1400_nopad_as_cs", &["0900_as_cs"]),
];

const NO_COUNTERPART: &str = "the target has no collation that compares alike";

/// The target's name of one of the source's collations.
pub fn counterpart(name: &str, to: &End) -> Option<String> {
    if let Some(known) = to.charsets.collation(name, None) {
        return Some(known);
    }
    let (charset, kind) = name.split_once('_')?;
    if kind == "nopad_bin" {
        return to.charsets.collation(&format!("{charset}_0900_bin"), None);
    }
    let (_, others) = COUNTERPARTS.iter().find(|(known, _)| *known == kind)?;
    others.iter().find_map(|other| to.charsets.collation(&format!("{charset}_{other}"), None))
}

fn counterpart_or_refusal(name: &str, to: &End) -> Result<String, Refusal> {
    counterpart(name, to).ok_or_else(|| refused(format!("COLLATE {name}"), NO_COUNTERPART))
}

/// What a definition says about its texts.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// The word that names the character set.
    charset: Option<usize>,
    collation: Option<usize>,
    binary: bool,
}

impl Mentioned {
    /// Looks at the words of a range, at the depth of its first.
    pub(super) fn of(words: &Words<'_>, range: Range<usize>) -> Self {
        let mut found = Self::default();
        let depth = words.depth(range.start);
        for at in range.filter(|at| words.depth(*at) == depth) {
            let behind = |at: usize| if words.is_symbol(at, '=') { at + 1 } else { at };
            match words.upper(at).as_str() {
                "CHARSET" => found.charset = Some(behind(at + 1)),
                "CHARACTER" | "CHAR" if words.upper(at + 1) == "SET" => found.charset = Some(behind(at + 2)),
                "COLLATE" => found.collation = Some(behind(at + 1)),
                "BINARY" => found.binary = true,
                _ => {}
            }
        }
        found
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.charset.is_none() && self.collation.is_none() && !self.binary
    }

    /// Makes it mean the same at the target.
    pub(super) fn translate(&self, words: &mut Words<'_>) -> Told {
        let ends = words.ends;
        let charset = self.charset.map(|at| words.value(at));
        if charset.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("default")) {
            return match of_database(words)? {
                None => Ok(()),
                Some(_) => Err(refused("CHARACTER SET DEFAULT", "the database has another default there")),
            };
        }
        if let Some(at) = self.collation {
            let name = words.value(at);
            if name.eq_ignore_ascii_case("default") {
                return Ok(());
            }
            let around = ends.from.database_collation.as_deref().and_then(|name| ends.from.charsets.charset_of(name));
            let full = ends.from.charsets.collation(&name, charset.as_deref().or(around)).unwrap_or(name.clone());
            let there = counterpart_or_refusal(&full, ends.to)?;
            let is_known = ends.to.charsets.collation(&name, charset.as_deref()).as_deref() == Some(&there);
            if !is_known {
                words.replace(at, there);
            }
            return Ok(());
        }
        match (self.charset, charset) {
            (Some(at), Some(charset)) if !self.binary => written(words, at, &charset),
            _ => Ok(()),
        }
    }
}

/// Writes behind a word the collation that the source takes for a character set, if the target takes another.
pub(super) fn written(words: &mut Words<'_>, at: usize, charset: &str) -> Told {
    let ends = words.ends;
    let Some(meant) = ends.from.charsets.default_collation(charset) else { return Ok(()) };
    let there = ends.to.charsets.default_collation(charset);
    let wanted = counterpart_or_refusal(meant, ends.to)?;
    if there != Some(wanted.as_str()) {
        words.insert_behind(at, &format!(" COLLATE {wanted}"));
    }
    Ok(())
}

/// What a table of the source's database gets without saying so, if it gets something else at the target: character set
/// and collation.
pub(super) fn of_database(words: &Words<'_>) -> Result<Option<String>, Refusal> {
    let ends = words.ends;
    let Some(meant) = ends.from.database_collation.as_deref() else { return Ok(None) };
    if ends.to.database_collation.as_deref().is_some_and(|there| same(meant, there)) {
        return Ok(None);
    }
    let wanted = counterpart_or_refusal(meant, ends.to)?;
    if ends.to.database_collation.as_deref() == Some(wanted.as_str()) {
        return Ok(None);
    }
    let charset = ends.to.charsets.charset_of(&wanted).unwrap_or_default();
    Ok(Some(format!(" DEFAULT CHARACTER SET {charset} COLLATE {wanted}")))
}

/// `utf8_bin` and `utf8mb3_bin` are one.
fn same(one: &str, other: &str) -> bool {
    let plain =
        |name: &str| name.strip_prefix("utf8_").map_or_else(|| name.to_owned(), |rest| format!("utf8mb3_{rest}"));
    plain(one) == plain(other)
}
