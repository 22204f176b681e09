//! A started task that nobody runs: its changes wait at the source, and the source purges its log one day.

use super::{Case, Judgement, Verdict};
use replicator_model::instance::Role;

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let verdict = match (case.seen.started(), &case.seen.instances) {
        (Some(false), _) => return None,
        (None, _) | (_, Err(_)) => Verdict::Unknown,
        (Some(true), Ok(instances)) if instances.iter().any(|one| one.role == Role::Running) => return None,
        (Some(true), Ok(_)) => Verdict::Holds,
    };
    let (task, seen) = (case.task, case.seen);
    let group = seen.group.as_ref().map_or("?", |group| group.as_str());
    let cores = seen.group.as_ref().and_then(|group| case.world.facts.cores.get(group));
    let alive = cores.map_or(0, |cores| cores.len());
    let standbys = seen.instances.as_ref().map_or(0, Vec::len);
    let reason = format!(
        "task {task} is started and no Core runs it; {standbys} stand by, {alive} Core(s) are alive in group {group}"
    );
    let hint = if alive == 0 {
        format!("start a Core of group {group}, or bring its hosts' way to the coordination service back")
    } else {
        format!("see `replicator task show {task}`, the free capacity in `replicator cores`, and the Cores' logs")
    };
    Some(Judgement::new(verdict, reason, hint))
}
