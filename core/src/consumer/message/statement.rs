//! What a schema change is called in canal-json.

/// Canal's `EventType` of a statement, told by its first words: CREATE, ALTER, RENAME (also ALTER TABLE … RENAME), ERASE
/// (DROP TABLE), TRUNCATE, CINDEX and DINDEX for tables and their indexes, QUERY for everything else.
pub(super) fn kind(sql: &str) -> &'static str {
    let mut words = Words { rest: sql };
    let first = words.next().unwrap_or_default();
    let mut second = words.next().unwrap_or_default();
    const ADJECTIVES: [&str; 8] = ["TEMPORARY", "OR", "REPLACE", "UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "IGNORE"];
    while ADJECTIVES.iter().any(|word| second.eq_ignore_ascii_case(word)) {
        second = words.next().unwrap_or_default();
    }
    let is = |word: &str, expected: &str| word.eq_ignore_ascii_case(expected);
    match () {
        () if is(first, "CREATE") && is(second, "TABLE") => "CREATE",
        () if is(first, "CREATE") && is(second, "INDEX") => "CINDEX",
        () if is(first, "DROP") && is(second, "TABLE") => "ERASE",
        () if is(first, "DROP") && is(second, "INDEX") => "DINDEX",
        () if is(first, "RENAME") && (is(second, "TABLE") || is(second, "TABLES")) => "RENAME",
        () if is(first, "TRUNCATE") => "TRUNCATE",
        () if is(first, "ALTER") && is(second, "TABLE") => alter_kind(words),
        () => "QUERY",
    }
}

/// ALTER TABLE is a RENAME if it renames the table itself, not a column or an index.
fn alter_kind(mut words: Words<'_>) -> &'static str {
    while let Some(word) = words.next() {
        if !word.eq_ignore_ascii_case("RENAME") {
            continue;
        }
        let what = words.next().unwrap_or_default();
        if !["COLUMN", "INDEX", "KEY"].iter().any(|part| what.eq_ignore_ascii_case(part)) {
            return "RENAME";
        }
    }
    "ALTER"
}

/// Unquoted words; comments are skipped, but what MySQL and MariaDB execute inside `/*! */` is read.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.rest = self.rest.trim_start();
            let first = self.rest.chars().next()?;
            if let Some(comment) = self.rest.strip_prefix("/*") {
                let executed = comment.strip_prefix("M!").or_else(|| comment.strip_prefix('!'));
                self.rest = match executed {
                    Some(inside) => inside.trim_start_matches(|c: char| c.is_ascii_digit()),
                    None => comment.split_once("*/").map_or("", |(_, rest)| rest),
                };
            } else if first == '#' || self.rest.starts_with("-- ") {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else if matches!(first, '`' | '\'' | '"') {
                self.rest = behind_quoted(self.rest.get(1..).unwrap_or_default(), first);
            } else if first.is_alphanumeric() || first == '_' || first == '$' {
                let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                return Some(word);
            } else {
                self.rest = self.rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
}

/// What follows the closing quote; a doubled quote reads as two texts, which is as good.
fn behind_quoted(inside: &str, quote: char) -> &str {
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return inside.get(at + quote.len_utf8()..).unwrap_or_default();
        }
        if character == '\\' && quote != '`' {
            characters.next();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_named_as_canal_names_them() {
        for (sql, expected) in [
            ("create table t (id int)", "CREATE"),
            ("CREATE /* new */ OR REPLACE TABLE t (id int)", "CREATE"),
            ("/*!40000 ALTER TABLE t DISABLE KEYS */", "ALTER"),
            ("alter table `rename` add column c int", "ALTER"),
            ("alter table t rename column a to b, add index (b)", "ALTER"),
            ("ALTER TABLE t RENAME INDEX a TO b, RENAME TO u", "RENAME"),
            ("-- x\nrename table a to b", "RENAME"),
            ("drop table if exists a, b", "ERASE"),
            ("TRUNCATE t", "TRUNCATE"),
            ("create unique index i on t (a)", "CINDEX"),
            ("drop index i on t", "DINDEX"),
            ("create database d", "QUERY"),
            ("drop view v", "QUERY"),
            ("alter table t comment 'it''s; rename'", "ALTER"),
            (r"alter table t comment 'it\'s rename to'", "ALTER"),
            ("", "QUERY"),
            ("/* never closed", "QUERY"),
            ("`", "QUERY"),
        ] {
            assert_eq!(kind(sql), expected, "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(sql in ".{0,80}") {
            kind(&sql);
        }
    }
}
