//! An authority, and certificates that it has signed for the server 127.0.0.1 and for a client.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::path::PathBuf;

pub(crate) struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let made = Self { folder };
        std::fs::write(made.path("ca.pem"), authority.pem()).unwrap();
        for (name, of) in [("server", "127.0.0.1"), ("client", "replicator")] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![of.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, of);
            let certificate = params.signed_by(&key, &authority).unwrap();
            std::fs::write(made.path(&format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(made.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        made
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As the server's command line has it.
    pub(crate) fn arg(&self, option: &str, name: &str) -> String {
        format!("--{option}={}", self.path(name).display())
    }
}
