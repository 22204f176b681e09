//! What is owed on its way to the channels: one worker each, in order, tried until the channel has it. What waits
//! while a worker is busy, or held up by its channel's pace, is told together where the channel allows it.
//!
//! Nothing is remembered here: the ledger owes a notice until the worker says it is delivered, so whatever is lost with
//! a worker, or with the process, is handed out again.

use super::pace::Pace;
use super::{Channel, Message};
use crate::metrics::Notifications;
use replicator_model::alert::{AlertId, Notice};
use replicator_model::channel::Delivery;
use replicator_model::name::ChannelName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// Most notices that wait for one channel here; the ledger keeps the others.
pub const WAITING_MAX: usize = 256;

/// Most notices that one message tells of.
pub const MERGED_MAX: usize = 100;

/// How long a message waits for others of the same moment, where they can be told together.
const GATHER: Duration = Duration::from_millis(300);

/// How a channel that does not take a message is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// Then the message makes way for those behind it and is handed out again.
    pub attempts_max: u32,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub channel: ChannelName,
    /// What it told of; nothing if all that fires was told again.
    pub notices: Vec<(AlertId, String)>,
    pub delivery: Delivery,
    /// Whether this was the last attempt of its turn.
    pub ended: bool,
}

/// Since when a channel has not taken what it was given, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub since_us: i64,
    pub problem: String,
}

type Standing = Arc<Vec<Notice>>;

pub struct Outbox {
    channels: BTreeMap<ChannelName, Line>,
    told: mpsc::Sender<Outcome>,
    outcomes: mpsc::Receiver<Outcome>,
    standing: watch::Sender<Standing>,
    troubles: BTreeMap<ChannelName, Trouble>,
    metrics: Arc<Notifications>,
    now_us: fn() -> i64,
}

struct Line {
    channel: Channel,
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
    /// Its workers end when this is dropped.
    pub fn new(metrics: &Arc<Notifications>, now_us: fn() -> i64) -> Self {
        let (told, outcomes) = mpsc::channel(WAITING_MAX);
        let (standing, _) = watch::channel(Standing::default());
        let (channels, troubles) = (BTreeMap::new(), BTreeMap::new());
        Self { channels, told, outcomes, standing, troubles, metrics: Arc::clone(metrics), now_us }
    }

    /// From now on there are these channels. What was under way to one that is gone or another now stays owed.
    pub fn set_channels(&mut self, channels: &BTreeMap<ChannelName, Channel>) {
        self.channels.retain(|name, line| channels.get(name).is_some_and(|channel| channel.is(&line.channel)));
        self.troubles.retain(|name, _| channels.contains_key(name));
        for (name, channel) in channels {
            if self.channels.contains_key(name) {
                continue;
            }
            self.troubles.remove(name);
            let (notices, waiting) = mpsc::channel(WAITING_MAX);
            let worker = Worker {
                channel: channel.clone(),
                waiting,
                standing: self.standing.subscribe(),
                told: self.told.clone(),
                metrics: Arc::clone(&self.metrics),
                now_us: self.now_us,
                pace: Pace::new(channel.per_minute_max()),
                failing: false,
            };
            let worker = tokio::spawn(worker.run()).abort_handle();
            let line = Line { channel: channel.clone(), notices, under_way: BTreeSet::new(), worker };
            self.channels.insert(name.clone(), line);
        }
    }

    /// Hands over what is owed and not under way yet. What finds no room stays owed and comes again.
    pub fn submit<'a>(&mut self, owed: impl IntoIterator<Item = (&'a str, &'a Notice)>) {
        for (channel, notice) in owed {
            let line = self.channels.iter_mut().find(|(name, _)| name.as_str() == channel);
            let Some((_, line)) = line else { continue };
            let key = notice.key();
            if !line.under_way.contains(&key) && line.notices.try_send(notice.clone()).is_ok() {
                line.under_way.insert(key);
            }
        }
    }

    /// What fires now and is not silenced, for channels that are told of it again and again.
    pub fn stand(&mut self, notices: Vec<Notice>) {
        if self.channels.values().any(|line| line.channel.resend().is_some()) {
            self.standing.send_replace(Arc::new(notices));
        }
    }

    /// Waits for what became of the next attempt. Cancel-safe.
    pub async fn outcome(&mut self) -> Outcome {
        // There is a sender here, so the end never comes.
        let Some(outcome) = self.outcomes.recv().await else { return std::future::pending().await };
        if outcome.delivery.delivered {
            self.troubles.remove(&outcome.channel);
        } else if self.channels.contains_key(&outcome.channel) {
            let since_us = outcome.delivery.at_us;
            let trouble = self.troubles.entry(outcome.channel.clone());
            let trouble = trouble.or_insert_with(|| Trouble { since_us, problem: String::new() });
            trouble.problem.clone_from(&outcome.delivery.detail);
        }
        if let Some(line) = self.channels.get_mut(&outcome.channel).filter(|_| outcome.ended) {
            for (_, key) in &outcome.notices {
                line.under_way.remove(key);
            }
        }
        outcome
    }

    /// The channels whose last attempt failed.
    pub fn troubles(&self) -> &BTreeMap<ChannelName, Trouble> {
        &self.troubles
    }

    /// How many notices are under way, by channel.
    pub fn under_way(&self) -> BTreeMap<String, usize> {
        self.channels.iter().map(|(name, line)| (name.to_string(), line.under_way.len())).collect()
    }
}

