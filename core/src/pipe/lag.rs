//! How far the target is behind the source. Pure.
//!
//! Told as the time since which something may be missing at the target, by the source's clock. Each of these is such a
//! time, and the newest of them is nearest to the truth:
//!
//! | known | because |
//! |---|---|
//! | the commit of the oldest transaction that was handed over and is not durable | those before it are |
//! | while there is none: the commit of the last one that was | what comes next was committed later |
//! | when the log's end was asked for, once everything up to there is durable | what was there then is applied |
//! | when the newest heartbeat row was written before which everything is durable | the same, and exact |

use super::progress::Points;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::status::LagBy;
use replicator_mysql::head::SourceHead;

/// So long after the log's end was told, in microseconds, it may not have come through the log yet, while nothing was left
/// the last time: that is the way of the bytes, not a lag.
const ON_THE_WAY_US: i64 = 200_000;

/// What is known at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    pub points: &'a Points,
    /// Where the source's log ended, and its time then.
    pub head: &'a SourceHead,
    /// How long ago that was, in microseconds.
    pub age_us: i64,
}

/// The lag, in seconds by the source's clock, and the memory it needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// The source's time when everything it had was last durable at the target.
    caught_up_us: Option<i64>,
    /// At the last look, everything up to the head was durable.
    is_level: bool,
}

impl Lag {
    /// 0 when nothing is left to apply, however long ago the last change was. Else the time since which something may be
    /// missing. `None` before anything is known.
    pub fn observe(&mut self, observed: Observed<'_>) -> Option<f64> {
        let Observed { points, head, age_us } = observed;
        let Some(reached) = &points.reached else { return None };
        let oldest = points.oldest_unapplied_us;
        // A durable point of another server has positions that mean nothing here.
        let durable = points.durable.as_ref().filter(|durable| durable.server == reached.server);
        let is_covered = (oldest.is_none() && covers(reached, head)) || durable.is_some_and(|at| covers(at, head));
        if is_covered {
            self.caught_up_us = self.caught_up_us.max(Some(head.now_us));
        }
        let is_on_the_way = self.is_level && age_us < ON_THE_WAY_US;
        if oldest.is_none() && (is_covered || is_on_the_way) {
            self.is_level = true;
            return Some(0.0);
        }
        self.is_level = is_covered;
        let known = [oldest.or(points.last_commit_us), self.caught_up_us, points.heartbeat_us];
        let since = match known.into_iter().flatten().max() {
            Some(since) => since,
            None if reached.event_time_us == 0 => return None,
            None => reached.event_time_us,
        };
        let now = head.now_us.saturating_add(age_us);
        Some(now.saturating_sub(since).max(0) as f64 / 1e6)
    }
}

/// What the lag is told by. `heartbeats`: whether they are written.
pub fn lag_by(points: &Points, heartbeats: &Result<bool, Failure>) -> LagBy {
    match (points.heartbeat_us, heartbeats) {
        (Some(_), Ok(true)) => LagBy::Heartbeat,
        _ => LagBy::Head,
    }
}

/// The transactions that the source has and the target has not; `None` where it is not known.
pub fn missing(points: &Points, head: &SourceHead) -> Option<GtidSet> {
    // What was read and was not the task's needs no marker at the target.
    let applied = match points.oldest_unapplied_us {
        None => points.reached.as_ref(),
        Some(_) => points.durable.as_ref(),
    };
    head.gtid_set.as_ref()?.without(applied?.gtid_set.as_ref()?)
}

fn covers(reached: &Checkpoint, head: &SourceHead) -> bool {
    if let (Some(ours), Some(theirs)) = (&reached.gtid_set, &head.gtid_set)
        && ours.contains(theirs)
    {
        return true;
    }
    reached.position.partial_cmp(&head.position).is_some_and(|order| order.is_ge())
}

#[cfg(test)]
#[path = "lag_tests.rs"]
mod tests;
