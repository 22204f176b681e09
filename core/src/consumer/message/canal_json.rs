//! Canal's "flat message": one JSON object a row or statement.
//!
//! Source of the format: `FlatMessage`, `MQMessageUtils.messageConverter`, `LogEventConvert` and `RowsLogBuffer` of
//! alibaba/canal (commit e20e4424, 2026-07). Fields come in alphabetical order and none is left out, as fastjson2
//! writes them:
//!
//! | field | a row | a statement |
//! |---|---|---|
//! | `data` | `[{column: value}]`: the row after the change, of DELETE before it | `null` |
//! | `database`, `table` | names at the source | of the table the statement is about |
//! | `es` | when the transaction was committed at the source, milliseconds | |
//! | `gtid` | the transaction's identifier, `""` without | |
//! | `id` | number of the transaction since the consumer was opened, from 1 | |
//! | `isDdl` | `false` | `true` |
//! | `mysqlType` | `{column: text as in COLUMN_TYPE}` | `null` |
//! | `old` | UPDATE: `[{column: value before}]` of the columns that changed; else `null` | `null` |
//! | `pkNames` | the key's columns, in key order; `null` if the table has no key | `null` |
//! | `sql` | `""` | the statement |
//! | `sqlType` | `{column: number of java.sql.Types}` | `null` |
//! | `ts` | when the message was made, milliseconds | |
//! | `type` | INSERT, UPDATE, DELETE | CREATE, ALTER, ERASE, RENAME, TRUNCATE, CINDEX, DINDEX, QUERY |
//!
//! Every value is a string or `null`; [`super::value`] has the forms. What differs from Canal, on purpose:
//!
//! - one row a message, where Canal puts the rows of one event together;
//! - `old` is exact for each row (Canal adds the columns that earlier rows of the same event changed);
//! - `gtid` is the transaction's own (Canal repeats the set of everything executed in each message);
//! - `pkNames` has the columns of a unique key without NULLs where there is no primary key;
//! - a row image that lacks columns (`binlog_row_image` MINIMAL, NOBLOB): `data` of an UPDATE takes from the image
//!   before what the image after leaves out, for it did not change; what neither has is left out, as in Canal.

use super::json_string::{push_escaped, push_string};
use super::value::{self, Form};
use crate::change::{SchemaChange, TableSchema};
use replicator_binlog::{ColumnDef, RowsKind, Value};
use replicator_model::failure::Failure;
use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

/// What a message says besides its row.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub id: u64,
    pub gtid: &'a str,
    /// When it was committed at the source, in milliseconds since 1970 UTC.
    pub committed_ms: i64,
    pub now_ms: i64,
}

/// One row's images, as the event has them: one value a column, empty where there is no such image.
#[derive(Debug, Clone, Copy)]
pub struct RowImages<'a, 'v> {
    pub before: &'a [Value<'v>],
    pub after: &'a [Value<'v>],
}

/// Everything about a table's messages that is the same for all rows.
#[derive(Debug)]
pub struct TableEncoding {
    table: Arc<TableSchema>,
    columns: Vec<ColumnEncoding>,
    /// `"database":"shop","es":`
    database: Vec<u8>,
    /// `"mysqlType":{…},"old":`
    types: Vec<u8>,
    /// `"pkNames":[…],"sql":"","sqlType":{`
    keys: Vec<u8>,
    /// `},"table":"item","ts":`
    name: Vec<u8>,
    /// `["shop","item"`: how every message key of the table begins.
    key_prefix: Vec<u8>,
}

#[derive(Debug)]
struct ColumnEncoding {
    /// `"id":`
    name: Vec<u8>,
    form: Form,
}

impl TableEncoding {
    /// Errors: a character set that is not carried, by column; a schema that does not fit its own table map.
    pub fn new(table: Arc<TableSchema>) -> Result<Self, Failure> {
        if table.columns.len() != table.map.columns.len() {
            return Err(Failure::definite(
                "schema_mismatch",
                format!(
                    "{} has {} columns in its definition and {} in the binary log",
                    table.source_name(),
                    table.columns.len(),
                    table.map.columns.len()
                ),
                "report it: the table's definition was not checked against its rows",
            ));
        }
        let mut columns = Vec::with_capacity(table.columns.len());
        for (column, def) in table.columns.iter().zip(&table.map.columns) {
            let mut name = Vec::new();
            push_string(&mut name, &column.name);
            name.push(b':');
            columns.push(ColumnEncoding { name, form: Form::of(&table, column, def)? });
        }
        let text = |before: &str, name: &str, after: &str| {
            let mut text = before.as_bytes().to_vec();
            push_string(&mut text, name);
            text.extend_from_slice(after.as_bytes());
            text
        };
        let mut key_prefix = text("[", &table.database, ",");
        push_string(&mut key_prefix, &table.table);
        Ok(Self {
            columns,
            database: text("\"database\":", &table.database, ",\"es\":"),
            types: mysql_types(&table),
            keys: key_names(&table),
            name: text("},\"table\":", &table.table, ",\"ts\":"),
            key_prefix,
            table,
        })
    }

