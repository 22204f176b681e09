//! Encryption of the binlog connection.

use crate::error::tls_failed;
use replicator_model::failure::Failure;
use replicator_model::task::{Tls, TlsMode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Goes on encrypted. `mode` is not `Off`.
pub(super) async fn encrypt(stream: TcpStream, host: &str, tls: &Tls) -> Result<TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(host.to_owned()).map_err(tls_failed)?;
    let connector = TlsConnector::from(Arc::new(config(tls).await?));
    let connected = connector.connect(name, stream).await;
    connected.map_err(|error| crate::error::failure(&error.into()))
}

async fn config(tls: &Tls) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path).await? {
                roots.add(certificate).map_err(tls_failed)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder();
    let provider = Arc::clone(config.crypto_provider());
    let config = match tls.mode {
        TlsMode::Verify => {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_webpki_verifier(verifier.map_err(tls_failed)?)
        }
        TlsMode::Off | TlsMode::Required => {
            config.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        }
    };
    match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            let pem = read(key).await?;
            let key = PrivateKeyDer::from_pem_slice(&pem)
                .map_err(|error| tls_failed(format!("{}: {error}", key.display())))?;
            config.with_client_auth_cert(certificates(certificate).await?, key).map_err(tls_failed)
        }
        _ => Ok(config.with_no_client_auth()),
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    tokio::fs::read(path).await.map_err(|error| tls_failed(format!("{}: {error}", path.display())))
}

async fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let place = path.display();
    let pem = read(path).await?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| tls_failed(format!("{place}: {error}")))?;
    if found.is_empty() {
        return Err(tls_failed(format!("{place}: there is no certificate in it")));
    }
    Ok(found)
}

/// `mode = "required"`: nobody listens in, but it may be anybody who answers.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
