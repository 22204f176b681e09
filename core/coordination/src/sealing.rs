//! Secrets are sealed (AES-256-GCM) before they enter the tree and opened where they are used. What is sealed is bound to
//! its place, so that a node's text copied into another node opens nothing there.

use crate::error::CoordinationError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use replicator_model::channel::ChannelSpec;
use replicator_model::secret::{SealedSecret, Secret, SecretKey, SecretSource};
use replicator_model::task::TaskSpec;
use std::fmt;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The keys that a process has: the first seals, all open. Without any, nothing is sealed and nothing opens.
#[derive(Default)]
pub struct Keyring {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    cipher: RandomizedNonceKey,
}

/// Why a text was not sealed or opened. None of them quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("there is no key to seal it with")]
    NoKey,
    #[error("it is sealed with the key `{0}`, which this process has not got")]
    KeyUnknown(String),
    #[error("the key `{0}` does not open it: it was damaged, or written for another place")]
    Broken(String),
}

impl Keyring {
    /// Adds a key behind those that are there. `false`: the cipher refused its bytes.
    pub(crate) fn add(&mut self, id: &str, bytes: &[u8; KEY_BYTES]) -> bool {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, bytes);
        let added = cipher.map(|cipher| self.keys.push(Key { id: id.to_owned(), cipher }));
        added.is_ok()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What the keys are called, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Whether it was sealed with the key that seals now.
    pub fn is_newest(&self, sealed: &SealedSecret) -> bool {
        self.keys.first().is_some_and(|key| key.id == sealed.key_id())
    }

