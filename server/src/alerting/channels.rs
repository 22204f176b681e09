//! Channels: made, changed, tried and deleted here; the leading Monitor delivers to them.

use super::problem::AlertingError;
use crate::problem::ApiError;
use crate::view::{ChannelList, ChannelTestView, ChannelView, DeliveryList, DeliveryView};
use replicator_coordination::channels::Edit;
use replicator_coordination::session::Session;
use replicator_model::channel::ChannelSpec;
use replicator_model::name::ChannelName;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Most channels.
const CHANNELS_MAX: usize = 50;

/// How long a Monitor may take to answer a test: it looks every second, and one attempt has its own time limit.
const TEST_ANSWER_MAX: Duration = Duration::from_secs(15);
/// How often it is looked whether it did.
const TEST_LOOK: Duration = Duration::from_millis(200);

pub(crate) async fn list(session: &Session) -> Result<ChannelList, ApiError> {
    let mut channels = Vec::new();
    for name in session.channels().await? {
        match read(session, &name).await {
            Ok(channel) => channels.push(channel),
            Err(ApiError::Alerting(AlertingError::ChannelNotFound(_))) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ChannelList { channels })
}

pub(crate) async fn read(session: &Session, name: &ChannelName) -> Result<ChannelView, ApiError> {
    let (spec, version) = stored(session, name).await?;
    view(session, spec, version).await
}

async fn stored(session: &Session, name: &ChannelName) -> Result<(ChannelSpec, u64), ApiError> {
    let found = session.channel(name).await?;
    Ok(found.ok_or_else(|| AlertingError::ChannelNotFound(name.clone()))?)
}

async fn view(session: &Session, spec: ChannelSpec, version: u64) -> Result<ChannelView, ApiError> {
    let last = session.deliveries(&spec.name).await?.deliveries.pop();
    Ok(ChannelView::new(spec, version, last))
}

pub(crate) async fn create(session: &Session, mut spec: ChannelSpec) -> Result<ChannelView, ApiError> {
    spec.keep_secrets_of(None).map_err(|key| AlertingError::SecretNeededAgain { key })?;
    if session.channels().await?.len() >= CHANNELS_MAX {
        return Err(AlertingError::ChannelsTooMany { limit: CHANNELS_MAX }.into());
    }
    match session.put_channel(&spec, None).await? {
        Edit::Done(version) => {
            tracing::info!(channel = %spec.name, kind = spec.kind.word(), "channel made");
            view(session, spec, version).await
        }
        _ => Err(AlertingError::ChannelExists(spec.name).into()),
    }
}

/// Replaces a channel. Secrets that are sent back as `********` stay what they are, as long as they go where they went.
pub(crate) async fn update(
    session: &Session,
    name: &ChannelName,
    expected: u64,
    mut spec: ChannelSpec,
) -> Result<ChannelView, ApiError> {
    if spec.name != *name {
        return Err(AlertingError::ChannelNameMismatch { address: name.clone(), body: spec.name }.into());
    }
    let (before, found) = stored(session, name).await?;
    if found != expected {
        return Err(stale(name, expected, found).into());
    }
    spec.keep_secrets_of(Some(&before)).map_err(|key| AlertingError::SecretNeededAgain { key })?;
    match session.put_channel(&spec, Some(expected)).await? {
        Edit::Done(version) => {
            tracing::info!(channel = %name, version, "channel changed");
            view(session, spec, version).await
        }
        Edit::Stale(found) => Err(stale(name, expected, found).into()),
        Edit::Gone | Edit::Exists => Err(AlertingError::ChannelNotFound(name.clone()).into()),
    }
}

pub(crate) async fn delete(session: &Session, name: &ChannelName, expected: u64) -> Result<(), ApiError> {
    match session.delete_channel(name, expected).await? {
        Edit::Done(_) => {
            tracing::info!(channel = %name, "channel deleted");
            Ok(())
        }
        Edit::Stale(found) => Err(stale(name, expected, found).into()),
        Edit::Gone | Edit::Exists => Err(AlertingError::ChannelNotFound(name.clone()).into()),
    }
}

fn stale(name: &ChannelName, expected: u64, found: u64) -> AlertingError {
    AlertingError::Stale { what: format!("channel `{name}`"), expected, found }
}

/// The last attempts, the latest first.
pub(crate) async fn deliveries(session: &Session, name: &ChannelName) -> Result<DeliveryList, ApiError> {
    stored(session, name).await?;
    let kept = session.deliveries(name).await?.deliveries;
    Ok(DeliveryList { deliveries: kept.into_iter().rev().map(DeliveryView::from).collect() })
}

/// Lets the leading Monitor send a test message, and waits for what becomes of it.
pub(crate) async fn test(session: &Session, name: &ChannelName, by: &str) -> Result<ChannelTestView, ApiError> {
    stored(session, name).await?;
    let (id, began) = (session.ask_for_test(name, by).await?, Instant::now());
    while began.elapsed() < TEST_ANSWER_MAX {
        sleep(TEST_LOOK).await;
        if let Some(answer) = session.channel_test(&id).await?.and_then(|test| test.answer) {
            session.forget_channel_test(&id).await?;
            let (delivered, detail, took_ms) = (answer.delivered, answer.detail, answer.took_ms);
            return Ok(ChannelTestView { delivered, detail, took_ms });
        }
    }
    // Whoever leads later should not surprise anybody.
    session.forget_channel_test(&id).await?;
    Err(AlertingError::NoMonitorAnswered { seconds: TEST_ANSWER_MAX.as_secs() }.into())
}
