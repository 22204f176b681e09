//! What a table looks like, as far as it is needed to decode and name its rows.

use serde::{Deserialize, Serialize};

/// A table (or view) of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    pub database: String,
    pub table: String,
    /// In the table's order.
    pub columns: Vec<ColumnDefinition>,
    /// Indexes into `columns` of the primary key, else of a unique key without nullable columns ([`choose_key`]), in key
    /// order; `None` if there is neither.
    pub key: Option<Vec<usize>>,
    pub has_primary_key: bool,
}

/// A column, in the words of `information_schema.COLUMNS`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDefinition {
    pub name: String,
    /// The whole type: `int(10) unsigned`, `varchar(20)`, `enum('a','b')`.
    pub column_type: String,
    /// Its first word: `int`, `varchar`, `enum`.
    pub data_type: String,
    /// Of text columns, ENUM and SET; `None` for the others and for binary ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Most bytes a value of a character or binary column has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octet_length: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// Computed by the server: VIRTUAL, STORED, or a period of MariaDB's system versioning. Can't be written.
    #[serde(default, skip_serializing_if = "is_false")]
    pub generated: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto_increment: bool,
    /// `SELECT *` leaves it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invisible: bool,
}

impl ColumnDefinition {
    /// A column of this type that may be NULL, and of which nothing else is known.
    pub fn new(name: &str, column_type: &str) -> Self {
        Self {
            name: name.to_owned(),
            column_type: column_type.to_owned(),
            data_type: column_type.split(['(', ' ']).next().unwrap_or_default().to_owned(),
            charset: None,
            collation: None,
            octet_length: None,
            nullable: true,
            generated: false,
            auto_increment: false,
            invisible: false,
        }
    }

    /// The type without the note that old servers' columns have: `time(3)` of `time(3) /* mariadb-5.3 */`.
    pub fn type_alone(&self) -> &str {
        const NOTES: [&str; 2] = [" /* mariadb-5.3 */", " /* 5.5 binary format */"];
        let noted = NOTES.iter().find_map(|note| self.column_type.strip_suffix(note));
        noted.unwrap_or(&self.column_type)
    }

    pub fn is_unsigned(&self) -> bool {
        // What stands in quotes are members of an ENUM or SET.
        let words = self.column_type.split('\'').next().unwrap_or_default();
        words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("unsigned"))
    }
}

impl TableDefinition {
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// The name that servers give to every primary key.
pub const PRIMARY: &str = "PRIMARY";

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub name: String,
    pub unique: bool,
    /// Of only the first characters of a column, in one of its parts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
    /// The columns in key order; `None` where a part is an expression.
    pub parts: Vec<Option<String>>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A table with what is needed to follow its changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableSchema {
    /// In the table's order.
    pub columns: Vec<ColumnDefinition>,
    /// In the server's order.
    pub keys: Vec<Key>,
    /// What a text column has that names none.
    pub collation: Option<String>,
}

/// Names of columns and keys are compared without case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

impl TableSchema {
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| same(&column.name, name))
    }

    pub fn key(&self, name: &str) -> Option<usize> {
        self.keys.iter().position(|key| same(&key.name, name))
    }

    pub fn primary_key(&self) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == PRIMARY)
    }

    /// Puts keys in the order in which the server keeps them, and makes NOT NULL what the primary key makes so.
    pub fn settle(&mut self) {
        let primary: Vec<usize> = self
            .primary_key()
            .map_or_else(Vec::new, |key| key.parts.iter().flatten().filter_map(|part| self.column(part)).collect());
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.nullable &= !primary.contains(&index);
        }
        let rank = |key: &Key| {
            let is_null = key.parts.iter().any(|part| {
                part.as_deref().is_none_or(|name| self.column(name).is_none_or(|index| self.columns[index].nullable))
            });
            (!key.unique, key.unique && is_null, key.unique && key.name != PRIMARY, key.unique && key.partial)
        };
        let mut ranked: Vec<_> = self.keys.iter().map(|key| (rank(key), key.clone())).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        self.keys = ranked.into_iter().map(|(_, key)| key).collect();
    }

    /// The form in which rows are completed with it.
    pub fn definition(&self, database: &str, table: &str) -> TableDefinition {
        let (key, has_primary_key) = choose_key(&self.keys, &self.columns);
        let (database, table) = (database.to_owned(), table.to_owned());
        TableDefinition { database, table, columns: self.columns.clone(), key, has_primary_key }
    }
}

