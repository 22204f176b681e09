//! The rules about tasks, without HTTP: what may be made, changed, ordered and deleted, and what is read for it.
//! Decisions are plain functions; the others fetch what they need from the tree and write what was decided.

use crate::problem::ApiError;
use crate::status::{self, Observation};
use crate::view::{OrderView, StatusView, TaskState, TaskView};
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_coordination::tasks::{Author, Task};
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::name::TaskName;
use replicator_model::secret::SecretSource;
use replicator_model::task::TaskSpec;

/// What an operator tells a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Start,
    Stop,
    Pause,
    Resume,
}

pub(crate) async fn read(session: &Session, name: &TaskName) -> Result<TaskView, ApiError> {
    let Task { spec, version } = session.task(name).await?;
    let desired = session.desired(name).await?;
    Ok(TaskView { version, desired: (&desired).into(), spec })
}

/// Makes a task, and gives it its first order if one is wanted.
pub(crate) async fn create(
    session: &Session,
    mut spec: TaskSpec,
    wanted: DesiredState,
    author: Author<'_>,
) -> Result<TaskView, ApiError> {
    admit_secrets(&mut spec)?;
    let task = session.create_task(&spec, author).await?;
    let mut desired = Desired::stopped();
    if wanted != DesiredState::Stopped {
        desired = session.order(&spec.name, wanted, None).await.map_err(|error| match error.into() {
            ApiError::Coordination { status, code, detail, hint } => {
                let detail = format!("task `{}` was made, stopped; ordering it {wanted} failed: {detail}", spec.name);
                ApiError::Coordination { status, code, detail, hint }
            }
            other => other,
        })?;
    }
    tracing::info!(task = %spec.name, version = task.version, desired = %desired.state, "task made");
    Ok(TaskView { version: task.version, desired: (&desired).into(), spec: task.spec })
}

/// Replaces a task's spec. One that changes nothing makes no version.
pub(crate) async fn update(
    session: &Session,
    name: &TaskName,
    expected: u64,
    spec: TaskSpec,
    author: Author<'_>,
) -> Result<TaskView, ApiError> {
    let before = session.task(name).await?;
    let desired = session.desired(name).await?;
    let is_live = desired.state != DesiredState::Stopped || !session.instances(name).await?.is_empty();
    let spec = admit_update(name, &before, expected, spec, is_live.then_some(desired.state))?;
    if spec == before.spec {
        return Ok(TaskView { version: before.version, desired: (&desired).into(), spec });
    }
    let task = session.update_task(&spec, expected, author).await?;
    tracing::info!(task = %name, version = task.version, "task updated");
    Ok(TaskView { version: task.version, desired: (&desired).into(), spec: task.spec })
}

pub(crate) async fn delete(session: &Session, name: &TaskName, expected: u64) -> Result<(), ApiError> {
    let seen = observe(session, name).await?;
    if seen.version != expected {
        return Err(ApiError::VersionStale { task: name.clone(), expected, found: seen.version });
    }
    let state = status::view(&seen).state;
    if state != TaskState::Stopped {
        return Err(ApiError::NotStopped { task: name.clone(), state: state.to_string() });
    }
    session.delete_task(name, Some(expected)).await?;
    tracing::info!(task = %name, "task deleted");
    Ok(())
}

pub(crate) async fn order(session: &Session, name: &TaskName, order: Order) -> Result<OrderView, ApiError> {
    let seen = observe(session, name).await?;
    match next_state(name, seen.desired.state, seen.is_in_trouble(), order)? {
        None => Ok(OrderView { desired: (&seen.desired).into(), changed: false }),
        Some(state) => {
            let desired = session.order(name, state, None).await?;
            tracing::info!(task = %name, desired = %state, generation = desired.generation, "order given");
            Ok(OrderView { desired: (&desired).into(), changed: true })
        }
    }
}

pub(crate) async fn status(session: &Session, name: &TaskName) -> Result<StatusView, ApiError> {
    Ok(status::view(&observe(session, name).await?))
}

/// Everything that the tree holds of a task at this moment. The nodes are read one after another, so a change in
/// between shows halfway; whoever reads again sees it whole.
pub(crate) async fn observe(session: &Session, name: &TaskName) -> Result<Observation, CoordinationError> {
    let Task { spec, version } = session.task(name).await?;
    let desired = session.desired(name).await?;
    let mut instances = Vec::new();
    let mut unreadable = Vec::new();
    for instance in session.instances(name).await? {
        match instance.info {
            Ok(info) => instances.push((instance.name, info)),
            Err(problem) => unreadable.push((instance.name, problem.to_string())),
        }
    }
    let status = session.status(name).await?;
    let last_commit = session.last_commit(name).await?;
    let carried_out = session.carried_out(name).await?;
    let cores = Vec::new();
    let mut seen =
        Observation { version, spec, desired, instances, unreadable, status, last_commit, carried_out, cores };
    if seen.desired.state != DesiredState::Stopped && seen.running().is_none() {
        seen.cores = session.cores(&seen.spec.group).await?;
    }
    Ok(seen)
}

