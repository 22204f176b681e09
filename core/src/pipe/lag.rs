//! How far the target is behind the source. Pure.

use replicator_model::checkpoint::Checkpoint;
use replicator_mysql::head::SourceHead;

/// What is known when the source's head was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// Everything up to here was read from the source, and is durable at the target if `oldest_unapplied_us` is `None`.
    pub reached: &'a Checkpoint,
    /// When the oldest transaction that was read and is not yet durable was committed, by the source's clock.
    pub oldest_unapplied_us: Option<i64>,
    pub head: &'a SourceHead,
}

/// The lag, in seconds by the source's clock, and the memory it needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// The source's time when everything it had was last durable at the target.
    caught_up_us: Option<i64>,
}

impl Lag {
    /// 0 when nothing is left to apply, however long ago the last change was. Else the age of the oldest transaction
    /// that is not applied; while none of those has even been read, the time since nothing was left.
    /// `None` before anything is known.
    pub fn observe(&mut self, observed: Observed<'_>) -> Option<f64> {
        let now = observed.head.now_us;
        if observed.oldest_unapplied_us.is_none() && covers(observed.reached, observed.head) {
            self.caught_up_us = Some(now);
            return Some(0.0);
        }
        let since = match (observed.oldest_unapplied_us, self.caught_up_us) {
            // Commit times come in whole seconds from some sources: then the newer of the two is nearer to the truth.
            (Some(oldest), Some(caught_up)) => oldest.max(caught_up),
            (Some(time), None) | (None, Some(time)) => time,
            (None, None) => match observed.reached.event_time_us {
                0 => return None,
                last => last,
            },
        };
        Some(now.saturating_sub(since).max(0) as f64 / 1e6)
    }
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
mod tests {
    use super::*;
    use replicator_model::epoch::Epoch;
    use replicator_model::gtid::GtidSet;
    use replicator_model::position::Position;

    const SECOND: i64 = 1_000_000;

    fn reached(offset: u64, set: Option<&str>) -> Checkpoint {
        Checkpoint {
            epoch: Epoch::NONE,
            server: "a".into(),
            position: Position::new("bin.000001", offset),
            gtid_set: set.map(|text| GtidSet::parse(text).unwrap()),
            event_time_us: 5 * SECOND,
            written_at_us: 0,
        }
    }

    fn head(offset: u64, set: Option<&str>, now_s: i64) -> SourceHead {
        SourceHead {
            position: Position::new("bin.000001", offset),
            gtid_set: set.map(|text| GtidSet::parse(text).unwrap()),
            now_us: now_s * SECOND,
        }
    }

    #[test]
    fn an_idle_source_has_no_lag_however_old_its_last_change_is() {
        let (at, head) = (reached(100, None), head(100, None, 86_400));
        assert_eq!(
            Lag::default().observe(Observed { reached: &at, oldest_unapplied_us: None, head: &head }),
            Some(0.0)
        );
    }

    #[test]
    fn what_is_read_and_not_applied_counts_from_its_commit() {
        let (at, head) = (reached(100, None), head(100, None, 60));
        let observed = Observed { reached: &at, oldest_unapplied_us: Some(20 * SECOND), head: &head };
        assert_eq!(Lag::default().observe(observed), Some(40.0));
    }

    #[test]
    fn what_is_not_even_read_counts_from_when_nothing_was_left() {
        let mut lag = Lag::default();
        let at = reached(100, Some("0-1-7"));
        assert_eq!(
            lag.observe(Observed { reached: &at, oldest_unapplied_us: None, head: &head(100, Some("0-1-7"), 50) }),
            Some(0.0)
        );
        let later = head(900, Some("0-1-9"), 53);
        assert_eq!(lag.observe(Observed { reached: &at, oldest_unapplied_us: None, head: &later }), Some(3.0));
    }

    #[test]
    fn after_a_restart_it_counts_from_the_last_applied_commit() {
        let (at, head) = (reached(100, None), head(900, None, 65));
        assert_eq!(
            Lag::default().observe(Observed { reached: &at, oldest_unapplied_us: None, head: &head }),
            Some(60.0)
        );
        let fresh = Checkpoint { event_time_us: 0, ..at };
        assert_eq!(Lag::default().observe(Observed { reached: &fresh, oldest_unapplied_us: None, head: &head }), None);
    }
}
