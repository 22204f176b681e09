//! Pointing a task elsewhere in its source's log: `destination` asks the source where that is, `meaning` says what it
//! means, and the order is written down for the Core.

mod destination;
mod meaning;

use crate::inspect::limits::Limits;
use crate::problem::ApiError;
use crate::source;
use crate::status::{self, Observation};
use crate::tasks;
use crate::view::{OrderView, RewindView, RewoundView};
use destination::{Destination, NoDestination};
use meaning::{Rewound, meaning};
use replicator_coordination::session::Session;
use replicator_model::desired::OnceOrder;
use replicator_model::name::TaskName;
use replicator_model::task::Start;

/// Says what a rewind would mean. Nothing is ordered.
pub(crate) async fn preview(
    session: &Session,
    limits: &Limits,
    name: &TaskName,
    to: &Start,
) -> Result<RewindView, ApiError> {
    let seen = tasks::observe(session, name).await?;
    Ok(look(&seen, limits, to).await?.0)
}

/// Orders a rewind. A task that FAILED is tried again with it; what was ordered earlier to happen once, and has not
/// happened, does not any more.
pub(crate) async fn rewind(
    session: &Session,
    limits: &Limits,
    name: &TaskName,
    to: &Start,
) -> Result<RewoundView, ApiError> {
    let seen = tasks::observe(session, name).await?;
    let (preview, found) = look(&seen, limits, to).await?;
    let start = match (found, to) {
        (Some(found), _) => found.start,
        (None, Start::Time { .. }) => {
            let hint = "name the place by GTID or by file and offset".to_owned();
            return Err(ApiError::RewindImpossible { task: name.clone(), why: preview.explanation, hint });
        }
        (None, to) => to.clone(),
    };
    let desired = session.order(name, seen.desired.state, Some(OnceOrder::Rewind(start))).await?;
    tracing::warn!(task = %name, generation = desired.generation, meaning = preview.explanation, "rewind ordered");
    Ok(RewoundView { order: OrderView { desired: (&desired).into(), changed: true }, preview })
}

async fn look(seen: &Observation, limits: &Limits, to: &Start) -> Result<(RewindView, Option<Destination>), ApiError> {
    let name = &seen.spec.name;
    let time = match to {
        Start::Time { time } => Some(destination::time_us(time)?),
        _ => None,
    };
    let _place = limits.place().await;
    let found = match source::endpoint(&seen.spec, limits).await {
        Ok(endpoint) => destination::find(endpoint, to, time, &source::unique(name)).await,
        Err(why) => Err(NoDestination::Unknown(why)),
    };
    let task = Rewound { checkpoint: seen.checkpoint(), state: status::view(seen).state, target: &seen.spec.consumer };
    match found {
        Ok(found) => Ok((meaning(task, Ok(&found)), Some(found))),
        Err(NoDestination::Unknown(why)) => Ok((meaning(task, Err(&why)), None)),
        Err(NoDestination::Impossible(failure)) => {
            let why = format!("{} [{}]", failure.reason, failure.code);
            Err(ApiError::RewindImpossible { task: name.clone(), why, hint: failure.hint })
        }
    }
}
