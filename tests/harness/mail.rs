//! The other end of mail: an SMTP server that keeps what is sent to it, in the clear or over STARTTLS with a login.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::{Error, Result};

/// Who may send where a login is asked for.
pub const MAIL_USER: &str = "replicator";
pub const MAIL_PASSWORD: &str = "a mail password";

/// `AUTH PLAIN` of the two above: base64 of NUL, user, NUL, password.
const MAIL_LOGIN: &str = "AHJlcGxpY2F0b3IAYSBtYWlsIHBhc3N3b3Jk";

/// Listens on a free port of 127.0.0.1 until it is dropped.
pub struct MailReceiver {
    port: u16,
    shared: Arc<Shared>,
    certificate: Option<String>,
    server: AbortHandle,
}

struct Shared {
    mails: Mutex<Vec<String>>,
    /// The logins that were tried.
    logins: Mutex<Vec<String>>,
    tls: Option<TlsAcceptor>,
}

/// How a conversation goes on.
enum Next {
    Over,
    Encrypted,
}

impl MailReceiver {
    /// Speaks no encryption and asks for no login.
    pub async fn start() -> Result<MailReceiver> {
        Self::listen(None, None).await
    }

    /// Takes mail over STARTTLS alone, from who logs in as [`MAIL_USER`], with a certificate for `name` that it signed
    /// itself.
    pub async fn start_encrypted(name: &str) -> Result<MailReceiver> {
        let failed = |error: &dyn std::fmt::Display| Error::new(format!("a certificate for {name}: {error}"));
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).map_err(|error| failed(&error))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key))
            .map_err(|error| failed(&error))?;
        Self::listen(Some(TlsAcceptor::from(Arc::new(config))), Some(made.cert.pem())).await
    }

    async fn listen(tls: Option<TlsAcceptor>, certificate: Option<String>) -> Result<MailReceiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { mails: Mutex::default(), logins: Mutex::default(), tls });
        let kept = Arc::clone(&shared);
        let serve = async move {
            while let Ok((connection, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move { talk(connection, &kept).await });
            }
        };
        Ok(MailReceiver { port, shared, certificate, server: tokio::spawn(serve).abort_handle() })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its certificate in PEM, if it has one.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// All mails so far, headers and body as they came.
    pub fn mails(&self) -> Vec<String> {
        self.shared.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often somebody tried to log in.
    pub fn logins(&self) -> usize {
        self.shared.logins.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for MailReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn talk(mut connection: TcpStream, shared: &Shared) -> std::io::Result<()> {
    connection.write_all(b"220 receiver.test ESMTP\r\n").await?;
    if let (Next::Encrypted, Some(tls)) = (converse(&mut connection, shared, false).await?, &shared.tls) {
        let mut connection = tls.accept(connection).await?;
        converse(&mut connection, shared, true).await?;
    }
    Ok(())
}

/// One conversation: as much of SMTP as a client needs that sends one mail after another.
async fn converse<S>(connection: &mut S, shared: &Shared, encrypted: bool) -> std::io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (read, mut write) = tokio::io::split(connection);
    let mut lines = BufReader::new(read).lines();
    let mut may_send = shared.tls.is_none();
    while let Some(line) = lines.next_line().await? {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match command.to_ascii_uppercase().as_str() {
            "EHLO" if shared.tls.is_none() => write.write_all(b"250-receiver.test\r\n250 8BITMIME\r\n").await?,
            "EHLO" if encrypted => write.write_all(b"250-receiver.test\r\n250 AUTH PLAIN\r\n").await?,
            "EHLO" => write.write_all(b"250-receiver.test\r\n250 STARTTLS\r\n").await?,
            "STARTTLS" if shared.tls.is_some() && !encrypted => {
                write.write_all(b"220 go on\r\n").await?;
                return Ok(Next::Encrypted);
            }
            "AUTH" if encrypted => {
                shared.logins.lock().unwrap_or_else(PoisonError::into_inner).push(rest.to_owned());
                may_send = rest == format!("PLAIN {MAIL_LOGIN}");
                let answer: &[u8] =
                    if may_send { b"235 2.7.0 welcome\r\n" } else { b"535 5.7.8 no such user or password\r\n" };
                write.write_all(answer).await?;
            }
            "MAIL" | "DATA" if !may_send => write.write_all(b"530 5.7.0 who are you?\r\n").await?,
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push('\n');
                }
                shared.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                write.write_all(b"250 2.0.0 kept\r\n").await?;
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(Next::Over);
            }
            "HELO" | "MAIL" | "RCPT" | "NOOP" | "RSET" => write.write_all(b"250 ok\r\n").await?,
            _ => write.write_all(b"502 not spoken here\r\n").await?,
        }
    }
    Ok(Next::Over)
}
