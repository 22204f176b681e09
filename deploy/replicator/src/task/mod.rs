//! `replicator task …`.

mod apply;
mod changes;
mod list;
mod order;
mod page;

pub(crate) use apply::read as read_spec;

use crate::arguments::{Delete, Output, Show, Task};
use crate::client::Client;
use crate::exit::{Exit, Failed};
use crate::output::{show, watched};
use replicator_model::name::TaskName;
use replicator_server::view::TaskView;
use std::io::{BufRead, IsTerminal, Write};

pub(crate) async fn run(client: &Client, command: Task, output: Output) -> Result<(), Failed> {
    match command {
        Task::Apply(apply) => apply::run(client, apply, output).await,
        Task::Preflight(wanted) => crate::preflight::task(client, wanted, output).await,
        Task::List(list) => list::run(client, list, output).await,
        Task::Show(Show { name, watch }) => {
            watched(watch, async || {
                show(output, &client.status(&name).await?, page::page);
                Ok(())
            })
            .await
        }
        Task::Start(order) => order::run(client, order, order::Order::Start, output).await,
        Task::Stop(order) => order::run(client, order, order::Order::Stop, output).await,
        Task::Pause(order) => order::run(client, order, order::Order::Pause, output).await,
        Task::Resume(order) => order::run(client, order, order::Order::Resume, output).await,
        Task::Delete(delete) => self::delete(client, &delete, output).await,
    }
}

async fn delete(client: &Client, Delete { name, yes }: &Delete, output: Output) -> Result<(), Failed> {
    let TaskView { version, .. } = client.task(name).await?.ok_or_else(|| not_found(name))?;
    if !yes && !confirmed(name)? {
        return Err(Failed::new(Exit::Failed, "not_confirmed", format!("task `{name}` was not deleted"), "say `y`"));
    }
    client.delete(name, version).await?;
    show(output, &serde_json::json!({"deleted": name}), |_| format!("task {name} deleted\n"));
    Ok(())
}

fn confirmed(name: &TaskName) -> Result<bool, Failed> {
    if !std::io::stdin().is_terminal() {
        let hint = "add --yes when nobody can be asked";
        return Err(Failed::new(Exit::Usage, "not_confirmed", format!("deleting `{name}` needs a yes"), hint));
    }
    eprint!("Delete task {name} with its checkpoint and versions? [y/N] ");
    std::io::stderr().flush().ok();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok();
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn not_found(name: &TaskName) -> Failed {
    let hint = "see `replicator task list`";
    Failed::new(Exit::NotFound, "task_not_found", format!("there is no task `{name}`"), hint)
}
