//! What the user of a connection may do, as the server's `SHOW GRANTS` has it.

use crate::answer;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use std::collections::BTreeSet;

/// The privileges of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Privileges {
    /// The account as SQL writes it: `'replicator'@'%'`.
    pub account: String,
    grants: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    /// MySQL's partial revoke: takes back what a wider grant gave.
    is_revoke: bool,
    privileges: BTreeSet<String>,
    level: Level,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    Global,
    /// A pattern as LIKE has it.
    Database(String),
    Table(String, String),
}

/// Names that mean the same: MySQL's and MariaDB's.
const ALIASES: [(&str, &str); 3] = [
    ("REPLICATION CLIENT", "BINLOG MONITOR"),
    ("REPLICATION SLAVE", "REPLICATION REPLICA"),
    ("SLAVE MONITOR", "REPLICA MONITOR"),
];

impl Privileges {
    /// Asks the server. MySQL's active roles count; MariaDB shows them by itself.
    pub async fn ask(conn: &mut Conn) -> Result<Self, Failure> {
        let account = match answer::rows(conn, "SELECT CURRENT_USER()").await?.into_iter().next() {
            Some(mut row) => row.required(0)?,
            None => return Err(answer::unexpected("no name of its user")),
        };
        let mut lines = Vec::new();
        for mut row in answer::rows(conn, "SHOW GRANTS").await? {
            lines.push(row.required(0)?);
        }
        // Servers without roles do not know the function; MariaDB's lines have its role's already.
        let roles = match answer::rows(conn, "SELECT CURRENT_ROLE()").await {
            Ok(rows) => rows.into_iter().next().map(|mut row| row.text(0)).transpose()?.flatten(),
            Err(_) => None,
        };
        if let Some(roles) = roles.filter(|roles| roles.starts_with('`')) {
            for mut row in answer::rows(conn, &format!("SHOW GRANTS FOR CURRENT_USER() USING {roles}")).await? {
                lines.push(row.required(0)?);
            }
        }
        Ok(Self::read(&account, lines.iter().map(String::as_str)))
    }

    /// The same from the lines of `SHOW GRANTS`. Lines about anything but databases and tables do not count.
    pub fn read<'a>(account: &str, lines: impl IntoIterator<Item = &'a str>) -> Self {
        Self { account: quoted_account(account), grants: lines.into_iter().filter_map(grant).collect() }
    }

    /// Whether the account has a privilege for everything.
    pub fn globally(&self, privilege: &str) -> bool {
        self.on(privilege, |level| *level == Level::Global)
    }

    /// Whether it has a privilege for all of a database.
    pub fn on_database(&self, privilege: &str, database: &str) -> bool {
        self.on(privilege, |level| match level {
            Level::Global => true,
            Level::Database(pattern) => like(pattern, database),
            Level::Table(..) => false,
        })
    }

    /// Whether it has a privilege for a table.
    pub fn on_table(&self, privilege: &str, database: &str, table: &str) -> bool {
        self.on(privilege, |level| match level {
            Level::Global => true,
            Level::Database(pattern) => like(pattern, database),
            Level::Table(of, name) => of == database && name == table,
        })
    }

    fn on(&self, privilege: &str, applies: impl Fn(&Level) -> bool) -> bool {
        let applying = || self.grants.iter().filter(|grant| grant.has(privilege) && applies(&grant.level));
        applying().any(|grant| !grant.is_revoke) && !applying().any(|grant| grant.is_revoke)
    }
}

impl Grant {
    fn has(&self, privilege: &str) -> bool {
        let is = |name: &str| self.privileges.contains(name);
        let alias = ALIASES.iter().find_map(|(one, other)| match privilege {
            _ if privilege == *one => Some(*other),
            _ if privilege == *other => Some(*one),
            _ => None,
        });
        is("ALL PRIVILEGES") || is("ALL") || is(privilege) || alias.is_some_and(is)
    }
}

/// A line: ``GRANT SELECT, INSERT ON `shop`.* TO `r`@`%` ``. `None` for roles, routines and proxies.
fn grant(line: &str) -> Option<Grant> {
    let (rest, is_revoke) = match line.strip_prefix("GRANT ") {
        Some(rest) => (rest, false),
        None => (line.strip_prefix("REVOKE ")?, true),
    };
    let (privileges, rest) = split_outside(rest, " ON ")?;
    let (level, _) = split_outside(rest, if is_revoke { " FROM " } else { " TO " })?;
    Some(Grant { is_revoke, privileges: names(privileges), level: level_of(level)? })
}