struct Worker {
    channel: Channel,
    waiting: mpsc::Receiver<Notice>,
    standing: watch::Receiver<Standing>,
    told: mpsc::Sender<Outcome>,
    metrics: Arc<Notifications>,
    now_us: fn() -> i64,
    pace: Pace,
    failing: bool,
}

impl Worker {
    async fn run(mut self) {
        let mut resend = self.channel.resend().map(|every| {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks
        });
        loop {
            let tick = async {
                match &mut resend {
                    Some(ticks) => drop(ticks.tick().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                first = self.waiting.recv() => {
                    let Some(first) = first else { return };
                    if self.tell(first).await.is_none() {
                        return;
                    }
                }
                () = tick => if self.tell_again().await.is_none() { return },
            }
        }
    }

    /// All attempts of one turn. `None`: nobody listens any more.
    async fn tell(&mut self, first: Notice) -> Option<()> {
        let mut notices = vec![first];
        if self.channel.merges() {
            sleep(GATHER).await;
            sleep_until(self.pace.next(Instant::now())).await;
            while notices.len() < MERGED_MAX {
                let Ok(more) = self.waiting.try_recv() else { break };
                notices.push(more);
            }
        }
        let told: Vec<(AlertId, String)> = notices.iter().map(|notice| (notice.id.clone(), notice.key())).collect();
        let message = Message::Notices(latest(notices));
        let retry = self.channel.retry();
        let mut pause = retry.backoff_min;
        for attempt in 1..=retry.attempts_max {
            let (delivery, retry_after) = self.attempt(&message, attempt).await;
            let delivered = delivery.delivered;
            let ended = delivered || attempt == retry.attempts_max;
            let outcome = Outcome { channel: self.channel.name().clone(), notices: told.clone(), delivery, ended };
            self.told.send(outcome).await.ok()?;
            if delivered {
                return Some(());
            }
            sleep(pause.max(retry_after.unwrap_or_default())).await;
            pause = (pause * 2).min(retry.backoff_max);
        }
        Some(())
    }

    /// Everything that fires, to a receiver that forgets what it does not hear of. A success is no news.
    async fn tell_again(&mut self) -> Option<()> {
        let standing = Arc::clone(&self.standing.borrow_and_update());
        for notices in standing.chunks(MERGED_MAX) {
            let (delivery, _) = self.attempt(&Message::Notices(notices.to_vec()), 1).await;
            let news = !delivery.delivered || self.failing;
            self.failing = !delivery.delivered;
            if news {
                let channel = self.channel.name().clone();
                self.told.send(Outcome { channel, notices: Vec::new(), delivery, ended: true }).await.ok()?;
            }
        }
        Some(())
    }

    async fn attempt(&mut self, message: &Message, attempt: u32) -> (Delivery, Option<Duration>) {
        sleep_until(self.pace.next(Instant::now())).await;
        self.pace.sent(Instant::now());
        let (delivery, retry_after) = attempt_delivery(&self.channel, message, attempt, self.now_us).await;
        let (channel, key) = (self.channel.name(), message.key());
        if delivery.delivered {
            self.metrics.delivered(channel.as_str());
            tracing::info!(%channel, key, attempt, "message delivered");
        } else {
            self.metrics.failed(channel.as_str());
            tracing::warn!(%channel, key, attempt, error = delivery.detail, "message not delivered; it is tried again");
        }
        (delivery, retry_after)
    }
}

/// Delivers once and writes down what became of it.
pub(super) async fn attempt_delivery(
    channel: &Channel,
    message: &Message,
    attempt: u32,
    now_us: fn() -> i64,
) -> (Delivery, Option<Duration>) {
    let (began, at_us) = (Instant::now(), now_us());
    let result = channel.deliver(message, at_us).await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let alerts = message.notices().iter().map(|notice| notice.id.to_string()).collect();
    let subject = channel.text(message).subject;
    let (delivered, detail, retry_after) = match result {
        Ok(answered) => (true, answered, None),
        // Somebody has to mend it first: until then it is tried as seldom as its settings allow.
        Err(error) if error.permanent => (false, error.reason, Some(channel.retry().backoff_max)),
        Err(error) => (false, error.reason, error.retry_after),
    };
    (Delivery { at_us, alerts, subject, delivered, detail, took_ms, attempt }, retry_after)
}

/// Of several notices about one alert the last says it all.
fn latest(notices: Vec<Notice>) -> Vec<Notice> {
    let mut last: Vec<Notice> = Vec::new();
    for notice in notices {
        match last.iter_mut().find(|kept| kept.id == notice.id) {
            Some(kept) => *kept = notice,
            None => last.push(notice),
        }
    }
    last
}