    pub fn table(&self) -> &Arc<TableSchema> {
        &self.table
    }

    /// Appends the message of a row. An error names the column; `out` then holds half a message.
    pub fn write_row(
        &self,
        envelope: &Envelope<'_>,
        kind: RowsKind,
        row: RowImages<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        out.extend_from_slice(b"{\"data\":[{");
        self.write_members(out, |index| Some(row.latest(index)))?;
        out.extend_from_slice(b"}],");
        out.extend_from_slice(&self.database);
        write_facts(out, envelope, false);
        out.extend_from_slice(&self.types);
        if kind == RowsKind::Update {
            out.extend_from_slice(b"[{");
            self.write_members(out, |index| row.replaced(index))?;
            out.extend_from_slice(b"}],");
        } else {
            out.extend_from_slice(b"null,");
        }
        out.extend_from_slice(&self.keys);
        self.write_sql_types(row, out);
        out.extend_from_slice(&self.name);
        push_number(out, envelope.now_ms);
        out.extend_from_slice(match kind {
            RowsKind::Insert => b",\"type\":\"INSERT\"}",
            RowsKind::Update => b",\"type\":\"UPDATE\"}",
            RowsKind::Delete => b",\"type\":\"DELETE\"}",
        });
        Ok(())
    }

    /// Appends the message key of a row: a JSON array of database, table and the values of the key's columns as they
    /// stand in `data`, such as `["shop","item","42"]`. Rows of a table without a key have all the same one,
    /// `["shop","item"]`. `before` says which image to take; an absent value comes from the other one.
    pub fn write_key(&self, row: RowImages<'_, '_>, before: bool, out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(&self.key_prefix);
        for index in self.table.key.as_deref().unwrap_or_default() {
            let value = if before { row.earliest(*index) } else { row.latest(*index) };
            out.push(b',');
            if value.is_absent() {
                return Err(Failure::definite(
                    "key_not_logged",
                    format!("{} has a row without its key", self.table.source_name()),
                    "set binlog_row_image=FULL on the source",
                ));
            }
            self.write_value(*index, value, out)?;
        }
        out.push(b']');
        Ok(())
    }

    /// The message key of statements about the table, and of its rows if it has no key.
    pub fn write_table_key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key_prefix);
        out.push(b']');
    }

    /// Whether an UPDATE moves the row to another key.
    pub fn moves(&self, row: RowImages<'_, '_>) -> bool {
        self.table.key.iter().flatten().any(|index| row.replaced(*index).is_some())
    }

    /// `"name":value` of each column that `pick` has a value for.
    fn write_members<'v>(&self, out: &mut Vec<u8>, pick: impl Fn(usize) -> Option<Value<'v>>) -> Result<(), Failure> {
        let start = out.len();
        for (index, column) in self.columns.iter().enumerate() {
            let Some(value) = pick(index).filter(|value| !value.is_absent()) else { continue };
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(&column.name);
            self.write_value(index, value, out)?;
        }
        Ok(())
    }

    fn write_value(&self, index: usize, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let (Some(column), Some(def)) = (self.columns.get(index), self.map_column(index)) else { return Ok(()) };
        value::write(value, column.form, def, out).map_err(|problem| {
            let place = format!("column `{}` of {}", self.column_name(index), self.table.source_name());
            Failure::definite("value_not_carried", format!("{place} {}", problem.reason), problem.hint)
        })
    }

    fn write_sql_types(&self, row: RowImages<'_, '_>, out: &mut Vec<u8>) {
        let start = out.len();
        for (index, column) in self.columns.iter().enumerate() {
            let (value, Some(def)) = (row.latest(index), self.map_column(index)) else { continue };
            if value.is_absent() {
                continue;
            }
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(&column.name);
            push_number(out, value::sql_type(value, column.form, def).into());
        }
    }

    fn map_column(&self, index: usize) -> Option<&ColumnDef> {
        self.table.map.columns.get(index)
    }

    fn column_name(&self, index: usize) -> &str {
        self.table.columns.get(index).map_or("?", |column| &column.name)
    }
}

