//! Telling people: always to the log, and to the channels that the tree holds.
//!
//! The ledger says what is owed; [`outbox`] hands it to one worker per channel, which tries until the channel has it.
//! [`template`] says it in words; a file per kind dresses them. [`directory`] reads the channels, `journal` keeps what
//! became of deliveries and answers tests, `desk` joins these for the Monitor.
//!
//! A new kind of channel = a variant of `ChannelKind`, a file here and a variant of [`Receiver`].

mod alertmanager;
pub(crate) mod desk;
mod dingtalk;
mod directory;
mod email;
mod feishu;
mod http;
mod journal;
pub mod log;
mod markdown;
pub mod outbox;
mod pace;
mod signature;
mod slack;
pub mod template;
mod webhook;
mod wecom;

use outbox::Retry;
use replicator_model::alert::{Notice, Severity};
use replicator_model::channel::{ChannelKind, ChannelSpec, Language};
use replicator_model::name::ChannelName;
use replicator_model::networks::Networks;
use replicator_model::secret::{Secret, SecretSource};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use template::Text;

/// What a channel is given at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// One notice or more, of one alert each.
    Notices(Vec<Notice>),
    /// Somebody wants to see that the channel works.
    Test { channel: ChannelName, id: String, by: String, at_us: i64 },
}

impl Message {
    /// The same for every attempt to deliver this message and for no other one.
    pub fn key(&self) -> String {
        match self {
            Message::Notices(notices) => match notices.as_slice() {
                [one] => one.key(),
                several => {
                    let keys: Vec<String> = several.iter().map(Notice::key).collect();
                    hex(&Sha256::digest(keys.join("\n").as_bytes())[..16])
                }
            },
            Message::Test { id, .. } => format!("test/{id}"),
        }
    }

    pub fn notices(&self) -> &[Notice] {
        match self {
            Message::Notices(notices) => notices,
            Message::Test { .. } => &[],
        }
    }
}

/// Somewhere that messages are delivered to, at least once each. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Channel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: ChannelName,
    severity_min: Severity,
    language: Language,
    link: Option<String>,
    retry: Retry,
    per_minute_max: Option<u32>,
    receiver: Receiver,
}

#[derive(Debug)]
enum Receiver {
    Webhook(webhook::Webhook),
    Email(Box<email::Email>),
    Slack(slack::Slack),
    Dingtalk(dingtalk::Dingtalk),
    Wecom(wecom::Wecom),
    Feishu(feishu::Feishu),
    Alertmanager(alertmanager::Alertmanager),
}

/// Why an attempt did not succeed. Never holds a secret or the path of an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DeliveryError {
    pub reason: String,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Trying again mends nothing: the channel's settings do.
    pub permanent: bool,
}

impl DeliveryError {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: None, permanent: false }
    }
}

/// Why there can be no such channel on this host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct BuildError {
    pub key: &'static str,
    pub problem: String,
}

impl BuildError {
    fn new(key: &'static str, problem: impl ToString) -> Self {
        Self { key, problem: problem.to_string() }
    }
}

impl Channel {
    /// Looks up the secrets and prepares the client; connects to nobody.
    pub fn build(spec: &ChannelSpec, networks: &Networks) -> Result<Self, BuildError> {
        let http = || http::Http::build(spec.timeout.duration(), networks);
        let receiver = match &spec.kind {
            ChannelKind::Webhook(to) => Receiver::Webhook(webhook::Webhook::build(to, http()?)?),
            ChannelKind::Email(email) => {
                Receiver::Email(Box::new(email::Email::build(email, spec.timeout.duration(), networks)?))
            }
            ChannelKind::Slack(to) => Receiver::Slack(slack::Slack::build(to, http()?)?),
            ChannelKind::Dingtalk(to) => Receiver::Dingtalk(dingtalk::Dingtalk::build(to, http()?)?),
            ChannelKind::Wecom(to) => Receiver::Wecom(wecom::Wecom::build(to, http()?)?),
            ChannelKind::Feishu(to) => Receiver::Feishu(feishu::Feishu::build(to, http()?)?),
            ChannelKind::Alertmanager(peers) => {
                Receiver::Alertmanager(alertmanager::Alertmanager::build(peers, http()?)?)
            }
        };
        Ok(Self(Arc::new(Shared {
            name: spec.name.clone(),
            severity_min: spec.severity_min,
            language: spec.language,
            link: spec.link.clone(),
            retry: Retry {
                backoff_min: spec.retry_backoff_min.duration(),
                backoff_max: spec.retry_backoff_max.duration(),
                attempts_max: spec.attempts_max,
            },
            per_minute_max: spec.per_minute_max.or(spec.kind.per_minute_max()),
            receiver,
        })))
    }

    /// Names it in the tree, in logs and in metrics.
    pub fn name(&self) -> &ChannelName {
        &self.0.name
    }

    /// Alerts below it are not told here.
    pub fn severity_min(&self) -> Severity {
        self.0.severity_min
    }

    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Whether both are one and the same, not only equal.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub fn per_minute_max(&self) -> Option<u32> {
        self.0.per_minute_max
    }

    /// Whether one message may be about several alerts: for people, yes; a program takes them one by one.
    pub fn merges(&self) -> bool {
        !matches!(self.0.receiver, Receiver::Webhook(_))
    }

    /// How often the receiver wants to hear of everything that still fires; `None`: never.
    pub fn resend(&self) -> Option<Duration> {
        matches!(self.0.receiver, Receiver::Alertmanager(_)).then_some(alertmanager::RESEND)
    }

    /// The message in words.
    pub fn text(&self, message: &Message) -> Text {
        template::compose(message, self.0.language, self.0.link.as_deref())
    }

    /// One attempt. `Ok` means that the receiver has it, and is what it answered.
    pub async fn deliver(&self, message: &Message, now_us: i64) -> Result<String, DeliveryError> {
        let text = || self.text(message);
        let link = self.0.link.as_deref();
        match &self.0.receiver {
            Receiver::Webhook(webhook) => webhook.deliver(message, link, now_us).await,
            Receiver::Email(email) => email.deliver(message, &text()).await,
            Receiver::Slack(slack) => slack.deliver(&text()).await,
            Receiver::Dingtalk(dingtalk) => dingtalk.deliver(&text(), now_us).await,
            Receiver::Wecom(wecom) => wecom.deliver(&text()).await,
            Receiver::Feishu(feishu) => feishu.deliver(&text(), now_us).await,
            Receiver::Alertmanager(peers) => peers.deliver(message, link, now_us).await,
        }
    }
}

/// A secret on this host.
fn look_up(key: &'static str, source: &SecretSource) -> Result<Secret, BuildError> {
    source.resolve_here().map_err(|problem| BuildError::new(key, problem))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As many entries of a text as fit into `bytes_max` once `dress` has dressed them; it is told how many are left out.
fn fitting(text: &Text, bytes_max: usize, dress: impl Fn(&[template::Entry], usize) -> String) -> String {
    let all = text.entries.len();
    (1..=all)
        .rev()
        .map(|count| dress(&text.entries[..count], all - count))
        .find(|body| body.len() <= bytes_max)
        .unwrap_or_else(|| {
            let body = dress(text.entries.get(..1).unwrap_or_default(), all.saturating_sub(1));
            cut(&body, bytes_max).to_owned()
        })
}

/// The longest beginning of `text` of at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
