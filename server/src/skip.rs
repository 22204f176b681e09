//! Leaving out the one transaction that a FAILED task can't carry: shown first, then ordered.

use crate::inspect::limits::Limits;
use crate::problem::ApiError;
use crate::source;
use crate::status::{self, Observation};
use crate::tasks;
use crate::view::{OrderView, SkipRequest, SkipView, SkippableTransaction, TaskState, time};
use replicator_coordination::session::Session;
use replicator_model::desired::{DesiredState, OnceOrder, TransactionPlace};
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::locate::LogReader;
use replicator_mysql::shown::ShownTransaction;
use std::time::Duration;

/// How long the transaction is read.
const READ_TIME_MAX: Duration = Duration::from_secs(10);

/// What would be left out.
pub(crate) async fn show(session: &Session, limits: &Limits, name: &TaskName) -> Result<SkipView, ApiError> {
    let seen = tasks::observe(session, name).await?;
    let failure = status::view(&seen).failure;
    let Some(place) = skippable(&seen) else {
        return Ok(SkipView { failure, transaction: None, explanation: why_nothing(&seen).to_owned() });
    };
    let (shown, explanation) = match read(&seen, limits, place).await {
        Ok(shown) => {
            let cut = if shown.is_cut { " It is larger than what is read of it here." } else { "" };
            (Some(shown), format!("The task begins again behind this transaction, which the target never gets.{cut}"))
        }
        Err(why) => (None, format!("The task would leave out {place}. What is in it can't be shown: {why}.")),
    };
    Ok(SkipView { failure, transaction: Some(view(place, shown)), explanation })
}

/// Orders to leave out the transaction that was shown, and starts the task again.
pub(crate) async fn skip(session: &Session, name: &TaskName, request: &SkipRequest) -> Result<OrderView, ApiError> {
    if request.reason.trim().is_empty() {
        return Err(ApiError::BodyInvalid("`reason` is empty: say why the transaction is left out".to_owned()));
    }
    let seen = tasks::observe(session, name).await?;
    let Some(place) = skippable(&seen) else {
        return Err(ApiError::NothingToSkip { task: name.clone(), why: why_nothing(&seen) });
    };
    if !is_meant(request, place) {
        return Err(ApiError::SkipMismatch { task: name.clone(), found: place.to_string() });
    }
    let desired = session.order(name, DesiredState::Running, Some(OnceOrder::Skip(place.clone()))).await?;
    tracing::warn!(task = %name, transaction = %place, reason = request.reason, generation = desired.generation, "skip ordered");
    Ok(OrderView { desired: (&desired).into(), changed: true })
}

fn skippable(seen: &Observation) -> Option<&TransactionPlace> {
    let place = seen.current_status()?.failed_transaction.as_ref()?;
    (status::view(seen).state == TaskState::Failed).then_some(place)
}

fn why_nothing(seen: &Observation) -> &'static str {
    match status::view(seen).state {
        TaskState::Failed => "it failed outside of a transaction: mend what its failure names",
        _ => "it is not FAILED, and only the transaction that a task fails at can be left out",
    }
}

/// One of the two is enough; what is given has to be right.
fn is_meant(request: &SkipRequest, place: &TransactionPlace) -> bool {
    let gtid = request.gtid.as_ref().map(|gtid| Some(gtid) == place.gtid.as_ref());
    let position = request.position.as_ref().map(|position| *position == place.position);
    matches!((gtid, position), (Some(true), Some(true) | None) | (None, Some(true)))
}

async fn read(seen: &Observation, limits: &Limits, place: &TransactionPlace) -> Result<ShownTransaction, String> {
    let _place = limits.place().await;
    let endpoints = source::endpoints(&seen.spec, limits).await?;
    let unique = source::unique(&seen.spec.name);
    // The place means something in the log of the host that was read, and in no other's.
    let reading = async {
        let mut refused = None;
        for endpoint in endpoints {
            match reader_at(endpoint, place, &unique).await {
                Ok(reader) => return reader.transaction_at(&place.position).await,
                Err(failure) => refused = refused.or(Some(failure)),
            }
        }
        Err(refused.unwrap_or_else(|| Failure::transient("not_open", "the task names no source", "report it")))
    };
    match tokio::time::timeout(READ_TIME_MAX, reading).await {
        Ok(read) => read.map_err(|failure| failure.reason),
        Err(_) => Err(format!("the source did not send it within {} s", READ_TIME_MAX.as_secs())),
    }
}

async fn reader_at(endpoint: Endpoint, place: &TransactionPlace, unique: &str) -> Result<LogReader, Failure> {
    let mut conn = endpoint.connect(&[]).await?;
    let facts = ServerFacts::ask(&mut conn).await?;
    if facts.server != place.server {
        let reason = format!("the source is now server {}, and it is in the log of {}", facts.server, place.server);
        return Err(Failure::definite("source_changed", reason, "point the task back"));
    }
    Ok(LogReader::new(endpoint, &facts, unique))
}

fn view(place: &TransactionPlace, shown: Option<ShownTransaction>) -> SkippableTransaction {
    let rows = shown.as_ref().filter(|shown| !shown.is_cut).map(|shown| shown.rows);
    let shown = shown.unwrap_or_default();
    SkippableTransaction {
        position: (&place.position).into(),
        gtid: place.gtid.clone(),
        committed_at: time(shown.commit_time_us),
        tables: shown.tables.into_iter().collect(),
        rows,
        sample: shown.sample,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::position::Position;

    #[test]
    fn only_the_shown_transaction_is_meant() {
        let place = |gtid: Option<&str>| TransactionPlace {
            server: "a".into(),
            position: Position::new("bin.000001", 4),
            gtid: gtid.map(str::to_owned),
        };
        let (here, there) = (Position::new("bin.000001", 4), Position::new("bin.000001", 5));
        for (gtid, position, failed, meant) in [
            (Some("0-1-7"), None, place(Some("0-1-7")), true),
            (Some("0-1-8"), None, place(Some("0-1-7")), false),
            (Some("0-1-7"), None, place(None), false),
            (None, Some(&here), place(Some("0-1-7")), true),
            (None, Some(&there), place(None), false),
            (Some("0-1-7"), Some(&there), place(Some("0-1-7")), false),
            (None, None, place(None), false),
        ] {
            let request =
                SkipRequest { gtid: gtid.map(str::to_owned), position: position.cloned(), reason: "r".into() };
            assert_eq!(is_meant(&request, &failed), meant, "{request:?} when {failed}");
        }
    }
}
