//! The first messages of a connection, to and from bytes. Protocol 10, as MySQL since 5.5 and MariaDB speak it.

use super::auth::Method;
use super::packet::malformed;
use crate::error::{server_failure, tls_not_offered};
use bytes::{Buf, BufMut, Bytes};
use mysql_async::ServerError;
use replicator_model::failure::Failure;

const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 1 << 2;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

/// Without these there is nothing to talk about.
const NEEDED: u32 = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;

/// utf8mb4_general_ci, which all versions know.
const COLLATION: u8 = 45;

/// Longest message we accept before the log: far more than a server sends.
pub(super) const MESSAGE_MAX: usize = 1 << 20;

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Greeting {
    pub(super) capabilities: u32,
    pub(super) nonce: Vec<u8>,
    /// The method that most of its users log in with.
    pub(super) method: String,
}

/// What a server answers while somebody logs in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ok,
    /// The user logs in by another method, with another nonce.
    Switch {
        method: String,
        nonce: Vec<u8>,
    },
    /// The method wants more.
    More(Bytes),
}

impl Greeting {
    pub(super) fn parse(message: Bytes) -> Result<Self, Failure> {
        if message.first() == Some(&0xff) {
            return Err(server_failure(&error(&message)));
        }
        let mut rest = message;
        let short = |_| malformed("a greeting that is too short");
        if rest.try_get_u8().map_err(short)? != 10 {
            return Err(malformed("a greeting of another protocol than 10"));
        }
        text(&mut rest)?;
        rest.try_get_u32_le().map_err(short)?;
        let mut nonce = taken(&mut rest, 8)?.to_vec();
        taken(&mut rest, 1)?;
        let low = rest.try_get_u16_le().map_err(short)?;
        taken(&mut rest, 3)?;
        let high = rest.try_get_u16_le().map_err(short)?;
        let capabilities = u32::from(low) | u32::from(high) << 16;
        if capabilities & NEEDED != NEEDED {
            return Err(Failure::definite(
                "unexpected_answer",
                "the server does not know the protocol of MySQL 5.5 and later",
                "check that the address is that of a MySQL or MariaDB server",
            ));
        }
        let nonce_length = rest.try_get_u8().map_err(short)?;
        taken(&mut rest, 10)?;
        let more = usize::from(nonce_length).saturating_sub(8).max(13).min(rest.len());
        nonce.extend_from_slice(&taken(&mut rest, more)?);
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        let method = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        Ok(Self { capabilities, nonce, method })
    }

    fn ours(&self, tls: bool) -> u32 {
        let ours = LONG_PASSWORD | LONG_FLAG | TRANSACTIONS;
        (self.capabilities & ours) | NEEDED | LONG_PASSWORD | if tls { SSL } else { 0 }
    }

    /// The beginning of both our messages: what follows is encrypted, or is the login.
    fn begin(&self, tls: bool) -> Vec<u8> {
        let mut message = Vec::with_capacity(128);
        message.put_u32_le(self.ours(tls));
        message.put_u32_le(1 << 30);
        message.put_u8(COLLATION);
        message.put_bytes(0, 23);
        message
    }

    /// Asks to go on encrypted.
    pub(super) fn tls_request(&self) -> Result<Vec<u8>, Failure> {
        if self.capabilities & SSL == 0 { Err(tls_not_offered()) } else { Ok(self.begin(true)) }
    }

    /// The login. A method that we do not know is answered with one that we do: the server goes on with the user's own.
    pub(super) fn login(&self, user: &str, password: &str, tls: bool) -> (Vec<u8>, Method) {
        let method = Method::named(&self.method).unwrap_or(Method::Native);
        // The others are never what servers begin with; their nonce is longer than the greeting's.
        let method = if matches!(method, Method::Native | Method::CachingSha2) { method } else { Method::Native };
        let answer = method.answer(password, &self.nonce);
        let mut message = self.begin(tls);
        message.extend_from_slice(user.as_bytes());
        message.put_u8(0);
        // At most 32 bytes for the methods that a login begins with.
        message.put_u8(u8::try_from(answer.len()).unwrap_or(0));
        message.extend_from_slice(&answer);
        message.extend_from_slice(method.name().as_bytes());
        message.put_u8(0);
        (message, method)
    }
}

impl Answer {
    pub(super) fn parse(mut message: Bytes) -> Result<Self, Failure> {
        match message.first() {
            Some(0) => Ok(Answer::Ok),
            Some(1) => Ok(Answer::More(message.slice(1..))),
            Some(0xff) => Err(server_failure(&error(&message))),
            // The method of before MySQL 4.1.
            Some(0xfe) if message.len() == 1 => Err(crate::error::auth_plugin_unknown("mysql_old_password")),
            Some(0xfe) => {
                message.advance(1);
                let method = String::from_utf8_lossy(&text(&mut message)?).into_owned();
                Ok(Answer::Switch { method, nonce: message.to_vec() })
            }
            // MariaDB sends a method's message as it is, unless it begins like one of the others.
            Some(_) => Ok(Answer::More(message)),
            None => Err(malformed("an empty answer to the login")),
        }
    }
}

