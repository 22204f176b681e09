//! `replicator alerts`.

use super::arguments::{Alerts, AlertsCommand};
use super::calls;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::{show, watched};
use crate::table::{Table, moment, wrap};
use replicator_server::view::{AlertHistoryView, AlertList, AlertView};

pub(super) async fn run(client: &Client, asked: Alerts, output: Output) -> Result<(), Failed> {
    match asked.command {
        Some(AlertsCommand::Acknowledge(said)) => {
            let alert = calls::acknowledge(client, &said.id, &said.note).await?;
            show(output, &alert, |alert| format!("alert {} acknowledged\n", alert.id));
            Ok(())
        }
        Some(AlertsCommand::Unacknowledge { id }) => {
            let alert = calls::unacknowledge(client, &id).await?;
            show(output, &alert, |alert| format!("alert {} is not acknowledged any more\n", alert.id));
            Ok(())
        }
        None if asked.history => {
            show(output, &calls::history(client, asked.task.as_ref()).await?, past);
            Ok(())
        }
        None => {
            watched(asked.watch, output, async |output| {
                show(output, &calls::alerts(client, asked.task.as_ref()).await?, table);
                Ok(())
            })
            .await
        }
    }
}

fn table(list: &AlertList) -> String {
    if list.alerts.is_empty() {
        return "No alerts.\n".to_owned();
    }
    let mut table = Table::new(&["STATE", "SEVERITY", "ALERT", "SINCE", "SAID"]);
    for alert in &list.alerts {
        let id = alert.id.clone();
        table.row([alert.state.to_string(), alert.severity.to_string(), id, moment(alert.since.as_ref()), said(alert)]);
    }
    let mut text = table.to_string();
    for alert in &list.alerts {
        text.push_str(&wrap(&format!("{}: {}; {}", alert.id, alert.reason, alert.hint), "  "));
    }
    text
}

fn said(alert: &AlertView) -> String {
    match (&alert.acknowledged, alert.silenced_by.is_empty()) {
        (Some(said), _) => format!("{}: {}", if said.by.is_empty() { "acknowledged" } else { &said.by }, said.note),
        (None, false) => "silenced".to_owned(),
        (None, true) => "-".to_owned(),
    }
}

fn past(list: &AlertHistoryView) -> String {
    if list.alerts.is_empty() {
        return "Nothing was wrong in the last seven days, as far as is kept.\n".to_owned();
    }
    let mut table = Table::new(&["SEVERITY", "ALERT", "SINCE", "ENDED", "REASON"]);
    for alert in &list.alerts {
        table.row([
            alert.severity.to_string(),
            alert.id.clone(),
            moment(alert.since.as_ref()),
            moment(alert.resolved_at.as_ref()),
            alert.reason.clone(),
        ]);
    }
    table.to_string()
}
