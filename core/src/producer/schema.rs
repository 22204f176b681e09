//! Table maps of the log, completed to the schemas that rows are read with.

use super::assemble::OwnTable;
use super::column_type;
use super::scope::Scope;
use super::shaped::ShapedTable;
use crate::change::{Column, TableSchema};
use replicator_binlog::{BINARY_COLLATION, ColumnDef, ColumnType, TableMap};
use replicator_model::failure::Failure;
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::tables::{Collations, ColumnDefinition, TableDefinition};
use replicator_schema::table::members;
use std::collections::HashMap;
use std::sync::Arc;

/// Tables kept at once; beyond that all are looked up anew, which only costs time.
const TABLES_MAX: usize = 16_384;

/// A table that was seen in the log.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// It does not belong to the task.
    Outside,
    /// Heartbeats of tasks at the source, which may be this one's.
    Heartbeat(TableMap),
    /// What tasks that apply at the source keep there.
    Own(OwnTable),
    Table(Arc<TableSchema>),
    /// Its rows are written anew.
    Shaped(Arc<ShapedTable>),
}

/// Tables by the number that the log gives them, together with the bytes that describe them: numbers are used again.
#[derive(Debug, Default)]
pub(super) struct SchemaCache {
    tables: HashMap<u64, (Box<[u8]>, Known)>,
}

impl SchemaCache {
    /// Whether the very same description was seen under this number before.
    pub(super) fn holds(&self, table_id: u64, body: &[u8]) -> bool {
        self.tables.get(&table_id).is_some_and(|(known, _)| **known == *body)
    }

    pub(super) fn get(&self, table_id: u64) -> Option<&Known> {
        self.tables.get(&table_id).map(|(_, known)| known)
    }

    pub(super) fn insert(&mut self, table_id: u64, body: Box<[u8]>, known: Known) {
        self.tables.insert(table_id, (body, known));
    }

    /// To be called when a table was changed: a number may come back with the same types under other names.
    pub(super) fn clear(&mut self) {
        self.tables.clear();
    }

    /// To be called between transactions: within one, rows refer to what was described before.
    pub(super) fn trim(&mut self) {
        if self.tables.len() > TABLES_MAX {
            self.tables.clear();
        }
    }
}

/// Whether the server has to be asked for the table's definition: the log lacks something, or it may hide a type.
pub(super) fn needs_definition(map: &TableMap, flavor: ServerFlavor) -> bool {
    !map.has_full_metadata()
        || map.primary_key.is_none()
        || (flavor == ServerFlavor::MariaDb && map.columns.iter().any(hides_its_type))
}

/// MariaDB logs UUID, INET6 and INET4 as BINARY of 16 and 4 bytes, and dates and times in its old format without the number
/// of their digits.
fn hides_its_type(column: &ColumnDef) -> bool {
    is_old_temporal(column.kind)
        || column.kind == ColumnType::Char
            && matches!(column.meta, 4 | 16)
            && column.collation.is_none_or(|collation| collation == BINARY_COLLATION)
}

fn is_old_temporal(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::OldTime | ColumnType::OldDateTime | ColumnType::OldTimestamp)
}

/// A table that belongs to the task, shaped if its route says so.
pub(super) fn known(schema: TableSchema, scope: &Scope) -> Result<Known, Failure> {
    match scope.shape(&schema.database, &schema.table) {
        Some(route) => ShapedTable::new(schema, route).map(|table| Known::Shaped(Arc::new(table))),
        None => Ok(Known::Table(Arc::new(schema))),
    }
}

/// The schema of a table that belongs to the task, as its source has it. `definition` is what the server has now, which counts only as far as
/// it agrees with the log.
pub(super) fn complete(
    mut map: TableMap,
    definition: Option<&TableDefinition>,
    scope: &Scope,
    collations: &Collations,
    flavor: ServerFlavor,
) -> Result<TableSchema, Failure> {
    let name = format!("{}.{}", map.database, map.table);
    let disagreement = definition.and_then(|definition| disagreement(&map, definition, flavor));
    let agreeing = if disagreement.is_none() { definition } else { None };
    if flavor == ServerFlavor::MariaDb {
        tell_hidden_types(&mut map, definition, agreeing.is_some()).map_err(|failure| failure.at(&name))?;
    }
    if !map.has_full_metadata() {
        match agreeing {
            Some(definition) => fill_in(&mut map, definition, collations),
            None => return Err(no_schema(&name, disagreement)),
        }
    }
    let key = match &map.primary_key {
        Some(parts) => Some(parts.iter().map(|(index, _)| *index).collect()),
        None => agreeing.and_then(|definition| definition.key.clone()),
    };
    let defined = |index: usize| agreeing.and_then(|definition| definition.columns.get(index));
    let columns = map.columns.iter().enumerate().map(|(index, column)| {
        let charset = charset(column, collations).map_err(|failure| failure.at(&name))?;
        let column_type = match defined(index) {
            Some(defined) => defined.type_alone().to_owned(),
            None => column_type::column_type(column, charset.as_deref()),
        };
        Ok(Column { name: column.name.as_deref().unwrap_or_default().to_owned(), column_type, charset })
    });
    let columns = columns.collect::<Result<Vec<_>, Failure>>()?;
    let (target_database, target_table) = scope.target(&map.database, &map.table);
    let (database, table) = (map.database.clone(), map.table.clone());
    Ok(TableSchema { database, table, target_database, target_table, columns, key, map: Arc::new(map) })
}

/// Whether rows with this map can be of that table.
pub(super) fn agree(map: &TableMap, definition: &TableDefinition, flavor: ServerFlavor) -> bool {
    disagreement(map, definition, flavor).is_none()
}

