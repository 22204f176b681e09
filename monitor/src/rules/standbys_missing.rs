//! A task with hot standbys that has fewer instances than it wants: the next failure may find nobody warm.

use super::{Case, Judgement, Verdict};
use replicator_model::desired::DesiredState;
use replicator_model::rule::Unit;
use replicator_model::task::Standby;

/// Nobody at all is the matter of `no_running_instance`.
pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let seen = case.seen;
    let verdict = match (seen.wanted(), &seen.spec, &seen.instances) {
        (Some(DesiredState::Stopped), ..) => return None,
        (Some(_), Ok(spec), Ok(instances)) => match spec.standby {
            Standby::Hot(wanted) if instances.len() < wanted as usize => Verdict::Holds,
            Standby::Hot(_) | Standby::Cold => return None,
        },
        _ => Verdict::Unknown,
    };
    let wanted = match &seen.spec {
        Ok(spec) => match spec.standby {
            Standby::Hot(wanted) => wanted,
            Standby::Cold => 1,
        },
        Err(_) => 0,
    };
    let registered = seen.instances.as_ref().map_or(0, Vec::len);
    let (task, group) = (case.task, seen.group.as_ref().map_or("?", |group| group.as_str()));
    let reason = format!("task {task} wants {wanted} instances and has {registered}");
    let hint = format!(
        "start another Core of group {group}, or see the free capacity in `replicator cores`: each Core is one instance at most"
    );
    let (value, threshold) = (Some(registered as f64), Some(f64::from(wanted)));
    Some(Judgement::new(verdict, reason, hint).measured(value, threshold, Unit::Count))
}
