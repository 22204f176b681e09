//! Which server's rules a statement follows.

use std::fmt;

/// The two families of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerFlavor {
    MySql,
    MariaDb,
}

/// A server's version number, compared part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads `9.7.4`, `5.6.14-log`, `10.11.19-MariaDB-0+deb12u1` and `5.5.5-10.4.1-MariaDB` (a prefix for old clients).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("5.5.5-").unwrap_or(text);
        let mut parts = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u16>().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        Some(Self(major, minor, parts.next().flatten().unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl fmt::Display for ServerFlavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServerFlavor::MySql => "MySQL",
            ServerFlavor::MariaDb => "MariaDB",
        })
    }
}

/// A family and a version: what a word means can depend on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub flavor: ServerFlavor,
    pub version: Version,
}

/// MariaDB passes over comments for MySQL 5.7 and later, up to its own 10.0.
const OF_MYSQL_ALONE: std::ops::RangeInclusive<u32> = 50_700..=99_999;

impl Dialect {
    pub fn new(flavor: ServerFlavor, version: Version) -> Self {
        Self { flavor, version }
    }

    pub fn is_mariadb(self) -> bool {
        self.flavor == ServerFlavor::MariaDb
    }

    /// MySQL, at least of this version.
    pub fn is_mysql_since(self, version: Version) -> bool {
        self.flavor == ServerFlavor::MySql && self.version >= version
    }

    /// Integers are shown with the width they are displayed in: `int(11)`.
    pub fn shows_widths(self) -> bool {
        !self.is_mysql_since(Version(8, 0, 19))
    }

    /// As `/*!50651` writes it.
    fn number(self) -> u32 {
        let Version(major, minor, patch) = self.version;
        u32::from(major) * 10_000 + u32::from(minor) * 100 + u32::from(patch.min(99))
    }

    /// Whether the server runs what stands in `/*!` or, with `is_mariadbs`, in `/*M!`; `since` is the number behind it.
    pub(crate) fn executes(self, is_mariadbs: bool, since: Option<u32>) -> bool {
        match (self.flavor, since) {
            (ServerFlavor::MySql, _) if is_mariadbs => false,
            (_, None) => true,
            (ServerFlavor::MariaDb, Some(since)) if !is_mariadbs && OF_MYSQL_ALONE.contains(&since) => false,
            (_, Some(since)) => since <= self.number(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_for_other_servers_are_comments() {
        let mysql = Dialect::new(ServerFlavor::MySql, Version(8, 0, 36));
        let mariadb = Dialect::new(ServerFlavor::MariaDb, Version(10, 11, 6));
        for (mark, since, by_mysql, by_mariadb) in [
            (false, None, true, true),
            (false, Some(40_101), true, true),
            (false, Some(50_700), true, false),
            (false, Some(80_037), false, false),
            (false, Some(101_106), false, true),
            (false, Some(101_107), false, false),
            (true, None, false, true),
            (true, Some(100_100), false, true),
            (true, Some(110_000), false, false),
        ] {
            assert_eq!(mysql.executes(mark, since), by_mysql, "{mark} {since:?}");
            assert_eq!(mariadb.executes(mark, since), by_mariadb, "{mark} {since:?}");
        }
    }
}
