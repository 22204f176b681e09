//! Where a stream begins: decided from what the source has and what was applied, without I/O.

use crate::facts::{ServerFacts, ServerFlavor};
use crate::head::{LogFile, SourceHead};
use crate::stream_error::{errant, missing_file, purged};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::failure::Failure;
use replicator_model::gtid::{GtidSet, MariaDbGtidSet, MySqlGtidSet};
use replicator_model::position::Position;
use replicator_model::task::Start;

/// How the stream is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// After these transactions. The position is where the checkpoint stood in this very server's log, if it did.
    After { gtid_set: GtidSet, position: Option<Position> },
    /// At a position. Transactions before it are not known (yet).
    At { position: Position },
}

/// What the source says about itself before the stream.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub facts: &'a ServerFacts,
    pub head: &'a SourceHead,
    pub files: &'a [LogFile],
}

/// Where to begin: after `resume` if anything was applied, else where the task says.
pub fn beginning(source: Source<'_>, resume: Option<&Checkpoint>, start: &Start) -> Result<Beginning, Failure> {
    match resume {
        Some(Checkpoint { gtid_set: Some(set), server, position, .. }) => {
            let position = (*server == source.facts.server).then(|| position.clone());
            after(source, set.clone(), position)
        }
        Some(checkpoint) => at_checkpoint(source, checkpoint),
        None => from_start(source, start),
    }
}

fn from_start(source: Source<'_>, start: &Start) -> Result<Beginning, Failure> {
    match start {
        Start::Latest => Ok(match &source.head.gtid_set {
            Some(set) => Beginning::After { gtid_set: set.clone(), position: Some(source.head.position.clone()) },
            None => Beginning::At { position: source.head.position.clone() },
        }),
        Start::Earliest => {
            let first =
                source.files.first().map_or_else(|| source.head.position.file.clone(), |file| file.name.clone());
            let position = Position::new(first, FIRST_OFFSET);
            Ok(match (source.facts.gtids, &source.facts.purged) {
                (true, Some(purged)) => Beginning::After { gtid_set: purged.clone(), position: Some(position) },
                _ => Beginning::At { position },
            })
        }
        Start::Gtid { gtid } => {
            let set = source.facts.parse_gtid_set(gtid).map_err(|failure| failure.at("producer.start.gtid"))?;
            after(source, set, None)
        }
        Start::Position { file, offset } => at(source, Position::new(file, *offset)),
        Start::Snapshot => Err(Failure::definite(
            "start_not_supported",
            "`producer.start = snapshot` is not built yet",
            "start with \"latest\", \"earliest\", { gtid = \"…\" } or { file = \"…\", offset = 4 }",
        )),
        Start::Time { time } => Err(Failure::definite(
            "start_not_supported",
            format!("{time} was not looked up in the source's log before"),
            "report it",
        )),
    }
}

/// Where the first event of a file begins.
pub const FIRST_OFFSET: u64 = 4;

fn after(source: Source<'_>, set: GtidSet, position: Option<Position>) -> Result<Beginning, Failure> {
    let facts = source.facts;
    let same_flavor = matches!(
        (&set, facts.flavor),
        (GtidSet::MySql(_), ServerFlavor::MySql) | (GtidSet::MariaDb(_), ServerFlavor::MariaDb)
    );
    if !same_flavor {
        return Err(Failure::definite(
            "gtid_flavor_differs",
            format!("the task's GTID set ({set}) is not in the form of {}, which the source is", facts.flavor),
            "the task was started from a server of the other kind: make a new task for this one",
        ));
    }
    if !facts.gtids {
        return Err(Failure::definite(
            "gtid_mode_off",
            "the task follows its source by GTIDs, but gtid_mode is not ON at this one",
            "set gtid_mode = ON, or make a new task that starts at a file and offset",
        ));
    }
    if let Some(executed) = &facts.executed
        && let Some(missing) = lacks(executed, &set)
    {
        let ahead =
            lacks(&set, executed).map_or_else(String::new, |ahead| format!("; it has, and was not applied: {ahead}"));
        let reason = format!("the source does not have transactions that were applied already: {missing}{ahead}");
        return Err(errant(&reason));
    }
    if let Some(missing) = facts.purged.as_ref().and_then(|purged| lacks(&set, purged)) {
        return Err(purged_set(&missing));
    }
    Ok(Beginning::After { gtid_set: set, position })
}

fn purged_set(missing: &str) -> Failure {
    purged(&format!("the source has purged transactions that were not applied yet: {missing}"))
}

/// What of `wanted` is not in `set`, in words; `None` if all is.
fn lacks(set: &GtidSet, wanted: &GtidSet) -> Option<String> {
    match (set, wanted) {
        (GtidSet::MySql(set), GtidSet::MySql(wanted)) => {
            let missing: MySqlGtidSet = wanted.subtract(set);
            (!missing.is_empty()).then(|| shortened(&missing.to_string()))
        }
        (GtidSet::MariaDb(set), GtidSet::MariaDb(wanted)) => lacks_mariadb(set, wanted),
        _ => Some(shortened(&wanted.to_string())),
    }
}

fn lacks_mariadb(set: &MariaDbGtidSet, wanted: &MariaDbGtidSet) -> Option<String> {
    let missing = wanted.subtract(set);
    let domains: Vec<String> =
        wanted.iter().filter(|gtid| missing.contains_key(&gtid.domain)).map(|gtid| gtid.to_string()).collect();
    (!domains.is_empty()).then(|| shortened(&domains.join(",")))
}

/// Enough of a GTID set for a message.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 300;
    if text.chars().count() > SHOWN {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    } else {
        text.to_owned()
    }
}

fn at_checkpoint(source: Source<'_>, checkpoint: &Checkpoint) -> Result<Beginning, Failure> {
    if checkpoint.server != source.facts.server {
        return Err(Failure::definite(
            "source_changed",
            format!(
                "the task has read up to {} of server {}, but the source is now server {}",
                checkpoint.position, checkpoint.server, source.facts.server
            ),
            "without GTIDs a position means nothing on another server: point the task back, or start it anew at a \
             position of this one",
        ));
    }
    at(source, checkpoint.position.clone())
}

fn at(source: Source<'_>, position: Position) -> Result<Beginning, Failure> {
    match source.files.iter().find(|file| file.name == position.file) {
        None => {
            let listed = (source.files.first(), source.files.last());
            let has = match listed {
                (Some(first), Some(last)) => format!("it has {} to {}", first.name, last.name),
                _ => "it has none".to_owned(),
            };
            let before = source.files.first().is_some_and(|first| position < Position::new(&first.name, 0));
            let reason = format!("the source has no binary log file {}: {has}", position.file);
            Err(if before { purged(&reason) } else { missing_file(&reason) })
        }
        Some(file) if position.offset > file.size.max(FIRST_OFFSET) => Err(Failure::definite(
            "position_unknown",
            format!("{position} lies behind the end of that file, which has {} bytes", file.size),
            "the source was reset or has lost the end of its log: compare the tables, then start anew",
        )),
        Some(_) if position.offset < FIRST_OFFSET => {
            Ok(Beginning::At { position: Position { offset: FIRST_OFFSET, ..position } })
        }
        Some(_) => Ok(Beginning::At { position }),
    }
}

#[cfg(test)]
#[path = "beginning_tests.rs"]
mod tests;
