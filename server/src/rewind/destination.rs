//! Where a rewind leads, asked of the source.

use crate::problem::ApiError;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::position::Position;
use replicator_model::task::Start;
use replicator_mysql::beginning::{self, Beginning, FIRST_OFFSET, Source};
use replicator_mysql::connect::{Connection, Endpoint};
use replicator_mysql::facts::{ServerFacts, ServerFlavor};
use replicator_mysql::head::{self, LogFile};
use replicator_mysql::locate::{LogReader, Wanted};
use std::time::Duration;

/// How long the source's log is read for one answer.
const READ_TIME_MAX: Duration = Duration::from_secs(12);

/// A place in the source's log that the task can go on from.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    /// The same place, so that what is ordered is what was shown.
    pub(super) start: Start,
    /// As in a checkpoint.
    pub(super) server: String,
    pub(super) position: Option<Position>,
    pub(super) gtid_set: Option<GtidSet>,
    pub(super) files: Vec<LogFile>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum NoDestination {
    /// The source was asked: the task can't go there.
    Impossible(Failure),
    /// The source could not be asked, or not within the limits.
    Unknown(String),
}

/// The time in a request.
pub(super) fn time_us(text: &str) -> Result<i64, ApiError> {
    Start::time_us(text).map_err(|error| {
        let text: String = text.chars().take(60).collect();
        ApiError::BodyInvalid(format!("`to.time` is `{text}`, not a time such as 2026-11-22T08:00:00Z: {error}"))
    })
}

/// Asks the source where `to` is. `time` is the time in it, read.
pub(super) async fn find(
    endpoint: Endpoint,
    to: &Start,
    time: Option<i64>,
    unique: &str,
) -> Result<Destination, NoDestination> {
    let unknown = |failure: Failure| NoDestination::Unknown(failure.reason);
    let mut conn = endpoint.connect(&[]).await.map_err(unknown)?;
    let facts = ServerFacts::ask(&mut conn).await.map_err(unknown)?;
    let head = head::ask(&mut conn, &facts).await.map_err(unknown)?;
    let files = head::log_files(&mut conn).await.map_err(unknown)?;
    let reader = LogReader::new(endpoint, &facts, unique);
    let start = match time {
        Some(time_us) => {
            let position = limited(reader.position_of_time(&files, time_us, &head.position)).await?;
            Start::Position { file: position.file, offset: position.offset }
        }
        None => to.clone(),
    };
    let source = Source { facts: &facts, head: &head, files: &files };
    let begins = beginning::beginning(source, None, &start).map_err(NoDestination::Impossible)?;
    let (position, gtid_set) = match begins {
        Beginning::After { gtid_set, position } => (position, Some(gtid_set)),
        Beginning::At { position } => {
            let before = gtids_before(&mut conn, &reader, &position, &head.position).await?;
            (Some(position), before)
        }
    };
    // By GTIDs it means the same on any server of the source, and whatever happens until it is carried out.
    let start = match (&gtid_set, &position) {
        (Some(set), _) if !matches!(start, Start::Position { .. }) => Start::Gtid { gtid: set.to_string() },
        (_, Some(position)) => Start::Position { file: position.file.clone(), offset: position.offset },
        _ => start,
    };
    Ok(Destination { start, server: facts.server.clone(), position, gtid_set, files })
}

/// The transactions before a position, where the source has GTIDs and can say so within the limits.
async fn gtids_before(
    conn: &mut Connection,
    reader: &LogReader,
    position: &Position,
    end: &Position,
) -> Result<Option<GtidSet>, NoDestination> {
    if reader.flavor == ServerFlavor::MariaDb {
        let before = head::mariadb_gtids_before(conn, position).await;
        return match before.map_err(|failure| NoDestination::Unknown(failure.reason))? {
            None => Err(NoDestination::Impossible(Failure::definite(
                "position_unknown",
                format!("the source has no transaction border at {position}"),
                "take a position from SHOW BINLOG EVENTS or from the source's status",
            ))),
            set => Ok(set),
        };
    }
    if !reader.gtids {
        return Ok(None);
    }
    let wanted = Wanted::Place(Position { offset: position.offset.max(FIRST_OFFSET), ..position.clone() });
    match limited(reader.locate(&position.file, &wanted, end)).await {
        Ok(located) => Ok(located.gtid_set),
        // It is only not counted then.
        Err(NoDestination::Unknown(_)) => Ok(None),
        Err(impossible) => Err(impossible),
    }
}

async fn limited<T>(reading: impl Future<Output = Result<Option<T>, Failure>>) -> Result<T, NoDestination> {
    let too_much =
        || NoDestination::Unknown("more of the source's log would have to be read than is read for this".into());
    match tokio::time::timeout(READ_TIME_MAX, reading).await {
        Err(_) | Ok(Ok(None)) => Err(too_much()),
        Ok(Ok(Some(found))) => Ok(found),
        Ok(Err(failure)) if failure.is_transient() => Err(NoDestination::Unknown(failure.reason)),
        Ok(Err(failure)) => Err(NoDestination::Impossible(failure)),
    }
}
