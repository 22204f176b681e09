//! Where `login` keeps what it got: `~/.config/replicator/credentials.toml`, for its owner alone, a token for each Server.

use crate::exit::{Exit, Failed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is kept for one Server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) user: String,
    /// The token's id, by which it is revoked.
    pub(crate) id: String,
    pub(crate) token: String,
}

/// All of the file.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    #[serde(default)]
    servers: BTreeMap<String, Kept>,
}

impl Credentials {
    /// Empty where there is no file yet. One that others may read is refused: its tokens are theirs too by now.
    pub(crate) fn read() -> Result<Self, Failed> {
        let Some(path) = path() else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unusable(&path, &error.to_string(), "mend its permissions, or remove it")),
        };
        let mode = std::fs::metadata(&path).map_or(0, |file| file.permissions().mode());
        if mode & 0o077 != 0 {
            let hint = "revoke its tokens with `replicator token revoke`, then chmod 600 it, or remove it";
            return Err(unusable(&path, "others may read it", hint));
        }
        // The parser's message might quote a token.
        toml::from_str(&text)
            .map_err(|_| unusable(&path, "it is not TOML as `login` writes it", "remove it, and log in again"))
    }

    pub(crate) fn token(&self, server: &str) -> Option<&str> {
        self.servers.get(&key(server)).map(|kept| kept.token.as_str())
    }

    pub(crate) fn keep(&mut self, server: &str, kept: Kept) {
        self.servers.insert(key(server), kept);
    }

    pub(crate) fn forget(&mut self, server: &str) -> Option<Kept> {
        self.servers.remove(&key(server))
    }

    /// Replaces the file as a whole, so that another process never reads half of it.
    pub(crate) fn write(&self) -> Result<PathBuf, Failed> {
        let no_home = || unusable(Path::new("credentials.toml"), "HOME is not set", "set HOME or XDG_CONFIG_HOME");
        let path = path().ok_or_else(no_home)?;
        let hint = "make the folder writable, or use REPLICATOR_TOKEN";
        let text = toml::to_string(self).map_err(|_| unusable(&path, "it can't be written as TOML", hint))?;
        write_private(&path, &text).map_err(|error| unusable(&path, &error.to_string(), hint))?;
        Ok(path)
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    // One that a killed process of the same number left would keep its own mode.
    std::fs::remove_file(&draft).ok();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    std::fs::rename(&draft, path)
}

fn path() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(config.join("replicator").join("credentials.toml"))
}

/// One Server, however its address was written.
fn key(server: &str) -> String {
    match reqwest::Url::parse(server) {
        Ok(url) => url.as_str().trim_end_matches('/').to_owned(),
        Err(_) => server.to_owned(),
    }
}

fn unusable(path: &Path, problem: &str, hint: &str) -> Failed {
    Failed::new(Exit::Failed, "credentials_file", format!("{}: {problem}", path.display()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_however_it_is_written() {
        let mut credentials = Credentials::default();
        let (user, id, token) = ("alice".to_owned(), "5f".to_owned(), "mr_5f_x".to_owned());
        credentials.keep("http://127.0.0.1:8080/", Kept { user, id, token });
        assert_eq!(credentials.token("HTTP://127.0.0.1:8080"), Some("mr_5f_x"));
        assert_eq!(credentials.token("http://127.0.0.1:8081"), None);
        let text = toml::to_string(&credentials).unwrap();
        assert_eq!(toml::from_str::<Credentials>(&text).unwrap().token("http://127.0.0.1:8080"), Some("mr_5f_x"));
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replicator/credentials.toml");
        for text in ["one", "two"] {
            write_private(&path, text).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
