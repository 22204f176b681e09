//! What databases and tables a server has, many at a time: for lists, and to compare two servers.

use crate::answer::{self, literal};
use crate::tables::{self, ColumnDefinition};
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::table_pattern::SYSTEM_DATABASES;
use std::collections::{BTreeMap, BTreeSet};

/// A database and how many tables it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub name: String,
    pub tables: u64,
}

/// A table as a list shows it. Views are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTable {
    pub database: String,
    pub table: String,
    pub engine: Option<String>,
    /// The storage engine's estimate.
    pub rows_estimate: Option<u64>,
    pub columns: u64,
    pub has_primary_key: bool,
    /// A primary key, or a unique one without nullable columns.
    pub has_key: bool,
}

/// A list that may have been cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// There are more than were asked for.
    pub is_cut: bool,
}

/// A column, and whether an INSERT may leave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedColumn {
    pub definition: ColumnDefinition,
    pub has_default: bool,
    /// The literal that an INSERT without the column gives it, without quotes. `None`: NULL, or an expression, whose
    /// values are logged with every row.
    pub default: Option<String>,
    /// It belongs to the primary key, or to the key that the server takes for one.
    pub is_key: bool,
}

/// A database and a table of it.
pub type TableName = (String, String);

/// The columns of tables, in their order.
pub type Columns = BTreeMap<TableName, Vec<ListedColumn>>;

/// A trigger of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    pub on: TableName,
    pub database: String,
    pub name: String,
}

/// A foreign key: rows of `on` refer to rows of `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub on: TableName,
    pub name: String,
    pub to: TableName,
}

/// The databases that the user may see, without the server's own.
pub async fn schemas(conn: &mut Conn) -> Result<Vec<Schema>, Failure> {
    let sql = format!(
        "SELECT s.SCHEMA_NAME, COUNT(t.TABLE_NAME) FROM information_schema.SCHEMATA s \
         LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_TYPE IN ({KINDS}) \
         WHERE s.SCHEMA_NAME NOT IN ({}) GROUP BY s.SCHEMA_NAME ORDER BY s.SCHEMA_NAME",
        system_databases()
    );
    let rows = answer::rows(conn, &sql).await?;
    rows.into_iter().map(|mut row| Ok(Schema { name: row.required(0)?, tables: row.number(1)? })).collect()
}

/// What `TABLE_TYPE` says of tables with rows.
const KINDS: &str = "'BASE TABLE', 'SYSTEM VERSIONED'";

fn system_databases() -> String {
    SYSTEM_DATABASES.map(|name| format!("'{name}'")).join(", ")
}

/// The tables of a database, or of all; at most `limit`.
pub async fn tables(conn: &mut Conn, database: Option<&str>, limit: usize) -> Result<Listed<ListedTable>, Failure> {
    let of = |column: &str| match database {
        Some(database) => format!("{column} = {}", literal(database)),
        None => format!("{column} NOT IN ({})", system_databases()),
    };
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_ROWS FROM information_schema.TABLES \
         WHERE {} AND TABLE_TYPE IN ({KINDS}) ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT {}",
        of("TABLE_SCHEMA"),
        limit.saturating_add(1)
    );
    let mut items = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        items.push(ListedTable {
            database: row.required(0)?,
            table: row.required(1)?,
            engine: row.text(2)?,
            rows_estimate: row.text(3)?.and_then(|rows| rows.parse().ok()),
            columns: 0,
            has_primary_key: false,
            has_key: false,
        });
    }
    let is_cut = items.len() > limit;
    items.truncate(limit);
    let counts = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COUNT(*) FROM information_schema.COLUMNS WHERE {} GROUP BY TABLE_SCHEMA, TABLE_NAME",
        of("TABLE_SCHEMA")
    );
    let mut columns: BTreeMap<TableName, u64> = BTreeMap::new();
    for mut row in answer::rows(conn, &counts).await? {
        columns.insert((row.required(0)?, row.required(1)?), row.number(2)?);
    }
    let (primary, keyed) = keys(conn, &of("TABLE_SCHEMA")).await?;
    for item in &mut items {
        let name = (item.database.clone(), item.table.clone());
        item.columns = columns.get(&name).copied().unwrap_or(0);
        item.has_primary_key = primary.contains(&name);
        item.has_key = keyed.contains(&name);
    }
    Ok(Listed { items, is_cut })
}

/// Tables with a primary key, and those with any key that tells rows apart.
async fn keys(conn: &mut Conn, of: &str) -> Result<(BTreeSet<TableName>, BTreeSet<TableName>), Failure> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE {of} AND NON_UNIQUE = 0 \
         GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING SUM(NULLABLE = 'YES' OR COLUMN_NAME IS NULL) = 0"
    );
    let (mut primary, mut keyed) = (BTreeSet::new(), BTreeSet::new());
    for mut row in answer::rows(conn, &sql).await? {
        let (name, index) = ((row.required(0)?, row.required(1)?), row.required(2)?);
        if index == "PRIMARY" {
            primary.insert(name.clone());
        }
        keyed.insert(name);
    }
    Ok((primary, keyed))
}

