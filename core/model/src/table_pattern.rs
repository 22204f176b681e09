//! Which tables a task means.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest pattern, in bytes: longer than any two identifiers, shorter than anything that takes long to match.
const PATTERN_LENGTH_MAX: usize = 512;

/// Most numbers that a range such as `[0001-4096]` stands for.
const RANGE_MAX: u32 = 4096;

/// A pattern over `database.table`, such as `shop.item`, `shop.*`, `shop.order_[0-9]+` or `*.audit_log`.
///
/// The part before the first dot is matched against the database, the rest against the table. Each part is a regular
/// expression for the whole name, with one convenience: a `*` that follows an ordinary character, or begins the part,
/// stands for "any characters", so that `order_*` means what it looks like. After `]`, `)`, `}`, `.` or `\x` it keeps
/// its meaning as a repetition. And `[01-32]`, with two or more digits on both sides, stands for the numbers from 01 to 32,
/// so that `shop_[01-32].*` means 32 databases. Names are compared as the binary log has them, case and all.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePattern {
    text: String,
    database: Regex,
    table: Regex,
}

/// Why a pattern was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a table pattern: {problem}; write `database.table`, where `*` stands for any characters")]
pub struct PatternError {
    pub text: String,
    pub problem: String,
}

impl TablePattern {
    pub fn new(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        let refuse = |problem: String| PatternError { text: text.chars().take(80).collect(), problem };
        if text.len() > PATTERN_LENGTH_MAX {
            return Err(refuse(format!("it is longer than {PATTERN_LENGTH_MAX} bytes")));
        }
        let (database, table) = text.split_once('.').ok_or_else(|| refuse("there is no dot in it".into()))?;
        if database.is_empty() || table.is_empty() {
            return Err(refuse("the database or the table is missing".into()));
        }
        let compile = |part: &str| {
            let expression = expand(part).map_err(&refuse)?;
            Regex::new(&format!("^(?s:{expression})$")).map_err(|error| {
                refuse(error.to_string().lines().last().unwrap_or("not a regular expression").to_owned())
            })
        };
        Ok(Self { database: compile(database)?, table: compile(table)?, text })
    }

    pub fn matches(&self, database: &str, table: &str) -> bool {
        self.database.is_match(database) && self.table.is_match(table)
    }

    /// What stands in the parentheses of the pattern for these names, the database's first; empty where a group took no
    /// part.
    pub fn captures(&self, database: &str, table: &str) -> Vec<String> {
        let groups = |pattern: &Regex, name: &str| -> Vec<String> {
            let found = pattern.captures(name);
            let group = |index| found.as_ref().and_then(|found| found.get(index)).map_or("", |group| group.as_str());
            (1..pattern.captures_len()).map(|index| group(index).to_owned()).collect()
        };
        groups(&self.database, database).into_iter().chain(groups(&self.table, table)).collect()
    }

    /// How many values [`TablePattern::captures`] gives.
    pub fn captures_count(&self) -> usize {
        self.database.captures_len() + self.table.captures_len() - 2
    }

    /// Whether any table of this database could match.
    pub fn matches_database(&self, database: &str) -> bool {
        self.database.is_match(database)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one table that it means, if it has no special characters.
    pub fn literal(&self) -> Option<(&str, &str)> {
        let plain = |part: &str| part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | ' '));
        self.text.split_once('.').filter(|(database, table)| plain(database) && plain(table))
    }
}

fn expand(part: &str) -> Result<String, String> {
    let mut expression = String::with_capacity(part.len() + 4);
    let mut repeatable = false;
    let mut rest = part;
    while let Some(character) = rest.chars().next() {
        if let Some((range, behind)) = number_range(rest) {
            expression.push_str(&range?);
            (rest, repeatable) = (behind, true);
            continue;
        }
        if character == '*' && !repeatable {
            expression.push('.');
        }
        expression.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        repeatable = matches!(character, ']' | ')' | '}' | '.');
        if character == '\\' {
            let mut characters = rest.chars();
            expression.extend(characters.next());
            rest = characters.as_str();
            repeatable = true;
        }
    }
    Ok(expression)
}

