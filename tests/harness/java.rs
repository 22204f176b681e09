//! How the Java servers are started: a small heap and a quick start instead of peak speed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `$JAVA_HOME/bin/java`, or the one on the path.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("JAVA_HOME")
        .map(|home| Path::new(&home).join("bin/java"))
        .filter(|java| java.is_file())
        .unwrap_or_else(|| PathBuf::from("java"))
}

/// The flags up to the main class. `libraries` is the folder with the jars.
pub(crate) fn configure(command: &mut Command, libraries: &Path, heap: &str) {
    command.args([&format!("-Xmx{heap}"), "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    command.arg("-Xshare:auto").arg("-cp").arg(libraries.join("*"));
}
