//! An instance that works by an older version of the spec than the one that was given last.

use super::{Case, Judgement, Verdict};
use replicator_model::desired::DesiredState;
use replicator_model::rule::Unit;

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let (task, seen) = (case.task, case.seen);
    if seen.wanted() == Some(DesiredState::Stopped) {
        return None;
    }
    let (Ok(spec), Ok(instances), Some(_)) = (&seen.spec, &seen.instances, seen.wanted()) else {
        let reason = format!("it is not known by which spec task {task} runs");
        return Some(Judgement::new(Verdict::Unknown, reason, format!("see `replicator task show {task}`")));
    };
    let behind = instances.iter().filter(|instance| instance.spec_version.is_none_or(|known| known < spec.version));
    let behind: Vec<_> = behind.map(|instance| instance.core.clone()).collect();
    let names: Vec<&str> = behind.iter().map(|core| core.as_str()).collect();
    let first = behind.first()?.clone();
    let reason =
        format!("version {} of the spec of task {task} is not acknowledged by Core {}", spec.version, names.join(", "));
    let hint =
        "look at the logs of these Cores: they name what they can't read or reach; a restart of the Core reads it anew";
    let count = Some(behind.len() as f64);
    Some(Judgement::new(Verdict::Holds, reason, hint).on(Some(first)).measured(count, None, Unit::Count))
}
