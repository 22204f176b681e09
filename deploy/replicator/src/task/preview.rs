//! `replicator task preview`: what routes make of real rows.

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed, printable};
use crate::output::show;
use crate::table::{Table, WIDTH};
use crate::task::arguments::Preview;
use crate::task::{not_found, read_spec};
use replicator_server::view::{PreviewRow, PreviewTable, PreviewView};
use serde_json::{Value, json};

pub(crate) async fn run(client: &Client, wanted: &Preview, output: Output) -> Result<(), Failed> {
    let (spec, name) = match (&wanted.name, &wanted.file) {
        (_, Some(file)) => {
            let (spec, text) = read_spec(file)?;
            let written =
                if text.is_json { serde_json::from_str(&text.text).ok() } else { toml::from_str(&text.text).ok() };
            let stored = client.task(&spec.name).await?.is_some();
            (written.unwrap_or_default(), stored.then(|| spec.name.to_string()))
        }
        (Some(name), None) => {
            let stored = client.task(name).await?.ok_or_else(|| not_found(name))?;
            (serde_json::to_value(&stored.spec).unwrap_or_default(), Some(name.to_string()))
        }
        (None, None) => {
            let hint = "give a task's name, or a file with -f";
            return Err(Failed::new(Exit::Usage, "task_missing", "which task is to be shown?", hint));
        }
    };
    let spec: Value = spec;
    let view = client.preview(&json!({"spec": spec, "task": name, "rows": wanted.rows})).await?;
    show(output, &view, page);
    Ok(())
}

fn page(view: &PreviewView) -> String {
    let mut text: String = view.tables.iter().map(table).collect::<Vec<_>>().join("\n");
    if view.tables.is_empty() {
        text.push_str("no table of the source matches\n");
    }
    if view.cut {
        text.push_str("\nthere are more tables\n");
    }
    text
}

fn table(shown: &PreviewTable) -> String {
    let mut text = printable(&format!("{} → {}", shown.source, shown.target));
    text.push('\n');
    if let Some(problem) = &shown.problem {
        text.push_str(&format!("  STOPS: {}\n", printable(problem)));
        return text;
    }
    let mut columns = Table::new(&["SOURCE", "TARGET", "WHAT HAPPENS"]);
    for column in &shown.columns {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
        columns.row([name(&column.source), name(&column.target), column.treatment.clone()]);
    }
    let indented = |block: &String| block.lines().map(|line| format!("  {line}\n")).collect::<String>();
    text.push_str(&columns.blocks(WIDTH).iter().map(indented).collect::<String>());
    for row in &shown.rows {
        text.push_str(&format!("  {}\n", printable(&line(shown, row))));
    }
    text
}

/// A row on one line: a page as wide as a table of many columns helps nobody.
fn line(shown: &PreviewTable, row: &PreviewRow) -> String {
    if !row.arrives {
        return "row left out".to_owned();
    }
    let names = shown.columns.iter().filter_map(|column| column.target.as_deref());
    let value = |(name, value): (&str, &Option<String>)| match value {
        Some(value) => format!("{name}={value:?}"),
        None => format!("{name}=NULL"),
    };
    let mut line = format!("row {}", names.zip(&row.values).map(value).collect::<Vec<_>>().join(" "));
    if let Some(problem) = &row.problem {
        line.push_str(&format!("  STOPS: {problem}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_server::view::PreviewColumn;

    #[test]
    fn a_table_is_shown_with_its_rows() {
        let column = |source: Option<&str>, target: Option<&str>, treatment: &str| PreviewColumn {
            source: source.map(Into::into),
            target: target.map(Into::into),
            treatment: treatment.into(),
        };
        let row = |arrives, values: &[Option<&str>], problem: Option<&str>| PreviewRow {
            arrives,
            before: Vec::new(),
            values: values.iter().map(|value| value.map(Into::into)).collect(),
            problem: problem.map(Into::into),
        };
        let shown = PreviewTable {
            source: "shop.user".into(),
            target: "w.users".into(),
            problem: None,
            columns: vec![
                column(Some("id"), Some("id"), "copied"),
                column(None, Some("o"), "added: a constant"),
                column(Some("secret"), None, "dropped"),
            ],
            rows: vec![row(true, &[Some("1\u{1b}"), None], None), row(false, &[], None)],
        };
        let text = page(&PreviewView { tables: vec![shown], cut: true });
        assert!(text.starts_with("shop.user → w.users\n  SOURCE"), "{text}");
        assert!(text.contains("  secret  -       dropped\n"), "{text}");
        assert!(text.contains("o=NULL\n  row left out\n") && !text.contains('\u{1b}'), "{text}");
        assert!(text.ends_with("there are more tables\n"), "{text}");
    }
}