/// The first difference between what the log and the server say, in words.
fn disagreement(map: &TableMap, definition: &TableDefinition, flavor: ServerFlavor) -> Option<String> {
    let (logged, defined) = (map.columns.len(), definition.columns.len());
    if logged != defined {
        return Some(format!("rows in the binary log have {logged} columns, the table has {defined} now"));
    }
    let differs = |(logged, defined): &(&ColumnDef, &ColumnDefinition)| !column_type::agree(logged, defined, flavor);
    map.columns.iter().zip(&definition.columns).find(differs).map(|(logged, defined)| {
        let null = if logged.nullable { "" } else { " not null" };
        format!(
            "column `{}` was {}{null} when the rows were written and is {}{} now",
            defined.name,
            column_type::column_type(logged, None),
            defined.column_type,
            if defined.nullable { "" } else { " not null" }
        )
    })
}

fn no_schema(name: &str, disagreement: Option<String>) -> Failure {
    match disagreement {
        Some(difference) => Failure::definite(
            "schema_mismatch",
            format!("{name}: {difference}"),
            "the table was changed after these rows were written: set binlog_row_metadata = FULL on the source \
             (MySQL 8.0, MariaDB 10.5), and copy the table again",
        ),
        None => Failure::definite(
            "unknown_table",
            format!("{name}: the source has no such table now, or the user may not see it"),
            "GRANT SELECT on it to the user; if it was dropped, exclude it from the task; with binlog_row_metadata = \
             FULL the source need not be asked",
        ),
    }
}

/// Says of each column whose type MariaDB's log hides which one it is: from the definition's column at the same place where
/// the two agree, else from the one of the same name.
fn tell_hidden_types(map: &mut TableMap, definition: Option<&TableDefinition>, agrees: bool) -> Result<(), Failure> {
    for (index, column) in map.columns.iter_mut().enumerate().filter(|(_, column)| hides_its_type(column)) {
        let place = match &column.name {
            _ if agrees => Some(index),
            Some(name) => definition.and_then(|definition| definition.column(name)),
            // Without names the table is refused, for the definition does not agree.
            None => continue,
        };
        let defined = place.and_then(|place| definition?.columns.get(place));
        if !defined.is_some_and(|defined| tell_hidden_type(column, defined)) {
            let (name, logged) = (column.name.as_deref().unwrap_or_default(), column_type::column_type(column, None));
            let hidden = match is_old_temporal(column.kind) {
                true => "in MariaDB 5.3's format, with any number of digits for its fraction",
                false => "which may be a UUID, INET6 or INET4",
            };
            return Err(Failure::definite(
                "column_type_not_carried",
                format!(
                    "column `{name}` was logged as {logged}, {hidden}; the table that would tell is gone or changed"
                ),
                "exclude the table from the task, or start after these rows and copy the table again",
            ));
        }
    }
    Ok(())
}

/// Answers whether the column of the table can tell.
fn tell_hidden_type(column: &mut ColumnDef, defined: &ColumnDefinition) -> bool {
    if is_old_temporal(column.kind) {
        let digits = column_type::old_fraction(defined, ServerFlavor::MariaDb);
        column.meta = digits.unwrap_or_default();
        return digits.is_some();
    }
    column.kind = match (defined.data_type.as_str(), column.meta) {
        ("uuid", 16) => ColumnType::Uuid,
        ("inet6", 16) => ColumnType::Inet6,
        ("inet4", 4) => ColumnType::Inet4,
        _ => ColumnType::Char,
    };
    true
}

/// Adds what the log left out. The definition agrees with the map.
fn fill_in(map: &mut TableMap, definition: &TableDefinition, collations: &Collations) {
    for (column, defined) in map.columns.iter_mut().zip(&definition.columns) {
        column.name.get_or_insert_with(|| defined.name.as_str().into());
        column.unsigned.get_or_insert(defined.is_unsigned());
        if column.collation.is_none() {
            column.collation = match &defined.collation {
                Some(name) => collations.number(name),
                None if is_text_kind(column.kind) => Some(BINARY_COLLATION),
                None => None,
            };
        }
        if column.members.is_none() && matches!(column.kind, ColumnType::Enum | ColumnType::Set) {
            let members = members(&defined.column_type);
            let encoded = |member: &String| column_type::encoded(member, defined.charset.as_deref());
            let encoded: Option<Vec<Box<[u8]>>> =
                members.iter().map(|member| encoded(member).map(Vec::into_boxed_slice)).collect();
            column.members = encoded.map(Vec::into_boxed_slice);
        }
    }
    if map.primary_key.is_none() && definition.has_primary_key {
        let key = definition.key.as_ref();
        map.primary_key = key.map(|key| key.iter().map(|index| (*index, 0)).collect());
    }
}

fn is_text_kind(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Char | ColumnType::Varchar | ColumnType::Blob)
}

fn charset(column: &ColumnDef, collations: &Collations) -> Result<Option<String>, Failure> {
    let has_charset = is_text_kind(column.kind)
        || matches!(
            column.kind,
            ColumnType::Enum | ColumnType::Set | ColumnType::BlobCompressed | ColumnType::VarcharCompressed
        );
    match column.collation {
        Some(number) if has_charset && number != BINARY_COLLATION => match collations.charset(number) {
            Some(charset) => Ok(Some(charset.to_owned())),
            None => Err(Failure::definite(
                "collation_unknown",
                format!("the source does not know collation number {number} of a column"),
                "the rows were written by another server with collations of its own; exclude the table",
            )),
        },
        _ => Ok(None),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
