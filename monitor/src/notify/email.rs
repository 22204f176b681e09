//! Mail: text and HTML, over STARTTLS or TLS; messages about one alert stand in one thread.

use super::http::look_up as addresses_of;
use super::template::{Entry, Text, Tone};
use super::{BuildError, DeliveryError, Message, hex, look_up};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use replicator_model::alert::{AlertState, Notice};
use replicator_model::channel::{EmailSpec, MailSecurity};
use replicator_model::networks::Networks;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Most alerts that one mail names as its thread.
const REFERENCES_MAX: usize = 20;

/// A login is needed, is too weak, or is wrong.
const LOGIN_CODES: [u16; 3] = [530, 534, 535];

pub(super) struct Email {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<Credentials>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
    networks: Networks,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({}:{})", self.host, self.port)
    }
}

impl Email {
    pub(super) fn build(spec: &EmailSpec, timeout: Duration, networks: &Networks) -> Result<Self, BuildError> {
        let mailbox = |key, text: &str| text.parse::<Mailbox>().map_err(|error| BuildError::new(key, error));
        let login = match (&spec.user, &spec.password) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.clone(), look_up("password", password)?.expose().to_owned()))
            }
            _ => None,
        };
        Ok(Self {
            host: spec.host.clone(),
            port: spec.port(),
            tls: tls(spec)?,
            login,
            from: mailbox("from", &spec.from)?,
            to: spec.to.iter().map(|address| mailbox("to", address)).collect::<Result<_, _>>()?,
            timeout,
            networks: networks.clone(),
        })
    }

    /// One attempt, at the first address of the server that is there.
    pub(super) async fn deliver(&self, message: &Message, text: &Text) -> Result<String, DeliveryError> {
        let place = format!("{}:{}", self.host, self.port);
        let mail = self.mail(message, text).map_err(|error| DeliveryError::new(format!("no mail: {error}")))?;
        let found = addresses_of(&self.networks, &self.host, self.port).await;
        let addresses = found.map_err(|error| DeliveryError::new(format!("{place}: {error}")))?;
        let mut problem = String::new();
        for address in addresses {
            // The connection goes to the address that was checked; the certificate is the host's.
            let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
                .port(self.port)
                .tls(self.tls.clone())
                .hello_name(ClientId::Domain(crate::config::host_name()))
                .timeout(Some(self.timeout));
            if let Some(login) = &self.login {
                transport = transport.credentials(login.clone());
            }
            match transport.build().send(mail.clone()).await {
                Ok(answer) => {
                    let said = answer.message().next().unwrap_or_default();
                    return Ok(super::http::one_line(&format!("{} {said}", answer.code())));
                }
                Err(error) if error.is_permanent() || error.is_transient() => {
                    return Err(refused(&place, &error));
                }
                Err(error) => problem = format!("{}{}", explained(&error), hint_for_certificates(&error)),
            }
        }
        Err(DeliveryError::new(format!("{place}: {problem}")))
    }

    fn mail(&self, message: &Message, text: &Text) -> Result<lettre::Message, lettre::error::Error> {
        let domain = self.from.email.domain();
        let thread: Vec<String> =
            message.notices().iter().map(|notice| thread_of(notice, domain)).take(REFERENCES_MAX).collect();
        let begins = matches!(message.notices(), [only] if only.number <= 1 && only.state == AlertState::Firing);
        let id = match thread.first() {
            Some(first) if begins => first.clone(),
            _ => message_id(&message.key(), domain),
        };
        let mut builder = lettre::Message::builder().from(self.from.clone()).subject(&text.subject);
        builder = self.to.iter().fold(builder, |builder, to| builder.to(to.clone())).message_id(Some(id.clone()));
        if let Some(first) = thread.first().filter(|first| **first != id) {
            builder = builder.in_reply_to(first.clone()).references(thread.join(" "));
        }
        // So that nobody's absence answers.
        builder = builder.header(AutoSubmitted);
        if text.tone == Tone::Critical {
            builder = builder.header(Importance);
        }
        builder.multipart(MultiPart::alternative_plain_html(plain(text), html(text)))
    }
}

