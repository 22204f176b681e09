//! What a rewind means, from where the task is and where it is to go on. Pure.

use super::destination::Destination;
use crate::view::{CountedBy, Direction, RewindView, TaskState};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::gtid::GtidSet;
use replicator_model::position::Position;
use replicator_model::task::ConsumerSpec;
use replicator_mysql::head::LogFile;

/// The task that is to be rewound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rewound<'a> {
    pub(super) checkpoint: Option<&'a Checkpoint>,
    pub(super) state: TaskState,
    pub(super) target: &'a ConsumerSpec,
}

/// `unknown`: why nothing is known of the destination.
pub(super) fn meaning(task: Rewound<'_>, to: Result<&Destination, &str>) -> RewindView {
    let mut view = RewindView {
        from: task.checkpoint.map(|checkpoint| (&checkpoint.position).into()),
        from_gtid_set: task.checkpoint.and_then(|checkpoint| checkpoint.gtid_set.as_ref()).map(ToString::to_string),
        to: None,
        to_gtid_set: None,
        direction: None,
        transactions: None,
        bytes: None,
        counted_by: None,
        explanation: String::new(),
        warnings: Vec::new(),
    };
    match (task.checkpoint, to) {
        (_, Err(why)) => {
            view.explanation =
                format!("It is not known what this means: {why}. The Core that runs the task finds the place itself.");
        }
        (checkpoint, Ok(to)) => {
            view.to = to.position.as_ref().map(Into::into);
            view.to_gtid_set = to.gtid_set.as_ref().map(ToString::to_string);
            match checkpoint {
                Some(from) => compare(&mut view, from, to),
                None => view.explanation = "Nothing has been applied yet: the task begins there.".to_owned(),
            }
        }
    }
    view.warnings = warnings(task, view.direction);
    view
}

fn compare(view: &mut RewindView, from: &Checkpoint, to: &Destination) {
    let same_server = from.server == to.server;
    let ahead = to.gtid_set.as_ref().zip(from.gtid_set.as_ref()).and_then(|(to, from)| differences(from, to));
    let order = to.position.as_ref().filter(|_| same_server).and_then(|to| to.partial_cmp(&from.position));
    view.bytes = match (&to.position, same_server) {
        (Some(position), true) => bytes_between(&to.files, &from.position, position),
        _ => None,
    };
    view.direction = match (ahead, order) {
        (Some((0, 0)), _) => Some(Direction::Same),
        (Some((0, _)), _) => Some(Direction::Forward),
        (Some(_), _) => Some(Direction::Back),
        (None, Some(std::cmp::Ordering::Less)) => Some(Direction::Back),
        (None, Some(std::cmp::Ordering::Greater)) => Some(Direction::Forward),
        (None, Some(std::cmp::Ordering::Equal)) => Some(Direction::Same),
        (None, None) => None,
    };
    view.counted_by = ahead.map(|_| CountedBy::Gtid);
    view.transactions = ahead.map(|(again, left_out)| if again > 0 { again } else { left_out });
    let bytes = view.bytes.map(|bytes| format!(" ({bytes} bytes of the source's log)")).unwrap_or_default();
    let count = match view.transactions {
        Some(1) => "1 transaction of the source".to_owned(),
        Some(count) => format!("{count} transactions of the source"),
        None => "an unknown number of transactions of the source, which has no GTIDs to count,".to_owned(),
    };
    view.explanation = match (view.direction, ahead) {
        (Some(Direction::Same), _) => "The task goes on where it is.".to_owned(),
        (Some(Direction::Back), Some((_, left_out))) if left_out > 0 => {
            format!("The task goes back: {count} are applied again{bytes}, and {left_out} others are left out.")
        }
        (Some(Direction::Back), _) => format!("The task goes back: {count} {} applied again{bytes}.", verb(view)),
        (Some(Direction::Forward), _) => {
            format!("The task goes forward: {count} {} left out{bytes}, and never reach the target.", verb(view))
        }
        (None, _) => "It is not known how far it is: the two places can't be compared, for they are of different \
                      servers or files and have no GTIDs."
            .to_owned(),
    };
}

fn verb(view: &RewindView) -> &'static str {
    if view.transactions.is_some_and(|count| count != 1) { "are" } else { "is" }
}

/// How many transactions `from` has that `to` has not, and the other way round.
fn differences(from: &GtidSet, to: &GtidSet) -> Option<(u64, u64)> {
    match (from, to) {
        (GtidSet::MySql(from), GtidSet::MySql(to)) => Some((from.subtract(to).count(), to.subtract(from).count())),
        (GtidSet::MariaDb(from), GtidSet::MariaDb(to)) => {
            Some((from.subtract(to).values().sum(), to.subtract(from).values().sum()))
        }
        _ => None,
    }
}

