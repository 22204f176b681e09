//! What tables look like now, as the server's `information_schema` has it.

use crate::answer;
use crate::error::failure;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use replicator_model::failure::Failure;
use std::collections::BTreeMap;

/// A table (or view) of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    pub database: String,
    pub table: String,
    /// In the table's order.
    pub columns: Vec<ColumnDefinition>,
    /// Indexes into `columns` of the primary key, else of the first unique key without nullable columns, in key order;
    /// `None` if there is neither.
    pub key: Option<Vec<usize>>,
    pub has_primary_key: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDefinition {
    pub name: String,
    /// The whole type: `int(10) unsigned`, `varchar(20)`, `enum('a','b')`.
    pub column_type: String,
    /// Its first word: `int`, `varchar`, `enum`.
    pub data_type: String,
    /// Of text columns, ENUM and SET; `None` for the others and for binary ones.
    pub charset: Option<String>,
    pub collation: Option<String>,
    /// Most bytes a value of a character or binary column has.
    pub octet_length: Option<u64>,
    pub nullable: bool,
    /// Computed by the server: VIRTUAL, STORED, or a period of MariaDB's system versioning. Can't be written.
    pub generated: bool,
    pub auto_increment: bool,
    /// `SELECT *` leaves it out.
    pub invisible: bool,
}

impl ColumnDefinition {
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

/// A name in backquotes, as SQL writes it.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// What is asked of `information_schema.COLUMNS` about a column, for [`column`].
pub(crate) const COLUMN_FACTS: &str = "COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, \
                                       CHARACTER_OCTET_LENGTH, IS_NULLABLE, EXTRA";
pub(crate) const COLUMN_FACTS_COUNT: usize = 8;

pub(crate) fn column(row: &mut answer::Answer) -> Result<ColumnDefinition, Failure> {
    let (octets, nullable, extra) = (row.text(5)?, row.required(6)?, row.text(7)?.unwrap_or_default());
    Ok(ColumnDefinition {
        name: row.required(0)?,
        column_type: row.required(1)?,
        data_type: row.required(2)?.to_lowercase(),
        charset: row.text(3)?.filter(|charset| charset != "binary"),
        collation: row.text(4)?,
        octet_length: octets.and_then(|octets| octets.parse().ok()),
        nullable: nullable == "YES",
        generated: is_generated(&extra),
        auto_increment: extra.to_lowercase().contains("auto_increment"),
        invisible: extra.to_uppercase().contains("INVISIBLE"),
    })
}

/// A table; `None` if it does not exist or the user may not see it.
pub async fn table(conn: &mut Conn, database: &str, table: &str) -> Result<Option<TableDefinition>, Failure> {
    let sql = format!(
        "SELECT {COLUMN_FACTS} FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} \
         ORDER BY ORDINAL_POSITION",
        answer::literal(database),
        answer::literal(table)
    );
    let mut columns = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        columns.push(column(&mut row)?);
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let Some(keys) = unique_keys(conn, database, table).await? else { return Ok(None) };
    let (key, has_primary_key) = choose_key(&keys, &columns);
    Ok(Some(TableDefinition { database: database.to_owned(), table: table.to_owned(), columns, key, has_primary_key }))
}

/// `EXTRA` says `VIRTUAL GENERATED`, `STORED GENERATED`, in old MariaDB `VIRTUAL` or `PERSISTENT`; an expression as
/// default is `DEFAULT_GENERATED` and no such thing.
fn is_generated(extra: &str) -> bool {
    let extra = extra.to_uppercase();
    extra.split([' ', ',']).any(|word| matches!(word, "GENERATED" | "VIRTUAL" | "PERSISTENT" | "STORED"))
}

/// A unique key: its name and its columns in key order, `None` where a part is an expression.
type UniqueKey = (String, Vec<Option<String>>);

/// The unique keys in the server's order; `None` if the table has gone meanwhile or is a view without keys.
async fn unique_keys(conn: &mut Conn, database: &str, table: &str) -> Result<Option<Vec<UniqueKey>>, Failure> {
    let sql = format!("SHOW INDEX FROM {}.{}", quoted(database), quoted(table));
    let rows: Vec<Row> = match conn.query(sql).await {
        Ok(rows) => rows,
        Err(mysql_async::Error::Server(error)) if error.code == 1146 => return Ok(None),
        Err(error) => return Err(failure(&error)),
    };
    let mut keys: Vec<UniqueKey> = Vec::new();
    for mut row in rows.into_iter().map(answer::Answer::new) {
        if row.named("Non_unique")?.as_deref() != Some("0") {
            continue;
        }
        let (name, column) = (row.named("Key_name")?.unwrap_or_default(), row.named("Column_name")?);
        match keys.last_mut() {
            Some((last, columns)) if *last == name => columns.push(column),
            _ => keys.push((name, vec![column])),
        }
    }
    Ok(Some(keys))
}

/// The primary key, else the first unique key that has no nullable column.
fn choose_key(keys: &[UniqueKey], columns: &[ColumnDefinition]) -> (Option<Vec<usize>>, bool) {
    let indexes = |parts: &[Option<String>]| -> Option<Vec<usize>> {
        parts
            .iter()
            .map(|part| columns.iter().position(|column| Some(&column.name) == part.as_ref() && !column.nullable))
            .collect()
    };
    let primary = keys.iter().find(|(name, _)| name == "PRIMARY").and_then(|(_, parts)| indexes(parts));
    let has_primary_key = primary.is_some();
    (primary.or_else(|| keys.iter().find_map(|(_, parts)| indexes(parts))), has_primary_key)
}

/// The server's collations by number: which character set each is of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collations {
    by_number: BTreeMap<u16, Collation>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collation {
    pub name: String,
    pub charset: String,
}

impl Collations {
    pub fn new(collations: impl IntoIterator<Item = (u16, Collation)>) -> Self {
        Self { by_number: collations.into_iter().collect() }
    }