/// `[01-32]` at the beginning, as an alternation of its numbers, and what follows. Ranges of single digits are those of
/// regular expressions.
fn number_range(text: &str) -> Option<(Result<String, String>, &str)> {
    let (range, behind) = text.strip_prefix('[')?.split_once(']')?;
    let (first, last) = range.split_once('-')?;
    let is_number = |part: &str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if first.len() != last.len() || !is_number(first) || !is_number(last) {
        return None;
    }
    let width = first.len();
    let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) else {
        return Some((Err(format!("the numbers of [{range}] are too large")), behind));
    };
    if first > last || last - first >= RANGE_MAX {
        return Some((Err(format!("[{range}] has to ascend, and to mean at most {RANGE_MAX} numbers")), behind));
    }
    let numbers: Vec<String> = (first..=last).map(|number| format!("{number:0width$}")).collect();
    Some((Ok(format!("(?:{})", numbers.join("|"))), behind))
}

/// Which tables a task replicates: those that match one of `tables` and none of `exclude`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFilter {
    include: Vec<TablePattern>,
    exclude: Vec<TablePattern>,
}

/// Databases that belong to the servers and to the replicator itself; never replicated.
pub const SYSTEM_DATABASES: [&str; 5] =
    ["mysql", "information_schema", "performance_schema", "sys", crate::task::REPLICATOR_DATABASE];

impl TableFilter {
    pub fn new(include: &[TablePattern], exclude: &[TablePattern]) -> Self {
        Self { include: include.to_vec(), exclude: exclude.to_vec() }
    }

    pub fn matches(&self, database: &str, table: &str) -> bool {
        !SYSTEM_DATABASES.contains(&database)
            && self.include.iter().any(|pattern| pattern.matches(database, table))
            && !self.exclude.iter().any(|pattern| pattern.matches(database, table))
    }

    /// Whether any table of this database could be replicated.
    pub fn matches_database(&self, database: &str) -> bool {
        !SYSTEM_DATABASES.contains(&database) && self.include.iter().any(|pattern| pattern.matches_database(database))
    }
}

impl PartialEq for TablePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TablePattern {}

impl fmt::Debug for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for TablePattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

impl From<TablePattern> for String {
    fn from(pattern: TablePattern) -> String {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> TablePattern {
        TablePattern::new(text).unwrap()
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        for (text, database, table, matches) in [
            ("shop.item", "shop", "item", true),
            ("shop.item", "shop", "items", false),
            ("shop.item", "myshop", "item", false),
            ("shop.*", "shop", "anything at all", true),
            ("*.*", "a", "b", true),
            ("shop.order_*", "shop", "order_17", true),
            ("shop.order_*", "shop", "orders", false),
            ("shop.order_[0-9]+", "shop", "order_17", true),
            ("shop.order_[0-9]*", "shop", "order_", true),
            ("shop.order_[0-9]*", "shop", "order_x", false),
            ("shop..*", "shop", "x", true),
            ("shop.*_bak", "shop", "item_bak", true),
            ("shop.Item", "shop", "item", false),
            ("shop_[01-32].item", "shop_07", "item", true),
            ("shop_[01-32].item", "shop_32", "item", true),
            ("shop_[01-32].item", "shop_00", "item", false),
            ("shop_[01-32].item", "shop_33", "item", false),
            ("shop_[01-32].item", "shop_7", "item", false),
            ("shop.order_[2019-2021]_[01-12]", "shop", "order_2020_11", true),
            ("shop.order_[2019-2021]_[01-12]", "shop", "order_2020_13", false),
            ("shop.order_[0-32]", "shop", "order_3", true),
        ] {
            assert_eq!(pattern(text).matches(database, table), matches, "{text} on {database}.{table}");
        }
    }

    #[test]
    fn a_bad_pattern_says_why() {
        for (bad, problem) in [
            ("item", "no dot"),
            ("shop.", "missing"),
            ("shop.[a", "unclosed"),
            ("s.[32-01]", "ascend"),
            ("s.[00001-99999]", "at most"),
        ] {
            assert!(TablePattern::new(bad).unwrap_err().to_string().contains(problem), "{bad}");
        }
    }

    #[test]
    fn exclusion_wins_and_system_databases_are_never_replicated() {
        let filter = TableFilter::new(&[pattern("*.*")], &[pattern("shop.*_bak")]);
        assert!(filter.matches("shop", "item"));
        assert!(!filter.matches("shop", "item_bak"));
        assert!(!filter.matches("mysql", "user"));
        assert!(!filter.matches("mysql_replicator", "checkpoint"));
    }

    #[test]
    fn a_literal_pattern_names_one_table() {
        assert_eq!(pattern("shop.item").literal(), Some(("shop", "item")));
        assert_eq!(pattern("shop.item*").literal(), None);
    }
}
