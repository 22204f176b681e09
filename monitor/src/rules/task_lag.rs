//! A target too far behind its source. One rule for those who look in working hours, one for those who are woken.

use super::{Case, Judgement, Verdict, compare, lasting, threshold};
use replicator_model::rule::Unit;

/// A stopped or paused task is allowed to fall behind. A lag that is not known is neither high nor zero.
pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    if case.seen.started() == Some(false) {
        return None;
    }
    let lag = case.seen.started().and_then(|_| case.seen.lag_seconds());
    let verdict = lag.map_or(Some(Verdict::Unknown), |lag| compare(&case.rule, lag))?;
    let (task, threshold) = (case.task, threshold(&case.rule));
    let behind = lag.map_or("an unknown time".to_owned(), lasting);
    let much = threshold.map_or_else(String::new, lasting);
    let reason = format!("task {task} is {behind} behind its source; more than {much} is too much");
    let hint = format!(
        "see what holds it up in `replicator task show {task}`: a slow target, a long transaction, locks, or the source's network"
    );
    let core = case.seen.running().map(|running| running.core.clone());
    Some(Judgement::new(verdict, reason, hint).on(core).measured(lag, threshold, Unit::Seconds))
}