impl<'v> RowImages<'_, 'v> {
    /// The row with its images exchanged: to say of an UPDATE what was there before it.
    pub fn swapped(self) -> Self {
        Self { before: self.after, after: self.before }
    }

    /// The value after the change; of a deleted row, the one before it.
    fn latest(&self, index: usize) -> Value<'v> {
        first_present(self.after.get(index), self.before.get(index))
    }

    fn earliest(&self, index: usize) -> Value<'v> {
        first_present(self.before.get(index), self.after.get(index))
    }

    /// The value before an UPDATE that changed it.
    fn replaced(&self, index: usize) -> Option<Value<'v>> {
        let (before, after) = (self.before.get(index)?, self.after.get(index)?);
        let known = !before.is_absent() && !after.is_absent();
        (known && !same(*before, *after)).then_some(*before)
    }
}

fn first_present<'v>(first: Option<&Value<'v>>, second: Option<&Value<'v>>) -> Value<'v> {
    match (first, second) {
        (Some(value), _) if !value.is_absent() => *value,
        (_, Some(value)) => *value,
        _ => Value::Absent,
    }
}

/// Equal as stored: 0.0 and -0.0 are two values.
fn same(before: Value<'_>, after: Value<'_>) -> bool {
    match (before, after) {
        (Value::Float(before), Value::Float(after)) => before.to_bits() == after.to_bits(),
        (Value::Double(before), Value::Double(after)) => before.to_bits() == after.to_bits(),
        _ => before == after,
    }
}

/// What a statement is about, for its messages: the replicated tables that it names, or a database and an empty table
/// name. Nothing if it names neither (ALTER DATABASE may leave its name out).
pub fn subjects(schema: &SchemaChange) -> Cow<'_, [(String, String)]> {
    if !schema.tables.is_empty() {
        return Cow::Borrowed(&schema.tables);
    }
    let database = super::statement::database(&schema.sql).or_else(|| Some(schema.database.clone()));
    Cow::Owned(database.filter(|name| !name.is_empty()).map(|name| (name, String::new())).into_iter().collect())
}

/// Appends the message of a statement about a table; both names may be empty.
pub fn write_statement(envelope: &Envelope<'_>, database: &str, table: &str, sql: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"data\":null,\"database\":");
    push_string(out, database);
    out.extend_from_slice(b",\"es\":");
    write_facts(out, envelope, true);
    out.extend_from_slice(b"\"mysqlType\":null,\"old\":null,\"pkNames\":null,\"sql\":");
    push_string(out, sql);
    out.extend_from_slice(b",\"sqlType\":null,\"table\":");
    push_string(out, table);
    out.extend_from_slice(b",\"ts\":");
    push_number(out, envelope.now_ms);
    out.extend_from_slice(b",\"type\":");
    push_string(out, super::statement::kind(sql));
    out.push(b'}');
}

/// Appends the message key of statements about a table, the same as [`TableEncoding::write_table_key`].
pub fn write_statement_key(database: &str, table: &str, out: &mut Vec<u8>) {
    out.push(b'[');
    push_string(out, database);
    out.push(b',');
    push_string(out, table);
    out.push(b']');
}

/// `es` up to `isDdl`, without the name of `es`.
fn write_facts(out: &mut Vec<u8>, envelope: &Envelope<'_>, is_ddl: bool) {
    push_number(out, envelope.committed_ms);
    out.extend_from_slice(b",\"gtid\":\"");
    push_escaped(out, envelope.gtid);
    out.extend_from_slice(b"\",\"id\":");
    push_number(out, i64::try_from(envelope.id).unwrap_or(i64::MAX));
    out.extend_from_slice(if is_ddl { b",\"isDdl\":true," } else { b",\"isDdl\":false," });
}

fn push_number(out: &mut Vec<u8>, number: i64) {
    // Writing to memory does not fail.
    let written = write!(out, "{number}");
    debug_assert!(written.is_ok());
}

fn mysql_types(table: &TableSchema) -> Vec<u8> {
    let mut out = b"\"mysqlType\":{".to_vec();
    for (index, column) in table.columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(&mut out, &column.name);
        out.push(b':');
        push_string(&mut out, &column.column_type);
    }
    out.extend_from_slice(b"},\"old\":");
    out
}

fn key_names(table: &TableSchema) -> Vec<u8> {
    let mut out = b"\"pkNames\":".to_vec();
    match &table.key {
        None => out.extend_from_slice(b"null"),
        Some(key) => {
            for (place, column) in key.iter().filter_map(|index| table.columns.get(*index)).enumerate() {
                out.push(if place == 0 { b'[' } else { b',' });
                push_string(&mut out, &column.name);
            }
            out.push(b']');
        }
    }
    out.extend_from_slice(b",\"sql\":\"\",\"sqlType\":{");
    out
}
