//! The source is about to purge what the task has not read yet: then it can't go on at all.

use super::{Case, Judgement, Verdict, compare, lasting, threshold};
use replicator_model::position::Position;
use replicator_model::rule::Unit;
use replicator_model::status::{SourceLogs, Stage, TaskStatus};

/// A task that does not stream is in the same danger, from what was known last.
pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let task = case.task;
    let status = case.seen.believed_status();
    let Some((status, logs)) = status.and_then(|status| Some((status, status.source_logs.as_ref()?))) else {
        let reason = format!("it is not known what the source of task {task} keeps of its log");
        return Some(Judgement::new(Verdict::Unknown, reason, format!("see `replicator task show {task}`")));
    };
    if status.lag_seconds == Some(0.0) {
        return None;
    }
    let hint = "let the task catch up, or make the source keep its log longer (`binlog_expire_logs_seconds`); what is purged can only be copied anew";
    let core = Some(status.core.clone());
    if is_purged(status, logs) {
        let position =
            status.checkpoint.as_ref().map_or_else(String::new, |checkpoint| checkpoint.position.to_string());
        let reason = format!(
            "task {task} is at {position} and the oldest file that its source keeps is {}: what is between is purged",
            logs.oldest
        );
        let judgement = Judgement::new(Verdict::Holds, reason, hint).on(core);
        return Some(judgement.measured(Some(0.0), threshold(&case.rule), Unit::Seconds));
    }
    let left = seconds_left(logs, unasked(case, status))?;
    let verdict = compare(&case.rule, left)?;
    let reason = format!("the source of task {task} purges what the task has yet to read in {} or so", lasting(left));
    let judgement = Judgement::new(verdict, reason, hint).on(core);
    Some(judgement.measured(Some(left), threshold(&case.rule), Unit::Seconds))
}

fn is_purged(status: &TaskStatus, logs: &SourceLogs) -> bool {
    let oldest = Position::new(logs.oldest.as_str(), 0);
    status.checkpoint.as_ref().is_some_and(|checkpoint| {
        checkpoint.position.file != oldest.file
            && checkpoint.position.partial_cmp(&oldest).is_some_and(|order| order.is_lt())
    })
}

/// Nobody asks the source while the task does not stream; its clock goes on.
fn unasked(case: &Case<'_>, status: &TaskStatus) -> f64 {
    match status.stage {
        Stage::Streaming => 0.0,
        _ => case.world.now_us.saturating_sub(status.since_us).max(0) as f64 / 1e6,
    }
}

/// `None`: it keeps all, or what is next is in the file that it writes and never purges.
fn seconds_left(logs: &SourceLogs, unasked: f64) -> Option<f64> {
    let age = logs.checkpoint_age_seconds.filter(|age| *age > 0.0)?;
    Some((logs.retention_seconds? - age - unasked).max(0.0))
}