    /// Seals a secret for one place, such as `channels/ops/url`: opened for any other it is broken.
    pub fn seal(&self, place: &str, secret: &Secret) -> Result<SealedSecret, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let mut bytes = secret.expose().as_bytes().to_vec();
        let nonce = key.cipher.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut bytes);
        let nonce = nonce.map_err(|_| SealError::NoKey)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&bytes);
        Ok(SealedSecret::new(format!("{}.{}", key.id, STANDARD.encode(sealed))))
    }

    /// The secret that was sealed for the place.
    pub fn open(&self, place: &str, sealed: &SealedSecret) -> Result<Secret, SealError> {
        let (id, text) = sealed.text().split_once('.').unwrap_or_default();
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| SealError::KeyUnknown(id.to_owned()))?;
        let opened = || {
            let bytes = STANDARD.decode(text).ok()?;
            let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
            let mut rest = rest.to_vec();
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let plain = key.cipher.open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest).ok()?;
            std::str::from_utf8(plain).ok().map(Secret::new)
        };
        opened().ok_or_else(|| SealError::Broken(id.to_owned()))
    }

    /// The spec as it may be written: texts sealed, references and what is sealed already as they are.
    pub fn seal_spec(&self, spec: &TaskSpec) -> Result<TaskSpec, CoordinationError> {
        let mut spec = spec.clone();
        let owner = format!("tasks/{}", spec.name);
        self.seal_all(&owner, spec.secrets_mut())?;
        Ok(spec)
    }

    /// The spec with its secrets opened as far as the keys are here. The others stay sealed: they can be shown, kept
    /// over an edit and replaced, and fail whoever wants to log in with them.
    pub fn open_spec(&self, mut spec: TaskSpec) -> TaskSpec {
        let owner = format!("tasks/{}", spec.name);
        self.open_all(&owner, spec.secrets_mut());
        spec
    }

    /// The same as [`Keyring::seal_spec`] of a channel.
    pub fn seal_channel(&self, channel: &ChannelSpec) -> Result<ChannelSpec, CoordinationError> {
        let mut channel = channel.clone();
        let owner = format!("channels/{}", channel.name);
        self.seal_all(&owner, channel.secrets_mut())?;
        Ok(channel)
    }

    /// The same as [`Keyring::open_spec`] of a channel.
    pub fn open_channel(&self, mut channel: ChannelSpec) -> ChannelSpec {
        let owner = format!("channels/{}", channel.name);
        self.open_all(&owner, channel.secrets_mut());
        channel
    }

    fn seal_all(&self, owner: &str, secrets: Vec<(SecretKey, &mut SecretSource)>) -> Result<(), CoordinationError> {
        for (key, source) in secrets {
            let SecretSource::Literal(secret) = &*source else { continue };
            if secret.expose().is_empty() {
                continue;
            }
            let place = format!("{owner}/{key}");
            let sealed = self.seal(&place, secret);
            *source = SecretSource::Sealed(sealed.map_err(|_| CoordinationError::NoSecretsKey { place })?);
        }
        Ok(())
    }

    fn open_all(&self, owner: &str, secrets: Vec<(SecretKey, &mut SecretSource)>) {
        for (key, source) in secrets {
            let SecretSource::Sealed(sealed) = &*source else { continue };
            match self.open(&format!("{owner}/{key}"), sealed) {
                Ok(secret) => *source = SecretSource::Literal(secret),
                Err(SealError::Broken(_)) => *source = SecretSource::Sealed(sealed.clone().broken()),
                Err(SealError::KeyUnknown(_) | SealError::NoKey) => {}
            }
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::stored::Stored;

    fn ring(ids: &[&str]) -> Keyring {
        let mut ring = Keyring::default();
        for id in ids {
            assert!(ring.add(id, &[id.len() as u8; KEY_BYTES]));
        }
        ring
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_with_its_key_alone() {
        let (old, both) = (ring(&["k"]), ring(&["new", "k"]));
        let secret = Secret::new("canary-4d21");
        let sealed = old.seal("tasks/copy/producer.password", &secret).unwrap();
        assert!(!sealed.text().contains("canary") && sealed.key_id() == "k");
        assert_ne!(old.seal("tasks/copy/producer.password", &secret).unwrap(), sealed, "a nonce was used twice");
        assert_eq!(both.open("tasks/copy/producer.password", &sealed).unwrap(), secret);
        assert_eq!(both.seal("x", &secret).unwrap().key_id(), "new");
        assert!(old.is_newest(&sealed) && !both.is_newest(&sealed));
        let elsewhere = both.open("tasks/other/producer.password", &sealed);
        assert_eq!(elsewhere, Err(SealError::Broken("k".into())));
        assert_eq!(ring(&["new"]).open("x", &sealed), Err(SealError::KeyUnknown("k".into())));
        assert_eq!(Keyring::default().seal("x", &secret), Err(SealError::NoKey));
        assert_eq!(Keyring::default().open("x", &sealed), Err(SealError::KeyUnknown("k".into())));
    }

    #[test]
    fn any_damage_breaks_it() {
        let ring = ring(&["k"]);
        let sealed = ring.seal("place", &Secret::new("canary")).unwrap();
        for at in 2..sealed.text().len() {
            let mut text = sealed.text().as_bytes().to_vec();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            let damaged = SealedSecret::new(String::from_utf8(text).unwrap());
            assert_eq!(ring.open("place", &damaged), Err(SealError::Broken("k".into())), "byte {at}");
            assert!(ring.open("place", &SealedSecret::new(&sealed.text()[..at])).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_spec_is_sealed_and_opened_as_far_as_the_keys_go() {
        let text = r#"{"name":"copy","group":"g","producer":{"host":"h","user":"r","password":"canary"},
            "route":[{"from":"shop.*","mask":{"email":{"hash":"canary-salt"}}}],
            "consumer":{"kind":"mysql","host":"target","user":"r","password":{"env":"P"}}}"#;
        let spec = TaskSpec::from_json(text.as_bytes()).unwrap();
        let keys = ring(&["k"]);
        let sealed = keys.seal_spec(&spec).unwrap();
        assert!(matches!(sealed.producer.password, SecretSource::Sealed(_)));
        let stored = sealed.to_stored().unwrap();
        assert!(!String::from_utf8_lossy(&stored).contains("canary"));
        assert_eq!(TaskSpec::from_stored(&stored).unwrap(), sealed, "salts stand beside the spec like passwords");
        assert_eq!(keys.open_spec(sealed.clone()), spec);
        assert_eq!(Keyring::default().open_spec(sealed.clone()), sealed);
        assert_eq!(ring(&["other"]).seal_spec(&sealed).unwrap(), sealed, "what is sealed stays");
        let refused = Keyring::default().seal_spec(&spec).unwrap_err().failure();
        assert_eq!(refused.code, "secrets_key_missing");
        assert!(!refused.to_string().contains("canary"));
    }
}
