//! Databases and tables as they are at one moment, as far as they are known.

use crate::charset::Charsets;
use crate::dialect::Dialect;
use crate::reader::Name;
use crate::table::TableSchema;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A database and a table in it.
pub type TableName = (String, String);

/// What is known of a table that there is, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    Certain(Arc<TableSchema>),
    /// Why not.
    Uncertain(String),
}

impl Slot {
    pub(crate) fn doubt(reason: impl Into<String>) -> Self {
        Self::Uncertain(reason.into())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Database {
    /// What tables have that name none; `None`: not known.
    pub collation: Option<String>,
    /// Whether a table that is not here is known not to be there.
    pub complete: bool,
    pub tables: BTreeMap<String, Slot>,
}

/// What a server is, as far as it decides what its statements mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub dialect: Dialect,
    pub charsets: Charsets,
    /// Names of databases and tables are kept in lower case.
    pub lower_case: bool,
}

/// What a session had set when it ran a statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// The default database; empty for none.
    pub database: String,
    pub sql_mode: u64,
    /// What databases get that name none.
    pub server_collation: Option<String>,
    /// `explicit_defaults_for_timestamp`; `None`: not known.
    pub explicit_timestamps: Option<bool>,
    /// Other collations than the server's own for character sets that are named alone.
    pub charset_collations: Vec<(String, String)>,
}

/// What a statement changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    pub databases: Vec<String>,
    pub tables: Vec<TableName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    pub databases: BTreeMap<String, Database>,
}

impl Catalogue {
    pub fn table(&self, database: &str, table: &str) -> Option<&Slot> {
        self.databases.get(database)?.tables.get(table)
    }

    pub fn put(&mut self, (database, table): TableName, slot: Option<Slot>) {
        match slot {
            Some(slot) => {
                self.databases.entry(database).or_default().tables.insert(table, slot);
            }
            None => {
                if let Some(database) = self.databases.get_mut(&database) {
                    database.tables.remove(&table);
                }
            }
        }
    }

    pub(crate) fn take(&mut self, (database, table): &TableName) -> Option<Slot> {
        self.databases.get_mut(database)?.tables.remove(table)
    }

    pub(crate) fn collation(&self, database: &str) -> Option<&str> {
        self.databases.get(database)?.collation.as_deref()
    }

    /// Whether a table that is not known does not exist.
    pub(crate) fn is_complete(&self, database: &str) -> bool {
        self.databases.get(database).is_some_and(|database| database.complete)
    }
}

impl Server {
    pub fn cased(&self, name: &str) -> String {
        if self.lower_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// A table as a statement names it; `None` where no database is given.
    pub fn resolve(&self, name: &Name, session: &Session) -> Option<TableName> {
        let database = name.database.as_deref().unwrap_or(&session.database);
        (!database.is_empty()).then(|| (self.cased(database), self.cased(&name.table)))
    }
}
