//! The other end of mail: an SMTP server that keeps what is sent to it. It speaks no encryption.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::Result;

/// Listens on a free port of 127.0.0.1 until it is dropped.
pub struct MailReceiver {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    server: AbortHandle,
}

impl MailReceiver {
    pub async fn start() -> Result<MailReceiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        let serve = async move {
            while let Ok((connection, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move { converse(connection, &kept).await });
            }
        };
        Ok(MailReceiver { port, mails, server: tokio::spawn(serve).abort_handle() })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// All mails so far, headers and body as they came.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MailReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One conversation: as much of SMTP as a client needs that sends one mail after another.
async fn converse(connection: TcpStream, mails: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let (read, mut write) = connection.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 receiver.test ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match command.as_str() {
            "EHLO" => write.write_all(b"250-receiver.test\r\n250 8BITMIME\r\n").await?,
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push('\n');
                }
                mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                write.write_all(b"250 2.0.0 kept\r\n").await?;
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "HELO" | "MAIL" | "RCPT" | "NOOP" | "RSET" => write.write_all(b"250 ok\r\n").await?,
            _ => write.write_all(b"502 not spoken here\r\n").await?,
        }
    }
    Ok(())
}
