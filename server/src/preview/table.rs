//! One table as it would arrive. Plain data.

use crate::view::{PreviewColumn, PreviewRow, PreviewTable};
use replicator_model::shape::{Cell, Kind, Made, Number, ShapePlan, TableColumn};
use replicator_model::task::{Route, Router};
use replicator_mysql::sample::Sampled;
use replicator_mysql::tables::TableDefinition;
use std::borrow::Cow;

/// Characters of a value that are shown.
const VALUE_MAX: usize = 200;

/// What stands for a hash whose salt is known on the Core alone.
const HASH_ELSEWHERE: &str = "(a hash; its salt is looked up on the Core)";

/// What the source said of a table.
#[derive(Clone, Copy)]
pub(super) struct Answered<'a> {
    pub(super) database: &'a str,
    pub(super) name: &'a str,
    pub(super) definition: &'a TableDefinition,
    pub(super) rows: &'a [Vec<Sampled>],
    /// Show them as they are too.
    pub(super) with_before: bool,
}

pub(super) fn shown(answered: Answered<'_>, router: &Router) -> PreviewTable {
    let Answered { database, name, definition, .. } = answered;
    let source = format!("{database}.{name}");
    let (to_database, to_name) = router.route(database, name);
    let key = definition.key.as_deref().unwrap_or_default();
    let table: Vec<TableColumn<'_>> = definition
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let is_text = column.charset.as_deref().is_some_and(|charset| charset != "binary");
            TableColumn {
                name: &column.name,
                kind: Kind::of(&column.column_type, is_text),
                is_key: key.contains(&index),
            }
        })
        .collect();
    let plan = match router.of(database, name) {
        Some(route) => route.plan(&table),
        None => Ok(ShapePlan::unchanged(&table)),
    };
    let mut shown = PreviewTable {
        source: source.clone(),
        target: format!("{to_database}.{to_name}"),
        problem: None,
        columns: Vec::new(),
        rows: Vec::new(),
    };
    match plan {
        Ok(plan) => {
            shown.columns = columns(&plan, &table, router.of(database, name));
            let row = |row: &Vec<Sampled>| PreviewRow {
                before: if answered.with_before { before(row, &shown.columns, &table) } else { Vec::new() },
                ..arriving(row, &plan, &table, &source)
            };
            shown.rows = answered.rows.iter().map(row).collect();
        }
        Err(problem) => {
            shown.problem = Some(format!("`{}`: {}; {}", problem.setting, problem.problem, problem.hint));
        }
    }
    shown
}

/// The columns that arrive, in their order, and then those that do not.
fn columns(plan: &ShapePlan, table: &[TableColumn<'_>], route: Option<&Route>) -> Vec<PreviewColumn> {
    let name = |index: usize| table.get(index).map(|column| column.name.to_owned());
    let arriving = plan.columns.iter().map(|column| PreviewColumn {
        source: column.made.source().and_then(name),
        target: Some(column.name.clone()),
        treatment: column.made.words(),
    });
    let dropped =
        table.iter().filter(|column| route.is_some_and(|route| route.drop.iter().any(|name| column.is_named(name))));
    let dropped = dropped.map(|column| PreviewColumn {
        source: Some(column.name.to_owned()),
        target: None,
        treatment: "dropped".to_owned(),
    });
    arriving.chain(dropped).collect()
}

/// The source's values, as many as there are columns.
fn before(row: &[Sampled], columns: &[PreviewColumn], table: &[TableColumn<'_>]) -> Vec<Option<String>> {
    let at = |column: &PreviewColumn| {
        let name = column.source.as_deref()?;
        let index = table.iter().position(|known| known.name == name)?;
        Some(cut(&printed(row.get(index)?.as_deref()?)))
    };
    columns.iter().map(at).collect()
}

fn arriving(row: &[Sampled], plan: &ShapePlan, table: &[TableColumn<'_>], origin: &str) -> PreviewRow {
    let at = |index: usize| row.get(index).cloned().flatten();
    let cell = |index: usize| {
        let kind = table.get(index).map_or(Kind::Opaque, |column| column.kind);
        Ok::<_, std::convert::Infallible>(cell(at(index).as_deref(), kind))
    };
    let passes = plan.filter.as_ref().map_or(Ok(true), |filter| filter.passes(cell));
    if passes == Ok(false) {
        return PreviewRow { arrives: false, before: Vec::new(), values: Vec::new(), problem: None };
    }
    let (mut values, mut problem) = (Vec::new(), None);
    for column in &plan.columns {
        let source = column.made.source();
        let bytes = source.and_then(at);
        let kind = source.and_then(|index| table.get(index)).map_or(Kind::Opaque, |column| column.kind);
        values.push(match value(&column.made, bytes.as_deref(), kind, origin) {
            Ok(value) => value.map(|value| cut(&value)),
            Err(wrong) => {
                problem.get_or_insert_with(|| format!("`{}`: a value {wrong}", column.name));
                None
            }
        });
    }
    PreviewRow { arrives: true, before: Vec::new(), values, problem }
}

fn value(made: &Made, bytes: Option<&[u8]>, kind: Kind, origin: &str) -> Result<Option<String>, &'static str> {
    let printed = bytes.map(printed);
    if let (Made::Hashed(_, salt), Some(_)) = (made, bytes)
        && (salt.expose().is_empty() || salt.is_redacted())
    {
        return Ok(Some(HASH_ELSEWHERE.to_owned()));
    }
    let arriving = made.value(cell(bytes, kind), printed.as_deref().unwrap_or_default(), origin)?;
    Ok(match arriving {
        Cell::Null => None,
        Cell::Number(number) => Some(number.to_string()),
        Cell::Text(text) => Some(text.into_owned()),
    })
}

fn cell(bytes: Option<&[u8]>, kind: Kind) -> Cell<'static> {
    let Some(bytes) = bytes else { return Cell::Null };
    let text = printed(bytes).into_owned();
    match (kind, Number::parse(&text)) {
        (Kind::Number, Some(number)) => Cell::Number(number),
        _ => Cell::Text(Cow::Owned(text)),
    }
}

/// As text, or in hexadecimal.
fn printed(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))),
    }
}

