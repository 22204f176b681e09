//! All tables of some databases at once, in the form in which their changes are followed.

use crate::answer::{self, literal};
use crate::facts::{ServerFacts, settings};
use crate::tables;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_schema::catalogue::{Catalogue, Database, Server, Slot, TableName};
use replicator_schema::charset::Charsets;
use replicator_schema::dialect::Dialect;
use replicator_schema::table::{Key, PRIMARY, TableSchema};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a server has besides its tables that decides what its statements mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub server: Server,
    /// What a session begins with.
    pub collation: Option<String>,
    pub explicit_timestamps: Option<bool>,
    /// What sessions begin with instead of the built-in collations of character sets: (character set, collation).
    pub charset_collations: Vec<(String, String)>,
}

/// Asks for what decides about the meaning of statements.
pub async fn rules(conn: &mut Conn, facts: &ServerFacts) -> Result<Rules, Failure> {
    const SETTINGS: [&str; 3] = ["collation_server", "explicit_defaults_for_timestamp", "character_set_collations"];
    let charsets = charsets(conn).await?;
    let mut settings = settings(conn, &SETTINGS).await?;
    let dialect = Dialect::new(facts.flavor, facts.version);
    let server = Server { dialect, charsets, lower_case: facts.lower_case_table_names == 1 };
    let explicit = settings.get("explicit_defaults_for_timestamp").map(|value| value == "ON");
    // Before 5.6.6 and MariaDB 10.1 there was one way only.
    let explicit_timestamps = Some(explicit.unwrap_or(false));
    let chosen = settings.remove("character_set_collations").unwrap_or_default();
    let pair =
        |pair: &str| pair.split_once('=').map(|(charset, name)| (charset.trim().to_owned(), name.trim().to_owned()));
    let charset_collations = chosen.split(',').filter_map(pair).collect();
    Ok(Rules { server, collation: settings.remove("collation_server"), explicit_timestamps, charset_collations })
}

/// The default collation of every database that the user may see.
pub async fn database_collations(conn: &mut Conn) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    for mut row in
        answer::rows(conn, "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA").await?
    {
        found.insert(row.required(0)?, row.required(1)?);
    }
    Ok(found)
}

async fn charsets(conn: &mut Conn) -> Result<Charsets, Failure> {
    let sql = "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME, MAXLEN FROM information_schema.CHARACTER_SETS";
    let mut charsets = Vec::new();
    for mut row in answer::rows(conn, sql).await? {
        charsets.push((row.required(0)?, row.required(1)?, row.number(2)?));
    }
    let collations = tables::collations(conn).await?;
    Ok(Charsets::new(charsets, collations.iter().map(|found| (found.name.clone(), found.charset.clone()))))
}

/// The tables of all databases for which `wanted` says so. `None`: they have more than `columns_max` columns.
pub async fn catalogue(
    conn: &mut Conn,
    wanted: impl Fn(&str) -> bool,
    columns_max: u64,
) -> Result<Option<Catalogue>, Failure> {
    let mut databases = BTreeMap::new();
    let sql = "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA";
    for mut row in answer::rows(conn, sql).await? {
        let (name, collation) = (row.required(0)?, row.text(1)?);
        if wanted(&name) {
            databases.insert(name, Database { collation, complete: false, tables: BTreeMap::new() });
        }
    }
    if databases.is_empty() {
        return Ok(Some(Catalogue { databases }));
    }
    let of: Vec<String> = databases.keys().map(|name| literal(name)).collect();
    let of = format!("TABLE_SCHEMA IN ({})", of.join(", "));
    let Some(mut tables) = columns(conn, &of, columns_max).await? else { return Ok(None) };
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION, TABLE_TYPE FROM information_schema.TABLES WHERE {of}"
    );
    let mut views = Vec::new();
    for mut row in answer::rows(conn, &sql).await? {
        let (name, collation, kind) = ((row.required(0)?, row.required(1)?), row.text(2)?, row.required(3)?);
        if kind != "BASE TABLE" {
            views.push(name);
        } else if let Some(table) = tables.get_mut(&name) {
            table.collation = collation;
        }
    }
    keys(conn, &of, &mut tables).await?;
    for ((database, table), schema) in tables {
        if let Some(database) = databases.get_mut(&database) {
            database.tables.insert(table, Slot::Certain(Arc::new(schema)));
        }
    }
    for (database, table) in views {
        if let Some(database) = databases.get_mut(&database) {
            database.tables.insert(table, Slot::Uncertain("it is no plain table".to_owned()));
        }
    }
    Ok(Some(Catalogue { databases }))
}

type Tables = BTreeMap<TableName, TableSchema>;

async fn columns(conn: &mut Conn, of: &str, columns_max: u64) -> Result<Option<Tables>, Failure> {
    let sql = format!(
        "SELECT {}, TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE {of} \
         ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION LIMIT {}",
        tables::COLUMN_FACTS,
        columns_max.saturating_add(1)
    );
    let mut tables = Tables::new();
    let rows = answer::rows(conn, &sql).await?;
    if rows.len() as u64 > columns_max {
        return Ok(None);
    }
    for mut row in rows {
        let column = tables::column(&mut row)?;
        let name = (row.required(tables::COLUMN_FACTS_COUNT)?, row.required(tables::COLUMN_FACTS_COUNT + 1)?);
        tables.entry(name).or_default().columns.push(column);
    }
    Ok(Some(tables))
}

/// Adds the keys. `information_schema` does not say in which order a server keeps them, which matters where several
/// could tell rows apart.
async fn keys(conn: &mut Conn, of: &str, tables: &mut Tables) -> Result<(), Failure> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART \
         FROM information_schema.STATISTICS WHERE {of} ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
    );
    for mut row in answer::rows(conn, &sql).await? {
        let table = (row.required(0)?, row.required(1)?);
        let (name, unique) = (row.required(2)?, row.required(3)? == "0");
        let (column, partial) = (row.text(4)?, row.text(5)?.is_some());
        let Some(schema) = tables.get_mut(&table) else { continue };
        match schema.keys.last_mut() {
            Some(last) if last.name == name => {
                last.parts.push(column);
                last.partial |= partial;
            }
            _ => schema.keys.push(Key { name, unique, partial, parts: vec![column] }),
        }
    }
    let is_open = |schema: &TableSchema| schema.keys.iter().filter(|key| key.unique && key.name != PRIMARY).count() > 1;
    for ((database, table), schema) in tables.iter_mut() {
        // MariaDB and old servers answer in their own order, which sorting has just undone.
        if is_open(schema)
            && let Some(keys) = tables::keys(conn, database, table).await?
        {
            schema.keys = keys;
        }
        schema.settle();
    }
    Ok(())
}
