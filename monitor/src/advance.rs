//! Whether a task's checkpoint moves while its source goes on. Pure.

use replicator_model::position::Position;
use replicator_model::status::TaskStatus;

/// What can be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Advance {
    /// Nothing was seen to move since this Monitor looks.
    #[default]
    Unknown,
    /// It moves, or there is nothing to do.
    Moves,
    /// The source went on and it did not, for so many seconds.
    Stands { seconds: f64 },
}

/// What is remembered of one task from one look to the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Advances {
    /// The checkpoint, where the source was when it was first seen, and when that was.
    stands: Option<(Option<Position>, Option<Position>, f64)>,
    /// Whether the checkpoint was ever seen to move, or to have nothing to do.
    known: bool,
}

impl Advances {
    /// Takes a look, at `now_seconds` of a clock that only goes forward.
    pub fn look(&mut self, status: &TaskStatus, now_seconds: f64) -> Advance {
        let checkpoint = status.checkpoint.as_ref().map(|checkpoint| checkpoint.position.clone());
        let head = status.source_head.clone();
        let caught_up = status.lag_seconds == Some(0.0);
        let same = self.stands.as_ref().is_some_and(|(before, ..)| *before == checkpoint);
        if caught_up || !same {
            self.known |= caught_up || self.stands.is_some();
            self.stands = Some((checkpoint, head, now_seconds));
            return if self.known { Advance::Moves } else { Advance::Unknown };
        }
        let Some((_, then, since)) = &mut self.stands else { return Advance::Unknown };
        match (&*then, head) {
            (Some(then), Some(head)) if *then != head => Advance::Stands { seconds: (now_seconds - *since).max(0.0) },
            (None, Some(head)) => {
                *then = Some(head);
                Advance::Unknown
            }
            (Some(_), Some(_)) if self.known => Advance::Moves,
            _ => Advance::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::checkpoint::Checkpoint;
    use replicator_model::epoch::Epoch;
    use replicator_model::name::CoreName;
    use replicator_model::status::{Progress, Stage};

    fn status(checkpoint: u64, head: Option<u64>, lag: Option<f64>) -> TaskStatus {
        let position = |offset| Position::new("bin.000001", offset);
        TaskStatus {
            core: CoreName::new("a").unwrap(),
            epoch: Epoch::new(1),
            stage: Stage::Streaming,
            spec_version: 0,
            desired_generation: 0,
            checkpoint: Some(Checkpoint {
                epoch: Epoch::new(1),
                server: "s".into(),
                position: position(checkpoint),
                gtid_set: None,
                event_time_us: 0,
                written_at_us: 0,
            }),
            source_head: head.map(position),
            source_logs: None,
            lag_seconds: lag,
            lag_by: None,
            gtid_missing: None,
            progress: Progress::default(),
            failure: None,
            warnings: Vec::new(),
            failed_transaction: None,
            skipped: 0,
            retries: 0,
            since_us: 0,
            updated_us: 0,
        }
    }

    #[test]
    fn it_stands_only_while_the_source_goes_on() {
        use Advance::{Moves, Stands, Unknown};
        let mut advances = Advances::default();
        for (at, checkpoint, head, lag, expected) in [
            // Just begun to look: nothing is known.
            (0.0, 4, Some(100), Some(5.0), Unknown),
            (1.0, 4, Some(100), Some(6.0), Unknown),
            // The source goes on.
            (2.0, 4, Some(200), Some(7.0), Stands { seconds: 2.0 }),
            (3.0, 4, None, None, Unknown),
            (9.0, 4, Some(200), Some(9.0), Stands { seconds: 9.0 }),
            // It moves, and catches up.
            (10.0, 50, Some(200), Some(9.0), Moves),
            (11.0, 200, Some(200), Some(0.0), Moves),
            // A long transaction is under way and the source writes nothing else.
            (12.0, 200, Some(200), Some(1.0), Moves),
            // Filtered changes: nothing is left to apply.
            (13.0, 200, Some(900), Some(0.0), Moves),
            (14.0, 200, Some(990), Some(1.0), Stands { seconds: 1.0 }),
        ] {
            assert_eq!(advances.look(&status(checkpoint, head, lag), at), expected, "at {at}");
        }
    }
}
