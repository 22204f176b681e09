//! What was handed to the consumer and is not durable yet: since when, and which heartbeats stand behind it. Pure.

use crate::change::SourcePoint;
use replicator_model::position::Position;
use std::collections::VecDeque;
use std::sync::Arc;

/// Transactions committed within so many microseconds count as one.
const TOGETHER_US: i64 = 10_000;

/// Most entries that are kept. Beyond it transactions are added to the last one and heartbeats are left out: a lag of that
/// many entries is told less finely.
const ENTRIES_MAX: usize = 4_096;

/// Transactions and heartbeats in the order of the stream, up to what is durable.
#[derive(Debug, Default)]
pub(super) struct Unapplied {
    entries: VecDeque<Entry>,
    durable_heartbeat_us: Option<i64>,
}

#[derive(Debug)]
enum Entry {
    /// Transactions committed from `since_us` on. `end` is where the last of them ends, `None` while it is under way.
    Transactions { since_us: i64, end: Option<(Arc<str>, u64)> },
    /// Written at this time; durable once nothing stands before it.
    Heartbeat { at_us: i64 },
}

impl Unapplied {
    /// A transaction begins.
    pub(super) fn begin(&mut self, commit_time_us: i64) {
        let is_full = self.entries.len() >= ENTRIES_MAX;
        match self.entries.back_mut() {
            Some(Entry::Transactions { since_us, end })
                if is_full || (0..TOGETHER_US).contains(&commit_time_us.saturating_sub(*since_us)) =>
            {
                *end = None;
            }
            _ => self.entries.push_back(Entry::Transactions { since_us: commit_time_us, end: None }),
        }
    }

    /// The transaction that began is complete, or nothing was to be applied up to here.
    pub(super) fn pass(&mut self, point: &SourcePoint) {
        if let Some(Entry::Transactions { end: end @ None, .. }) = self.entries.back_mut() {
            *end = Some((Arc::clone(&point.file), point.offset));
        }
        if let Some(at_us) = point.heartbeat_us {
            if self.entries.is_empty() {
                self.durable_heartbeat_us = Some(at_us);
            } else if self.entries.len() < ENTRIES_MAX {
                self.entries.push_back(Entry::Heartbeat { at_us });
            }
        }
    }

    /// Everything up to here is durable.
    pub(super) fn durable(&mut self, position: &Position) {
        while let Some(first) = self.entries.front() {
            match first {
                Entry::Transactions { end: Some((file, offset)), .. } if is_behind(position, file, *offset) => {}
                Entry::Transactions { .. } => return,
                Entry::Heartbeat { at_us } => self.durable_heartbeat_us = Some(*at_us),
            }
            self.entries.pop_front();
        }
    }

    /// Everything that is complete is durable; a transaction that is under way is not, and holds back what was complete
    /// before it, for both may be one transaction of the target.
    pub(super) fn settled(&mut self) {
        let is_complete = |entry: &Entry| !matches!(entry, Entry::Transactions { end: None, .. });
        if self.entries.iter().all(is_complete) {
            let mut heartbeats = self.entries.drain(..).filter_map(|entry| match entry {
                Entry::Heartbeat { at_us } => Some(at_us),
                Entry::Transactions { .. } => None,
            });
            self.durable_heartbeat_us = heartbeats.next_back().or(self.durable_heartbeat_us);
        }
    }

    /// When the oldest transaction that is not durable was committed, by the source's clock. A heartbeat behind it was
    /// written later, whatever the transaction says of itself.
    pub(super) fn oldest_us(&self) -> Option<i64> {
        let oldest = self.entries.iter().find_map(|entry| match entry {
            Entry::Transactions { since_us, .. } => Some(*since_us),
            Entry::Heartbeat { .. } => None,
        })?;
        let behind = self.entries.iter().find_map(|entry| match entry {
            Entry::Heartbeat { at_us } => Some(*at_us),
            Entry::Transactions { .. } => None,
        });
        Some(behind.map_or(oldest, |at_us| oldest.min(at_us)))
    }

