//! What a Monitor keeps in the tree for the next one: a node for each alert, the roster of Cores, and who ran what; and
//! for people who look back: what has ended.

use bytes::Bytes;
use jiff::Timestamp;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::path::Path;
use replicator_coordination::session::Session;
use replicator_coordination::store::{CreateMode, Expected, StoreError};
use replicator_model::alert::{Alert, AlertHistory, AlertId, CoreRoster, ResolvedAlert};
use replicator_model::monitor::LeaseMemory;
use replicator_model::stored::Stored;

/// Most ended alerts that are kept of one day: at up to 1 KiB each they fit one node of the tree.
const HISTORY_MAX: usize = 400;

/// So many days of ended alerts are kept.
const HISTORY_DAYS: usize = 7;

/// What an earlier Monitor kept.
#[derive(Debug, Default)]
pub struct Kept {
    pub alerts: Vec<Alert>,
    pub roster: CoreRoster,
    pub leases: LeaseMemory,
}

/// What an earlier Monitor kept. A node that can't be read is told and passed over: its alert begins anew.
pub async fn load(session: &Session) -> Result<Kept, CoordinationError> {
    let mut alerts = Vec::new();
    let names = match session.store().list(&layout::alert_states()).await {
        Err(StoreError::NotFound { .. }) => Vec::new(),
        names => names?,
    };
    for name in names {
        let Ok(path) = layout::alert_states().child(&name) else { continue };
        match read::<Alert>(session, &path).await? {
            Some(alert) if alert.id().as_str() == name => alerts.push(alert),
            Some(alert) => {
                tracing::error!(%path, says = %alert.id(), "a node of the tree is another alert's; passed over")
            }
            None => {}
        }
    }
    let roster = read(session, &layout::alert_roster()).await?.unwrap_or_default();
    let leases = read(session, &layout::alert_leases()).await?.unwrap_or_default();
    Ok(Kept { alerts, roster, leases })
}

async fn read<T: Stored>(session: &Session, path: &Path) -> Result<Option<T>, CoordinationError> {
    let Some(node) = session.store().read(path).await? else { return Ok(None) };
    match T::from_stored(&node.data) {
        Ok(value) => Ok(Some(value)),
        Err(problem) => {
            tracing::error!(%path, %problem, "a node of the tree can't be read; what it said is lost");
            Ok(None)
        }
    }
}

/// Keeps an alert, or takes it away. May be repeated. Only the leading Monitor's session does this, and a session that
/// is no longer the leader's has ended: its writes are refused.
pub async fn save(session: &Session, id: &AlertId, alert: Option<&Alert>) -> Result<(), CoordinationError> {
    match alert {
        Some(alert) => put(session, &layout::alert_state(id), alert).await,
        None => remove(session, &layout::alert_state(id)).await,
    }
}

pub async fn save_roster(session: &Session, stored: &CoreRoster) -> Result<(), CoordinationError> {
    put(session, &layout::alert_roster(), stored).await
}

pub async fn save_leases(session: &Session, stored: &LeaseMemory) -> Result<(), CoordinationError> {
    put(session, &layout::alert_leases(), stored).await
}

/// Adds what has ended to the history of its day, and drops the days that are too old.
pub async fn remember(session: &Session, ended: &[ResolvedAlert], now_us: i64) -> Result<(), CoordinationError> {
    if ended.is_empty() {
        return Ok(());
    }
    let path = layout::alert_history(&day(now_us));
    let mut history: AlertHistory = read(session, &path).await?.unwrap_or_default();
    history.alerts.extend_from_slice(ended);
    let more = history.alerts.len().saturating_sub(HISTORY_MAX);
    history.alerts.drain(..more);
    history.dropped = history.dropped.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
    put(session, &path, &history).await?;
    let days = session.store().list(&layout::alert_histories()).await?;
    for old in days.iter().rev().skip(HISTORY_DAYS) {
        remove(session, &layout::alert_history(old)).await?;
    }
    Ok(())
}

fn day(at_us: i64) -> String {
    let at = Timestamp::from_microsecond(at_us).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// What an operator said about a firing that is over.
pub async fn forget_acknowledgement(session: &Session, id: &AlertId) -> Result<(), CoordinationError> {
    remove(session, &layout::alert_acknowledgement(id)).await
}

async fn remove(session: &Session, path: &Path) -> Result<(), CoordinationError> {
    match session.store().remove(path, Expected::Any).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn put<T: Stored>(session: &Session, path: &Path, value: &T) -> Result<(), CoordinationError> {
    let unwritable = |problem| CoordinationError::Unwritable { what: T::WHAT, problem };
    let data = Bytes::from(value.to_stored().map_err(unwritable)?);
    match session.store().write(path, data.clone(), Expected::Any).await {
        Err(StoreError::NotFound { .. }) => {}
        written => return Ok(written.map(drop)?),
    }
    if let Some(parent) = path.parent() {
        create(session, &parent, Bytes::new()).await?;
    }
    create(session, path, data).await
}

async fn create(session: &Session, path: &Path, data: Bytes) -> Result<(), CoordinationError> {
    match session.store().create(path, data, CreateMode::Persistent).await {
        Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
