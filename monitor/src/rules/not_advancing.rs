//! A task that runs and gets nowhere: its source goes on, or it tries again and again, and nothing becomes durable.

use super::{Case, Judgement, Verdict, lasting};
use crate::advance::Advance;
use replicator_model::rule::Unit;
use replicator_model::status::Stage;

/// A stopped, paused or FAILED task is not expected to advance; one that nobody runs has a rule of its own.
pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let (task, seen) = (case.task, case.seen);
    match seen.started() {
        Some(false) => return None,
        None => return Some(unknown(case)),
        Some(true) => {}
    }
    let Some(status) = seen.believed_status() else { return Some(unknown(case)) };
    let core = Some(status.core.clone());
    match (status.stage, seen.advance) {
        (Stage::Paused | Stage::Failed, _) | (Stage::Streaming, Advance::Moves) => None,
        (Stage::Retrying, _) => {
            let (why, hint) = match &status.failure {
                Some(failure) => (format!("[{}] {}", failure.code, failure.reason), failure.hint.clone()),
                None => ("it does not say why".to_owned(), format!("see `replicator task show {task}`")),
            };
            let waited = case.world.now_us.saturating_sub(status.since_us).max(0) as f64 / 1e6;
            let reason = format!("task {task} has tried again {} time(s), {}: {why}", status.retries, lasting(waited));
            Some(Judgement::new(Verdict::Holds, reason, hint).on(core).measured(Some(waited), None, Unit::Seconds))
        }
        (Stage::Streaming, Advance::Stands { seconds }) => {
            let reason = format!(
                "the source of task {task} goes on and nothing has become durable at the target for {}",
                lasting(seconds)
            );
            let hint = format!(
                "see the blocked stage in `replicator task show {task}`, and locks and long transactions at the target"
            );
            Some(Judgement::new(Verdict::Holds, reason, hint).on(core).measured(Some(seconds), None, Unit::Seconds))
        }
        (Stage::Standby | Stage::Starting | Stage::Stopping | Stage::Streaming, _) => Some(unknown(case)),
    }
}

fn unknown(case: &Case<'_>) -> Judgement {
    let task = case.task;
    let reason = format!("it is not known whether task {task} advances");
    Judgement::new(Verdict::Unknown, reason, format!("see `replicator task show {task}`"))
}
