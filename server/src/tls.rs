//! Encryption of the listener. The files are looked at again while it runs, so that a new certificate needs no restart.

use crate::config::TlsConfig;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, sink};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often connections may make it look at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest time for a handshake: until then it takes one of the connections' places.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Largest certificate chain or key.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The first byte of every handshake.
const HANDSHAKE_BEGINS: u8 = 0x16;
/// What somebody hears who does not encrypt.
const PLAIN_REFUSED: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 66\r\n\
    Connection: close\r\n\r\nThis Server takes encrypted connections alone: begin with https://";
/// How much of an unencrypted request is read so that its sender gets to the answer.
const PLAIN_BYTES_MAX: u64 = 64 << 10;

pub(crate) struct Tls {
    files: TlsConfig,
    state: Mutex<State>,
}

struct State {
    /// What the files held when they were last looked at.
    seen: Pair,
    looked: Instant,
    /// The last that was right.
    acceptor: TlsAcceptor,
}

#[derive(PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads and checks the files; the error names the file and what to do.
    pub(crate) fn open(files: TlsConfig) -> Result<Self, String> {
        let seen = Pair::read(&files)?;
        let acceptor = seen.acceptor(&files)?;
        Ok(Self { files, state: Mutex::new(State { seen, looked: Instant::now(), acceptor }) })
    }

    /// The handshake with whoever connected.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let done = timeout(HANDSHAKE_MAX, async {
            let mut first = [0];
            if stream.peek(&mut first).await? > 0 && first[0] != HANDSHAKE_BEGINS {
                return refuse(stream).await;
            }
            self.acceptor().await.accept(stream).await
        });
        done.await?
    }

    /// With the newest certificate that is right. One that is half written, or wrong, leaves the one before.
    async fn acceptor(&self) -> TlsAcceptor {
        let mut state = self.state.lock().await;
        if state.looked.elapsed() < LOOK_EVERY {
            return state.acceptor.clone();
        }
        state.looked = Instant::now();
        let files = self.files.clone();
        let read = tokio::task::spawn_blocking(move || Pair::read(&files)).await;
        let changed = match read.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(pair) if pair == state.seen => return state.acceptor.clone(),
            Ok(pair) => {
                let acceptor = pair.acceptor(&self.files);
                state.seen = pair;
                acceptor
            }
            Err(problem) => Err(problem),
        };
        match changed {
            Ok(acceptor) => {
                tracing::info!(file = %self.files.certificate.display(), "the new certificate is used");
                state.acceptor = acceptor;
            }
            Err(problem) => tracing::warn!(problem, "the certificate before stays in use"),
        }
        state.acceptor.clone()
    }
}

async fn refuse(mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    stream.write_all(PLAIN_REFUSED.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(PLAIN_BYTES_MAX), &mut sink()).await?;
    Err(io::Error::other("the connection is not encrypted"))
}

impl Pair {
    fn read(files: &TlsConfig) -> Result<Self, String> {
        Ok(Self {
            certificate: read("http.tls.certificate", &files.certificate)?,
            key: read("http.tls.key", &files.key)?,
        })
    }

    fn acceptor(&self, files: &TlsConfig) -> Result<TlsAcceptor, String> {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
            format!(
                "`http.tls.certificate`: {certificate} holds no certificate; give the chain in PEM, the own one first"
            )
        })?;
        // The parser's own words could quote the key.
        let own = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| format!("`http.tls.key`: {key} holds no private key; give one in PEM, without a password"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, own))
            .map_err(|error| {
                format!("`http.tls`: {certificate} and {key} are no pair: {error}; give the certificate's own key")
            })?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read(key: &str, file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|opened| opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|error| {
        format!("`{key}`: {} can't be read: {error}; give a file that the Server may read", file.display())
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_pair_are_refused_by_name_and_without_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let made = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (one, other) = (made(), made());
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let certificate = write("one.pem", &one.cert.pem());
        let key = write("one.key", &one.signing_key.serialize_pem());
        let foreign = write("other.key", &other.signing_key.serialize_pem());
        let broken = write("broken.key", "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n");
        let missing = folder.path().join("missing");
        let open = |certificate: &Path, key: &Path| {
            Tls::open(TlsConfig { certificate: certificate.to_owned(), key: key.to_owned() }).map(drop)
        };
        assert_eq!(open(&certificate, &key), Ok(()));
        for (certificate, key, named) in [
            (&missing, &key, "`http.tls.certificate`"),
            (&certificate, &missing, "`http.tls.key`"),
            (&key, &key, "holds no certificate"),
            (&certificate, &certificate, "holds no private key"),
            (&certificate, &broken, "`http.tls"),
            (&certificate, &foreign, "are no pair"),
        ] {
            let error = open(certificate, key).unwrap_err();
            assert!(error.contains(named) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_refusal_says_how_long_it_is() {
        let (head, text) = PLAIN_REFUSED.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", text.len())), "{}", text.len());
    }
}
