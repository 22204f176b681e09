//! A connection that is logged in: commands, and their answers.

use super::auth::{self, Further, Method};
use super::handshake::{self, Answer, Greeting, MESSAGE_MAX};
use super::packet::{Packets, malformed};
use super::tls;
use crate::connect::Endpoint;
use crate::error::failure;
use bytes::{Bytes, BytesMut};
use mysql_async::{Error, ServerError};
use replicator_model::failure::Failure;
use replicator_model::task::TlsMode;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The bytes' way.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

#[derive(Debug)]
pub(super) struct Session {
    wire: Wire,
    packets: Packets,
}

impl Wire {
    /// Appends what has come; waits for it. Cancel-safe.
    pub(super) async fn read(&mut self, room: &mut BytesMut) -> Result<(), Failure> {
        let read = match self {
            Wire::Plain(stream) => stream.read_buf(room).await,
            Wire::Encrypted(stream) => stream.read_buf(room).await,
        };
        match read {
            Ok(0) => Err(lost(ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self {
            Wire::Plain(stream) => stream.write_all(bytes).await,
            Wire::Encrypted(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                failed => failed,
            },
        };
        written.map_err(lost)
    }
}

fn lost(error: std::io::Error) -> Failure {
    failure(&error.into())
}

impl Session {
    /// Connects and logs in, within the endpoint's timeout.
    pub(super) async fn open(endpoint: &Endpoint) -> Result<Self, Failure> {
        let place = format!("login as `{}`", endpoint.user);
        let opened = Box::pin(tokio::time::timeout(endpoint.connect_timeout, Self::log_in(endpoint))).await;
        opened.map_err(|_| endpoint.timed_out())?.map_err(|failure| failure.at(place))
    }

    async fn log_in(endpoint: &Endpoint) -> Result<Self, Failure> {
        let stream = endpoint.tcp().await.map_err(lost)?;
        let mut session = Self { wire: Wire::Plain(stream), packets: Packets::default() };
        let greeting = Greeting::parse(session.message().await?)?;
        let is_encrypted = endpoint.tls.mode != TlsMode::Off;
        if is_encrypted {
            let request = greeting.tls_request()?;
            session.send(&request, false).await?;
            session = session.encrypted(endpoint).await?;
        }
        let password = endpoint.password.expose();
        let (login, method) = greeting.login(&endpoint.user, password, is_encrypted);
        session.send(&login, false).await?;
        session.prove(method, greeting.nonce, password, is_encrypted).await?;
        Ok(session)
    }

    async fn encrypted(self, endpoint: &Endpoint) -> Result<Self, Failure> {
        let Wire::Plain(stream) = self.wire else { return Ok(self) };
        let stream = tls::encrypt(stream, &endpoint.host, &endpoint.tls).await?;
        Ok(Self { wire: Wire::Encrypted(Box::new(stream)), packets: self.packets })
    }

    /// Answers what the source asks until it is content.
    async fn prove(
        &mut self,
        mut method: Method,
        mut nonce: Vec<u8>,
        password: &str,
        is_encrypted: bool,
    ) -> Result<(), Failure> {
        let mut has_switched = false;
        loop {
            match Answer::parse(self.message().await?)? {
                Answer::Ok => return Ok(()),
                Answer::Switch { .. } if has_switched => return Err(malformed("a second change of the login method")),
                Answer::Switch { method: name, nonce: new } => {
                    has_switched = true;
                    (method, nonce) = (Method::named(&name)?, new);
                    let answer = method.answer(password, &nonce);
                    self.send(&answer, false).await?;
                }
                Answer::More(data) if method == Method::CachingSha2 => match auth::further(&data)? {
                    Further::Known => {}
                    Further::Password if is_encrypted => self.send(&auth::plain(password), false).await?,
                    Further::Password => {
                        self.send(auth::KEY_WANTED, false).await?;
                        let Answer::More(key) = Answer::parse(self.message().await?)? else {
                            return Err(malformed("no public key"));
                        };
                        self.send(&auth::encrypted(password, &nonce, &key)?, false).await?;
                    }
                },
                Answer::More(salt) if method == Method::Parsec => {
                    self.send(&auth::signed(password, &nonce, &salt)?, false).await?;
                }
                Answer::More(_) => return Err(malformed("a further step of a login method that has none")),
            }
        }
    }

    async fn send(&mut self, message: &[u8], is_command: bool) -> Result<(), Failure> {
        let packets = self.packets.encode(message, is_command);
        self.wire.write(&packets).await
    }

    async fn message(&mut self) -> Result<Bytes, Failure> {
        loop {
            if let Some(message) = self.packets.message(MESSAGE_MAX)? {
                return Ok(message);
            }
            self.wire.read(self.packets.room(true)).await?;
        }
    }

    /// Sends a command whose answer has no rows. The inner error is the source's refusal.
    pub(super) async fn command(&mut self, command: &[u8]) -> Result<Result<(), ServerError>, Failure> {
        self.send(command, true).await?;
        let answer = self.message().await?;
        match answer.first() {
            Some(0) => Ok(Ok(())),
            Some(0xff) => Ok(Err(handshake::error(&answer))),
            _ => Err(malformed("an unknown answer to a command")),
        }
    }

    /// As [`Session::command`], where a refusal means what it means anywhere.
    pub(super) async fn run(&mut self, command: &[u8]) -> Result<(), Failure> {
        self.command(command).await?.map_err(|error| failure(&Error::Server(error)))
    }

    /// Sends the last command: from here on the source sends events.
    pub(super) async fn follow(mut self, command: &[u8]) -> Result<(Wire, Packets), Failure> {
        self.send(command, true).await?;
        Ok((self.wire, self.packets))
    }
}
