//! Alerts as they are, what was said about them, and what is over.

use super::problem::AlertingError;
use super::{admit_text, now_us};
use crate::problem::ApiError;
use crate::view::{AlertHistoryView, AlertList, AlertView, ResolvedView};
use futures_util::StreamExt;
use futures_util::stream;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::session::Session;
use replicator_model::alert::{Alert, AlertId, AlertState};
use replicator_model::name::TaskName;
use replicator_model::silence::{Acknowledgement, Silence};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Alerts that are read at the same time.
const READ_CONCURRENCY: usize = 32;

/// Most alerts of one answer.
const LIST_MAX: usize = 2000;

/// Which alerts of a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct AlertFilter {
    pub(crate) state: Option<AlertState>,
    pub(crate) task: Option<TaskName>,
}

pub(crate) async fn list(session: &Session, filter: &AlertFilter) -> Result<AlertList, ApiError> {
    let said: BTreeMap<AlertId, Acknowledgement> = session.acknowledgements().await?.into_iter().collect();
    let silences = session.silences().await?;
    let now_us = now_us(session);
    let wanted = |alert: &Alert| {
        filter.state.is_none_or(|state| state == alert.state)
            && filter.task.as_ref().is_none_or(|task| alert.subject.task() == Some(task))
    };
    let mut alerts: Vec<Alert> = all(session).await?.into_iter().filter(wanted).collect();
    alerts.sort_by_key(|alert| (rank(alert.state), Reverse(alert.evidence.severity), alert.since_us));
    alerts.truncate(LIST_MAX);
    let view = |alert: Alert| {
        let (id, quiet) = (alert.id(), silenced_by(&alert, &silences, now_us));
        AlertView::new(alert, said.get(&id), quiet)
    };
    Ok(AlertList { alerts: alerts.into_iter().map(view).collect() })
}

/// What fires stands before what may come to, and that before what is over.
fn rank(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 0,
        AlertState::Pending => 1,
        AlertState::Resolved => 2,
    }
}

/// All alerts that are kept. One that can't be read is named in the log and left out.
pub(super) async fn all(session: &Session) -> Result<Vec<Alert>, CoordinationError> {
    let read = |id: AlertId| async move { session.alert(&id).await };
    let mut found = stream::iter(session.alert_ids().await?).map(read).buffered(READ_CONCURRENCY);
    let mut alerts = Vec::new();
    while let Some(alert) = found.next().await {
        match alert {
            Ok(alert) => alerts.extend(alert),
            Err(error @ CoordinationError::Unreadable { .. }) => tracing::warn!(%error, "left out an alert"),
            Err(error) => return Err(error),
        }
    }
    Ok(alerts)
}

/// The silences that keep an alert quiet at this moment.
pub(super) fn silenced_by(alert: &Alert, silences: &[(String, Silence)], now_us: i64) -> Vec<String> {
    let quiet = |silence: &Silence| {
        silence.is_active(now_us) && silence.matcher.matches(&alert.rule, &alert.subject, &alert.evidence)
    };
    silences.iter().filter(|(_, silence)| quiet(silence)).map(|(id, _)| id.clone()).collect()
}

/// Says that somebody is at it. It counts for this firing only.
pub(crate) async fn acknowledge(
    session: &Session,
    id: &AlertId,
    note: String,
    by: &str,
) -> Result<AlertView, ApiError> {
    let note = admit_text("note", note)?;
    let alert = firing(session, id).await?;
    let said = Acknowledgement { by: by.to_owned(), at_us: now_us(session), note, since_us: alert.since_us };
    session.acknowledge(id, &said).await?;
    tracing::info!(alert = %id, by, "alert acknowledged");
    view(session, alert, Some(&said)).await
}

pub(crate) async fn unacknowledge(session: &Session, id: &AlertId) -> Result<AlertView, ApiError> {
    let alert = session.alert(id).await?.ok_or_else(|| AlertingError::AlertNotFound(id.clone()))?;
    session.unacknowledge(id).await?;
    tracing::info!(alert = %id, "acknowledgement taken back");
    view(session, alert, None).await
}

async fn firing(session: &Session, id: &AlertId) -> Result<Alert, ApiError> {
    let alert = session.alert(id).await?.ok_or_else(|| AlertingError::AlertNotFound(id.clone()))?;
    if alert.state == AlertState::Firing { Ok(alert) } else { Err(AlertingError::NotFiring(id.clone()).into()) }
}

async fn view(session: &Session, alert: Alert, said: Option<&Acknowledgement>) -> Result<AlertView, ApiError> {
    let quiet = silenced_by(&alert, &session.silences().await?, now_us(session));
    Ok(AlertView::new(alert, said, quiet))
}

/// What ended, the latest first.
pub(crate) async fn history(session: &Session, task: Option<&TaskName>) -> Result<AlertHistoryView, ApiError> {
    let mut seen = AlertHistoryView { alerts: Vec::new(), dropped: 0 };
    let mut ended = Vec::new();
    for (_, day) in session.alert_history().await? {
        seen.dropped = seen.dropped.saturating_add(day.dropped);
        ended.extend(day.alerts.into_iter().filter(|alert| task.is_none_or(|task| alert.subject.task() == Some(task))));
    }
    ended.sort_by_key(|alert| Reverse(alert.resolved_us));
    ended.truncate(LIST_MAX);
    seen.alerts = ended.into_iter().map(ResolvedView::from).collect();
    Ok(seen)
}
