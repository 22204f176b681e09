//! `replicator task conflicts`.

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Failed, printable};
use crate::output::show;
use crate::table::{Table, moment};
use crate::task::arguments::Conflicts;
use replicator_server::view::ConflictList;

/// Most characters of a change that are shown; `-o json` has all.
const CHANGE_SHOWN: usize = 100;

pub(super) async fn list(client: &Client, asked: &Conflicts, output: Output) -> Result<(), Failed> {
    let Conflicts { name, limit, before } = asked;
    show(output, &client.conflicts(name, *limit, *before).await?, page);
    Ok(())
}

fn page(list: &ConflictList) -> String {
    if let Some(why) = &list.explanation {
        return printable(why) + "\n";
    }
    let mut table = Table::new(&["ID", "FOUND", "TABLE", "REASON", "ACTION", "SOURCE", "CHANGE"]);
    for conflict in &list.conflicts {
        let part = |part: &str| conflict.change.get(part).filter(|part| !part.is_null()).map(ToString::to_string);
        let kind = conflict.change.get("type").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
        let old = part("old").map(|old| format!(" was {old}")).unwrap_or_default();
        let change = format!("{kind} {}{old}", part("data").unwrap_or_default());
        let shown: String = change.chars().take(CHANGE_SHOWN).collect();
        let cut = if shown.len() < change.len() { " …" } else { "" };
        table.row([
            conflict.id.to_string(),
            moment(conflict.found_at.as_ref()),
            conflict.table.clone(),
            conflict.reason.clone(),
            conflict.action.clone(),
            format!("{}:{}", conflict.position.file, conflict.position.offset),
            format!("{shown}{cut}"),
        ]);
    }
    let mut text = match list.recorded {
        Some(0) => "no conflicts are recorded at the target\n".to_owned(),
        recorded => format!("{table}{} recorded at the target\n", recorded.unwrap_or_default()),
    };
    if let Some(next) = list.next {
        text.push_str(&format!("older ones: --before {next}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_server::view::{ConflictView, PositionView};

    #[test]
    fn conflicts_fit_on_a_screen() {
        let conflict = ConflictView {
            id: 7,
            found_at: Some("2026-11-22T08:00:00Z".into()),
            position: PositionView { file: "bin.000042".into(), offset: 1234 },
            table: "shop.item".into(),
            reason: "row_not_found".into(),
            action: "skipped".into(),
            change: serde_json::json!({"type": "UPDATE", "data": [{"id": "1", "w": "x".repeat(200)}], "old": [{"w": "b"}]}),
        };
        let list = ConflictList { recorded: Some(3), conflicts: vec![conflict], next: Some(7), explanation: None };
        let text = page(&list);
        assert!(text.contains("UPDATE [{\"id\":\"1\",\"w\":\"xxx") && text.contains(" …"), "{text}");
        assert!(text.ends_with("3 recorded at the target\nolder ones: --before 7\n"), "{text}");
        let none = ConflictList { recorded: Some(0), conflicts: vec![], next: None, explanation: None };
        assert_eq!(page(&none), "no conflicts are recorded at the target\n");
        let unknown = ConflictList { recorded: None, explanation: Some("why".into()), ..none };
        assert_eq!(page(&unknown), "why\n");
    }
}
