//! Which transactions have all of their messages acknowledged.
//!
//! Brokers acknowledge partitions independently of each other, so a later transaction may be complete before an earlier
//! one. The durable point moves over complete transactions in source order only.

use crate::change::{Progressed, SourcePoint};
use std::collections::VecDeque;

/// Numbers of the transactions that were begun and not yet passed by the durable point, and that point.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: VecDeque<Transaction>,
    /// Transactions that the durable point has passed: the number of the first of `open`.
    passed: u64,
    /// `None` before the stream begins.
    durable: Option<Progressed>,
}

#[derive(Debug, Default)]
struct Transaction {
    sent: u64,
    acknowledged: u64,
    /// Known once the transaction is complete at the source.
    end: Option<SourcePoint>,
}

impl Transaction {
    fn is_durable(&self) -> bool {
        self.end.is_some() && self.sent == self.acknowledged
    }
}

impl Ledger {
    /// The stream begins after what is durable already.
    pub(super) fn start(&mut self, durable: Progressed) {
        self.durable = Some(durable);
    }

    /// A transaction begins; its number, from 0.
    pub(super) fn begin(&mut self) -> u64 {
        self.open.push_back(Transaction::default());
        self.passed + self.open.len() as u64 - 1
    }

    /// A message was handed over for delivery. Its acknowledgement may have come before this call.
    pub(super) fn sent(&mut self, transaction: u64) {
        if let Some(transaction) = self.find(transaction) {
            transaction.sent += 1;
        }
    }

    pub(super) fn acknowledged(&mut self, transaction: u64) {
        if let Some(transaction) = self.find(transaction) {
            transaction.acknowledged += 1;
        }
        self.advance();
    }

    /// All messages of the transaction were sent.
    pub(super) fn end(&mut self, transaction: u64, point: SourcePoint) {
        if let Some(transaction) = self.find(transaction) {
            transaction.end = Some(point);
        }
        self.advance();
    }

    /// Transactions that the durable point has not passed, the one still open at the source included.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// No complete transaction waits for an acknowledgement.
    pub(super) fn is_settled(&self) -> bool {
        self.open.iter().all(|transaction| transaction.end.is_none())
    }

    /// The durable point, `None` before it has first moved.
    pub(super) fn durable(&self) -> Option<&Progressed> {
        self.durable.as_ref().filter(|_| self.passed > 0)
    }

    fn find(&mut self, number: u64) -> Option<&mut Transaction> {
        let index = usize::try_from(number.checked_sub(self.passed)?).ok()?;
        self.open.get_mut(index)
    }

    fn advance(&mut self) {
        while self.open.front().is_some_and(Transaction::is_durable) {
            let end = self.open.pop_front().and_then(|transaction| transaction.end);
            if let (Some(durable), Some(point)) = (&mut self.durable, end) {
                durable.advance(&point);
            }
            self.passed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::checkpoint::Checkpoint;
    use replicator_model::epoch::Epoch;
    use replicator_model::position::Position;

    fn point(offset: u64) -> SourcePoint {
        SourcePoint {
            server: "s".into(),
            file: "bin.000001".into(),
            offset,
            gtid: None,
            commit_time_us: 0,
            heartbeat_us: None,
            is_bookkeeping: false,
        }
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.start(Progressed::from(Checkpoint {
            epoch: Epoch::NONE,
            server: "s".into(),
            position: Position::new("bin.000001", 4),
            gtid_set: None,
            event_time_us: 0,
            written_at_us: 0,
        }));
        ledger
    }

    fn offset(ledger: &Ledger) -> Option<u64> {
        ledger.durable().map(|durable| durable.position().offset)
    }

    #[test]
    fn the_durable_point_waits_for_the_first_open_transaction() {
        let mut ledger = ledger();
        let (first, second) = (ledger.begin(), ledger.begin());
        ledger.sent(first);
        ledger.sent(first);
        ledger.sent(second);
        ledger.end(first, point(10));
        ledger.end(second, point(20));
        ledger.acknowledged(second);
        ledger.acknowledged(first);
        assert_eq!((offset(&ledger), ledger.is_settled()), (None, false));
        ledger.acknowledged(first);
        assert_eq!((offset(&ledger), ledger.is_settled(), ledger.len()), (Some(20), true, 0));
    }

    #[test]
    fn a_transaction_is_not_durable_before_its_end_even_if_all_is_acknowledged() {
        let mut ledger = ledger();
        let number = ledger.begin();
        // The acknowledgement may be faster than the count.
        ledger.acknowledged(number);
        ledger.sent(number);
        assert_eq!((offset(&ledger), ledger.is_settled()), (None, true));
        ledger.end(number, point(10));
        assert_eq!(offset(&ledger), Some(10));
    }

    proptest::proptest! {
        /// Whatever the order of acknowledgements, the point is the end of the last transaction before which nothing
        /// is missing.
        #[test]
        fn the_durable_point_is_exact(messages in proptest::collection::vec(0..4u64, 1..12), seed: u64) {
            let mut ledger = ledger();
            let mut waiting = Vec::new();
            for (index, count) in messages.iter().enumerate() {
                let number = ledger.begin();
                for _ in 0..*count {
                    ledger.sent(number);
                    waiting.push(index);
                }
                ledger.end(number, point(10 * (index as u64 + 1)));
            }
            let mut state = seed;
            loop {
                let missing = waiting.iter().min().copied().unwrap_or(messages.len());
                proptest::prop_assert_eq!(offset(&ledger).unwrap_or(0), 10 * missing as u64);
                if waiting.is_empty() {
                    break;
                }
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let index = waiting.swap_remove((state >> 33) as usize % waiting.len());
                ledger.acknowledged(index as u64);
            }
            proptest::prop_assert!(ledger.is_settled());
        }
    }
}
