//! What a table looked like when a row was written.

use replicator_binlog::TableMap;
use std::sync::Arc;

/// A table of the source, as of the rows that point to it, and where they go.
#[derive(Debug, PartialEq, Eq)]
pub struct TableSchema {
    pub database: String,
    pub table: String,
    /// Where the rows go, after routing; the same names without a route.
    pub target_database: String,
    pub target_table: String,
    /// One for each column of the row images, in their order.
    pub columns: Vec<Column>,
    /// Indexes of the columns that tell one row from any other: the primary key, else a unique key without nullable
    /// columns; `None` if the table has neither.
    pub key: Option<Vec<usize>>,
    /// The column definitions that decode the rows, with signedness filled in.
    pub map: Arc<TableMap>,
}

/// A column of a source's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The type as the source's `COLUMN_TYPE` writes it (`int unsigned`, `varchar(20)`, `enum('a','b')`), derived from
    /// the binary log where it says enough.
    pub column_type: String,
    /// Character set of text columns, as a name that `CONVERT(… USING …)` takes; `None` for the others and for binary.
    pub charset: Option<String>,
}

impl TableSchema {
    /// `database.table` of the source, for messages.
    pub fn source_name(&self) -> String {
        format!("{}.{}", self.database, self.table)
    }

    /// `database.table` of the target, for messages.
    pub fn target_name(&self) -> String {
        format!("{}.{}", self.target_database, self.target_table)
    }
}
