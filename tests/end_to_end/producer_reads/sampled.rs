//! Rows made up for any table, and what SELECT says of them in the form in which row images are shown.

use super::statements::Random;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use replicator_schema::table::{ColumnDefinition, TableSchema};

/// Rows in order, each as a line.
pub(super) type Rows = Vec<String>;

/// Names and types.
pub(super) type Columns = Vec<(String, String)>;

pub(super) fn columns(schema: &TableSchema) -> Columns {
    schema.columns.iter().map(|column| (column.name.clone(), column.column_type.clone())).collect()
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// How values of a type are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is shown.
    Text,
    Number,
    Float,
    Double,
    /// In hexadecimal digits.
    Bytes,
    /// BINARY: its padding is not logged.
    Padded,
}

impl Form {
    pub(super) fn of(column_type: &str) -> Self {
        let kind = column_type.split([' ', '(']).next().unwrap_or_default();
        match kind {
            "float" => Self::Float,
            "double" => Self::Double,
            "binary" => Self::Padded,
            "date" | "time" | "datetime" | "timestamp" | "year" | "decimal" => Self::Text,
            "point" => Self::Bytes,
            kind if kind.ends_with("int") || kind == "bit" => Self::Number,
            _ => Self::Bytes,
        }
    }

    fn selected(self, column: &str) -> String {
        match self {
            Self::Text => column.to_owned(),
            Self::Number => format!("{column} + 0"),
            Self::Float | Self::Double => format!("{column} + 0e0"),
            Self::Bytes | Self::Padded => format!("HEX({column})"),
        }
    }

    /// What a decoded value is as text, made equal to what [`select`] makes of the server's.
    pub(super) fn shown(self, text: &[u8]) -> String {
        let hex: String = text.iter().map(|byte| format!("{byte:02X}")).collect();
        match self {
            Self::Bytes | Self::Padded => self.settled(hex),
            _ => self.settled(String::from_utf8_lossy(text).into_owned()),
        }
    }

    fn settled(self, text: String) -> String {
        match self {
            Self::Float => text.parse::<f64>().map_or(text, |number| (number as f32).to_string()),
            Self::Double => text.parse::<f64>().map_or(text, |number| number.to_string()),
            Self::Padded => {
                let mut rest = text.as_str();
                while let Some(shorter) = rest.strip_suffix("00") {
                    rest = shorter;
                }
                rest.to_owned()
            }
            _ => text,
        }
    }
}

/// The rows of a table, in the form of [`row_images`](super::reading::row_images).
pub(super) async fn select(conn: &mut Conn, table: &str, schema: &TableSchema) -> Rows {
    let forms: Vec<Form> = schema.columns.iter().map(|column| Form::of(&column.column_type)).collect();
    let list = schema.columns.iter().zip(&forms).map(|(column, form)| form.selected(&quoted(&column.name)));
    let sql = format!("SELECT {} FROM {table}", list.collect::<Vec<_>>().join(", "));
    let found: Vec<Row> = conn.query(sql).await.unwrap();
    let value = |(value, form): (Value, &Form)| match value {
        Value::Bytes(bytes) => form.settled(String::from_utf8_lossy(&bytes).into_owned()),
        _ => "NULL".to_owned(),
    };
    let row = |row: Row| row.unwrap().into_iter().zip(&forms).map(value).collect::<Vec<_>>().join(",");
    let mut rows: Rows = found.into_iter().map(row).collect();
    rows.sort();
    rows
}

/// A value that the server may have to bend.
fn value(random: &mut Random, column: &ColumnDefinition) -> String {
    let choices: &[&str] = match column.data_type.as_str() {
        "point" => &["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(-3.5 0)')"],
        "bit" => &["b'1'", "b'1010101010101'", "0"],
        "date" | "datetime" | "timestamp" => {
            &["'2020-02-29 12:34:56.789012'", "'1999-12-31'", "'2037-01-01 00:00:01.5'"]
        }
        "time" => &["'12:34:56.7891'", "'-838:59:59'", "'00:00:00'"],
        "year" => &["2021", "0", "1901"],
        "enum" | "set" => &["1", "2", "3", "0"],
        "float" | "double" => &["0", "1.25", "-3.5e5", "123456.789", "1e-3"],
        kind if kind.ends_with("int") || kind == "decimal" => &["0", "1", "-1", "127", "40000", "-9000000000.5"],
        kind if kind.ends_with("binary") || kind.ends_with("blob") => &["x'00FF10'", "'abc'", "''", "x'20'"],
        _ => &["'a'", "'it''s'", "'ü and ß'", "''", "'a longer text, and more of it'", "'123'"],
    };
    if random.chance(15) { "NULL".to_owned() } else { random.of(choices).to_owned() }
}

/// Adds rows.
pub(super) fn insert(random: &mut Random, table: &str, schema: &TableSchema) -> String {
    let written: Vec<&ColumnDefinition> = schema.columns.iter().filter(|column| !column.generated).collect();
    let names: Vec<String> = written.iter().map(|column| quoted(&column.name)).collect();
    let mut row = || {
        let values: Vec<String> = written.iter().map(|column| value(random, column)).collect();
        format!("({})", values.join(", "))
    };
    let rows = [row(), row()];
    format!("INSERT IGNORE INTO {table} ({}) VALUES {}", names.join(", "), rows.join(", "))
}

/// Changes a column of all rows, or deletes them.
pub(super) fn update(random: &mut Random, table: &str, schema: &TableSchema) -> String {
    let written: Vec<&ColumnDefinition> = schema.columns.iter().filter(|column| !column.generated).collect();
    if written.is_empty() || random.chance(30) {
        return format!("DELETE FROM {table}");
    }
    let column = written[random.below(written.len())];
    format!("UPDATE IGNORE {table} SET {} = {}", quoted(&column.name), value(random, column))
}