    pub fn get(&self, number: u16) -> Option<&Collation> {
        self.by_number.get(&number)
    }

    /// The character set of a collation.
    pub fn charset(&self, number: u16) -> Option<&str> {
        self.get(number).map(|collation| collation.charset.as_str())
    }

    pub fn number(&self, name: &str) -> Option<u16> {
        self.by_number.iter().find(|(_, collation)| collation.name == name).map(|(number, _)| *number)
    }
}

/// All collations of the server. MariaDB has some under several character sets: their full names are asked for too.
pub async fn collations(conn: &mut Conn) -> Result<Collations, Failure> {
    let mut by_number = BTreeMap::new();
    let full = "SELECT ID, FULL_COLLATION_NAME, CHARACTER_SET_NAME \
                FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IS NOT NULL";
    let plain = "SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS \
                 WHERE ID IS NOT NULL AND CHARACTER_SET_NAME IS NOT NULL";
    let mut rows = answer::rows(conn, plain).await?;
    // Only MariaDB since 10.10 knows the columns of the first query; error 1054 is "unknown column".
    match answer::rows(conn, full).await {
        Ok(more) => rows.extend(more),
        Err(failure) if failure.reason.contains("error 1054") => {}
        Err(failure) => return Err(failure),
    }
    for mut row in rows {
        let number: u64 = row.number(0)?;
        if let Ok(number) = u16::try_from(number) {
            by_number.insert(number, Collation { name: row.required(1)?, charset: row.required(2)? });
        }
    }
    Ok(Collations { by_number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, nullable: bool) -> ColumnDefinition {
        ColumnDefinition {
            name: name.into(),
            column_type: "int".into(),
            data_type: "int".into(),
            charset: None,
            collation: None,
            octet_length: None,
            nullable,
            generated: false,
            auto_increment: false,
            invisible: false,
        }
    }

    #[test]
    fn the_primary_key_comes_first_then_a_unique_key_without_nulls() {
        let columns = [column("a", false), column("b", true), column("c", false)];
        let key = |name: &str, parts: &[&str]| (name.to_owned(), parts.iter().map(|p| Some((*p).to_owned())).collect());
        let (primary, unique): (UniqueKey, UniqueKey) = (key("PRIMARY", &["c", "a"]), key("u", &["a"]));
        let nullable: UniqueKey = key("n", &["a", "b"]);
        let expression: UniqueKey = ("e".to_owned(), vec![None]);
        assert_eq!(choose_key(&[primary, unique.clone()], &columns), (Some(vec![2, 0]), true));
        assert_eq!(choose_key(&[nullable.clone(), expression.clone(), unique], &columns), (Some(vec![0]), false));
        assert_eq!(choose_key(&[nullable, expression], &columns), (None, false));
    }

    #[test]
    fn words_of_a_type_do_not_come_from_its_members() {
        let mut unsigned = column("a", false);
        unsigned.column_type = "bigint(20) unsigned zerofill".into();
        assert!(unsigned.is_unsigned());
        unsigned.column_type = "enum('x unsigned y')".into();
        assert!(!unsigned.is_unsigned());
        assert!(is_generated("STORED GENERATED, INVISIBLE") && is_generated("PERSISTENT"));
        assert!(!is_generated("DEFAULT_GENERATED on update CURRENT_TIMESTAMP"));
    }
}
