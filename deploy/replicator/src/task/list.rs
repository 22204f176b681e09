//! `replicator task list`.

use super::page::{lag, rate};
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::{show, watched};
use crate::table::{Table, wrap};
use crate::task::arguments::List;
use replicator_server::view::TaskList;

pub(crate) async fn run(client: &Client, list: List, output: Output) -> Result<(), Failed> {
    let group = list.group.as_ref().map(|group| group.as_str());
    let state = list.state.map(|state| state.to_string().to_lowercase().replace(' ', "_"));
    watched(list.watch, output, async |output| {
        let tasks = client.tasks(group, state.as_deref()).await?;
        show(output, &tasks, table);
        Ok(())
    })
    .await
}

fn table(list: &TaskList) -> String {
    if list.tasks.is_empty() && list.unreadable.is_empty() {
        return "No tasks. Make one with `replicator task apply -f task.toml`.\n".to_owned();
    }
    let mut table = Table::new(&["NAME", "GROUP", "STATE", "SOURCE", "TARGET", "LAG", "ROWS/S", "ON", "STANDBY"]);
    for task in &list.tasks {
        table.row([
            task.name.clone(),
            task.group.clone(),
            task.state.to_string(),
            task.source.address.clone(),
            if task.target.kind == task.target.address {
                task.target.kind.clone()
            } else {
                format!("{} {}", task.target.kind, task.target.address)
            },
            lag(task.lag_seconds),
            task.rows_per_second.map_or_else(|| "-".to_owned(), rate),
            task.running_on.clone().unwrap_or_else(|| "-".to_owned()),
            task.standbys.to_string(),
        ]);
    }
    let mut text = table.to_string();
    for task in list.tasks.iter().filter(|task| task.state != replicator_server::view::TaskState::Running) {
        if let Some(why) = &task.explanation {
            text.push_str(&wrap(&format!("{}: {} [{}]", task.name, why.reason, why.code), "  "));
        }
    }
    for task in &list.unreadable {
        text.push_str(&wrap(&format!("{}: {}", task.name, task.reason), "  "));
    }
    text
}
