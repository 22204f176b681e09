//! Ports that no other test takes, in this process or in another.
//!
//! Binding to port 0 and letting go again is a race: whoever comes next may be given the same port. Here a port is
//! reserved by locking a file named after it in a folder that all of a user's test processes share. The lock lives as
//! long as the process, so that a server can be restarted on its port. The ports lie below the range the kernel takes
//! for outgoing connections.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

const PORTS: Range<u16> = 20_000..32_000;

static RESERVED: Mutex<BTreeMap<u16, File>> = Mutex::new(BTreeMap::new());

/// A TCP port of 127.0.0.1 that nobody listens on, and that no other test process is given while this one lives.
///
/// # Panics
/// When no port can be reserved: no test can go on without.
pub fn free_port() -> u16 {
    reserve_port().unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn reserve_port() -> Result<u16> {
    let folder = lock_folder()?;
    let mut reserved = RESERVED.lock().unwrap_or_else(PoisonError::into_inner);
    // Processes start at different places, so that they seldom try each other's ports.
    let start = std::process::id().wrapping_mul(193) + reserved.len() as u32;
    let count = u32::from(PORTS.end - PORTS.start);
    for step in 0..count {
        let port = PORTS.start + ((start.wrapping_add(step)) % count) as u16;
        if reserved.contains_key(&port) {
            continue;
        }
        let path = folder.join(port.to_string());
        let file = File::create(&path).map_err(Error::during(format!("creating {}", path.display())))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(cause)) => {
                return Err(Error::new(format!("locking {}: {cause}", path.display())));
            }
        }
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            reserved.insert(port, file);
            return Ok(port);
        }
    }
    Err(Error::new(format!("no free port between {} and {}", PORTS.start, PORTS.end)))
}

fn lock_folder() -> Result<PathBuf> {
    let user = fs::metadata("/proc/self")?.uid();
    let folder = std::env::temp_dir().join(format!("replicator-ports-{user}"));
    fs::create_dir_all(&folder).map_err(Error::during(format!("creating {}", folder.display())))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_different_and_free() {
        let ports: Vec<u16> = (0..50).map(|_| free_port()).collect();
        let distinct: std::collections::BTreeSet<u16> = ports.iter().copied().collect();
        assert_eq!(distinct.len(), ports.len());
        for port in ports {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "port {port} is taken");
        }
    }
}
