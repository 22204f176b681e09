//! A task that stopped for a reason that does not go away by itself.

use super::{Case, Judgement, Verdict};
use crate::facts::TaskFacts;
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let verdict = verdict(case.seen)?;
    let (task, status) = (case.task, case.seen.status.as_ref().ok().and_then(Option::as_ref));
    let (reason, hint) = match status.and_then(|status| status.failure.as_ref()) {
        Some(failure) => (format!("task {task} FAILED [{}]: {}", failure.code, failure.reason), failure.hint.clone()),
        None => (format!("task {task} FAILED"), format!("see `replicator task show {task}`")),
    };
    Some(Judgement::new(verdict, reason, hint).on(status.map(|status| status.core.clone())))
}

/// While a task that is wanted has no status, or only begins, it is not known whether it would fail again: so that a
/// takeover of a failed task, or starting it in vain, is one alert and not many.
fn verdict(seen: &TaskFacts) -> Option<Verdict> {
    if seen.wanted() == Some(DesiredState::Stopped) {
        return None;
    }
    match &seen.status {
        Ok(Some(status)) => match status.stage {
            Stage::Failed => Some(Verdict::Holds),
            Stage::Standby | Stage::Starting | Stage::Stopping => Some(Verdict::Unknown),
            Stage::Streaming | Stage::Retrying | Stage::Paused => None,
        },
        Ok(None) | Err(_) => Some(Verdict::Unknown),
    }
}
