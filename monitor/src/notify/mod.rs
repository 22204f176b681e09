//! Telling people: always to the log, and to the channels that are configured.
//!
//! The ledger says what is owed; [`outbox`] hands it to one worker per channel, which tries until the channel has it.
//! A new kind of channel = a file here and a variant of [`Channel`].

pub mod log;
pub mod outbox;
pub mod webhook;

use replicator_model::alert::Notice;
use webhook::Webhook;

/// Somewhere that notices are delivered to, at least once each.
#[derive(Debug, Clone)]
pub enum Channel {
    Webhook(Webhook),
}

/// Why an attempt did not succeed. Never holds a secret or the path of an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub String);

impl Channel {
    /// Names it in the tree, in logs and in metrics.
    pub fn name(&self) -> &str {
        match self {
            Channel::Webhook(_) => "webhook",
        }
    }

    /// One attempt. `Ok` means that the receiver has it.
    pub async fn deliver(&self, notice: &Notice, now_us: i64) -> Result<(), DeliveryError> {
        match self {
            Channel::Webhook(webhook) => webhook.deliver(notice, now_us).await,
        }
    }

    pub fn retry(&self) -> outbox::Retry {
        match self {
            Channel::Webhook(webhook) => webhook.retry(),
        }
    }
}
