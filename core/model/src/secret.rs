//! Passwords: shown to nobody.

use crate::failure::Failure;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

/// What stands in every output instead of a secret. An edit that sends it back means "keep what is there".
pub const REDACTED: &str = "********";

/// Where a secret stands in its document, such as `producer.password`.
pub type SecretKey = Cow<'static, str>;

/// A secret text. `Debug`, `Display` and `Serialize` show [`REDACTED`]; only [`Secret::expose`] gives it out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for a login or for sealed storage, never for a log or an answer.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_redacted(&self) -> bool {
        self.0 == REDACTED
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Secret)
    }
}

/// Where a secret comes from: `"text"`, `{ env = "NAME" }` or `{ file = "/path" }`. The last two are looked up by the
/// Core that runs the task, so that the secret itself never leaves its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, { env = \"NAME\" } or { file = \"/path\" }")]
pub enum SecretSource {
    Literal(Secret),
    Env(EnvSource),
    File(FileSource),
    /// As it came from the tree, for want of its key. Nobody writes it in a spec.
    #[serde(skip_deserializing)]
    Sealed(SealedSecret),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSource {
    pub env: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    pub file: PathBuf,
}

/// A secret as it stands in the tree: `key.bytes`, readable with the key that it names. Shown as [`REDACTED`].
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    text: String,
    /// The key is here, and does not open it: the text was damaged, or belongs to another place.
    is_broken: bool,
}

impl SealedSecret {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_broken: false }
    }

    /// The same, after its own key could not open it.
    pub fn broken(mut self) -> Self {
        self.is_broken = true;
        self
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The key that it was sealed with; empty where the text names none.
    pub fn key_id(&self) -> &str {
        self.text.split_once('.').map_or("", |(id, _)| id)
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for SealedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// Why a secret could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    #[error("the file {0} can't be read: {1}")]
    NoFile(PathBuf, String),
    #[error("it is sealed with the key `{0}`, which this process has not got")]
    KeyUnknown(String),
    #[error("the key `{0}` does not open it: it was damaged, or written for another place")]
    Broken(String),
}

impl SecretError {
    /// The same for an operator; `key` is where the secret stands, such as `producer.password`.
    pub fn failure(&self, key: &str) -> Failure {
        let code = match self {
            SecretError::NoVariable(_) | SecretError::NoFile(..) => "secret_not_found",
            SecretError::KeyUnknown(_) => "secret_key_unknown",
            SecretError::Broken(_) => "secret_unreadable",
        };
        let hint = match self {
            SecretError::NoVariable(_) | SecretError::NoFile(..) => {
                "set it on the host of the Core that runs the task, for the user that the Core runs as"
            }
            SecretError::KeyUnknown(_) => {
                "give this process a [secrets] key_file with that key in it, the same for all, or enter the secret anew"
            }
            SecretError::Broken(_) => "enter the secret anew",
        };
        Failure::definite(code, format!("`{key}`: {self}"), hint)
    }
}

impl Default for SecretSource {
    fn default() -> Self {
        SecretSource::Literal(Secret::default())
    }
}

impl SecretSource {
    pub fn literal(text: impl Into<String>) -> Self {
        SecretSource::Literal(Secret::new(text))
    }

    /// Looks the secret up. Environment and files are reached through the two functions, so that this stays free of
    /// I/O; of a file, one newline at the end does not count.
    pub fn resolve(
        &self,
        variable: impl FnOnce(&str) -> Option<String>,
        read: impl FnOnce(&std::path::Path) -> Result<String, String>,
    ) -> Result<Secret, SecretError> {
        match self {
            SecretSource::Literal(secret) => Ok(secret.clone()),
            SecretSource::Env(EnvSource { env }) => {
                variable(env).map(Secret).ok_or_else(|| SecretError::NoVariable(env.clone()))
            }
            SecretSource::File(FileSource { file }) => match read(file) {
                Ok(text) => Ok(Secret(text.strip_suffix('\n').unwrap_or(&text).trim_end_matches('\r').to_owned())),
                Err(problem) => Err(SecretError::NoFile(file.clone(), problem)),
            },
            SecretSource::Sealed(sealed) if sealed.is_broken => Err(SecretError::Broken(sealed.key_id().to_owned())),
            SecretSource::Sealed(sealed) => Err(SecretError::KeyUnknown(sealed.key_id().to_owned())),
        }
    }

    /// Looks the secret up in this process's environment and files.
    pub fn resolve_here(&self) -> Result<Secret, SecretError> {
        self.resolve(
            |name| std::env::var(name).ok(),
            |path| std::fs::read_to_string(path).map_err(|error| error.to_string()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_in_no_output() {
        let source = SecretSource::literal("canary-7f3a");
        assert!(!format!("{source:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&source).unwrap(), format!("\"{REDACTED}\""));
    }

    #[test]
    fn a_secret_is_looked_up_where_it_says() {
        let env: SecretSource = serde_json::from_str(r#"{"env":"DB"}"#).unwrap();
        let file: SecretSource = serde_json::from_str(r#"{"file":"/run/db"}"#).unwrap();
        let variable = |name: &str| (name == "DB").then(|| "one".to_owned());
        let read = |_: &std::path::Path| Ok("two\n".to_owned());
        assert_eq!(env.resolve(variable, read).unwrap().expose(), "one");
        assert_eq!(file.resolve(variable, read).unwrap().expose(), "two");
        assert!(env.resolve(|_| None, read).unwrap_err().to_string().contains("`DB` is not set"));
    }

    #[test]
    fn a_sealed_secret_says_which_key_it_wants() {
        let sealed = SealedSecret::new("k1.Zm9v");
        let resolve = |sealed: SealedSecret| SecretSource::Sealed(sealed).resolve_here().unwrap_err().failure("x");
        let unknown = resolve(sealed.clone());
        assert_eq!(unknown.code, "secret_key_unknown");
        assert!(unknown.reason.contains("`k1`"), "{unknown}");
        assert_eq!(resolve(sealed.clone().broken()).code, "secret_unreadable");
        assert_eq!(serde_json::to_string(&SecretSource::Sealed(sealed)).unwrap(), format!("\"{REDACTED}\""));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(serde_json::from_str::<SecretSource>(r#"{"vault":"x"}"#).unwrap_err().to_string().contains("env"));
    }
}
