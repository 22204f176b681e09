//! Asking the source for tables and rows.

use super::table::{self, Answered};
use crate::inspect::limits::Limits;
use crate::inspect::mysql::{Login, Reached, within};
use crate::inspect::secret::{Reach, secret};
use crate::inspect::source;
use crate::problem::ApiError;
use crate::view::{PreviewTable, PreviewView};
use replicator_model::task::{Router, TaskSpec};
use replicator_mysql::sample::{self, SampledColumn};
use replicator_mysql::tables::TableDefinition;

/// Tables that are shown.
const TABLES_MAX: usize = 20;

/// Most rows of a table that are shown.
pub(crate) const ROWS_MAX: u32 = 50;

/// What is to be shown of each table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) rows: u32,
    /// Rows as the source has them too.
    pub(crate) before: bool,
}

/// Looks at the tables of a task, those that routes shape first.
pub(crate) async fn preview(spec: &TaskSpec, wanted: Wanted, limits: &Limits) -> Result<PreviewView, ApiError> {
    let _place = limits.place().await;
    let password = secret(&spec.producer.password, &spec.producer.tls, Reach::Server);
    let mut reached = source::reach(&Login::of_source(&spec.producer, &password), limits).await?;
    let listed = source::tables(&mut reached, None, limits).await?;
    let (filter, router) = (spec.producer.filter(), Router::new(&spec.routes));
    let mut names: Vec<(String, String)> =
        listed.items.into_iter().map(|table| (table.database, table.table)).collect();
    names.retain(|(database, table)| filter.matches(database, table));
    let is_shaped = |(database, table): &(String, String)| router.of(database, table).is_some_and(|r| r.is_shaped());
    names.sort_by_key(|name| !is_shaped(name));
    let cut = listed.is_cut || names.len() > TABLES_MAX;
    let mut tables = Vec::new();
    for name in names.into_iter().take(TABLES_MAX) {
        let shown = one(&mut reached, &name, wanted, &router, limits).await;
        tables.push(shown.unwrap_or_else(|error| unread(&name, &router, &error)));
    }
    Ok(PreviewView { tables, cut })
}

async fn one(
    reached: &mut Reached,
    (database, name): &(String, String),
    wanted: Wanted,
    router: &Router,
    limits: &Limits,
) -> Result<PreviewTable, ApiError> {
    let definition = source::columns(reached, database, name, limits).await?;
    let columns = sampled(&definition);
    let sampled = sample::rows(&mut reached.conn, (database, name), &columns, wanted.rows);
    let rows = within(limits, sampled).await?;
    let answered = Answered { database, name, definition: &definition, rows: &rows, with_before: wanted.before };
    Ok(table::shown(answered, router))
}

fn sampled(definition: &TableDefinition) -> Vec<SampledColumn<'_>> {
    let columns = definition.columns.iter();
    columns.map(|column| SampledColumn { name: &column.name, is_bit: column.data_type == "bit" }).collect()
}

/// One table that can't be read does not keep the others from being shown.
fn unread((database, name): &(String, String), router: &Router, error: &ApiError) -> PreviewTable {
    let (to_database, to_name) = router.route(database, name);
    PreviewTable {
        source: format!("{database}.{name}"),
        target: format!("{to_database}.{to_name}"),
        problem: Some(error.to_string()),
        columns: Vec::new(),
        rows: Vec::new(),
    }
}
