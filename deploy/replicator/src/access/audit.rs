//! `replicator audit`.

use super::arguments::Audit;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Failed, printable};
use crate::output::{show, watched};
use crate::table::{Table, moment, screen};
use replicator_server::view::{AuditEntryView, AuditList, OutcomeWord};

pub(super) async fn run(client: &Client, asked: Audit, output: Output) -> Result<(), Failed> {
    watched(asked.watch, output, async |output| {
        show(output, &client.audit(&asked).await?, |list| text(list, asked.diff));
        Ok(())
    })
    .await
}

fn text(list: &AuditList, with_diffs: bool) -> String {
    if list.entries.is_empty() {
        return "Nothing of the kind was done in the last 90 days.\n".to_owned();
    }
    let (table, width) = (table(&list.entries), screen());
    if !with_diffs {
        return table.to_string();
    }
    let mut blocks = table.blocks(width).into_iter();
    let head = blocks.next().unwrap_or_default();
    blocks.zip(&list.entries).fold(head, |text, (row, entry)| text + &row + &diff(entry))
}

fn table(entries: &[AuditEntryView]) -> Table {
    let mut table = Table::new(&["AT", "USER", "FROM", "ACTION", "SUBJECT", "OUTCOME", "DETAIL"]);
    for entry in entries {
        let user = entry.user.clone().unwrap_or_else(|| "-".to_owned());
        let outcome = match entry.outcome {
            OutcomeWord::Done => "done",
            OutcomeWord::Refused => "refused",
            OutcomeWord::Failed => "failed",
        };
        let (address, action, subject) = (entry.address.clone(), entry.action.clone(), entry.subject.clone());
        let at = moment(entry.at.as_ref());
        table.row([at, user, address, action, subject, outcome.to_owned(), entry.detail.clone()]);
    }
    table
}

fn diff(entry: &AuditEntryView) -> String {
    entry.diff.iter().flat_map(|diff| diff.lines()).map(|line| format!("  {}\n", printable(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_stand_in_lines_and_differences_below_them() {
        let list: AuditList = serde_json::from_value(json!({"entries": [
            {"id": "2", "at": "2026-11-22T08:00:01.5Z", "user": "alice", "via": "session", "address": "10.0.0.7",
             "action": "updateTask", "subject": "task copy", "outcome": "done", "detail": "moved",
             "diff": "-port = 3306\n+port = 3307\n+note = \"\u{1b}[2J\"\n"},
            {"id": "1", "at": null, "user": null, "via": "none", "address": "10.0.0.8",
             "action": "signIn", "subject": "", "outcome": "refused", "detail": "login_refused"},
        ], "next": null}))
        .unwrap();
        let short = text(&list, false);
        assert_eq!(short.lines().count(), 3, "{short}");
        assert!(
            short.contains("2026-11-22 08:00:01") && short.contains("refused") && !short.contains("3307"),
            "{short}"
        );
        let long = text(&list, true);
        assert!(long.contains("  -port = 3306\n  +port = 3307\n") && !long.contains('\u{1b}'), "{long}");
        assert!(text(&AuditList { entries: Vec::new(), next: None }, true).starts_with("Nothing"));
    }
}