/// The columns of all tables of some databases; at most `limit` columns.
pub async fn columns(
    conn: &mut Conn,
    databases: &BTreeSet<String>,
    limit: usize,
) -> Result<Listed<(TableName, ListedColumn)>, Failure> {
    let sql = format!(
        "SELECT {}, COLUMN_DEFAULT, EXTRA, TABLE_SCHEMA, TABLE_NAME, COLUMN_KEY FROM information_schema.COLUMNS \
         WHERE TABLE_SCHEMA IN ({}) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION LIMIT {}",
        tables::COLUMN_FACTS,
        literals(databases),
        limit.saturating_add(1)
    );
    let mut items = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        let definition = tables::column(&mut row)?;
        let stated = row.text(tables::COLUMN_FACTS_COUNT)?;
        let extra = row.text(tables::COLUMN_FACTS_COUNT + 1)?.unwrap_or_default();
        let has_default = stated.is_some() || definition.nullable || definition.auto_increment || definition.generated;
        let default = stated.and_then(|stated| literal_default(stated, &extra));
        let name = (row.required(tables::COLUMN_FACTS_COUNT + 2)?, row.required(tables::COLUMN_FACTS_COUNT + 3)?);
        let is_key = row.text(tables::COLUMN_FACTS_COUNT + 4)?.as_deref() == Some("PRI");
        items.push((name, ListedColumn { definition, has_default, default, is_key }));
    }
    let is_cut = items.len() > limit;
    items.truncate(limit);
    Ok(Listed { items, is_cut })
}

/// The literal in `COLUMN_DEFAULT`, in one form for all servers: MariaDB quotes texts and writes NULL as a word, MySQL
/// does neither and marks expressions in `EXTRA`.
fn literal_default(stated: String, extra: &str) -> Option<String> {
    let lower = stated.to_lowercase();
    let is_expression = extra.to_uppercase().contains("DEFAULT_GENERATED")
        || lower.starts_with("current_timestamp")
        || (lower.ends_with(')') && !lower.starts_with('\''));
    if is_expression || stated == "NULL" {
        return None;
    }
    let quoted = stated.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    Some(quoted.map_or_else(|| stated.clone(), |text| text.replace("''", "'")))
}

/// A list for `IN (…)`; never empty, for that would be no SQL.
fn literals(names: &BTreeSet<String>) -> String {
    let list: Vec<String> = names.iter().map(|name| literal(name)).collect();
    if list.is_empty() { "''".to_owned() } else { list.join(", ") }
}

/// The triggers of tables of some databases. Those that the user may not see are left out by the server.
pub async fn triggers(conn: &mut Conn, databases: &BTreeSet<String>) -> Result<Vec<Trigger>, Failure> {
    let sql = format!(
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS \
         WHERE EVENT_OBJECT_SCHEMA IN ({})",
        literals(databases)
    );
    let rows = answer::rows(conn, &sql).await?;
    rows.into_iter()
        .map(|mut row| {
            let on = (row.required(0)?, row.required(1)?);
            Ok(Trigger { on, database: row.required(2)?, name: row.required(3)? })
        })
        .collect()
}

/// The foreign keys of tables of some databases.
pub async fn foreign_keys(conn: &mut Conn, databases: &BTreeSet<String>) -> Result<Vec<ForeignKey>, Failure> {
    let sql = format!(
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME \
         FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({})",
        literals(databases)
    );
    let rows = answer::rows(conn, &sql).await?;
    rows.into_iter()
        .map(|mut row| {
            let (on, name) = ((row.required(0)?, row.required(1)?), row.required(2)?);
            Ok(ForeignKey { on, name, to: (row.required(3)?, row.required(4)?) })
        })
        .collect()
}

/// How the server would make a table anew; `None` if there is no such table.
pub async fn create_statement(conn: &mut Conn, database: &str, table: &str) -> Result<Option<String>, Failure> {
    let sql = format!("SHOW CREATE TABLE {}.{}", tables::quoted(database), tables::quoted(table));
    let row = answer::rows(conn, &sql).await?.into_iter().next();
    row.map_or(Ok(None), |mut row| row.text(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_one_form_for_all_servers() {
        let literal = |stated: &str, extra: &str| literal_default(stated.to_owned(), extra);
        assert_eq!(literal("it's", ""), literal("'it''s'", ""));
        assert_eq!(literal("0", ""), Some("0".to_owned()));
        for (stated, extra) in [
            ("NULL", ""),
            ("CURRENT_TIMESTAMP(6)", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(6)"),
            ("current_timestamp()", ""),
            ("uuid()", "DEFAULT_GENERATED"),
            ("uuid()", ""),
        ] {
            assert_eq!(literal(stated, extra), None, "{stated}");
        }
    }
}