/// Bytes of the log between two places, whichever comes first; `None` if the source lacks a file in between.
fn bytes_between(files: &[LogFile], a: &Position, b: &Position) -> Option<u64> {
    let (first, last) = if a.partial_cmp(b)?.is_le() { (a, b) } else { (b, a) };
    let index = |place: &Position| files.iter().position(|file| file.name == place.file);
    let between: u64 = files.get(index(first)?..index(last)?)?.iter().map(|file| file.size).sum();
    (between + last.offset).checked_sub(first.offset)
}

fn warnings(task: Rewound<'_>, direction: Option<Direction>) -> Vec<String> {
    let mut warnings = Vec::new();
    match task.state {
        TaskState::Stopped | TaskState::Stopping => {
            warnings.push("The task is stopped: it goes there when it is started.".to_owned());
        }
        TaskState::Paused | TaskState::Pausing => {
            warnings.push("The task is paused: it goes there when it is resumed.".to_owned());
        }
        TaskState::Running | TaskState::Starting | TaskState::Retrying => {
            warnings.push("The task runs: it ends at a transaction's border and goes on there at once.".to_owned());
        }
        TaskState::Failed | TaskState::NotRunning => {}
    }
    let may_go_back = !matches!(direction, Some(Direction::Forward | Direction::Same));
    match task.target {
        ConsumerSpec::Mysql(_) if may_go_back => warnings.push(
            "The target keeps its rows. Where one is inserted that is there already, or one is changed that is not as \
             it was, the task stops (`duplicate_key`, `row_not_found`): bring the target's tables back to that moment \
             first."
                .to_owned(),
        ),
        ConsumerSpec::Kafka(_) | ConsumerSpec::Stdout(_) if may_go_back => {
            warnings.push("Messages of those transactions are sent again.".to_owned());
        }
        _ => {}
    }
    if !matches!(direction, Some(Direction::Back | Direction::Same)) {
        warnings.push("What is left out is lost for the target, unless it is copied by other means.".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::epoch::Epoch;
    use replicator_model::task::StdoutSpec;

    fn at(file: u32, offset: u64, set: Option<&str>) -> (Checkpoint, Destination) {
        let position = Position::new(format!("bin.{file:06}"), offset);
        let gtid_set = set.map(|text| GtidSet::parse(text).unwrap());
        let checkpoint = Checkpoint {
            epoch: Epoch::new(1),
            server: "a".into(),
            position: position.clone(),
            gtid_set: gtid_set.clone(),
            event_time_us: 0,
            written_at_us: 0,
        };
        let files = (1..5).map(|number| LogFile { name: format!("bin.{number:06}"), size: 1000 }).collect();
        let start = replicator_model::task::Start::Latest;
        (checkpoint, Destination { start, server: "a".into(), position: Some(position), gtid_set, files })
    }

    #[test]
    fn a_rewind_is_told_in_transactions_and_bytes() {
        let target = ConsumerSpec::Stdout(StdoutSpec::default());
        for (from, to, direction, transactions, bytes, words) in [
            (
                at(2, 100, Some("0-1-50")),
                at(1, 900, Some("0-1-40")),
                Some(Direction::Back),
                Some(10),
                Some(200),
                "10 transactions",
            ),
            (
                at(1, 100, Some("0-1-40")),
                at(3, 100, Some("0-1-41")),
                Some(Direction::Forward),
                Some(1),
                Some(2000),
                "1 transaction of the source is left out",
            ),
            (
                at(1, 100, Some("0-1-40,5-1-3")),
                at(1, 50, Some("0-1-42,5-1-1")),
                Some(Direction::Back),
                Some(2),
                Some(50),
                "2 others are left out",
            ),
            (at(1, 100, None), at(1, 4, None), Some(Direction::Back), None, Some(96), "unknown number"),
            (at(1, 100, None), at(1, 100, None), Some(Direction::Same), None, Some(0), "where it is"),
            (at(9, 100, None), at(1, 100, None), Some(Direction::Back), None, None, "unknown number"),
        ] {
            let task = Rewound { checkpoint: Some(&from.0), state: TaskState::Paused, target: &target };
            let view = meaning(task, Ok(&to.1));
            let told = (view.direction, view.transactions, view.bytes);
            assert_eq!(told, (direction, transactions, bytes), "{} to {}: {view:?}", from.0, to.0);
            assert!(view.explanation.contains(words), "{view:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let target = ConsumerSpec::Stdout(StdoutSpec::default());
        let (from, _) = at(1, 100, None);
        let task = Rewound { checkpoint: Some(&from), state: TaskState::Stopped, target: &target };
        let view = meaning(task, Err("the source does not answer"));
        assert!(view.direction.is_none() && view.explanation.contains("does not answer"), "{view:?}");
        assert_eq!(view.warnings.len(), 3, "{view:?}");
        let new = meaning(Rewound { checkpoint: None, ..task }, Ok(&at(1, 4, None).1));
        assert!(new.explanation.contains("begins there"), "{new:?}");
    }
}