    /// When the newest heartbeat was written before which everything is durable.
    pub(super) fn heartbeat_us(&self) -> Option<i64> {
        self.durable_heartbeat_us
    }
}

fn is_behind(position: &Position, file: &str, offset: u64) -> bool {
    if position.file == file {
        return position.offset >= offset;
    }
    position.partial_cmp(&Position::new(file, offset)).is_some_and(|order| order.is_ge())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(offset: u64, heartbeat_us: Option<i64>) -> SourcePoint {
        SourcePoint {
            server: "s".into(),
            file: "bin.000001".into(),
            offset,
            gtid: None,
            commit_time_us: 0,
            heartbeat_us,
            is_bookkeeping: false,
        }
    }

    fn durable(unapplied: &mut Unapplied, offset: u64) -> (Option<i64>, Option<i64>) {
        unapplied.durable(&Position::new("bin.000001", offset));
        (unapplied.oldest_us(), unapplied.heartbeat_us())
    }

    /// Transactions at 1 s and 3 s, a heartbeat behind each.
    fn two() -> Unapplied {
        let mut unapplied = Unapplied::default();
        for (second, end) in [(1, 100), (3, 300)] {
            unapplied.begin(second * 1_000_000);
            unapplied.pass(&point(end, None));
            unapplied.pass(&point(end + 50, Some(second * 1_000_000 + 500_000)));
        }
        unapplied
    }

    #[test]
    fn batches_that_become_durable_count_although_the_queue_is_never_empty() {
        let mut unapplied = two();
        for (offset, expected) in [
            (99, (Some(1_000_000), None)),
            (100, (Some(3_000_000), Some(1_500_000))),
            (299, (Some(3_000_000), Some(1_500_000))),
            (300, (None, Some(3_500_000))),
        ] {
            assert_eq!(durable(&mut unapplied, offset), expected, "{offset}");
        }
        let mut next_file = two();
        next_file.durable(&Position::new("bin.000002", 4));
        assert_eq!((next_file.oldest_us(), next_file.heartbeat_us()), (None, Some(3_500_000)));
    }

    #[test]
    fn a_transaction_under_way_is_not_settled() {
        let mut unapplied = two();
        unapplied.begin(5_000_000);
        unapplied.settled();
        assert_eq!((unapplied.oldest_us(), unapplied.heartbeat_us()), (Some(1_000_000), None));
        unapplied.pass(&point(500, None));
        unapplied.settled();
        assert_eq!((unapplied.oldest_us(), unapplied.heartbeat_us()), (None, Some(3_500_000)));
    }

    #[test]
    fn a_heartbeat_behind_nothing_is_durable_at_once() {
        let mut unapplied = Unapplied::default();
        unapplied.pass(&point(100, Some(7)));
        assert_eq!(unapplied.heartbeat_us(), Some(7));
    }

    #[test]
    fn a_commit_time_in_the_future_is_not_believed_before_a_heartbeat() {
        let mut unapplied = Unapplied::default();
        unapplied.begin(9_000_000_000);
        unapplied.pass(&point(100, None));
        unapplied.pass(&point(150, Some(2_000_000)));
        assert_eq!(unapplied.oldest_us(), Some(2_000_000));
    }

    #[test]
    fn it_stays_bounded_and_its_oldest_true() {
        let mut unapplied = Unapplied::default();
        for number in 0..3 * ENTRIES_MAX as u64 {
            unapplied.begin(number as i64 * 20_000);
            unapplied.pass(&point(10 * (number + 1), Some(number as i64 * 20_000 + 1)));
        }
        assert!(unapplied.entries.len() <= ENTRIES_MAX + 1);
        assert_eq!(unapplied.oldest_us(), Some(0));
        assert_eq!(durable(&mut unapplied, 10).0, Some(20_000));
        assert_eq!(durable(&mut unapplied, u64::MAX).0, None);
        // A crowd of one moment is one entry.
        (0..100).for_each(|number| {
            unapplied.begin(number);
            unapplied.pass(&point(100, None));
        });
        assert_eq!(unapplied.entries.len(), 1);
    }
}
