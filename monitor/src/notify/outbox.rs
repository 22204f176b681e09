//! What is owed on its way to the channels: one worker each, in order, tried until the channel has it.
//!
//! Nothing is remembered here: the ledger owes a notice until the worker says it is delivered, so whatever is lost with
//! a worker, or with the process, is handed out again.

use super::Channel;
use crate::metrics::Notifications;
use replicator_model::alert::{AlertId, Notice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Most notices that wait for one channel here; the ledger keeps the others.
pub const WAITING_MAX: usize = 256;

/// How a channel that does not take a notice is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// Then the notice makes way for those behind it and is handed out again.
    pub attempts_max: u32,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub id: AlertId,
    pub key: String,
    pub channel: String,
    pub delivered: bool,
}

pub struct Outbox {
    channels: BTreeMap<String, Line>,
    outcomes: mpsc::Receiver<Outcome>,
}

struct Line {
    notices: mpsc::Sender<Notice>,
    /// Handed to the worker, by key.
    under_way: BTreeSet<String>,
    worker: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl Outbox {
    /// Starts the workers; they end when this is dropped.
    pub fn start(channels: &[Channel], metrics: &Arc<Notifications>, now_us: fn() -> i64) -> Self {
        let (told, outcomes) = mpsc::channel(WAITING_MAX);
        let mut lines = BTreeMap::new();
        for channel in channels {
            let (notices, waiting) = mpsc::channel(WAITING_MAX);
            let work = work(channel.clone(), waiting, told.clone(), Arc::clone(metrics), now_us);
            let worker = tokio::spawn(work).abort_handle();
            lines.insert(channel.name().to_owned(), Line { notices, under_way: BTreeSet::new(), worker });
        }
        Self { channels: lines, outcomes }
    }

    /// Hands over what is owed and not under way yet. What finds no room stays owed and comes again.
    pub fn submit<'a>(&mut self, owed: impl IntoIterator<Item = (&'a str, &'a Notice)>) {
        for (channel, notice) in owed {
            let Some(line) = self.channels.get_mut(channel) else { continue };
            let key = notice.key();
            if !line.under_way.contains(&key) && line.notices.try_send(notice.clone()).is_ok() {
                line.under_way.insert(key);
            }
        }
    }

    /// Waits for what became of the next notice. Cancel-safe. Waits for ever where there is no channel.
    pub async fn outcome(&mut self) -> Outcome {
        match self.outcomes.recv().await {
            Some(outcome) => {
                if let Some(line) = self.channels.get_mut(&outcome.channel) {
                    line.under_way.remove(&outcome.key);
                }
                outcome
            }
            None => std::future::pending().await,
        }
    }

    /// How many notices are under way, by channel.
    pub fn under_way(&self) -> BTreeMap<String, usize> {
        self.channels.iter().map(|(name, line)| (name.clone(), line.under_way.len())).collect()
    }
}

async fn work(
    channel: Channel,
    mut waiting: mpsc::Receiver<Notice>,
    told: mpsc::Sender<Outcome>,
    metrics: Arc<Notifications>,
    now_us: fn() -> i64,
) {
    while let Some(notice) = waiting.recv().await {
        let delivered = deliver(&channel, &notice, &metrics, now_us).await;
        let outcome =
            Outcome { id: notice.id.clone(), key: notice.key(), channel: channel.name().to_owned(), delivered };
        if told.send(outcome).await.is_err() {
            return;
        }
    }
}

/// All attempts of one turn.
async fn deliver(channel: &Channel, notice: &Notice, metrics: &Notifications, now_us: fn() -> i64) -> bool {
    let retry = channel.retry();
    let mut pause = retry.backoff_min;
    for attempt in 1..=retry.attempts_max {
        match channel.deliver(notice, now_us()).await {
            Ok(()) => {
                metrics.delivered(channel.name());
                tracing::info!(channel = channel.name(), key = notice.key(), attempt, "notice delivered");
                return true;
            }
            Err(error) => {
                metrics.failed(channel.name());
                tracing::warn!(channel = channel.name(), key = notice.key(), attempt, %error, "notice not delivered; it is tried again");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(retry.backoff_max);
    }
    tracing::error!(
        channel = channel.name(),
        key = notice.key(),
        attempts = retry.attempts_max,
        "notice still not delivered; others go first: check the channel's address and its receiver"
    );
    false
}
