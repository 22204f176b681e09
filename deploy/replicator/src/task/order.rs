//! `replicator task start|stop|pause|resume`.

use super::arguments;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed};
use crate::output::show;
use replicator_model::name::TaskName;
use replicator_model::span::Span;
use replicator_server::view::{StatusView, TaskState};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a task is looked at while one waits for it.
pub(super) const LOOK_PERIOD: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Start,
    Stop,
    Pause,
    Resume,
}

impl Order {
    const fn word(self) -> &'static str {
        match self {
            Order::Start => "start",
            Order::Stop => "stop",
            Order::Pause => "pause",
            Order::Resume => "resume",
        }
    }

    const fn leads_to(self) -> TaskState {
        match self {
            Order::Start | Order::Resume => TaskState::Running,
            Order::Stop => TaskState::Stopped,
            Order::Pause => TaskState::Paused,
        }
    }
}

pub(crate) async fn run(client: &Client, given: arguments::Order, order: Order, output: Output) -> Result<(), Failed> {
    let name = &given.name;
    let answer = client.order(name, order.word()).await?;
    if given.wait {
        let status = wait(client, name, order, given.timeout).await?;
        show(output, &status, |status| format!("task {name} is {}\n", status.state));
    } else {
        show(output, &answer, |answer| match answer.changed {
            true => format!("task {name}: {} is ordered; see `replicator task show {name}`\n", order.word()),
            false => format!("task {name} is already to be {}\n", answer.desired.state),
        });
    }
    Ok(())
}

/// Waits until the order is carried out. A task that fails is told at once.
pub(crate) async fn wait(client: &Client, name: &TaskName, order: Order, timeout: Span) -> Result<StatusView, Failed> {
    wait_for(client, name, order.leads_to(), timeout).await
}

/// Waits until the task is in a state. One that fails on the way to another is told at once, unless it is to stop.
pub(crate) async fn wait_for(
    client: &Client,
    name: &TaskName,
    wanted: TaskState,
    timeout: Span,
) -> Result<StatusView, Failed> {
    let deadline = Instant::now() + timeout.duration();
    loop {
        let status = client.status(name).await?;
        if status.state == wanted {
            return Ok(status);
        }
        let why = status.explanation.as_ref();
        if status.state == TaskState::Failed && wanted != TaskState::Stopped {
            let (code, reason, hint) = why.map_or(("failed", "it is not known why", "see the Core's log"), |why| {
                (why.code.as_str(), why.reason.as_str(), why.hint.as_str())
            });
            return Err(Failed::new(Exit::Failed, code, format!("task {name} FAILED: {reason}"), hint));
        }
        if Instant::now() >= deadline {
            let because = why.map(|why| format!(": {}", why.reason)).unwrap_or_default();
            let detail = format!("after {timeout} task {name} is {}, not {wanted}{because}", status.state);
            let hint = why.map_or("wait longer with --timeout, and see `replicator task show`", |why| &why.hint);
            return Err(Failed::new(Exit::Unreachable, "wait_timeout", detail, hint));
        }
        sleep(LOOK_PERIOD).await;
    }
}