/// The state to order, if any; `in_trouble` when the task failed or is being retried.
///
/// | order | stopped | paused | running | running, in trouble |
/// |---|---|---|---|---|
/// | start | running | running | | running |
/// | stop | | stopped | stopped | stopped |
/// | pause | refused | | paused | paused |
/// | resume | refused | running | | running |
fn next_state(
    task: &TaskName,
    desired: DesiredState,
    in_trouble: bool,
    order: Order,
) -> Result<Option<DesiredState>, ApiError> {
    use DesiredState::{Paused, Running, Stopped};
    match (order, desired) {
        (Order::Pause | Order::Resume, Stopped) => Err(ApiError::IsStopped { task: task.clone() }),
        (Order::Start | Order::Resume, Running) => Ok(in_trouble.then_some(Running)),
        (Order::Start | Order::Resume, _) => Ok(Some(Running)),
        (Order::Stop, _) => Ok((desired != Stopped).then_some(Stopped)),
        (Order::Pause, _) => Ok((desired != Paused).then_some(Paused)),
    }
}

/// What an update writes: the edit with the secrets it left untouched. `live` is what is wanted of a task that runs or
/// has instances left.
fn admit_update(
    name: &TaskName,
    before: &Task,
    expected: u64,
    mut spec: TaskSpec,
    live: Option<DesiredState>,
) -> Result<TaskSpec, ApiError> {
    if spec.name != *name {
        return Err(ApiError::NameMismatch { address: name.clone(), spec: spec.name });
    }
    if before.version != expected {
        return Err(ApiError::VersionStale { task: name.clone(), expected, found: before.version });
    }
    if let (true, Some(state)) = (spec.group != before.spec.group, live) {
        let (from, to) = (before.spec.group.to_string(), spec.group.to_string());
        return Err(ApiError::GroupOfLiveTask { task: name.clone(), from, to, state: state.to_string() });
    }
    if let Some(key) = spec.keep_secrets_of(&before.spec) {
        return Err(ApiError::SecretNeededAgain { key });
    }
    admit_secrets(&mut spec)?;
    Ok(spec)
}

/// `********` is what answers show, not a password.
fn admit_secrets(spec: &mut TaskSpec) -> Result<(), ApiError> {
    let redacted = |source: &SecretSource| matches!(source, SecretSource::Literal(secret) if secret.is_redacted());
    match spec.secrets_mut().into_iter().find(|(_, source)| redacted(source)) {
        Some((key, _)) => Err(ApiError::SecretMissing { key }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(name: &str, group: &str, password: &str) -> TaskSpec {
        let producer = json!({"host": "db1", "user": "r", "password": password});
        let text = json!({"name": name, "group": group, "producer": producer, "consumer": {"kind": "stdout"}});
        TaskSpec::from_json(text.to_string().as_bytes()).unwrap()
    }

    fn copy() -> TaskName {
        TaskName::new("copy").unwrap()
    }

    #[test]
    fn orders_lead_from_state_to_state() {
        use DesiredState::{Paused, Running, Stopped};
        use Order::{Pause, Resume, Start, Stop};
        for (order, desired, in_trouble, next) in [
            (Start, Stopped, false, Some(Some(Running))),
            (Start, Paused, false, Some(Some(Running))),
            (Start, Running, false, Some(None)),
            (Start, Running, true, Some(Some(Running))),
            (Stop, Running, true, Some(Some(Stopped))),
            (Stop, Paused, false, Some(Some(Stopped))),
            (Stop, Stopped, false, Some(None)),
            (Pause, Running, false, Some(Some(Paused))),
            (Pause, Paused, false, Some(None)),
            (Pause, Stopped, false, None),
            (Resume, Paused, false, Some(Some(Running))),
            (Resume, Running, true, Some(Some(Running))),
            (Resume, Running, false, Some(None)),
            (Resume, Stopped, false, None),
        ] {
            assert_eq!(next_state(&copy(), desired, in_trouble, order).ok(), next, "{order:?} when {desired}");
        }
    }

    #[test]
    fn an_update_is_checked_before_it_is_written() {
        let before = Task { spec: spec("copy", "g1", "canary"), version: 3 };
        let admit = |edit, expected, live| admit_update(&copy(), &before, expected, edit, live);
        let kept = admit(spec("copy", "g1", "********"), 3, Some(DesiredState::Running)).unwrap();
        assert_eq!(kept.producer.password, SecretSource::literal("canary"));
        assert!(matches!(admit(spec("other", "g1", "x"), 3, None), Err(ApiError::NameMismatch { .. })));
        assert!(matches!(admit(spec("copy", "g1", "x"), 2, None), Err(ApiError::VersionStale { found: 3, .. })));
        assert!(admit(spec("copy", "g2", "x"), 3, None).is_ok());
        let moved = admit(spec("copy", "g2", "x"), 3, Some(DesiredState::Paused));
        assert!(matches!(moved, Err(ApiError::GroupOfLiveTask { .. })));
    }

    #[test]
    fn a_redacted_secret_needs_an_earlier_version() {
        let mut new = spec("copy", "g1", "********");
        assert_eq!(admit_secrets(&mut new), Err(ApiError::SecretMissing { key: "producer.password".into() }));
    }
}
