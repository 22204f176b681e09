//! What tables look like now, as the server's `information_schema` has it.

use crate::answer;
use crate::error::failure;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use replicator_model::failure::Failure;
pub use replicator_schema::table::{ColumnDefinition, TableDefinition};
use replicator_schema::table::{Key, TableSchema};
use std::collections::BTreeMap;

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
    Ok(schema(conn, database, table).await?.map(|schema| schema.definition(database, table)))
}

/// A table in the form in which its changes are followed; `None` if it does not exist or the user may not see it.
pub async fn schema(conn: &mut Conn, database: &str, table: &str) -> Result<Option<TableSchema>, Failure> {
    let of = format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", answer::literal(database), answer::literal(table));
    let sql = format!("SELECT {COLUMN_FACTS} FROM information_schema.COLUMNS WHERE {of} ORDER BY ORDINAL_POSITION");
    let mut columns = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        columns.push(column(&mut row)?);
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let Some(keys) = keys(conn, database, table).await? else { return Ok(None) };
    let sql = format!("SELECT TABLE_COLLATION FROM information_schema.TABLES WHERE {of}");
    let collation = match answer::rows(conn, &sql).await?.first_mut() {
        Some(row) => row.text(0)?,
        None => None,
    };
    Ok(Some(TableSchema { columns, keys, collation }))
}

/// `EXTRA` says `VIRTUAL GENERATED`, `STORED GENERATED`, in old MariaDB `VIRTUAL` or `PERSISTENT`; an expression as
/// default is `DEFAULT_GENERATED` and no such thing.
fn is_generated(extra: &str) -> bool {
    let extra = extra.to_uppercase();
    extra.split([' ', ',']).any(|word| matches!(word, "GENERATED" | "VIRTUAL" | "PERSISTENT" | "STORED"))
}

/// A table's keys in the server's order; `None` if the table has gone meanwhile or is a view without keys.
pub(crate) async fn keys(conn: &mut Conn, database: &str, table: &str) -> Result<Option<Vec<Key>>, Failure> {
    let sql = format!("SHOW INDEX FROM {}.{}", quoted(database), quoted(table));
    let rows: Vec<Row> = match conn.query(sql).await {
        Ok(rows) => rows,
        Err(mysql_async::Error::Server(error)) if error.code == 1146 => return Ok(None),
        Err(error) => return Err(failure(&error)),
    };
    let mut keys: Vec<Key> = Vec::new();
    for mut row in rows.into_iter().map(answer::Answer::new) {
        let unique = row.named("Non_unique")?.as_deref() == Some("0");
        let (name, column) = (row.named("Key_name")?.unwrap_or_default(), row.named("Column_name")?);
        let partial = row.named("Sub_part")?.is_some();
        match keys.last_mut() {
            Some(last) if last.name == name => {
                last.parts.push(column);
                last.partial |= partial;
            }
            _ => keys.push(Key { name, unique, partial, parts: vec![column] }),
        }
    }
    Ok(Some(keys))
}

/// What makes the order of changes of a table's rows matter, beside the rows themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ties {
    /// In either direction.
    pub foreign_keys: bool,
    pub triggers: bool,
    /// Its engine can't roll back.
    pub without_transactions: bool,
}

/// What a table is tied to.
pub async fn ties(conn: &mut Conn, database: &str, table: &str) -> Result<Ties, Failure> {
    let (database, table) = (answer::literal(database), answer::literal(table));
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {database} \
         AND TABLE_NAME = {table} AND ENGINE IN ('InnoDB', 'ROCKSDB')), \
         (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {database} \
         AND EVENT_OBJECT_TABLE = {table}), \
         (SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {database} \
         AND TABLE_NAME = {table}), \
         (SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = {database} \
         AND REFERENCED_TABLE_NAME = {table})"
    );
    let mut rows = answer::rows(conn, &sql).await?;
    let Some(row) = rows.first_mut() else { return Err(answer::unexpected("no row")) };
    Ok(Ties {
        without_transactions: row.number::<u64>(0)? == 0,
        triggers: row.number::<u64>(1)? > 0,
        foreign_keys: row.number::<u64>(2)? > 0 || row.number::<u64>(3)? > 0,
    })
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

    pub fn iter(&self) -> impl Iterator<Item = &Collation> {
        self.by_number.values()
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

    #[test]
    fn a_default_is_no_generated_column() {
        assert!(is_generated("STORED GENERATED, INVISIBLE") && is_generated("PERSISTENT"));
        assert!(!is_generated("DEFAULT_GENERATED on update CURRENT_TIMESTAMP"));
    }
}
