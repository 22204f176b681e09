//! Where people are told about alerts: channels, which Servers define and the leading Monitor delivers to.

mod delivery;
mod read;

pub use delivery::{ChannelTest, Deliveries, Delivery, TestAnswer};
pub use read::place_of;

use crate::alert::Severity;
use crate::name::ChannelName;
use crate::secret::{SecretKey, SecretSource};
use crate::span::Span;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A channel as a user writes it in TOML or JSON. Every default stands beside its field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelSpec {
    pub name: ChannelName,
    /// Whether anything is delivered to it. Default: yes.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Alerts below it are not told here. Default: info, all of them.
    #[serde(default = "info")]
    pub severity_min: Severity,
    /// What messages for people are written in. Default: English.
    #[serde(default)]
    pub language: Language,
    /// The address of the web console, put into messages so that they lead to the page. Default: no link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How long one attempt may take. Default 5s.
    #[serde(default = "default_timeout")]
    pub timeout: Span,
    /// The first pause between two attempts; it doubles. Default 1s.
    #[serde(default = "default_backoff_min")]
    pub retry_backoff_min: Span,
    /// The longest pause between two attempts. Default 1m.
    #[serde(default = "default_backoff_max")]
    pub retry_backoff_max: Span,
    /// After so many attempts a message makes way for the others and queues up again. Default 8.
    #[serde(default = "default_attempts_max")]
    pub attempts_max: u32,
    /// Most messages in a minute; what comes faster is told together. Default: what the receiver is known to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute_max: Option<u32>,
    #[serde(flatten)]
    pub kind: ChannelKind,
}

/// What messages for people are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    En,
    Zh,
}

/// What stands at the other end. An address that people are given together with a token in it is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChannelKind {
    /// A program of one's own: JSON by POST, signed.
    Webhook(SignedUrl),
    Email(EmailSpec),
    Slack(SecretUrl),
    /// DingTalk's custom robot.
    Dingtalk(SignedUrl),
    /// A group robot of WeCom.
    Wecom(SecretUrl),
    /// A custom bot of Feishu or Lark.
    Feishu(SignedUrl),
    Alertmanager(AlertmanagerSpec),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretUrl {
    pub url: SecretSource,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedUrl {
    pub url: SecretSource,
    /// The key that messages are signed with. Default: nothing is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretSource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSpec {
    /// The server that takes mail.
    pub host: String,
    /// Default: 587, 465 with `security = "tls"`, 25 with `"none"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Default: STARTTLS, and no mail without it.
    #[serde(default)]
    pub security: MailSecurity,
    /// Certificates (PEM) that the server's has to be signed by; a file on the Monitor's host. Default: the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Who logs in. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
    pub from: String,
    pub to: Vec<String>,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    #[default]
    Starttls,
    Tls,
    /// In the clear. A password is not sent so.
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerSpec {
    /// Every Alertmanager of the cluster: each is told, no balancer stands before them.
    pub urls: Vec<String>,
    /// Sent as `Authorization: Bearer …`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretSource>,
}

fn yes() -> bool {
    true
}

fn info() -> Severity {
    Severity::Info
}

fn default_timeout() -> Span {
    Span::from_secs(5)
}

fn default_backoff_min() -> Span {
    Span::from_secs(1)
}

fn default_backoff_max() -> Span {
    Span::from_secs(60)
}

fn default_attempts_max() -> u32 {
    8
}

impl ChannelKind {
    /// As it stands in `kind`.
    pub fn word(&self) -> &'static str {
        match self {
            ChannelKind::Webhook(_) => "webhook",
            ChannelKind::Email(_) => "email",
            ChannelKind::Slack(_) => "slack",
            ChannelKind::Dingtalk(_) => "dingtalk",
            ChannelKind::Wecom(_) => "wecom",
            ChannelKind::Feishu(_) => "feishu",
            ChannelKind::Alertmanager(_) => "alertmanager",
        }
    }

    /// What the receiver is known to take in a minute; `None`: it has no such limit.
    pub fn per_minute_max(&self) -> Option<u32> {
        match self {
            ChannelKind::Webhook(_) | ChannelKind::Alertmanager(_) => None,
            ChannelKind::Dingtalk(_) | ChannelKind::Wecom(_) => Some(20),
            ChannelKind::Email(_) => Some(30),
            ChannelKind::Slack(_) => Some(60),
            ChannelKind::Feishu(_) => Some(100),
        }
    }
}

impl EmailSpec {
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MailSecurity::Starttls => 587,
            MailSecurity::Tls => 465,
            MailSecurity::None => 25,
        })
    }
}

