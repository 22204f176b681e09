//! What became of messages: kept so that people can see whether they would be told.

use crate::name::ChannelName;
use serde::{Deserialize, Serialize};

/// One attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub at_us: i64,
    /// The alerts that it was about, by id; several if they were told together. None for a test.
    pub alerts: Vec<String>,
    /// The message's subject line.
    pub subject: String,
    pub delivered: bool,
    /// What the receiver answered, or what kept the message from it. Holds no secret.
    pub detail: String,
    pub took_ms: u64,
    /// Counts the attempts of one message: 1 is the first.
    pub attempt: u32,
}

/// The last attempts of one channel, oldest first: the data of `alerts/deliveries/<channel>`, written by the leading
/// Monitor alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Deliveries {
    pub deliveries: Vec<Delivery>,
}

impl Deliveries {
    /// How many are kept.
    pub const KEPT_MAX: usize = 50;
    /// How many alerts of one delivery are named, and how many bytes of its texts are kept: all of them together stay
    /// far below what a node may hold.
    const ALERTS_MAX: usize = 20;
    const TEXT_MAX: usize = 400;

    /// Takes one in; the oldest goes.
    pub fn add(&mut self, mut delivery: Delivery) {
        delivery.alerts.truncate(Self::ALERTS_MAX);
        for text in [&mut delivery.subject, &mut delivery.detail] {
            *text = text.chars().take(Self::TEXT_MAX).collect();
        }
        self.deliveries.push(delivery);
        let surplus = self.deliveries.len().saturating_sub(Self::KEPT_MAX);
        self.deliveries.drain(..surplus);
    }
}

/// Somebody wants to see that a channel works: the data of `alerts/tests/<id>`. A Server asks, the leading Monitor
/// answers in the same node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelTest {
    pub channel: ChannelName,
    pub by: String,
    pub at_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<TestAnswer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestAnswer {
    pub delivered: bool,
    pub detail: String,
    pub took_ms: u64,
}
