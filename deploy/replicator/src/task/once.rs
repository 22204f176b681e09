//! `replicator task rewind|skip|handover`: orders that are carried out once, each shown before it is given.

use super::confirm;
use super::order::{LOOK_PERIOD, wait_for};
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed, printable};
use crate::output::show;
use crate::table::wrap;
use crate::task::arguments::{Handover, Rewind, Skip};
use replicator_model::name::TaskName;
use replicator_model::position::Position;
use replicator_model::span::Span;
use replicator_server::view::{
    HandoverRequest, RewindRequest, RewindView, SkipRequest, SkipView, SkippableTransaction, StatusView, TaskState,
};
use tokio::time::{Instant, sleep};

pub(super) async fn rewind(client: &Client, rewind: Rewind, output: Output) -> Result<(), Failed> {
    let Rewind { name, to, dry_run, yes } = rewind;
    let request = RewindRequest { to };
    if dry_run {
        show(output, &client.preview_rewind(&name, &request).await?, meaning);
        return Ok(());
    }
    if !yes {
        eprint!("{}", meaning(&client.preview_rewind(&name, &request).await?));
    }
    confirm(yes, &format!("Rewind task {name}?"))?;
    show(output, &client.rewind(&name, &request).await?, |done| {
        format!("{}task {name}: the rewind is ordered; see `replicator task show {name}`\n", meaning(&done.preview))
    });
    Ok(())
}

fn meaning(view: &RewindView) -> String {
    let mut text = wrap(&view.explanation, "");
    for (word, place, set) in [("from", &view.from, &view.from_gtid_set), ("to", &view.to, &view.to_gtid_set)] {
        let place = place.as_ref().map(|place| format!("{}:{}", place.file, place.offset));
        let known: Vec<String> = place.into_iter().chain(set.clone().filter(|set| !set.is_empty())).collect();
        if !known.is_empty() {
            text.push_str(&format!("  {word:<5} {}\n", known.join("  ")));
        }
    }
    for warning in &view.warnings {
        text.push_str(&wrap(&format!("! {warning}"), "  "));
    }
    printable(&text)
}

pub(super) async fn skip(client: &Client, skip: Skip, output: Output) -> Result<(), Failed> {
    let Skip { name, reason, dry_run, yes, wait, timeout } = skip;
    let seen = client.skippable(&name).await?;
    if dry_run {
        show(output, &seen, transaction);
        return Ok(());
    }
    let Some(shown) = &seen.transaction else {
        let detail = format!("task {name} has nothing to leave out: {}", seen.explanation);
        return Err(Failed::new(Exit::Conflict, "nothing_to_skip", detail, "see `replicator task show`"));
    };
    if !yes {
        eprint!("{}", transaction(&seen));
    }
    confirm(yes, &format!("Leave out this transaction of task {name}?"))?;
    let position = Position::new(&*shown.position.file, shown.position.offset);
    let answer =
        client.skip(&name, &SkipRequest { gtid: shown.gtid.clone(), position: Some(position), reason }).await?;
    if wait {
        let status = wait_until(client, &name, timeout, "running behind it", |status| {
            status.desired.owed.is_none() && status.state == TaskState::Running
        });
        show(output, &status.await?, |status| {
            format!("task {name} is {}; {} left out\n", status.state, status.skipped)
        });
    } else {
        show(output, &answer, |_| {
            format!("task {name}: the transaction is to be left out; see `replicator task show {name}`\n")
        });
    }
    Ok(())
}

fn transaction(view: &SkipView) -> String {
    let mut text = String::new();
    if let Some(failure) = &view.failure {
        text.push_str(&wrap(&format!("{} [{}]", failure.reason, failure.code), ""));
    }
    if let Some(SkippableTransaction { position, gtid, committed_at, tables, rows, sample }) = &view.transaction {
        text.push_str(&format!("transaction {}:{}", position.file, position.offset));
        let rows = rows.map(|rows| format!("{rows} {}", if rows == 1 { "row" } else { "rows" }));
        for part in gtid.iter().chain(committed_at).chain(&rows) {
            text.push_str(&format!("  {part}"));
        }
        text.push('\n');
        if !tables.is_empty() {
            text.push_str(&format!("  tables {}\n", tables.join(", ")));
        }
        for line in sample {
            text.push_str(&format!("  {line}\n"));
        }
    }
    printable(&(text + &wrap(&view.explanation, "")))
}

pub(super) async fn hand_over(client: &Client, handover: Handover, output: Output) -> Result<(), Failed> {
    let Handover { name, to, wait, timeout } = handover;
    let before = client.status(&name).await?.running.map_or(0, |running| running.epoch);
    let answer = client.hand_over(&name, HandoverRequest { to }).await?;
    if wait {
        let status = wait_until(client, &name, timeout, "running elsewhere", |status| {
            status.running.as_ref().is_some_and(|running| running.epoch > before)
        })
        .await?;
        let status = match status.desired.state {
            replicator_model::desired::DesiredState::Running => {
                wait_for(client, &name, TaskState::Running, timeout).await?
            }
            _ => status,
        };
        show(output, &status, |status| {
            let core = status.running.as_ref().map_or("nobody", |running| &running.core);
            format!("task {name} is {} on {core}\n", status.state)
        });
    } else {
        show(output, &answer, |_| format!("task {name}: the handover is ordered; see `replicator task show {name}`\n"));
    }
    Ok(())
}

async fn wait_until(
    client: &Client,
    name: &TaskName,
    timeout: Span,
    what: &str,
    is_done: impl Fn(&StatusView) -> bool,
) -> Result<StatusView, Failed> {
    let deadline = Instant::now() + timeout.duration();
    loop {
        let status = client.status(name).await?;
        if is_done(&status) {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            let because = status.explanation.as_ref().map(|why| format!(": {}", why.reason)).unwrap_or_default();
            let detail = format!("after {timeout} task {name} is {}, not {what}{because}", status.state);
            let hint = "wait longer with --timeout, and see `replicator task show`";
            return Err(Failed::new(Exit::Unreachable, "wait_timeout", detail, hint));
        }
        sleep(LOOK_PERIOD).await;
    }
}
