//! A table as its source has it, and as it arrives.

use crate::change::charset::Charset;
use crate::change::{Column, TableSchema};
use replicator_binlog::{ColumnDef, ColumnType, TableMap};
use replicator_model::failure::Failure;
use replicator_model::secret::SecretSource;
use replicator_model::shape::{Kind, Made, Misfit, NewType, ShapePlan, ShapeProblem, ShapedColumn, TableColumn};
use replicator_model::task::Route;
use std::sync::Arc;

/// `utf8mb4_bin`, in MySQL and in MariaDB.
const UTF8MB4_BIN: u16 = 46;

/// Bytes of the longest character of utf8mb4.
const CHARACTER_BYTES: u16 = 4;

/// The routes with the salts of their masks, which only the Core that runs the task may know.
pub(in crate::producer) fn salted(routes: &[Route]) -> Result<Vec<Route>, Failure> {
    let salted = |route: &Route| route.resolve_salts(SecretSource::resolve_here);
    routes.iter().map(salted).collect::<Result<_, _>>().map_err(|(key, error)| error.failure(&key))
}

/// A table of the source whose rows are written anew.
#[derive(Debug)]
pub(in crate::producer) struct ShapedTable {
    pub(super) source: TableSchema,
    /// As consumers see it.
    pub(super) arriving: Arc<TableSchema>,
    pub(super) plan: ShapePlan,
    /// How texts of the source's columns are read; `None` for those that are none.
    pub(super) charsets: Vec<Option<Charset>>,
    /// `database.table` of the source.
    pub(super) origin: String,
}

impl ShapedTable {
    /// Holds the route against the table. Definite failures: a column that it names is missing, a type that it can't take,
    /// a key that would not tell rows apart any more.
    pub(in crate::producer) fn new(source: TableSchema, route: &Route) -> Result<Self, Failure> {
        let key = source.key.as_deref().unwrap_or_default();
        let column = |(index, column): (usize, &Column)| {
            let is_text = column.charset.as_deref().is_some_and(|name| Charset::named(name).is_some());
            (column.name.clone(), Kind::of(&column.column_type, is_text), key.contains(&index))
        };
        let columns: Vec<_> = source.columns.iter().enumerate().map(column).collect();
        let columns: Vec<TableColumn<'_>> =
            columns.iter().map(|(name, kind, is_key)| TableColumn { name, kind: *kind, is_key: *is_key }).collect();
        let plan = route.plan(&columns).map_err(|problem| failure(problem, &source, route))?;
        let charset = |column: &Column| column.charset.as_deref().and_then(Charset::named);
        let charsets = source.columns.iter().map(charset).collect();
        let arriving = Arc::new(arriving(&source, &plan));
        let origin = source.source_name();
        Ok(Self { source, arriving, plan, charsets, origin })
    }
}

impl ShapedTable {
    pub(in crate::producer) fn arriving(&self) -> &Arc<TableSchema> {
        &self.arriving
    }

    /// What decodes the rows.
    pub(in crate::producer) fn source_map(&self) -> &Arc<TableMap> {
        &self.source.map
    }
}

fn failure(problem: ShapeProblem, source: &TableSchema, route: &Route) -> Failure {
    let ShapeProblem { kind, setting, problem, hint } = problem;
    let code = match kind {
        Misfit::ColumnUnknown => "route_column_unknown",
        Misfit::FilterNotExact => "filter_not_exact",
        Misfit::ColumnTwice => "route_column_twice",
        Misfit::TypeNotTaken => "route_type_not_taken",
        Misfit::KeyLost => "route_key_lost",
    };
    Failure::definite(
        code,
        format!("{}, `{setting}` of the route from `{}`: {problem}", source.source_name(), route.from),
        hint,
    )
}

/// The table that consumers see: its columns, and its key moved to them.
fn arriving(source: &TableSchema, plan: &ShapePlan) -> TableSchema {
    let (columns, definitions): (Vec<Column>, Vec<ColumnDef>) =
        plan.columns.iter().map(|column| arriving_column(source, column)).unzip();
    let moved = |index: usize| plan.columns.iter().position(|column| column.made.source() == Some(index));
    let origin = plan.columns.iter().position(|column| column.made == Made::Origin);
    let key = source.key.as_ref().and_then(|key| {
        let key: Option<Vec<usize>> = key.iter().map(|index| moved(*index)).collect();
        key.map(|key| key.into_iter().chain(origin).collect())
    });
    let primary_key = source.map.primary_key.as_ref().and_then(|parts| {
        let part = |(index, prefix): &(usize, u32)| {
            let place = moved(*index)?;
            let is_copied = plan.columns.get(place).is_some_and(|column| matches!(column.made, Made::Copied(_)));
            Some((place, if is_copied { *prefix } else { 0 }))
        };
        let parts: Option<Vec<(usize, u32)>> = parts.iter().map(part).collect();
        parts.map(|parts| parts.into_iter().chain(origin.map(|origin| (origin, 0))).collect())
    });
    let map = TableMap {
        table_id: source.map.table_id,
        flags: source.map.flags,
        database: source.map.database.clone(),
        table: source.map.table.clone(),
        columns: definitions,
        primary_key,
    };
    TableSchema {
        database: source.database.clone(),
        table: source.table.clone(),
        target_database: source.target_database.clone(),
        target_table: source.target_table.clone(),
        columns,
        key,
        map: Arc::new(map),
    }
}

fn arriving_column(source: &TableSchema, column: &ShapedColumn) -> (Column, ColumnDef) {
    let name = column.name.clone();
    let of_source = column.made.source().and_then(|index| {
        let definition = source.map.columns.get(index).cloned()?;
        Some((source.columns.get(index).cloned()?, definition))
    });
    let new = |column_type: String, charset: Option<&str>, definition: ColumnDef| {
        let definition = ColumnDef { name: Some(name.as_str().into()), visible: Some(true), ..definition };
        (Column { name: name.clone(), column_type, charset: charset.map(ToOwned::to_owned) }, definition)
    };
    let bigint = |unsigned| ColumnDef { unsigned: Some(unsigned), ..ColumnDef::new(ColumnType::BigInt, 0, true) };
    match (column.made.new_type(), of_source) {
        (None, Some((column, definition))) => {
            (Column { name: name.clone(), ..column }, ColumnDef { name: Some(name.as_str().into()), ..definition })
        }
        (Some(NewType::Text(characters)), _) => {
            let varchar = ColumnDef::new(ColumnType::Varchar, characters.saturating_mul(CHARACTER_BYTES), true);
            let varchar = ColumnDef { collation: Some(UTF8MB4_BIN), ..varchar };
            new(format!("varchar({characters})"), Some("utf8mb4"), varchar)
        }
        (Some(NewType::Unsigned), _) => new("bigint unsigned".to_owned(), None, bigint(true)),
        (Some(NewType::Signed), _) | (None, None) => new("bigint".to_owned(), None, bigint(false)),
    }
}