/// Splits at the first `separator` that is neither in quotes nor in parentheses.
fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (mut quote, mut depth) = (None, 0_usize);
    for (at, character) in text.char_indices() {
        let rest = text.get(at..)?;
        if quote.is_none() && depth == 0 && rest.starts_with(separator) {
            return Some((text.get(..at)?, rest.get(separator.len()..)?));
        }
        match (quote, character) {
            (None, '`' | '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The privileges that hold for whole tables: those of some columns (`SELECT (a, b)`) are left out.
fn names(list: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = list;
    loop {
        let (name, more) = split_outside(rest, ",").map_or((rest, None), |(name, more)| (name, Some(more)));
        if !name.contains('(') {
            names.insert(name.trim().to_uppercase());
        }
        match more {
            Some(more) => rest = more,
            None => return names,
        }
    }
}

fn level_of(text: &str) -> Option<Level> {
    if text == "*.*" {
        return Some(Level::Global);
    }
    let (database, table) = split_outside(text, ".")?;
    let database = unquoted(database)?;
    match table {
        "*" => Some(Level::Database(database)),
        table => Some(Level::Table(database, unquoted(table)?)),
    }
}

fn unquoted(name: &str) -> Option<String> {
    let inner = name.strip_prefix('`')?.strip_suffix('`')?;
    Some(inner.replace("``", "`"))
}

/// LIKE, as grants on databases have it: `%`, `_`, and `\` before either.
fn like(pattern: &str, text: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => text.is_empty(),
        Some('%') => {
            text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|rest| like(characters.as_str(), rest)))
                || like(characters.as_str(), "")
        }
        Some('_') => {
            let mut rest = text.chars();
            rest.next().is_some() && like(characters.as_str(), rest.as_str())
        }
        Some(character) => {
            let wanted = if character == '\\' { characters.next().unwrap_or(character) } else { character };
            text.strip_prefix(wanted).is_some_and(|rest| like(characters.as_str(), rest))
        }
    }
}

/// `replicator@%` as `'replicator'@'%'`.
fn quoted_account(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let quote = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", quote(user), quote(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_both_families_write_them() {
        let lines = [
            "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*canary'",
            "GRANT SELECT, INSERT (a, `b ON `) ON `shop`.* TO `r`@`%`",
            "GRANT ALL PRIVILEGES ON `my\\_db`.* TO 'r'@'%'",
            "GRANT UPDATE ON `hr`.`per``son` TO `r`@`%` WITH GRANT OPTION",
            "GRANT `reader`@`%` TO `r`@`%`",
            "GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION",
            "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `r`@`%`",
        ];
        let held = Privileges::read("r@%", lines);
        assert_eq!(held.account, "'r'@'%'");
        assert!(held.globally("REPLICATION SLAVE") && held.globally("REPLICATION CLIENT"));
        assert!(!held.globally("SELECT") && held.on_database("SELECT", "shop"));
        assert!(!held.on_database("INSERT", "shop"), "of some columns only");
        assert!(held.on_database("DELETE", "my_db") && !held.on_database("DELETE", "myxdb"));
        assert!(held.on_table("UPDATE", "hr", "per`son") && !held.on_database("UPDATE", "hr"));
        assert!(!format!("{held:?}").contains("canary"));
    }

    #[test]
    fn a_partial_revoke_takes_back() {
        let lines = ["GRANT SELECT ON *.* TO `r`@`%`", "REVOKE SELECT ON `hr`.* FROM `r`@`%`"];
        let held = Privileges::read("r@%", lines);
        assert!(held.on_database("SELECT", "shop") && !held.on_database("SELECT", "hr"));
    }

    #[test]
    fn patterns_of_databases_are_those_of_like() {
        for (pattern, text, matches) in [
            ("shop", "shop", true),
            ("shop", "shops", false),
            ("shop%", "shops", true),
            ("%", "", true),
            ("%p", "shop", true),
            ("s_op", "shop", true),
            ("s\\_op", "shop", false),
            ("a%b%c", "axxbxxc", true),
        ] {
            assert_eq!(like(pattern, text), matches, "{pattern} on {text}");
        }
    }
}
