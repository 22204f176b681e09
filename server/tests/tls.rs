//! The encrypted listener, by real HTTPS over loopback.
#![expect(clippy::unwrap_used, reason = "a test")]

use replicator_coordination::embedded::Embedded;
use replicator_coordination::session::{Coordination, Surroundings};
use replicator_model::secret::SecretSource;
use replicator_server::config::{AccessConfig, HttpConfig, Settings, TlsConfig};
use replicator_server::server::Server;
use reqwest::{Certificate, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

const SETUP_TOKEN: &str = "0123456789abcdef0123456789abcdef";

struct Encrypted {
    address: SocketAddr,
    folder: TempDir,
    _shutdown: DropGuard,
}

impl Encrypted {
    fn start(connections_max: usize) -> (Self, Certificate) {
        let folder = tempfile::tempdir().unwrap();
        let certificate = renew(&folder);
        let files = TlsConfig { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let listen = "127.0.0.1:0".parse().unwrap();
        let http = HttpConfig { listen, connections_max, tls: Some(files), ..HttpConfig::default() };
        let access = AccessConfig { setup_token: Some(SecretSource::literal(SETUP_TOKEN)), ..AccessConfig::default() };
        let settings = Settings { http, access, ..Settings::default() };
        let embedded = Embedded::open(&folder.path().join("coordination"), Duration::from_secs(10)).unwrap();
        let server = Server::new(settings, Coordination::new(Arc::new(embedded), Surroundings::real())).unwrap();
        let (address, shutdown) = (server.address(), CancellationToken::new());
        tokio::spawn(server.run(shutdown.clone()));
        (Self { address, folder, _shutdown: shutdown.drop_guard() }, certificate)
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// What a client says that trusts `certificate` alone, over a connection of its own.
    async fn status(&self, certificate: &Certificate) -> Result<StatusCode, reqwest::Error> {
        Ok(client(certificate).get(self.url("/healthz")).send().await?.status())
    }
}

fn client(trusted: &Certificate) -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([trusted.clone()]).no_proxy().build().unwrap()
}

/// Another certificate for the Server, signed by itself.
fn renew(folder: &TempDir) -> Certificate {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn requests_are_encrypted_and_the_cookie_is_for_such_alone() {
    let (server, certificate) = Encrypted::start(100);
    let first = json!({"token": SETUP_TOKEN, "user": "root", "password": "correct horse battery"});
    let client = client(&certificate);
    let made = loop {
        let made = client.post(server.url("/api/v1/setup")).json(&first).send().await.unwrap();
        if made.status() != StatusCode::SERVICE_UNAVAILABLE {
            break made;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(made.status(), StatusCode::OK);
    let cookie = made.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let read = client.get(server.url("/api/v1/session")).header("cookie", pair).send().await.unwrap();
    assert_eq!(read.json::<Value>().await.unwrap()["user"], "root");
}

#[tokio::test]
async fn a_new_certificate_is_taken_over_and_a_wrong_one_is_not() {
    let (server, first) = Encrypted::start(100);
    assert_eq!(server.status(&first).await.unwrap(), StatusCode::OK);
    let second = renew(&server.folder);
    while server.status(&second).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(server.status(&first).await.is_err(), "the old certificate is gone");
    std::fs::write(server.folder.path().join("key.pem"), "no key").unwrap();
    // Longer than it takes until the files are looked at again.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(server.status(&second).await.unwrap(), StatusCode::OK);
    let third = renew(&server.folder);
    while server.status(&third).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn who_does_not_encrypt_is_told_so() {
    let (server, certificate) = Encrypted::start(100);
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = plain.get(format!("http://{}/healthz", server.address)).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(refused.text().await.unwrap().contains("https://"));
    assert_eq!(server.status(&certificate).await.unwrap(), StatusCode::OK);
}

/// A handshake that does not come on keeps nobody waiting who has a place, and gives its own back when it ends.
#[tokio::test]
async fn a_slow_handshake_takes_one_place_alone() {
    let (server, certificate) = Encrypted::start(2);
    let slow = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.status(&certificate).await.unwrap(), StatusCode::OK);
    let mut broken = TcpStream::connect(server.address).await.unwrap();
    broken.write_all(&[0x16, 3, 1, 0, 5, 255, 255, 255, 255, 255]).await.unwrap();
    // An alert, and the end.
    broken.read_to_end(&mut Vec::new()).await.ok();
    assert_eq!(server.status(&certificate).await.unwrap(), StatusCode::OK);
    drop(slow);
    assert_eq!(server.status(&certificate).await.unwrap(), StatusCode::OK);
}