/// Indexes of the columns of the primary key, else of a unique key that has no nullable column, if possible one that is
/// easy to search by, without generated columns and long texts; and whether it is the primary one. Of several it is the
/// one with the fewest columns, then the first by name: servers sort keys anew whenever a table is changed, each in its way,
/// and whoever asks has to choose the same as whoever followed.
pub fn choose_key(keys: &[Key], columns: &[ColumnDefinition]) -> (Option<Vec<usize>>, bool) {
    let indexes = |key: &Key| -> Option<Vec<usize>> {
        let index = |part: &Option<String>| {
            let name = part.as_deref()?;
            columns.iter().position(|column| same(&column.name, name) && !column.nullable)
        };
        if key.unique { key.parts.iter().map(index).collect() } else { None }
    };
    let primary = keys.iter().find(|key| key.name == PRIMARY).and_then(indexes);
    let has_primary_key = primary.is_some();
    let is_long = |column: &ColumnDefinition| column.data_type.ends_with("text") || column.data_type.ends_with("blob");
    let is_easy = |index: &usize| !columns[*index].generated && !is_long(&columns[*index]);
    let unique = keys.iter().filter_map(|key| indexes(key).map(|columns| (key, columns)));
    let chosen =
        unique.min_by_key(|(key, columns)| (!columns.iter().all(is_easy), columns.len(), key.name.to_lowercase()));
    (primary.or(chosen.map(|(_, columns)| columns)), has_primary_key)
}

/// The members of an ENUM or SET from its type, `enum('a','it''s')`, in order.
pub fn members(column_type: &str) -> Vec<String> {
    let mut members = Vec::new();
    let mut rest = column_type.split_once('(').map_or("", |(_, rest)| rest);
    while let Some((_, inside)) = rest.split_once('\'') {
        let mut member = String::new();
        let mut characters = inside.char_indices().peekable();
        let mut end = inside.len();
        while let Some((offset, character)) = characters.next() {
            if character != '\'' {
                member.push(character);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                member.push('\'');
            } else {
                end = offset + 1;
                break;
            }
        }
        members.push(member);
        rest = inside.get(end..).unwrap_or_default();
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, nullable: bool) -> ColumnDefinition {
        ColumnDefinition { nullable, ..ColumnDefinition::new(name, "int") }
    }

    fn key(name: &str, parts: &[&str]) -> Key {
        let parts = parts.iter().map(|part| Some((*part).to_owned())).collect();
        Key { name: name.into(), unique: true, partial: false, parts }
    }

    #[test]
    fn the_primary_key_comes_first_then_a_unique_key_without_nulls() {
        let columns = [column("a", false), column("b", true), column("c", false)];
        let (primary, unique) = (key("PRIMARY", &["c", "a"]), key("u", &["a"]));
        let nullable = key("n", &["a", "b"]);
        let expression = Key { parts: vec![None], ..key("e", &[]) };
        let plain = Key { unique: false, ..key("p", &["c"]) };
        assert_eq!(choose_key(&[primary, unique.clone()], &columns), (Some(vec![2, 0]), true));
        assert_eq!(
            choose_key(&[plain, nullable.clone(), expression.clone(), unique], &columns),
            (Some(vec![0]), false)
        );
        assert_eq!(choose_key(&[nullable, expression], &columns), (None, false));
        let generated = ColumnDefinition { generated: true, ..column("g", false) };
        let columns = [generated, column("a", false)];
        let keys = [key("x", &["g"]), key("y", &["a", "g"]), key("z", &["a"])];
        assert_eq!(choose_key(&keys, &columns), (Some(vec![1]), false));
        assert_eq!(choose_key(&keys[..1], &columns), (Some(vec![0]), false));
    }

    #[test]
    fn keys_are_kept_in_the_servers_order() {
        let keys = vec![
            Key { unique: false, ..key("p", &["c"]) },
            key("n", &["b"]),
            Key { partial: true, ..key("u1", &["a"]) },
            key("u2", &["c"]),
            key("PRIMARY", &["d"]),
        ];
        let columns = vec![column("a", false), column("b", true), column("c", false), column("d", true)];
        let mut schema = TableSchema { columns, keys, collation: None };
        schema.settle();
        let names: Vec<&str> = schema.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["PRIMARY", "u2", "u1", "n", "p"]);
        assert!(!schema.columns[3].nullable, "the primary key has no NULL");
    }

    #[test]
    fn words_of_a_type_do_not_come_from_its_members() {
        let mut unsigned = column("a", false);
        unsigned.column_type = "bigint(20) unsigned zerofill".into();
        assert!(unsigned.is_unsigned());
        unsigned.column_type = "enum('x unsigned y')".into();
        assert!(!unsigned.is_unsigned());
        assert_eq!(members("enum('a','it''s','x,y','','(')"), ["a", "it's", "x,y", "", "("]);
        assert!(members("enum").is_empty());
    }
}
