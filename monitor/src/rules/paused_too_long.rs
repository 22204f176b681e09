//! A paused task that somebody forgot: its changes wait at the source, and the source purges its log one day.

use super::{Case, Judgement, Verdict, lasting};
use replicator_model::desired::DesiredState;
use replicator_model::rule::Unit;
use replicator_model::status::Stage;

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let verdict = match case.seen.wanted() {
        Some(DesiredState::Paused) => Verdict::Holds,
        Some(DesiredState::Running | DesiredState::Stopped) => return None,
        None => Verdict::Unknown,
    };
    let task = case.task;
    let status = case.seen.believed_status().filter(|status| status.stage == Stage::Paused);
    let paused = status.map(|status| case.world.now_us.saturating_sub(status.since_us).max(0) as f64 / 1e6);
    let since = paused.map_or_else(String::new, |seconds| format!(" for {}", lasting(seconds)));
    let hint = format!("`replicator task resume {task}` if it is to go on, `replicator task stop {task}` if it is not");
    let limit = Some(case.rule.hold.duration().as_secs_f64());
    Some(
        Judgement::new(verdict, format!("task {task} has been paused{since}"), hint)
            .on(status.map(|status| status.core.clone()))
            .measured(paused, limit, Unit::Seconds),
    )
}
