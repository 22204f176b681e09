//! Channels, what became of messages to them, and tests.

use super::task_spec::SecretDocument;
use super::time;
use super::words::{LanguageWord, MailSecurityWord, SeverityWord};
use replicator_model::channel::{ChannelSpec, Delivery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Channels, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelList {
    pub channels: Vec<ChannelView>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelView {
    /// Also the ETag.
    pub version: u64,
    /// Where it leads, without what may be a secret; absent where only the Monitor's host knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The last attempt to deliver to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_delivery: Option<DeliveryView>,
    /// Secrets read `********`; sent back so, they stay what they are.
    #[schema(value_type = ChannelDocument)]
    pub spec: ChannelSpec,
}

/// What became of messages, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryList {
    pub deliveries: Vec<DeliveryView>,
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "at": "2026-11-22T08:02:00Z", "alerts": ["task_failed:copy_hot_item"], "subject": "[critical] task copy_hot_item failed",
    "delivered": true, "detail": "204 No Content", "took_ms": 12, "attempt": 1,
}))]
pub struct DeliveryView {
    pub at: Option<String>,
    /// The alerts that it was about; none for a test.
    pub alerts: Vec<String>,
    pub subject: String,
    pub delivered: bool,
    /// What the receiver answered, or what kept the message from it.
    pub detail: String,
    pub took_ms: u64,
    pub attempt: u32,
}

/// What became of a test message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"delivered": true, "detail": "204 No Content", "took_ms": 12}))]
pub struct ChannelTestView {
    pub delivered: bool,
    pub detail: String,
    pub took_ms: u64,
}

impl ChannelView {
    pub(crate) fn new(spec: ChannelSpec, version: u64, last: Option<Delivery>) -> Self {
        Self { version, place: spec.place(), last_delivery: last.map(DeliveryView::from), spec }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { at_us, alerts, subject, delivered, detail, took_ms, attempt } = delivery;
        Self { at: time(at_us), alerts, subject, delivered, detail, took_ms, attempt }
    }
}

/// A channel for the OpenAPI document: what `ChannelSpec` reads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Channel)]
#[schema(example = json!({
    "name": "dba", "kind": "slack", "url": "https://hooks.slack.com/services/…", "severity_min": "warning",
    "language": "en", "link": "https://replicator.example",
}))]
pub struct ChannelDocument {
    #[schema(example = "dba", max_length = 100)]
    pub name: String,
    /// Whether anything is delivered to it.
    #[schema(default = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Alerts below it are not told here.
    #[schema(default = "info")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_min: Option<SeverityWord>,
    #[schema(default = "en")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageWord>,
    /// The console's address, put into messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How long one attempt may take, 100ms to 1m.
    #[schema(default = "5s")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// The first pause between two attempts; it doubles.
    #[schema(default = "1s")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_backoff_min: Option<String>,
    #[schema(default = "1m")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_backoff_max: Option<String>,
    /// After so many a message makes way for the others and queues up again.
    #[schema(default = 8, minimum = 1, maximum = 100)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_max: Option<u32>,
    /// Most messages in a minute; what comes faster is told together. Default: what the receiver is known to take.
    #[schema(minimum = 1, maximum = 1000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute_max: Option<u32>,
    #[serde(flatten)]
    pub kind: ChannelKindDocument,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = ChannelKind)]
pub enum ChannelKindDocument {
    Webhook(SignedUrlDocument),
    Email(EmailDocument),
    Slack(SecretUrlDocument),
    Dingtalk(SignedUrlDocument),
    Wecom(SecretUrlDocument),
    Feishu(SignedUrlDocument),
    Alertmanager(AlertmanagerDocument),
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SecretUrl)]
pub struct SecretUrlDocument {
    pub url: SecretDocument,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SignedUrl)]
pub struct SignedUrlDocument {
    pub url: SecretDocument,
    /// The key that messages are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretDocument>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = EmailChannel)]
pub struct EmailDocument {
    #[schema(example = "mail.example")]
    pub host: String,
    /// Default: 587, 465 with `tls`, 25 with `none`.
    #[schema(minimum = 1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[schema(default = "starttls")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<MailSecurityWord>,
    /// Certificates (PEM), a file on the Monitor's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretDocument>,
    #[schema(example = "replicator@example.org")]
    pub from: String,
    #[schema(min_items = 1, max_items = 20)]
    pub to: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertmanagerChannel)]
pub struct AlertmanagerDocument {
    /// Every Alertmanager of the cluster.
    #[schema(min_items = 1, max_items = 20)]
    pub urls: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretDocument>,
}
