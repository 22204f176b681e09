//! Some rows of a table, for people to look at.

use crate::error::failure;
use crate::tables::quoted;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use replicator_model::failure::Failure;

/// A column to be read; BIT is read as a number.
#[derive(Debug, Clone, Copy)]
pub struct SampledColumn<'a> {
    pub name: &'a str,
    pub is_bit: bool,
}

/// The bytes of a column's value as the server prints it; `None` for NULL.
pub type Sampled = Option<Vec<u8>>;

/// So many rows, whichever the server gives first. TIMESTAMP is in UTC, for the rest of the session too.
pub async fn rows(
    conn: &mut Conn,
    (database, table): (&str, &str),
    columns: &[SampledColumn<'_>],
    limit: u32,
) -> Result<Vec<Vec<Sampled>>, Failure> {
    conn.query_drop("SET time_zone = '+00:00'").await.map_err(|error| failure(&error))?;
    let expression = |column: &SampledColumn<'_>| match column.is_bit {
        true => format!("{} + 0", quoted(column.name)),
        false => quoted(column.name),
    };
    let columns: Vec<String> = columns.iter().map(expression).collect();
    let from = format!("{}.{}", quoted(database), quoted(table));
    let sql = format!("SELECT {} FROM {from} LIMIT {limit}", columns.join(", "));
    let rows: Vec<Row> = conn.query(sql).await.map_err(|error| failure(&error))?;
    let value = |value: Value| match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(bytes),
        // Answers to a query come as text.
        other => Some(other.as_sql(true).into_bytes()),
    };
    Ok(rows.into_iter().map(|row| Row::unwrap(row).into_iter().map(value).collect()).collect())
}
