//! What a source has: databases, tables, columns, and which tables patterns mean.

use super::limits::Limits;
use super::mysql::{Login, Reached, approach_source, within};
use super::stage::{Stage, StageState};
use crate::problem::ApiError;
use replicator_model::table_pattern::{TableFilter, TablePattern};
use replicator_mysql::catalogue::{self, Listed, ListedTable, Schema};
use replicator_mysql::tables::{self, TableDefinition};

/// Names that are shown as a sample of what a pattern matches.
const SAMPLE_MAX: usize = 5;

/// Connects, or says which step failed as a problem of the request.
pub(crate) async fn reach(logins: &[Login], limits: &Limits) -> Result<Reached, ApiError> {
    let (stages, reached) = approach_source(logins, limits).await;
    reached.ok_or_else(|| refusal(&stages))
}

/// The first step that failed, else the first that was skipped because a Core alone can take it.
fn refusal(stages: &[Stage]) -> ApiError {
    let failed = stages.iter().find(|stage| stage.state == StageState::Failed);
    match failed {
        Some(stage) => ApiError::ConnectionFailed {
            detail: stage.detail.clone(),
            hint: stage.hint.clone().unwrap_or_else(|| "test the connection to see which step fails".to_owned()),
        },
        None => ApiError::SecretElsewhere(stages.last().map_or_else(String::new, |stage| stage.detail.clone())),
    }
}

pub(crate) async fn schemas(reached: &mut Reached, limits: &Limits) -> Result<Vec<Schema>, ApiError> {
    Ok(within(limits, catalogue::schemas(&mut reached.conn)).await?)
}

pub(crate) async fn tables(
    reached: &mut Reached,
    database: Option<&str>,
    limits: &Limits,
) -> Result<Listed<ListedTable>, ApiError> {
    Ok(within(limits, catalogue::tables(&mut reached.conn, database, limits.tables_max)).await?)
}

pub(crate) async fn columns(
    reached: &mut Reached,
    database: &str,
    table: &str,
    limits: &Limits,
) -> Result<TableDefinition, ApiError> {
    let found = within(limits, tables::table(&mut reached.conn, database, table)).await?;
    found.ok_or_else(|| ApiError::TableNotFound { database: database.to_owned(), table: table.to_owned() })
}

/// What one pattern means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) pattern: String,
    pub(crate) matches: usize,
    pub(crate) sample: Vec<String>,
}

/// What all of them mean together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matches {
    pub(crate) patterns: Vec<Matched>,
    pub(crate) exclude: Vec<Matched>,
    /// Tables that are replicated.
    pub(crate) total: usize,
    /// Tables that there are.
    pub(crate) of: usize,
    pub(crate) sample: Vec<String>,
}

/// Counts what patterns match, by the rules of a task.
pub(crate) fn matches(listed: &[ListedTable], include: &[TablePattern], exclude: &[TablePattern]) -> Matches {
    let count = |matching: &dyn Fn(&ListedTable) -> bool| {
        let names =
            listed.iter().filter(|table| matching(table)).map(|table| format!("{}.{}", table.database, table.table));
        let names: Vec<String> = names.collect();
        (names.len(), names.into_iter().take(SAMPLE_MAX).collect::<Vec<_>>())
    };
    let each = |patterns: &[TablePattern]| -> Vec<Matched> {
        let matched = |pattern: &TablePattern| {
            let (matches, sample) = count(&|table| pattern.matches(&table.database, &table.table));
            Matched { pattern: pattern.to_string(), matches, sample }
        };
        patterns.iter().map(matched).collect()
    };
    let filter = TableFilter::new(include, exclude);
    let (total, sample) = count(&|table| filter.matches(&table.database, &table.table));
    Matches { patterns: each(include), exclude: each(exclude), total, of: listed.len(), sample }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> ListedTable {
        let (database, table) = name.split_once('.').unwrap();
        ListedTable {
            database: database.into(),
            table: table.into(),
            engine: Some("InnoDB".into()),
            rows_estimate: None,
            columns: 1,
            has_primary_key: true,
            has_key: true,
        }
    }

    #[test]
    fn patterns_are_counted_one_by_one_and_together() {
        let tables = ["shop.item", "shop.order_1", "shop.order_2", "shop.order_bak", "hr.person"].map(listed);
        let pattern = |text: &str| TablePattern::new(text).unwrap();
        let found = matches(&tables, &[pattern("shop.order_*"), pattern("shop.*")], &[pattern("*.*_bak")]);
        assert_eq!(found.patterns.iter().map(|matched| matched.matches).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(found.exclude[0].sample, ["shop.order_bak"]);
        assert_eq!((found.total, found.of), (3, 5), "what two patterns match counts once");
    }
}
