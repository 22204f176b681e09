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

/// The database that CREATE, ALTER or DROP DATABASE is about; `None` for other statements and where ALTER leaves it out.
pub(super) fn database(sql: &str) -> Option<String> {
    let is = |word: Option<&str>, any: &[&str]| any.iter().any(|one| word.is_some_and(|w| w.eq_ignore_ascii_case(one)));
    let mut words = Words { rest: sql };
    if !is(words.next(), &["CREATE", "ALTER", "DROP"]) {
        return None;
    }
    let mut object = words.next();
    // CREATE OR REPLACE DATABASE of MariaDB.
    while is(object, &["OR", "REPLACE"]) {
        object = words.next();
    }
    if !is(object, &["DATABASE", "SCHEMA"]) {
        return None;
    }
    let mut name = words.rest.trim_start();
    while is(Words { rest: name }.next(), &["IF", "NOT", "EXISTS"]) && !name.starts_with('`') {
        let mut behind = Words { rest: name };
        behind.next();
        name = behind.rest.trim_start();
    }
    // The end of `/*!32312 IF NOT EXISTS*/`, as dumps write it.
    name = name.trim_start_matches("*/").trim_start();
    if let Some(quoted) = name.strip_prefix('`') {
        let end = quoted.replace("``", "\0\0").find('`')?;
        return quoted.get(..end).map(|name| name.replace("``", "`"));
    }
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(name.len());
    let name = name.get(..end).filter(|name| !name.is_empty())?;
    let is_option =
        is(Some(name), &["CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "ENCRYPTION", "READ", "COMMENT", "UPGRADE"]);
    (!is_option).then(|| name.to_owned())
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

    #[test]
    fn a_database_is_found_in_its_statement() {
        for (sql, expected) in [
            ("CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4", Some("shop")),
            ("create /* c */ schema if not exists `a``b` collate x", Some("a`b")),
            ("CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET latin1 */", Some("shop")),
            ("CREATE OR REPLACE DATABASE größe", Some("größe")),
            ("drop database if exists `if`", Some("if")),
            ("ALTER DATABASE CHARACTER SET latin1", None),
            ("create table t (id int)", None),
            ("drop database", None),
            ("drop database `", None),
        ] {
            assert_eq!(database(sql).as_deref(), expected, "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(sql in ".{0,80}", start in "(create|drop|alter) (database|table)( if exists)? ?") {
            kind(&sql);
            kind(&format!("{start}{sql}"));
            drop(database(&format!("{start}{sql}")));
        }
    }
}
