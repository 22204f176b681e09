//! The contents of a table as two numbers that are equal on every flavor when the rows are.
//!
//! Each value becomes a text that does not depend on the server: strings the SHA-256 of their UTF-8 form, bytes that of
//! themselves (not the MD5: MySQL 9.6 lost the function), FLOAT its exact value as a double, temporal values in UTC, JSON
//! with sorted keys. A row is the first 60 bits of the SHA-256 over its texts, a table the number of its rows and the sum
//! of these: independent of the order of rows, and changed by a row that is missing, doubled or different.
//!
//! The servers do the hashing, except where there is JSON: its text differs between servers, so those rows come here.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// What a table contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSum {
    pub rows: u64,
    pub sum: u128,
}

struct Column {
    name: String,
    expression: String,
    is_json: bool,
}

pub(crate) async fn of_tables(connection: &mut Conn, database: &str) -> Result<BTreeMap<String, TableSum>> {
    connection.query_drop("SET SESSION time_zone = '+00:00', sql_mode = '', group_concat_max_len = 1048576").await?;
    let tables: Vec<String> = connection
        .exec(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'",
            (database,),
        )
        .await?;
    let json_checks = json_checks(connection, database).await?;
    let mut sums = BTreeMap::new();
    for table in tables {
        let columns = columns(connection, database, &table, &json_checks).await?;
        let place = format!("{}.{}", quoted(database), quoted(&table));
        let sum = if columns.iter().any(|column| column.is_json) {
            sum_here(connection, &place, &columns).await
        } else {
            sum_there(connection, &place, &columns).await
        };
        sums.insert(table, sum.map_err(Error::during(place))?);
    }
    Ok(sums)
}

/// MariaDB's JSON is a LONGTEXT with a check constraint; this is how its JSON columns are known. (table, clause)
async fn json_checks(connection: &mut Conn, database: &str) -> Result<Vec<(String, String)>> {
    let version: Option<String> = connection.query_first("SELECT VERSION()").await?;
    if !version.is_some_and(|version| version.contains("MariaDB")) {
        return Ok(Vec::new());
    }
    let checks = connection.exec(
        "SELECT table_name, check_clause FROM information_schema.check_constraints \
         WHERE constraint_schema = ? AND check_clause LIKE 'json_valid(%'",
        (database,),
    );
    Ok(checks.await?)
}

async fn columns(
    connection: &mut Conn,
    database: &str,
    table: &str,
    json_checks: &[(String, String)],
) -> Result<Vec<Column>> {
    let rows: Vec<(String, String, Option<String>)> = connection
        .exec(
            "SELECT column_name, LOWER(data_type), character_set_name FROM information_schema.columns \
             WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            (database, table),
        )
        .await?;
    let column = |(name, data_type, charset): (String, String, Option<String>)| {
        let clause = format!("json_valid({})", quoted(&name));
        let is_json = data_type == "json"
            || json_checks.iter().any(|(of, check)| of == table && check.eq_ignore_ascii_case(&clause));
        Column { expression: expression(&quoted(&name), &data_type, charset.is_some(), is_json), is_json, name }
    };
    Ok(rows.into_iter().map(column).collect())
}

/// SQL that gives a value's comparable text.
fn expression(column: &str, data_type: &str, is_text: bool, is_json: bool) -> String {
    match data_type {
        _ if is_json => column.to_owned(),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" if is_text => {
            format!("SHA2(CONVERT({column} USING utf8mb4), 256)")
        }
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => format!("SHA2({column}, 256)"),
        "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon" | "geometry"
        | "geomcollection" | "geometrycollection" | "vector" => format!("SHA2(HEX({column}), 256)"),
        // MariaDB's; elsewhere they are text.
        "uuid" | "inet6" | "inet4" => format!("SHA2(CONVERT({column} USING utf8mb4), 256)"),
        // Printing a FLOAT shows six digits; as a double it shows all that is stored.
        "float" => format!("({column} + 0E0)"),
        "bit" => format!("({column} + 0)"),
        _ => column.to_owned(),
    }
}

async fn sum_there(connection: &mut Conn, place: &str, columns: &[Column]) -> Result<TableSum> {
    let texts: Vec<String> =
        columns.iter().map(|column| format!("IFNULL(CONCAT('=', {}), 'NULL')", column.expression)).collect();
    let hash = format!("SHA2(CONCAT_WS('|', {}), 256)", texts.join(", "));
    let sql = format!(
        "SELECT COUNT(*), CAST(IFNULL(SUM(CAST(CONV(LEFT({hash}, 15), 16, 10) AS UNSIGNED)), 0) AS CHAR) FROM {place}"
    );
    let (rows, sum): (u64, String) =
        connection.query_first(&sql).await?.ok_or_else(|| Error::new("the server gave no row"))?;
    let sum = sum.parse().map_err(Error::during(format!("the server's sum {sum:?} is not a number")))?;
    Ok(TableSum { rows, sum })
}

async fn sum_here(connection: &mut Conn, place: &str, columns: &[Column]) -> Result<TableSum> {
    let texts: Vec<&str> = columns.iter().map(|column| column.expression.as_str()).collect();
    let mut result = connection.query_iter(format!("SELECT {} FROM {place}", texts.join(", "))).await?;
    let mut total = TableSum { rows: 0, sum: 0 };
    while let Some(row) = result.next().await? {
        total.sum += row_hash(row, columns)?;
        total.rows += 1;
    }
    result.drop_result().await?;
    Ok(total)
}

/// As the SQL in [`sum_there`].
fn row_hash(row: Row, columns: &[Column]) -> Result<u128> {
    let mut texts = Vec::with_capacity(columns.len());
    for (value, column) in row.unwrap().into_iter().zip(columns) {
        let text = match value {
            Value::NULL => "NULL".to_owned(),
            Value::Bytes(bytes) => {
                let text = String::from_utf8(bytes).map_err(Error::during(format!("column {}", column.name)))?;
                format!("={}", if column.is_json { sorted_json(&text, &column.name)? } else { text })
            }
            other => return Err(Error::new(format!("column {}: {other:?} instead of text", column.name))),
        };
        texts.push(text);
    }
    let digest = Sha256::digest(texts.join("|").as_bytes());
    let first_8: [u8; 8] = digest[..8].try_into().map_err(Error::during("SHA-256"))?;
    Ok(u128::from(u64::from_be_bytes(first_8) >> 4))
}

/// One text for one JSON value: no spaces, keys sorted, and a number such as 1.0 or 1e2 as its value.
fn sorted_json(text: &str, column: &str) -> Result<String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(Error::during(format!("column {column} has no JSON: {text:?}")))?;
    Ok(value.to_string()) // serde_json's objects are sorted maps
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
