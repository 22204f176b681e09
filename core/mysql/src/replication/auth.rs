//! Methods of logging in, without I/O.

use super::packet::malformed;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use mysql_common::scramble::{
    create_response_for_ed25519, create_response_for_parsec, scramble_native, scramble_sha256,
};
use replicator_model::failure::Failure;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

/// A method that both sides know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `mysql_native_password`: MySQL before 8, MariaDB.
    Native,
    /// `caching_sha2_password`: MySQL since 8, MariaDB since 11.8.
    CachingSha2,
    /// `client_ed25519`: MariaDB.
    Ed25519,
    /// `parsec`: MariaDB since 11.6.
    Parsec,
}

/// What the source wants after the first answer of `caching_sha2_password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Further {
    /// Nothing: it knows the password from an earlier login.
    Known,
    /// The password itself.
    Password,
}

impl Method {
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "mysql_native_password" => Ok(Method::Native),
            "caching_sha2_password" => Ok(Method::CachingSha2),
            "client_ed25519" => Ok(Method::Ed25519),
            "parsec" => Ok(Method::Parsec),
            other => Err(crate::error::auth_plugin_unknown(other)),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Native => "mysql_native_password",
            Method::CachingSha2 => "caching_sha2_password",
            Method::Ed25519 => "client_ed25519",
            Method::Parsec => "parsec",
        }
    }

    /// The answer to what the source sent with the method's name.
    pub(super) fn answer(self, password: &str, nonce: &[u8]) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            Method::Native => scramble_native(short(nonce), password).map_or_else(Vec::new, |answer| answer.to_vec()),
            Method::CachingSha2 => {
                scramble_sha256(short(nonce), password).map_or_else(Vec::new, |answer| answer.to_vec())
            }
            Method::Ed25519 => create_response_for_ed25519(password, nonce.get(..32).unwrap_or(nonce)).to_vec(),
            // It only asks for the salt: see [`signed`].
            Method::Parsec => Vec::new(),
        }
    }
}

/// A server that asks for more rounds than its own documentation knows would only keep us busy.
const PARSEC_FACTOR_MAX: u8 = 3;

/// In bytes.
const PARSEC_SALT: usize = 18;

/// Asks for the source's public key.
pub(super) const KEY_WANTED: &[u8] = &[2];

/// The first two methods take 20 bytes; servers send a zero behind them. Any of the 20 may be zero too.
fn short(nonce: &[u8]) -> &[u8] {
    nonce.get(..20).unwrap_or(nonce)
}

/// What `caching_sha2_password` says after the first answer.
pub(super) fn further(data: &[u8]) -> Result<Further, Failure> {
    match data {
        [3] => Ok(Further::Known),
        [4] => Ok(Further::Password),
        _ => Err(malformed("an unknown step of caching_sha2_password")),
    }
}

/// The password for a connection that is encrypted.
pub(super) fn plain(password: &str) -> Vec<u8> {
    [password.as_bytes(), &[0]].concat()
}

/// The password for a connection that is not, encrypted with the source's public key.
pub(super) fn encrypted(password: &str, nonce: &[u8], pem: &[u8]) -> Result<Vec<u8>, Failure> {
    let nonce = short(nonce);
    let hidden: Vec<u8> = plain(password).iter().zip(nonce.iter().cycle()).map(|(a, b)| a ^ b).collect();
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| malformed("no public key"))?;
    let key = PublicEncryptingKey::from_der(&der).map_err(|_| malformed("an unusable public key"))?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| malformed("an unusable public key"))?;
    let mut sealed = vec![0; key.ciphertext_size()];
    let sealed = key.encrypt(&OAEP_SHA1_MGF1SHA1, &hidden, &mut sealed, None);
    sealed.map(|sealed| sealed.to_vec()).map_err(|_| malformed("a public key too small for the password"))
}

/// The answer to the salt of `parsec`: `P`, how often the password is hashed (1024, 2048, 4096 or 8192 times), the salt.
pub(super) fn signed(password: &str, nonce: &[u8], salt: &[u8]) -> Result<Vec<u8>, Failure> {
    let nonce: &[u8; 32] = nonce.try_into().map_err(|_| malformed("a nonce of parsec that has not 32 bytes"))?;
    match salt {
        [b'P', factor @ 0..=PARSEC_FACTOR_MAX, salt @ ..] if salt.len() == PARSEC_SALT => {
            Ok(create_response_for_parsec(password.as_bytes(), nonce, 1024 << factor, salt).to_vec())
        }
        _ => Err(malformed("an unknown salt of parsec")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_password_has_an_empty_answer() {
        assert!(Method::Native.answer("", &[1; 21]).is_empty());
        assert!(Method::CachingSha2.answer("", &[1; 21]).is_empty());
        assert_eq!(Method::Ed25519.answer("", &[1; 32]).len(), 64);
    }

    #[test]
    fn the_zero_behind_a_nonce_does_not_count() {
        let nonce: Vec<u8> = (1..=20).collect();
        let with_zero = [&nonce[..], &[0]].concat();
        for method in [Method::Native, Method::CachingSha2] {
            assert_eq!(method.answer("secret", &nonce), method.answer("secret", &with_zero));
            assert_eq!(Method::named(method.name()).unwrap(), method);
        }
    }

    #[test]
    fn an_answer_of_ed25519_is_a_signature_with_the_passwords_key() {
        // What MariaDB stores for the password `secret`, from its documentation.
        const STORED: &str = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY=";
        let pem = format!("-----BEGIN CERTIFICATE-----\n{STORED}\n-----END CERTIFICATE-----\n");
        let key = rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key.as_ref());
        let nonce: Vec<u8> = (100..132).collect();
        key.verify(&nonce, &Method::Ed25519.answer("secret", &nonce)).unwrap();
        assert!(key.verify(&nonce, &Method::Ed25519.answer("secret2", &nonce)).is_err());
    }

    #[test]
    fn an_unknown_method_is_named() {
        let failure = Method::named("dialog").unwrap_err();
        assert!(!failure.is_transient() && failure.code == "auth_plugin_unknown" && failure.reason.contains("dialog"));
    }

    #[test]
    fn what_is_no_key_is_an_error() {
        for pem in [&b""[..], b"nonsense", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert_eq!(encrypted("secret", &[1; 20], pem).unwrap_err().code, "packet_malformed");
        }
        assert!(further(&[9]).is_err() && further(&[]).is_err());
    }

    #[test]
    fn a_salt_of_parsec_is_taken_as_it_is_documented() {
        let salt = |first: u8, factor: u8, length: usize| [&[first, factor][..], &vec![7; length]].concat();
        assert_eq!(signed("secret", &[1; 32], &salt(b'P', 0, 18)).unwrap().len(), 96);
        for (nonce, salt) in [
            (31, salt(b'P', 0, 18)),
            (32, salt(b'Q', 0, 18)),
            (32, salt(b'P', 4, 18)),
            (32, salt(b'P', 0, 17)),
            (32, Vec::new()),
        ] {
            assert_eq!(signed("secret", &vec![1; nonce], &salt).unwrap_err().code, "packet_malformed", "{salt:?}");
        }
    }
}
