//! The file with the keys that seal secrets: a line `ID KEY` for each, the newest first, `#` before a remark.
//!
//! The same file belongs on every host that has a Server, a Core or a Monitor.

use crate::sealing::{KEY_BYTES, Keyring};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys that a file can hold, and the bytes that they can take.
const KEYS_MAX: usize = 100;
const FILE_BYTES_MAX: u64 = 64 << 10;
const ID_LENGTH_MAX: usize = 32;
/// Others may do nothing with it, and the group not write it: services of one host may share it as 640.
const FORBIDDEN_MODE: u32 = 0o027;

/// The `[secrets]` section of every program's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// The file with the keys; see `replicator-server --new-key`. Default: none, and then passwords can only be given
    /// as `{ env }` or `{ file }`.
    pub key_file: Option<PathBuf>,
}

/// Why there are no keys. The text names the file, the line and what to do, and nothing that stands in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("the key file {file} can't be read: {problem}; make one with `replicator-server --new-key {file}`")]
    Unreadable { file: String, problem: io::Error },
    #[error("the key file {file} can't be written: {problem}")]
    Unwritable { file: String, problem: io::Error },
    #[error(
        "the key file {file} can be read by others (mode {mode:o}); chmod 600 {file}, or 640 to share it in a group"
    )]
    TooOpen { file: String, mode: u32 },
    #[error("the key file {file}: {problem}; a line is `ID KEY`, the key 32 bytes as base64 or hex")]
    Malformed { file: String, problem: String },
}

impl SecretsConfig {
    /// The keys, read now: a change of the file counts from the next start.
    pub fn keyring(&self) -> Result<Arc<Keyring>, KeyFileError> {
        Ok(Arc::new(match &self.key_file {
            Some(file) => read(file)?,
            None => Keyring::default(),
        }))
    }
}

/// Reads the keys of a file that nobody else can read.
pub fn read(file: &Path) -> Result<Keyring, KeyFileError> {
    let name = file.display().to_string();
    let unreadable = |problem| KeyFileError::Unreadable { file: name.clone(), problem };
    let found = fs::metadata(file).map_err(unreadable)?;
    let mode = found.mode() & 0o777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(KeyFileError::TooOpen { file: name, mode });
    }
    if found.len() > FILE_BYTES_MAX {
        let problem = format!("it has more than {FILE_BYTES_MAX} bytes");
        return Err(KeyFileError::Malformed { file: name, problem });
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    parse(&text).map_err(|problem| KeyFileError::Malformed { file: name, problem })
}

fn parse(text: &str) -> Result<Keyring, String> {
    let mut keys = Keyring::default();
    for (line, text) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (id, key) = text.split_once(char::is_whitespace).ok_or(format!("line {line} is not `ID KEY`"))?;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.len() > ID_LENGTH_MAX || !id.chars().all(is_allowed) {
            return Err(format!("line {line}: an ID is up to {ID_LENGTH_MAX} letters, digits, `-` and `_`"));
        }
        if keys.ids().any(|known| known == id) {
            return Err(format!("line {line}: the ID `{id}` is there twice"));
        }
        let bytes = key_bytes(key.trim()).ok_or(format!("line {line}: the key is not {KEY_BYTES} bytes"))?;
        if keys.ids().count() == KEYS_MAX || !keys.add(id, &bytes) {
            return Err(format!("line {line}: a file can hold {KEYS_MAX} keys"));
        }
    }
    if keys.is_empty() { Err("there is no key in it".to_owned()) } else { Ok(keys) }
}

fn key_bytes(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() == 2 * KEY_BYTES && text.is_ascii() {
        let mut bytes = [0; KEY_BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        return Some(bytes);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Puts a new key first in the file, which is made (for its owner alone) if it is not there. Answers the key's id. The
/// keys that were there stay: what they sealed goes on to open.
pub fn add_new_key(file: &Path) -> Result<String, KeyFileError> {
    let name = file.display().to_string();
    let before = match fs::symlink_metadata(file) {
        Ok(_) => {
            read(file)?;
            fs::read_to_string(file).map_err(|problem| KeyFileError::Unreadable { file: name.clone(), problem })?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => "# ID KEY, the newest first: it seals\n".to_owned(),
        Err(problem) => return Err(KeyFileError::Unreadable { file: name, problem }),
    };
    let (mut key, mut id) = ([0; KEY_BYTES], [0; 4]);
    let unwritable = |problem| KeyFileError::Unwritable { file: name.clone(), problem };
    let no_chance = |_| unwritable(io::Error::other("the system gives no random bytes"));
    rand::fill(&mut key).and_then(|()| rand::fill(&mut id)).map_err(no_chance)?;
    let id = format!("k{:08x}", u32::from_be_bytes(id));
    let line = format!("{id} {}\n", STANDARD.encode(key));
    let (remarks, keys): (Vec<&str>, Vec<&str>) = before.lines().partition(|line| line.starts_with('#'));
    let text =
        format!("{}\n{line}{}", remarks.join("\n"), keys.iter().map(|key| format!("{key}\n")).collect::<String>());
    replace(file, text.trim_start()).map_err(unwritable)?;
    Ok(id)
}

/// The keys of the file, which gets its first one if it is not there.
pub fn read_or_make(file: &Path) -> Result<Keyring, KeyFileError> {
    if !file.exists() {
        add_new_key(file)?;
    }
    read(file)
}

/// Whole or not at all: a file with half a key would lock every secret away.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let result = written.write_all(text.as_bytes()).and_then(|()| written.sync_all());
    result.and_then(|()| fs::rename(&beside, file)).inspect_err(|_| drop(fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::secret::Secret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_key_seals_and_the_old_one_goes_on_to_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.key");
        let first = add_new_key(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        let sealed = read(&file).unwrap().seal("p", &Secret::new("canary")).unwrap();
        let second = add_new_key(&file).unwrap();
        let keys = read(&file).unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), [second.as_str(), first.as_str()]);
        assert_eq!(keys.open("p", &sealed).unwrap(), Secret::new("canary"));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.key");
        add_new_key(&file).unwrap();
        for (mode, is_fine) in
            [(0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o660, false), (0o601, false)]
        {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&file).is_ok(), is_fine, "{mode:o}");
        }
        assert!(add_new_key(&file).is_err());
        let missing = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("--new-key"), "{missing}");
    }

    #[test]
    fn lines_are_read_as_hex_or_base64_and_errors_quote_no_key() {
        let hex = "ab".repeat(KEY_BYTES);
        let base64 = STANDARD.encode([7; KEY_BYTES]);
        let keys = parse(&format!("# remark\n\nnew {hex}\nold\t{base64}\n")).unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), ["new", "old"]);
        for (text, part) in [
            ("", "no key"),
            ("canary", "line 1 is not"),
            ("a canarycanary", "line 1: the key is not 32 bytes"),
            (&format!("a {hex}\na {hex}\n"), "line 2: the ID `a` is there twice"),
            (&format!("a.b {hex}\n"), "line 1: an ID"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part) && !error.contains("canary"), "{text}: {error}");
        }
    }
}
