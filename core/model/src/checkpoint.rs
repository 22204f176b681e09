//! What is durably applied: the data of `lastCommit`.

use crate::desired::TransactionPlace;
use crate::epoch::Epoch;
use crate::gtid::GtidSet;
use crate::position::Position;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far the target is, written after it is durable there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The lease under which it was written.
    pub epoch: Epoch,
    /// Which server's binary log `position` is in: MySQL's `server_uuid`, or `server-<server_id>` for MariaDB.
    pub server: String,
    /// The end of the last applied transaction.
    pub position: Position,
    /// Every applied transaction, where the source has GTIDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtid_set: Option<GtidSet>,
    /// When the last applied transaction was committed at the source, in microseconds since 1970 UTC; 0 if none was.
    pub event_time_us: i64,
    pub written_at_us: i64,
}

/// A checkpoint that must not replace another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint {next} does not follow {last}: {problem}")]
pub struct Backwards {
    pub last: String,
    pub next: String,
    pub problem: &'static str,
}

impl Checkpoint {
    /// Whether `self` may replace `last`. Checkpoints move forward only:
    ///
    /// | epoch | both have GTID sets | same server, comparable positions | may replace |
    /// |---|---|---|---|
    /// | smaller | | | no: the lease is lost |
    /// | same or greater | new contains old | | yes |
    /// | same or greater | new lacks some of old | | no |
    /// | same or greater | no | new at or after old | yes |
    /// | same or greater | no | new before old | no |
    /// | same or greater | no | no (another server, other file names) | no: nothing proves it |
    pub fn follows(&self, last: &Checkpoint) -> Result<(), Backwards> {
        let refuse = |problem| Err(Backwards { last: last.to_string(), next: self.to_string(), problem });
        if self.epoch < last.epoch {
            return refuse("its epoch is older, so its lease is lost");
        }
        if let (Some(new), Some(old)) = (&self.gtid_set, &last.gtid_set) {
            return if new.contains(old) { Ok(()) } else { refuse("transactions of the old one are not in it") };
        }
        if self.server != last.server {
            return refuse("it is of another server and there are no GTIDs to compare");
        }
        match self.position.partial_cmp(&last.position) {
            Some(order) if order.is_ge() => Ok(()),
            Some(_) => refuse("its position is before the old one's"),
            None => refuse("its file can't be compared with the old one's"),
        }
    }
}

impl Checkpoint {
    /// Whether the transaction lies before it: it was applied, or left out.
    ///
    /// | the GTID set | same server, comparable positions | passed |
    /// |---|---|---|
    /// | has the transaction | | yes |
    /// | has it not | | no |
    /// | none, or the transaction has no GTID | position behind the transaction's beginning | yes |
    /// | | else | no |
    pub fn has_passed(&self, transaction: &TransactionPlace) -> bool {
        let set_of_one = transaction.gtid.as_deref().and_then(|gtid| GtidSet::parse(gtid).ok());
        if let (Some(set), Some(one)) = (&self.gtid_set, &set_of_one) {
            return set.contains(one);
        }
        self.server == transaction.server && self.position > transaction.position
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {} at {} of {}", self.epoch, self.position, self.server)?;
        match &self.gtid_set {
            Some(set) => write!(f, " ({set})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(epoch: u64, server: &str, file: &str, offset: u64, gtid_set: Option<&str>) -> Checkpoint {
        Checkpoint {
            epoch: Epoch::new(epoch),
            server: server.into(),
            position: Position::new(file, offset),
            gtid_set: gtid_set.map(|text| GtidSet::parse(text).unwrap()),
            event_time_us: 0,
            written_at_us: 0,
        }
    }

    #[test]
    fn a_checkpoint_has_passed_what_lies_before_it() {
        let place = |server: &str, offset, gtid: Option<&str>| TransactionPlace {
            server: server.into(),
            position: Position::new("bin.000002", offset),
            gtid: gtid.map(str::to_owned),
        };
        let plain = checkpoint(2, "a", "bin.000002", 100, None);
        let with_set = checkpoint(2, "a", "bin.000002", 100, Some("0-1-7"));
        for (checkpoint, transaction, passed) in [
            (&plain, place("a", 99, None), true),
            (&plain, place("a", 100, None), false),
            (&plain, place("b", 99, None), false),
            (&with_set, place("b", 500, Some("0-1-7")), true),
            (&with_set, place("a", 4, Some("0-1-8")), false),
            (&with_set, place("a", 4, None), true),
        ] {
            assert_eq!(checkpoint.has_passed(&transaction), passed, "{checkpoint} and {transaction}");
        }
    }

    #[test]
    fn checkpoints_move_forward_only() {
        let last = checkpoint(2, "a", "bin.000002", 100, None);
        let with_set = checkpoint(2, "a", "bin.000002", 100, Some("0-1-7"));
        for (next, last, allowed) in [
            (checkpoint(1, "a", "bin.000009", 100, None), &last, false),
            (checkpoint(2, "a", "bin.000002", 100, None), &last, true),
            (checkpoint(3, "a", "bin.000010", 4, None), &last, true),
            (checkpoint(3, "a", "bin.000002", 99, None), &last, false),
            (checkpoint(3, "b", "bin.000003", 4, None), &last, false),
            (checkpoint(3, "a", "log.000003", 4, None), &last, false),
            (checkpoint(2, "b", "x.000001", 4, Some("0-2-8")), &with_set, true),
            (checkpoint(2, "a", "bin.000003", 4, Some("0-1-6")), &with_set, false),
            (checkpoint(2, "a", "bin.000003", 4, None), &with_set, true),
        ] {
            assert_eq!(next.follows(last).is_ok(), allowed, "{next} after {last}");
        }
    }
}
