//! `replicator silence …`.

use super::arguments::{Silence, SilenceAdd};
use super::calls;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::{Table, moment};
use replicator_server::view::{MatcherView, SilenceList, SilenceRequest, SilenceState};
use serde_json::json;

pub(super) async fn run(client: &Client, command: Silence, output: Output) -> Result<(), Failed> {
    match command {
        Silence::Add(wanted) => {
            let silence = calls::begin_silence(client, &request(wanted)).await?;
            show(output, &silence, |silence| {
                format!("silence {} holds until {}\n", silence.id, moment(silence.until.as_ref()))
            });
        }
        Silence::List => show(output, &calls::silences(client).await?, table),
        Silence::End { id } => {
            calls::end_silence(client, &id).await?;
            show(output, &json!({"ended": id}), |_| format!("silence {id} ended\n"));
        }
    }
    Ok(())
}

fn request(wanted: SilenceAdd) -> SilenceRequest {
    let severity = wanted.severity.map(|severity| json!(severity.word()));
    let matcher = MatcherView {
        rule: wanted.rule,
        task: wanted.task.map(Into::into),
        group: wanted.group.map(Into::into),
        core: wanted.core.map(Into::into),
        severity: severity.and_then(|severity| serde_json::from_value(severity).ok()),
    };
    SilenceRequest { matcher, from: None, until: None, lasts: Some(wanted.lasts.to_string()), reason: wanted.reason }
}

fn table(list: &SilenceList) -> String {
    if list.silences.is_empty() {
        return "No silences.\n".to_owned();
    }
    let mut table = Table::new(&["STATE", "ID", "MATCHES", "UNTIL", "BY", "REASON"]);
    for silence in &list.silences {
        let state = match silence.state {
            SilenceState::Active => "active",
            SilenceState::Pending => "pending",
            SilenceState::Over => "over",
        };
        table.row([
            state.to_owned(),
            silence.id.clone(),
            matches(&silence.matcher),
            moment(silence.until.as_ref()),
            silence.by.clone(),
            silence.reason.clone(),
        ]);
    }
    table.to_string()
}

fn matches(matcher: &MatcherView) -> String {
    let severity = matcher.severity.map(|severity| severity.to_string());
    let parts = [
        ("rule", &matcher.rule),
        ("task", &matcher.task),
        ("group", &matcher.group),
        ("core", &matcher.core),
        ("severity", &severity),
    ];
    let given = parts.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
    given.collect::<Vec<_>>().join(" ")
}
