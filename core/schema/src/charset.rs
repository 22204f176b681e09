//! Character sets and collations, as the server names them, and which of them a column ends up with.

use std::collections::BTreeMap;

/// A character set of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charset {
    pub default_collation: String,
    /// Most bytes of a character.
    pub bytes_max: u64,
}

/// The character sets and collations that a server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charsets {
    charsets: BTreeMap<String, Charset>,
    /// The character set of each collation, by its name.
    collations: BTreeMap<String, String>,
}

/// A character set and a collation as a statement names them for a column, a table or a database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    pub charset: Option<String>,
    pub collation: Option<String>,
    /// The attribute BINARY: the character set's collation by bytes.
    pub binary: bool,
    /// `CHARACTER SET DEFAULT`: what the database has.
    pub default: bool,
}

impl Named {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Charsets {
    /// `charsets` are (name, default collation, most bytes of a character), `collations` (name, character set).
    pub fn new(
        charsets: impl IntoIterator<Item = (String, String, u64)>,
        collations: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let charset = |(name, default_collation, bytes_max)| (name, Charset { default_collation, bytes_max });
        Self { charsets: charsets.into_iter().map(charset).collect(), collations: collations.into_iter().collect() }
    }

    /// Another collation than its own default for a character set: what a session chose.
    pub fn with_default(mut self, charset: &str, collation: &str) -> Self {
        if let Some(charset) = self.charsets.get_mut(charset) {
            charset.default_collation = collation.to_owned();
        }
        self
    }

    pub fn charset_of(&self, collation: &str) -> Option<&str> {
        self.collations.get(collation).map(String::as_str)
    }

    pub fn bytes_max(&self, charset: &str) -> Option<u64> {
        self.charsets.get(charset).map(|charset| charset.bytes_max)
    }

    /// The server's own name of a character set: `utf8` and `utf8mb3` are one, and `binary` is one too.
    fn charset(&self, name: &str) -> Option<(&str, &Charset)> {
        let name = name.to_ascii_lowercase();
        let other = match name.as_str() {
            "utf8" => "utf8mb3",
            "utf8mb3" => "utf8",
            other => other,
        };
        let found = self.charsets.get_key_value(&name).or_else(|| self.charsets.get_key_value(other));
        found.map(|(name, charset)| (name.as_str(), charset))
    }

    /// The server's own name of a collation, of the character set around it where the name has none; `None`: it has no
    /// such collation.
    pub fn collation(&self, name: &str, charset: Option<&str>) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let renamed = match name.strip_prefix("utf8_") {
            Some(rest) => format!("utf8mb3_{rest}"),
            None => name.strip_prefix("utf8mb3_").map_or_else(|| name.clone(), |rest| format!("utf8_{rest}")),
        };
        // MariaDB 10.10 has collations that belong to several character sets.
        let of_charset = charset.map(|charset| format!("{charset}_{name}"));
        let candidates = [Some(name), Some(renamed), of_charset];
        candidates.into_iter().flatten().find(|candidate| self.collations.contains_key(candidate))
    }

    pub fn default_collation(&self, charset: &str) -> Option<&str> {
        self.charset(charset).map(|(_, charset)| charset.default_collation.as_str())
    }

    /// The collation that is meant, where `inherited` is that of the table or database around it. `None`: not known.
    pub fn resolve(&self, named: &Named, inherited: Option<&str>) -> Option<String> {
        let charset = match &named.charset {
            Some(name) => Some(self.charset(name)?),
            None => None,
        };
        let around = || inherited.and_then(|collation| self.charset_of(collation));
        if let Some(collation) = &named.collation {
            if collation.eq_ignore_ascii_case("default") {
                return match charset {
                    Some((_, charset)) => Some(charset.default_collation.clone()),
                    None => self.charset(around()?).map(|(_, charset)| charset.default_collation.clone()),
                };
            }
            return self.collation(collation, charset.map(|(name, _)| name).or_else(around));
        }
        if named.binary {
            let name = charset.map(|(name, _)| name).or_else(around)?;
            return if name == "binary" { Some(name.to_owned()) } else { self.collation(&format!("{name}_bin"), None) };
        }
        match charset {
            Some((_, charset)) => Some(charset.default_collation.clone()),
            None => inherited.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charsets() -> Charsets {
        let charset = |name: &str, default: &str, bytes| (name.to_owned(), default.to_owned(), bytes);
        let collation = |name: &str, charset: &str| (name.to_owned(), charset.to_owned());
        Charsets::new(
            [
                charset("latin1", "latin1_swedish_ci", 1),
                charset("utf8mb3", "utf8mb3_general_ci", 3),
                charset("utf8mb4", "utf8mb4_general_ci", 4),
                charset("binary", "binary", 1),
            ],
            [
                collation("latin1_swedish_ci", "latin1"),
                collation("latin1_bin", "latin1"),
                collation("utf8mb3_general_ci", "utf8mb3"),
                collation("utf8mb3_bin", "utf8mb3"),
                collation("utf8mb4_general_ci", "utf8mb4"),
                collation("utf8mb4_uca1400_ai_ci", "utf8mb4"),
                collation("binary", "binary"),
            ],
        )
    }

    #[test]
    fn a_column_takes_what_it_names_else_what_is_around_it() {
        let charsets = charsets();
        let named = |charset: &str, collation: &str, binary| Named {
            charset: Some(charset.to_owned()).filter(|name| !name.is_empty()),
            collation: Some(collation.to_owned()).filter(|name| !name.is_empty()),
            binary,
            default: false,
        };
        for (charset, collation, binary, inherited, expected) in [
            ("", "", false, Some("latin1_swedish_ci"), Some("latin1_swedish_ci")),
            ("", "", false, None, None),
            ("UTF8", "", false, Some("latin1_swedish_ci"), Some("utf8mb3_general_ci")),
            ("", "utf8_bin", false, None, Some("utf8mb3_bin")),
            ("latin1", "", true, None, Some("latin1_bin")),
            ("", "", true, Some("utf8mb3_general_ci"), Some("utf8mb3_bin")),
            ("", "uca1400_ai_ci", false, Some("utf8mb4_general_ci"), Some("utf8mb4_uca1400_ai_ci")),
            ("utf8mb4", "DEFAULT", false, Some("latin1_bin"), Some("utf8mb4_general_ci")),
            ("binary", "", false, None, Some("binary")),
            ("koi8", "", false, Some("latin1_bin"), None),
        ] {
            let found = charsets.resolve(&named(charset, collation, binary), inherited);
            assert_eq!(found.as_deref(), expected, "{charset} {collation} {binary} {inherited:?}");
        }
        let chosen = charsets.with_default("utf8mb4", "utf8mb4_uca1400_ai_ci");
        assert_eq!(chosen.default_collation("utf8mb4"), Some("utf8mb4_uca1400_ai_ci"));
    }
}