fn cut(value: &str) -> String {
    let mut shown: String = value.chars().take(VALUE_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_mysql::tables::ColumnDefinition;

    fn column(name: &str, column_type: &str) -> ColumnDefinition {
        ColumnDefinition {
            charset: column_type.contains("char").then(|| "utf8mb4".into()),
            ..ColumnDefinition::new(name, column_type)
        }
    }

    fn preview(route: &str) -> PreviewTable {
        previewed(route, true)
    }

    fn previewed(route: &str, with_before: bool) -> PreviewTable {
        let definition = TableDefinition {
            database: "shop".into(),
            table: "user".into(),
            has_primary_key: true,
            columns: vec![column("id", "int"), column("email", "varchar(80)"), column("raw", "varbinary(9)")],
            key: Some(vec![0]),
        };
        let text = |value: &str| Some(value.as_bytes().to_vec());
        let rows = [
            vec![text("1"), text("alice@x"), Some(vec![0xff, 0])],
            vec![text("20"), None, None],
            vec![text("3"), text("x".repeat(300).as_str()), text("raw")],
        ];
        let routes: Vec<Route> = serde_json::from_str(&format!(r#"[{{"from": "shop.*", {route}}}]"#)).unwrap();
        let answered = Answered { database: "shop", name: "user", definition: &definition, rows: &rows, with_before };
        shown(answered, &Router::new(&routes))
    }

    #[test]
    fn rows_are_shown_as_they_would_arrive() {
        let table =
            preview(r#""to": "w.{table}s", "where": "id < 10", "mask": {"email": {"keep": 3}}, "source_column": "o""#);
        assert_eq!((table.target.as_str(), &table.problem), ("w.users", &None));
        let treatments: Vec<&str> = table.columns.iter().map(|column| column.treatment.as_str()).collect();
        assert_eq!(
            treatments,
            ["copied", "masked: the first 3 characters", "copied", "added: the source's database and table"]
        );
        let texts = |values: &[Option<String>]| -> Vec<String> {
            values.iter().map(|value| value.clone().unwrap_or("NULL".into())).collect()
        };
        let shown = |row: &PreviewRow| texts(&row.values);
        assert_eq!(shown(&table.rows[0]), ["1", "ali", "0xff00", "shop.user"]);
        assert_eq!(texts(&table.rows[0].before), ["1", "alice@x", "0xff00", "NULL"]);
        assert_eq!(texts(&table.rows[1].before), ["20", "NULL", "NULL", "NULL"]);
        assert!(!table.rows[1].arrives && table.rows[1].values.is_empty());
        assert_eq!(shown(&table.rows[2]), ["3", "xxx", "raw", "shop.user"]);
    }

    #[test]
    fn what_a_mask_hides_is_shown_to_who_asks_for_it() {
        let route = r#""where": "id < 10", "mask": {"email": {"keep": 3}}"#;
        assert!(preview(route).rows.iter().all(|row| row.before.len() == 3));
        assert!(previewed(route, false).rows.iter().all(|row| row.before.is_empty()));
    }

    #[test]
    fn what_would_stop_the_task_is_told() {
        let table = preview(r#""mask": {"emial": {"keep": 3}}"#);
        assert!(table.problem.unwrap().contains("mask.emial") && table.rows.is_empty());
        let table = preview(r#""cast": {"email": "signed"}"#);
        assert!(table.rows[0].problem.as_ref().unwrap().contains("`email`: a value is no number"));
        assert_eq!(table.rows[1].problem, None);
        let table = preview(r#""drop": ["raw"], "mask": {"email": {"hash": {"env": "S"}}}"#);
        assert_eq!(table.rows[0].values[1].as_deref(), Some(HASH_ELSEWHERE));
        assert_eq!(table.rows[1].values[1], None);
        assert_eq!(
            (table.columns[2].treatment.as_str(), &table.rows[0].before[2]),
            ("dropped", &Some("0xff00".into()))
        );
    }
}
