//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Folders whose contents are made, not written.
const NOT_OURS: [&str; 5] = ["target", ".git", ".cache", "node_modules", "dist"];

/// A text file: its path from the root, with `/`, and what is in it.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension)
    }

    /// The line that a byte is in, from 1.
    pub(crate) fn line_of(&self, byte: usize) -> usize {
        self.text.as_bytes()[..byte].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// Every text file, in the order of their paths. Files that are no text are left out.
pub(crate) static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    assert!(files.len() > 100, "the repository's files were not found at {}", root().display());
    files
});

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files of a kind.
pub(crate) fn with_extension(extension: &str) -> impl Iterator<Item = &'static SourceFile> {
    FILES.iter().filter(move |file| file.extension() == extension)
}

/// The file at `path`, which has to be there.
pub(crate) fn file(path: &str) -> &'static SourceFile {
    FILES.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("there is no {path}"))
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(SourceFile { path, text });
        }
    }
}
