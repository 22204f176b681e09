//! What the history of a task's leases tells: it was taken over, it is taken over again and again, a former owner was
//! refused.

use super::{Case, Judgement, Verdict, compare, threshold};
use crate::leases::WINDOW_US;
use replicator_model::rule::Unit;

/// How long what happened counts as happening. An alert of it is kept by the rule's `keep`.
const HAPPENS_US: i64 = 10 * 1_000_000;

fn happens(case: &Case<'_>, at_us: i64) -> bool {
    case.world.now_us.saturating_sub(at_us) < HAPPENS_US
}

pub(super) fn failover(case: &Case<'_>) -> Option<Judgement> {
    let (task, memory) = (case.task, case.memory?);
    let taken_over = memory.taken_over.as_ref().filter(|taken| happens(case, taken.at_us))?;
    let core = memory.core.as_ref()?;
    let (from, epoch) = (&taken_over.from, memory.epoch);
    let reason = format!("Core {core} has taken task {task} over from Core {from}, under epoch {epoch}");
    let hint = format!("nothing has to be done for the task; look at why Core {from} let go of it");
    Some(Judgement::new(Verdict::Holds, reason, hint).on(Some(core.clone())))
}

/// A task that is not started does not change hands.
pub(super) fn flapping(case: &Case<'_>) -> Option<Judgement> {
    let (task, memory) = (case.task, case.memory?);
    if case.seen.started() == Some(false) {
        return None;
    }
    let recent = memory.leases_us.iter().filter(|at| case.world.now_us.saturating_sub(**at) < WINDOW_US).count();
    let verdict = compare(&case.rule, recent as f64)?;
    let reason = format!("task {task} was taken over {recent} times within 10 minutes");
    let hint = "look at the Cores' way to the coordination service, their load and their logs: they lose their leases";
    Some(Judgement::new(verdict, reason, hint).on(memory.core.clone()).measured(
        Some(recent as f64),
        threshold(&case.rule),
        Unit::Count,
    ))
}

pub(super) fn stale_epoch_refused(case: &Case<'_>) -> Option<Judgement> {
    let (task, memory) = (case.task, case.memory?);
    memory.refused_us.filter(|at| happens(case, *at))?;
    let told: Vec<_> = memory.refused.iter().filter(|(_, count)| **count > 0).collect();
    let names: Vec<String> = told.iter().map(|(core, count)| format!("{core} ({count})")).collect();
    let reason = format!(
        "Core {} went on with task {task} after another one had taken it over, and was refused",
        names.join(", ")
    );
    let hint = "nothing was written twice; look at why that Core was paused or cut off: its host's load, a suspended machine, the network";
    let count: u64 = told.iter().map(|(_, count)| **count).sum();
    let core = told.first().map(|(core, _)| (*core).clone());
    Some(Judgement::new(Verdict::Holds, reason, hint).on(core).measured(Some(count as f64), None, Unit::Count))
}
