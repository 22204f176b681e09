//! Having the RUNNING instance step back, so that the next in line takes over at a transaction's border.

use crate::problem::ApiError;
use crate::tasks;
use crate::view::OrderView;
use replicator_coordination::session::Session;
use replicator_model::epoch::Epoch;
use replicator_model::instance::{InstanceInfo, Role};
use replicator_model::name::{CoreName, TaskName};

pub(crate) async fn hand_over(
    session: &Session,
    name: &TaskName,
    to: Option<&CoreName>,
) -> Result<OrderView, ApiError> {
    let seen = tasks::observe(session, name).await?;
    let line: Vec<&InstanceInfo> = seen.instances.iter().map(|(_, instance)| instance).collect();
    let epoch = decide(name, &line, to)?;
    let desired = session.order_handover(name, epoch).await?;
    tracing::info!(task = %name, %epoch, generation = desired.generation, "handover ordered");
    Ok(OrderView { desired: (&desired).into(), changed: true })
}

/// The lease that is to be given up.
///
/// | first in line | next in line | `to` | |
/// |---|---|---|---|
/// | none, or not RUNNING | | | refused: nobody runs it |
/// | RUNNING | | its own Core | refused: it is there |
/// | RUNNING | none | | refused: nobody would take over |
/// | RUNNING | another Core than `to` | given | refused: that one would take over |
/// | RUNNING | any, or `to` | | its epoch |
fn decide(task: &TaskName, line: &[&InstanceInfo], to: Option<&CoreName>) -> Result<Epoch, ApiError> {
    let refuse = |why: String, hint: &'static str| Err(ApiError::HandoverImpossible { task: task.clone(), why, hint });
    let Some(running) = line.first().filter(|first| first.role == Role::Running) else {
        return refuse("nobody runs it".to_owned(), "see its status; start it if it is stopped");
    };
    if to == Some(&running.core) {
        return refuse(format!("{} runs it already", running.core), "name another Core, or none");
    }
    let Some(next) = line.get(1) else {
        let hint = "start another Core of its group, or wait until one has registered";
        return refuse("no instance stands by to take over".to_owned(), hint);
    };
    match to {
        Some(to) if *to != next.core => {
            let why = format!("{} is next in line, not {to}", next.core);
            refuse(why, "hand over once more when that one runs it, or name the next in line")
        }
        _ => Ok(running.epoch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::status::Stage;

    fn instance(core: &str, role: Role) -> InstanceInfo {
        InstanceInfo {
            core: CoreName::new(core).unwrap(),
            host: "h".into(),
            role,
            epoch: if role == Role::Running { Epoch::new(7) } else { Epoch::NONE },
            spec_version: None,
            since_us: 0,
            stage: Stage::Streaming,
            fence_rejections: 0,
            guid: core.into(),
        }
    }

    #[test]
    fn a_task_is_handed_to_the_next_in_line_only() {
        let (one, two, three) =
            (instance("one", Role::Running), instance("two", Role::Standby), instance("three", Role::Standby));
        let task = TaskName::new("copy").unwrap();
        for (line, to, epoch) in [
            (vec![&one, &two, &three], None, Some(7)),
            (vec![&one, &two, &three], Some("two"), Some(7)),
            (vec![&one, &two, &three], Some("three"), None),
            (vec![&one, &two], Some("one"), None),
            (vec![&one], None, None),
            (vec![&two, &three], None, None),
            (vec![], None, None),
        ] {
            let to = to.map(|name| CoreName::new(name).unwrap());
            let decided = decide(&task, &line, to.as_ref()).ok().map(Epoch::get);
            assert_eq!(decided, epoch, "{line:?} to {to:?}");
        }
    }
}
