//! `replicator task …`.

mod apply;
pub(crate) mod arguments;
mod changes;
mod conflicts;
mod list;
mod once;
mod order;
mod page;
mod preview;
mod versions;

pub(crate) use apply::read as read_spec;

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed};
use crate::output::{show, watched};
use crate::task::arguments::{Delete, Show, Task};
use replicator_model::name::TaskName;
use replicator_server::view::TaskView;
use std::io::{BufRead, IsTerminal, Write};

pub(crate) async fn run(client: &Client, command: Task, output: Output) -> Result<(), Failed> {
    match command {
        Task::Apply(apply) => apply::run(client, apply, output).await,
        Task::Preflight(wanted) => crate::preflight::task(client, wanted, output).await,
        Task::Preview(wanted) => preview::run(client, &wanted, output).await,
        Task::List(list) => list::run(client, list, output).await,
        Task::Show(Show { name, wait_for: Some(state), timeout, .. }) => {
            show(output, &order::wait_for(client, &name, state, timeout).await?, page::page);
            Ok(())
        }
        Task::Get(get) => versions::get(client, &get, output).await,
        Task::Diff(diff) => versions::diff(client, &diff, output).await,
        Task::Versions { name } => versions::list(client, &name, output).await,
        Task::Rollback(rollback) => versions::roll_back(client, rollback, output).await,
        Task::Show(Show { name, watch, .. }) => {
            watched(watch, output, async |output| {
                show(output, &client.status(&name).await?, page::page);
                Ok(())
            })
            .await
        }
        Task::Start(order) => order::run(client, order, order::Order::Start, output).await,
        Task::Stop(order) => order::run(client, order, order::Order::Stop, output).await,
        Task::Pause(order) => order::run(client, order, order::Order::Pause, output).await,
        Task::Resume(order) => order::run(client, order, order::Order::Resume, output).await,
        Task::Conflicts(asked) => conflicts::list(client, &asked, output).await,
        Task::Rewind(rewind) => once::rewind(client, rewind, output).await,
        Task::Skip(skip) => once::skip(client, skip, output).await,
        Task::Handover(handover) => once::hand_over(client, handover, output).await,
        Task::Delete(delete) => self::delete(client, &delete, output).await,
    }
}

async fn delete(client: &Client, Delete { name, yes }: &Delete, output: Output) -> Result<(), Failed> {
    let TaskView { version, .. } = client.task(name).await?.ok_or_else(|| not_found(name))?;
    confirm(*yes, &format!("Delete task {name} with its checkpoint and versions?"))?;
    client.delete(name, version).await?;
    show(output, &serde_json::json!({"deleted": name}), |_| format!("task {name} deleted\n"));
    Ok(())
}

/// Asks on the terminal, unless the yes was given on the command line.
fn confirm(yes: bool, question: &str) -> Result<(), Failed> {
    if yes {
        return Ok(());
    }
    let refused = |exit, detail: &str, hint| Err(Failed::new(exit, "not_confirmed", detail, hint));
    if !std::io::stdin().is_terminal() {
        return refused(Exit::Usage, "this needs a yes", "add --yes when nobody can be asked");
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush().ok();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok();
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => refused(Exit::Failed, "nothing was done", "answer `y`, or give --yes"),
    }
}

fn not_found(name: &TaskName) -> Failed {
    let hint = "see `replicator task list`";
    Failed::new(Exit::NotFound, "task_not_found", format!("there is no task `{name}`"), hint)
}