impl ChannelSpec {
    /// Every secret with the key it stands under: what is stored, sealed or kept over an edit goes through here.
    pub fn secrets_mut(&mut self) -> Vec<(SecretKey, &mut SecretSource)> {
        match &mut self.kind {
            ChannelKind::Slack(SecretUrl { url }) | ChannelKind::Wecom(SecretUrl { url }) => vec![("url".into(), url)],
            ChannelKind::Webhook(signed) | ChannelKind::Dingtalk(signed) | ChannelKind::Feishu(signed) => {
                let secret = signed.secret.as_mut().map(|secret| ("secret".into(), secret));
                [Some(("url".into(), &mut signed.url)), secret].into_iter().flatten().collect()
            }
            ChannelKind::Email(email) => {
                email.password.as_mut().map(|secret| ("password".into(), secret)).into_iter().collect()
            }
            ChannelKind::Alertmanager(peers) => {
                peers.token.as_mut().map(|secret| ("token".into(), secret)).into_iter().collect()
            }
        }
    }

    /// Takes over the secrets that an edit sent back redacted, as long as they go where they went before. Answers the
    /// first key whose secret has to be given again: whoever may edit a channel must not learn its secret by sending
    /// it somewhere else.
    pub fn keep_secrets_of(&mut self, previous: Option<&ChannelSpec>) -> Result<(), SecretKey> {
        let old_secrets: Vec<(SecretKey, SecretSource)> = previous
            .cloned()
            .map(|mut old| old.secrets_mut().into_iter().map(|(key, secret)| (key, secret.clone())).collect())
            .unwrap_or_default();
        let old = |key: &str| old_secrets.iter().find(|(name, _)| *name == key).map(|(_, secret)| secret.clone());
        let redacted = |source: &SecretSource| matches!(source, SecretSource::Literal(secret) if secret.is_redacted());
        let mut same_place = previous.is_some_and(|old| old.same_place(self));
        for (key, secret) in self.secrets_mut() {
            // The address comes first: the secrets beside it are kept with it.
            if key == "url" {
                let kept = old("url").filter(|_| same_place);
                if redacted(secret) {
                    *secret = kept.ok_or(key)?;
                } else {
                    same_place = kept.as_ref() == Some(secret);
                }
            } else if redacted(secret) {
                *secret = old(&key).filter(|_| same_place).ok_or(key)?;
            }
        }
        Ok(())
    }

    /// Whether what is not a secret leads to the same receiver.
    fn same_place(&self, other: &ChannelSpec) -> bool {
        use ChannelKind::{Alertmanager, Email};
        match (&self.kind, &other.kind) {
            (Email(one), Email(other)) => {
                (&one.host, one.port(), one.security, &one.ca, &one.user)
                    == (&other.host, other.port(), other.security, &other.ca, &other.user)
            }
            (Alertmanager(one), Alertmanager(other)) => one.urls == other.urls,
            (one, other) => one.word() == other.word(),
        }
    }

    /// Where it leads, without what may be a secret: `https://hooks.slack.com`, `mail.example:587`. `None` where that
    /// is only known on the Monitor's host.
    pub fn place(&self) -> Option<String> {
        let of = |url: &SecretSource| match url {
            SecretSource::Literal(url) => place_of(url.expose()).ok(),
            SecretSource::Env(_) | SecretSource::File(_) | SecretSource::Sealed(_) => None,
        };
        match &self.kind {
            ChannelKind::Slack(to) | ChannelKind::Wecom(to) => of(&to.url),
            ChannelKind::Webhook(to) | ChannelKind::Dingtalk(to) | ChannelKind::Feishu(to) => of(&to.url),
            ChannelKind::Email(email) => Some(format!("{}:{}", email.host, email.port())),
            ChannelKind::Alertmanager(peers) => {
                Some(peers.urls.iter().filter_map(|url| place_of(url).ok()).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