fn tls(spec: &EmailSpec) -> Result<Tls, BuildError> {
    if spec.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(spec.host.clone());
    if let Some(file) = &spec.ca {
        let named = |problem: String| BuildError::new("ca", format!("{}: {problem}", file.display()));
        let pem = std::fs::read(file).map_err(|error| named(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| named(error.to_string()))?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let parameters = parameters.build_rustls().map_err(|error| BuildError::new("security", error))?;
    Ok(if spec.security == MailSecurity::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

/// The message that a thread about one firing begins with.
fn thread_of(notice: &Notice, domain: &str) -> String {
    message_id(&format!("{}/{}", notice.id, notice.since_us), domain)
}

/// The same for every attempt, so that a mail that arrives twice is seen as one.
fn message_id(key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", hex(&Sha256::digest(key.as_bytes())[..16]))
}

/// What the server said, and what to do where that is known. A refused login is not tried often: many servers lock a
/// user out for that.
fn refused(place: &str, error: &SmtpError) -> DeliveryError {
    let is_login = error.status().is_some_and(|code| LOGIN_CODES.contains(&u16::from(code)));
    let hint = if is_login { "; check the channel's `user` and `password`" } else { "" };
    let reason = format!("{place} answered: {}{hint}", explained(error));
    DeliveryError { permanent: is_login, ..DeliveryError::new(reason) }
}

fn hint_for_certificates(error: &SmtpError) -> &'static str {
    let text = explained(error);
    if text.contains("UnknownIssuer") || text.contains("BadSignature") {
        "; name the file with the certificate that signed the server's as the channel's `ca`"
    } else if text.contains("not valid for name") || text.contains("NotValidForName") {
        "; give the channel the `host` that the server's certificate is for"
    } else {
        ""
    }
}

fn explained(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    super::http::one_line(&text)
}

fn plain(text: &Text) -> String {
    let entry = |entry: &Entry| {
        let mut lines = vec![entry.headline.clone(), String::new()];
        lines.extend(entry.facts.iter().map(|(label, value)| format!("{label}: {value}")));
        lines.extend(entry.link.as_ref().map(|link| format!("{}: {link}", text.link_label)));
        lines.join("\n") + "\n"
    };
    text.entries.iter().map(entry).collect::<Vec<_>>().join("\n\n")
}

/// Looks the same in every mail program: one column, styles beside the elements, no image.
fn html(text: &Text) -> String {
    let entries: String = text.entries.iter().map(|entry| html_entry(entry, text.link_label)).collect();
    format!(
        "<!DOCTYPE html><html><body style=\"margin:0;padding:16px;background:#f4f5f7;font-family:sans-serif\">\
         {entries}</body></html>"
    )
}

fn html_entry(entry: &Entry, link_label: &str) -> String {
    let colour = match entry.tone {
        Tone::Critical => "#c62828",
        Tone::Warning => "#b45309",
        Tone::Info => "#1565c0",
        Tone::Resolved => "#2e7d32",
    };
    let row = |(label, value): &(&str, String)| {
        format!(
            "<tr><td style=\"padding:2px 12px 2px 0;color:#555;vertical-align:top;white-space:nowrap\">{}</td>\
             <td style=\"padding:2px 0\">{}</td></tr>",
            escaped(label),
            escaped(value)
        )
    };
    let rows: String = entry.facts.iter().map(row).collect();
    let link = entry.link.as_ref().map_or_else(String::new, |link| {
        format!(
            "<p style=\"margin:12px 0 0\"><a href=\"{}\" style=\"color:{colour}\">{link_label}</a></p>",
            escaped(link)
        )
    });
    format!(
        "<div style=\"max-width:640px;margin:0 auto 12px;padding:16px;background:#fff;border-left:4px solid {colour}\">\
         <h2 style=\"margin:0 0 8px;font-size:16px;color:{colour}\">{}</h2>\
         <table style=\"font-size:14px;border-collapse:collapse;color:#1a1a1a\">{rows}</table>{link}</div>",
        escaped(&entry.headline)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

macro_rules! header {
    ($type:ident, $name:literal, $value:literal) => {
        #[derive(Clone)]
        struct $type;

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}

header!(AutoSubmitted, "Auto-Submitted", "auto-generated");
header!(Importance, "Importance", "high");

#[cfg(test)]
mod tests {
    use super::super::template::{compose, samples};
    use super::*;
    use replicator_model::channel::Language;

    fn email() -> Email {
        let spec = r#"{"name":"m","kind":"email","host":"mx.example","from":"replicator@example.org","to":["dba@example.org"]}"#;
        let spec = replicator_model::channel::ChannelSpec::from_json(spec.as_bytes()).unwrap();
        let replicator_model::channel::ChannelKind::Email(spec) = spec.kind else { panic!("{spec:?}") };
        Email::build(&spec, Duration::from_secs(1), &Networks::default()).unwrap()
    }

    fn sent(message: &Message) -> String {
        let text = compose(message, Language::En, None);
        String::from_utf8(email().mail(message, &text).unwrap().formatted()).unwrap()
    }

    fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
        mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[test]
    fn texts_are_as_the_golden_files_show() {
        let (mut all, mut pages) = (String::new(), String::new());
        for (name, message) in samples::messages() {
            let text = compose(&message, Language::En, Some("https://replicator.example"));
            all.push_str(&format!("--- {name}: {}\n{}\n", text.subject, plain(&text)));
            pages.push_str(&format!("<!-- {name} -->\n{}\n", html(&text)));
        }
        samples::check("email.txt", &all);
        samples::check("email.html", &pages);
    }

    #[test]
    fn messages_about_one_firing_stand_in_one_thread() {
        let first = sent(&Message::Notices(vec![samples::lag()]));
        let end = sent(&Message::Notices(vec![samples::resolved()]));
        let both = sent(&Message::Notices(vec![samples::failed(), samples::resolved()]));
        let id = header(&first, "Message-ID").unwrap();
        assert_eq!((header(&first, "In-Reply-To"), header(&end, "In-Reply-To")), (None, Some(id)));
        assert_eq!(header(&end, "References"), Some(id));
        assert_ne!(header(&end, "Message-ID"), Some(id));
        assert!(both.contains(id), "a mail about several names each thread:\n{both}");
        assert_eq!(header(&sent(&Message::Notices(vec![samples::lag()])), "Message-ID"), Some(id), "an attempt again");
    }
}
