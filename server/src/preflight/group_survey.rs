//! Reading the tree for the facts that checks rest on.

use super::ground::{Group, Side};
use futures_util::StreamExt;
use futures_util::stream;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_model::task::TaskSpec;
use tokio::time::Instant;

/// Tasks that are read at the same time.
const CONCURRENCY: usize = 32;

/// Other tasks that are looked at.
const OTHERS_MAX: usize = 2_000;

pub(super) async fn group(session: Option<&Session>, spec: &TaskSpec) -> Side<Group> {
    let Some(session) = session else { return Side::absent("no coordination service is asked") };
    let begun = Instant::now();
    match told(session, spec).await {
        Ok(group) => Side { stages: Vec::new(), reached: Some(group), absent: None, took: begun.elapsed() },
        Err(error) => Side { took: begun.elapsed(), ..Side::absent(error.to_string()) },
    }
}

async fn told(session: &Session, spec: &TaskSpec) -> Result<Group, CoordinationError> {
    let names = session.tasks().await?;
    let exists = names.contains(&spec.name);
    let others = names.into_iter().filter(|name| *name != spec.name).take(OTHERS_MAX);
    let mut read = stream::iter(others).map(|name| async move { session.task(&name).await }).buffered(CONCURRENCY);
    let mut others = Vec::new();
    while let Some(task) = read.next().await {
        match task {
            Ok(task) => others.push(task.spec),
            // Gone meanwhile, or somebody else's to mend.
            Err(CoordinationError::NoSuchTask { .. } | CoordinationError::Unreadable { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let last_commit = match exists {
        true => session.last_commit(&spec.name).await?,
        false => None,
    };
    Ok(Group { cores: session.cores(&spec.group).await?, others, exists, last_commit })
}