/// What a server says in an error message.
pub(super) fn error(message: &[u8]) -> ServerError {
    let code = match message.get(1..3) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    };
    let rest = message.get(3..).unwrap_or_default();
    let (state, text) = match rest.split_first() {
        Some((b'#', rest)) => rest.split_at(rest.len().min(5)),
        _ => (&b"HY000"[..], rest),
    };
    let owned = |bytes| String::from_utf8_lossy(bytes).into_owned();
    ServerError { code, state: owned(state), message: owned(text) }
}

fn taken(rest: &mut Bytes, length: usize) -> Result<Bytes, Failure> {
    if rest.len() < length {
        return Err(malformed("a greeting that is too short"));
    }
    Ok(rest.split_to(length))
}

/// Up to a zero, which is taken too.
fn text(rest: &mut Bytes) -> Result<Bytes, Failure> {
    let end = rest.iter().position(|byte| *byte == 0).ok_or_else(|| malformed("a text without an end"))?;
    let text = rest.split_to(end);
    rest.advance(1);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As MySQL 9.7 and MariaDB 10.11 greet.
    fn greeting(capabilities: u32, method: &str) -> Vec<u8> {
        let mut bytes = vec![10];
        bytes.extend(b"9.7.4\0");
        bytes.extend(7_u32.to_le_bytes());
        bytes.extend(b"abcdefgh\0");
        bytes.extend(&capabilities.to_le_bytes()[..2]);
        bytes.extend([255, 2, 0]);
        bytes.extend(&capabilities.to_le_bytes()[2..]);
        bytes.push(21);
        bytes.extend([0; 10]);
        bytes.extend(b"ijklmnopqrst\0");
        bytes.extend(method.as_bytes());
        bytes.push(0);
        bytes
    }

    fn parsed(bytes: &[u8]) -> Result<Greeting, Failure> {
        Greeting::parse(Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn a_greeting_is_read_and_answered() {
        let read = parsed(&greeting(0xdfff_ffff, "caching_sha2_password")).unwrap();
        assert_eq!(read.nonce, b"abcdefghijklmnopqrst\0");
        assert_eq!(read.method, "caching_sha2_password");
        let (login, method) = read.login("repl", "secret", false);
        assert_eq!(method, Method::CachingSha2);
        assert_eq!(&login[32..38], b"repl\0\x20");
        assert!(login.ends_with(b"caching_sha2_password\0"));
        assert_eq!(u32::from_le_bytes([login[0], login[1], login[2], login[3]]) & SSL, 0);
        let request = read.tls_request().unwrap();
        assert_eq!(request.len(), 32);
        assert_eq!(u32::from_le_bytes([request[0], request[1], request[2], request[3]]) & SSL, SSL);
    }

    #[test]
    fn a_method_that_is_not_known_is_left_to_the_server() {
        let read = parsed(&greeting(NEEDED, "sha256_password")).unwrap();
        assert_eq!(read.login("repl", "secret", false).1, Method::Native);
        assert_eq!(read.tls_request().unwrap_err().code, "tls_not_offered");
    }

    #[test]
    fn half_a_greeting_is_an_error() {
        let whole = greeting(0xdfff_ffff, "caching_sha2_password");
        for cut in 0..whole.len() - "caching_sha2_password\0".len() - 13 {
            assert!(parsed(&whole[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(parsed(&greeting(0, "")).unwrap_err().code, "unexpected_answer");
        let refused = parsed(b"\xff\x10\x04Too many connections").unwrap_err();
        assert_eq!((refused.code.as_str(), refused.is_transient()), ("too_many_connections", true));
    }

    #[test]
    fn answers_to_a_login() {
        let answer = |bytes: &[u8]| Answer::parse(Bytes::copy_from_slice(bytes));
        assert_eq!(answer(&[0, 0, 0, 2, 0, 0, 0]).unwrap(), Answer::Ok);
        assert_eq!(answer(&[1, 4]).unwrap(), Answer::More(Bytes::from_static(&[4])));
        let switch = answer(b"\xfeclient_ed25519\0nonce").unwrap();
        assert_eq!(switch, Answer::Switch { method: "client_ed25519".into(), nonce: b"nonce".to_vec() });
        assert_eq!(answer(&[0xfe]).unwrap_err().code, "auth_plugin_unknown");
        assert_eq!(answer(b"\xff\x15\x04#28000Access denied").unwrap_err().code, "access_denied");
        assert_eq!(answer(b"P\0salt").unwrap(), Answer::More(Bytes::from_static(b"P\0salt")));
        for bytes in [&[][..], b"\xfeno end", b"\xff"] {
            assert!(answer(bytes).is_err(), "{bytes:?}");
        }
    }
}
