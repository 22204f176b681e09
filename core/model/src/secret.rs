//! Passwords: shown to nobody.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::PathBuf;

/// What stands in every output instead of a secret. An edit that sends it back means "keep what is there".
pub const REDACTED: &str = "********";

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

/// Why a secret could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    #[error("the file {0} can't be read: {1}")]
    NoFile(PathBuf, String),
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
    fn an_unknown_key_is_refused() {
        assert!(serde_json::from_str::<SecretSource>(r#"{"vault":"x"}"#).unwrap_err().to_string().contains("env"));
    }
}
