//! Reading a channel from a user, with errors that name the key.

use super::{AlertmanagerSpec, ChannelKind, ChannelSpec, EmailSpec, MailSecurity};
use crate::secret::SecretSource;
use crate::settings::problem_in;
use crate::span::Span;
use crate::task::{SpecError, SpecProblem};

const TIMEOUT_MIN: Span = Span::from_millis(100);
const TIMEOUT_MAX: Span = Span::from_secs(60);
const BACKOFF_MIN: Span = Span::from_millis(10);
const BACKOFF_MAX: Span = Span::from_secs(3600);
const ATTEMPTS_MAX: u32 = 100;
const PER_MINUTE_MAX: u32 = 1000;
/// Most addresses of one channel: who needs more has a mailing list, or a cluster of that many for nothing.
const ADDRESSES_MAX: usize = 20;
/// Longest text of one key, in bytes.
const TEXT_MAX: usize = 2048;

impl ChannelSpec {
    /// Reads and checks a channel in TOML, as in a file given to `replicator channels apply -f`.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let spec: Self = toml::from_str(text).map_err(|error| SpecError::Syntax(problem_in(text, &error)))?;
        spec.checked()
    }

    /// Reads and checks a channel in JSON, as in a REST request.
    pub fn from_json(text: &[u8]) -> Result<Self, SpecError> {
        let spec: Self = serde_json::from_slice(text).map_err(|error| SpecError::Syntax(error.to_string()))?;
        spec.checked()
    }

    fn checked(self) -> Result<Self, SpecError> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(SpecError::Invalid(problems)) }
    }

    /// Everything wrong with it that can be told without asking anybody.
    pub fn problems(&self) -> Vec<SpecProblem> {
        let mut problems = Vec::new();
        self.check_delivery(&mut problems);
        if let Some(Err(problem)) = self.link.as_deref().map(place_of) {
            add(&mut problems, "link", problem, "give the console's address, such as \"https://replicator.example\"");
        }
        match &self.kind {
            ChannelKind::Slack(to) | ChannelKind::Wecom(to) => check_url(&mut problems, &to.url),
            ChannelKind::Webhook(to) | ChannelKind::Dingtalk(to) | ChannelKind::Feishu(to) => {
                check_url(&mut problems, &to.url);
            }
            ChannelKind::Email(email) => check_email(&mut problems, email),
            ChannelKind::Alertmanager(peers) => check_peers(&mut problems, peers),
        }
        problems
    }

    fn check_delivery(&self, problems: &mut Vec<SpecProblem>) {
        for (key, value, least, most) in [
            ("timeout", self.timeout, TIMEOUT_MIN, TIMEOUT_MAX),
            ("retry_backoff_min", self.retry_backoff_min, BACKOFF_MIN, BACKOFF_MAX),
            ("retry_backoff_max", self.retry_backoff_max, self.retry_backoff_min, BACKOFF_MAX),
        ] {
            if value < least || value > most {
                add(problems, key, &format!("{value} is out of range"), &format!("use {least} to {most}"));
            }
        }
        if !(1..=ATTEMPTS_MAX).contains(&self.attempts_max) {
            add(problems, "attempts_max", "it is out of range", "use 1 to 100");
        }
        if self.per_minute_max.is_some_and(|rate| !(1..=PER_MINUTE_MAX).contains(&rate)) {
            add(problems, "per_minute_max", "it is out of range", "use 1 to 1000, or leave it out");
        }
    }
}

fn add(problems: &mut Vec<SpecProblem>, key: &str, problem: &str, hint: &str) {
    problems.push(SpecProblem { key: key.to_owned(), problem: problem.to_owned(), hint: hint.to_owned() });
}

/// A redacted address is the earlier one's; what is looked up on the Monitor's host is checked there.
fn check_url(problems: &mut Vec<SpecProblem>, url: &SecretSource) {
    let SecretSource::Literal(url) = url else { return };
    if url.is_redacted() {
        return;
    }
    if let Err(problem) = place_of(url.expose()) {
        add(problems, "url", problem, "give the address that the receiver showed, such as \"https://host/path\"");
    }
}

fn check_email(problems: &mut Vec<SpecProblem>, email: &EmailSpec) {
    let host_like = |text: &str| !text.is_empty() && text.len() <= 253 && !text.contains(['/', '@', ' ', '\r', '\n']);
    if !host_like(&email.host) {
        add(problems, "host", "it is not a host's name", "name the mail server, such as \"mail.example\"");
    }
    if email.port == Some(0) {
        add(problems, "port", "0 is not a port", "use the one that the mail server listens on, usually 587");
    }
    if !is_mailbox(&email.from) {
        add(problems, "from", "it is not a mail address", "write it as \"replicator@example.org\"");
    }
    if email.to.is_empty() || email.to.len() > ADDRESSES_MAX {
        add(problems, "to", &format!("{} addresses", email.to.len()), &format!("give 1 to {ADDRESSES_MAX}"));
    }
    for (index, address) in email.to.iter().enumerate().filter(|(_, address)| !is_mailbox(address)) {
        let shown: String = address.chars().take(80).collect();
        add(
            problems,
            &format!("to[{index}]"),
            &format!("`{shown}` is not a mail address"),
            "write it as \"dba@example.org\"",
        );
    }
    if email.user.is_some() != email.password.is_some() {
        add(problems, "user", "a login needs both `user` and `password`", "give both, or neither");
    }
    if email.password.is_some() && email.security == MailSecurity::None {
        add(problems, "security", "a password is not sent in the clear", "use \"starttls\" or \"tls\"");
    }
}

/// As far as a header could be bent by it; whether anybody is there, only mail can tell.
fn is_mailbox(address: &str) -> bool {
    let plain =
        address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b';' | b'<' | b'>' | b'"'));
    let parts =
        address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    plain && parts && address.len() <= 254
}

fn check_peers(problems: &mut Vec<SpecProblem>, peers: &AlertmanagerSpec) {
    if peers.urls.is_empty() || peers.urls.len() > ADDRESSES_MAX {
        add(problems, "urls", &format!("{} addresses", peers.urls.len()), &format!("give 1 to {ADDRESSES_MAX}"));
    }
    for (index, url) in peers.urls.iter().enumerate() {
        if let Err(problem) = place_of(url) {
            add(problems, &format!("urls[{index}]"), problem, "give each as \"http://host:9093\"");
        }
    }
}

/// The scheme, host and port of an http address, without the path, which may hold a token.
pub fn place_of(url: &str) -> Result<String, &'static str> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme));
    let scheme = scheme.ok_or("it does not begin with http:// or https://")?;
    if url.len() > TEXT_MAX {
        return Err("it is too long");
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("it has a space or a control character in it");
    }
    let authority = url[scheme.len()..].split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("a user or password in it would show where addresses are shown");
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err("it names no host");
    }
    Ok(format!("{scheme}{authority}"))
}
