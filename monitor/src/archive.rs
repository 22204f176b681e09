//! What a Monitor keeps in the tree for the next one: a node for each alert, and the roster of Cores.

use bytes::Bytes;
use replicator_coordination::error::CoordinationError;
use replicator_coordination::layout;
use replicator_coordination::path::Path;
use replicator_coordination::session::Session;
use replicator_coordination::store::{CreateMode, Expected, StoreError};
use replicator_model::alert::{Alert, AlertId, CoreRoster};
use replicator_model::stored::Stored;

/// What an earlier Monitor kept. A node that can't be read is told and passed over: its alert begins anew.
pub async fn load(session: &Session) -> Result<(Vec<Alert>, CoreRoster), CoordinationError> {
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
    Ok((alerts, read(session, &layout::alert_roster()).await?.unwrap_or_default()))
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
        None => match session.store().remove(&layout::alert_state(id), Expected::Any).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        },
    }
}

pub async fn save_roster(session: &Session, stored: &CoreRoster) -> Result<(), CoordinationError> {
    put(session, &layout::alert_roster(), stored).await
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
