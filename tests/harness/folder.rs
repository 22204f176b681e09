//! Folders for servers, removed when dropped, and swept up later when there was no drop.
//!
//! All of a test process's folders are inside one that has a locked file in it. A process that is killed leaves its
//! folder behind, hundreds of megabytes for a database, but not the lock: the next test process removes it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::{Error, Result};

const PREFIX: &str = "replicator-tests-";

/// The process's own folder, and its lock, held until the process ends.
static OWN: Mutex<Option<(PathBuf, File)>> = Mutex::new(None);

/// A new folder for a server, in the system's folder for temporary files (`TMPDIR`).
pub(crate) fn new(name: &str) -> Result<TempDir> {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = match &*own {
        Some((path, _)) => path,
        None => &own.insert(create_own(&std::env::temp_dir())?).0,
    };
    let folder = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(parent);
    folder.map_err(Error::during(format!("making a folder in {}", parent.display())))
}

fn create_own(temporary: &Path) -> Result<(PathBuf, File)> {
    sweep(temporary)?;
    let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(temporary)?.keep();
    // It gets its name when it is locked: others do not take it for a leftover in between.
    let lock = File::create(path.join("lock.new"))?;
    lock.lock()?;
    fs::rename(path.join("lock.new"), path.join("lock"))?;
    Ok((path, lock))
}

/// Removes the folders of processes that are gone; those of other users stay.
fn sweep(temporary: &Path) -> Result<()> {
    for entry in fs::read_dir(temporary)? {
        let path = entry?.path();
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_ours && File::open(path.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(&path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_swept_and_those_of_the_living_stay() -> Result<()> {
        let temporary = tempfile::tempdir()?;
        let (dead, lock) = create_own(temporary.path())?;
        let (living, _lock) = create_own(temporary.path())?;
        assert!(dead.exists(), "its process lives");
        drop(lock);
        sweep(temporary.path())?;
        assert_eq!((dead.exists(), living.exists()), (false, true));
        Ok(())
    }
}
