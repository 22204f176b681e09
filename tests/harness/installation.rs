//! Where a server's programs and files are: in the cache folder that `install.sh` fills, or where an environment
//! variable points.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Flavor, Result};

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

/// `$REPLICATOR_SERVERS`, or `mysql_replicator/servers` in the user's cache folder; as in `install.sh`.
pub(crate) fn servers_dir() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("REPLICATOR_SERVERS") {
        return Ok(dir.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let cache = cache.ok_or_else(|| {
        Error::new("neither REPLICATOR_SERVERS nor HOME is set, so there is no folder to look for servers in")
    })?;
    Ok(cache.join("mysql_replicator/servers"))
}

/// The folder of a piece of `install.sh`: what `variable` says, or its place in the cache folder.
pub(crate) fn folder_of(piece: &str, variable: &str) -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os(variable) {
        let dir = PathBuf::from(dir);
        if dir.is_dir() {
            return Ok(dir);
        }
        return Err(Error::new(format!("{variable} names {}, which is not a folder", dir.display())));
    }
    let dir = servers_dir()?.join(piece);
    if dir.join(".complete").is_file() {
        return Ok(dir);
    }
    Err(Error::new(format!(
        "{piece} is not installed in {}: run tests/setup/install.sh {piece} (or set {variable} to your own)",
        dir.display()
    )))
}

/// Prometheus' `promtool`.
pub fn promtool() -> Result<PathBuf> {
    Ok(folder_of("promtool", "REPLICATOR_PROMTOOL")?.join("usr/bin/promtool"))
}

/// The folder of Python libraries with `schemathesis`, for `PYTHONPATH`.
pub fn schemathesis() -> Result<PathBuf> {
    Ok(folder_of("schemathesis", "REPLICATOR_SCHEMATHESIS")?.join("libraries"))
}

/// `mysqlbinlog` or `mariadb-binlog`, ready for its arguments: of the server's own version, except that the one of MariaDB
/// 11.8 reads the logs of all MariaDBs.
pub fn log_printer(flavor: Flavor) -> Result<Command> {
    let (root, name) = match flavor {
        _ if flavor.is_mariadb() => (folder_of("mariadb_tools", "REPLICATOR_MARIADB_TOOLS")?, "mariadb-binlog"),
        _ => (folder_of(flavor.piece(), flavor.variable())?, "mysqlbinlog"),
    };
    let unpacked = root.join(LOADER).is_file() && root != Path::new("/");
    let program = if unpacked { root.join("usr/bin") } else { root.join("bin") }.join(name);
    if !program.is_file() {
        return Err(Error::new(format!("there is no {}: run tests/setup/install.sh", program.display())));
    }
    let mut command = if unpacked { Command::new(root.join(LOADER)) } else { Command::new(&program) };
    if unpacked {
        command.arg("--library-path").arg(root.join(LIBRARIES)).arg(&program);
    }
    let compat = root.join("compat");
    if compat.is_dir() {
        command.env("LD_LIBRARY_PATH", compat);
    }
    command.arg("--no-defaults");
    Ok(command)
}

/// A database server's files.
pub(crate) struct Installation {
    pub(crate) program: PathBuf,
    /// Set when the server was unpacked with all of its libraries: the dynamic loader to run it through, and where the
    /// libraries are.
    loader: Option<(PathBuf, String)>,
    /// A folder of libraries that a newer system no longer has.
    compat: Option<PathBuf>,
    base: PathBuf,
    /// Messages, character sets and the SQL of the system tables.
    pub(crate) share: PathBuf,
    plugins: Option<PathBuf>,
}

impl Installation {
    pub(crate) fn of(flavor: Flavor) -> Result<Installation> {
        let root = folder_of(flavor.piece(), flavor.variable())?;
        let unpacked = root.join(LOADER).is_file() && root != Path::new("/");
        let base = if unpacked { root.join("usr") } else { root.clone() };
        let first = |candidates: &[&str], marker: &str| {
            candidates.iter().map(|candidate| base.join(candidate)).find(|dir| dir.join(marker).exists())
        };
        let missing = |what: &str| {
            Error::new(format!(
                "{} has no {what}: run tests/setup/install.sh --force {}, or set {} to a base directory",
                root.display(),
                flavor.piece(),
                flavor.variable()
            ))
        };
        let places = ["sbin", "bin", "libexec"];
        let program = first(&places, flavor.program()).map(|dir| dir.join(flavor.program()));
        let program = program.or_else(|| first(&places, "mysqld").map(|dir| dir.join("mysqld")));
        let share = first(&["share/mariadb", "share/mysql", "share"], "english/errmsg.sys");
        let plugins = ["lib/mysql/plugin", "lib/x86_64-linux-gnu/mariadb19/plugin", "lib/plugin", "lib64/mysql/plugin"];
        let compat = root.join("compat");
        Ok(Installation {
            program: program.ok_or_else(|| missing(flavor.program()))?,
            loader: unpacked.then(|| {
                let libraries = root.join(LIBRARIES);
                let private = root.join("usr/lib/mysql/private");
                (root.join(LOADER), format!("{}:{}", libraries.display(), private.display()))
            }),
            compat: compat.is_dir().then_some(compat),
            share: share.ok_or_else(|| missing("share/*/english/errmsg.sys"))?,
            plugins: first(&plugins, ".").map(|dir| dir.canonicalize().unwrap_or(dir)),
            base,
        })
    }

    /// The program to start: the loader if there is one, with the server as its first argument.
    pub(crate) fn executable(&self) -> &Path {
        self.loader.as_ref().map_or(&self.program, |(loader, _)| loader)
    }

    /// Adds what makes the server find its own files; `--no-defaults` keeps the machine's configuration out.
    pub(crate) fn configure(&self, command: &mut Command) {
        if let Some((_, libraries)) = &self.loader {
            command.arg("--library-path").arg(libraries).arg(&self.program);
        }
        if let Some(compat) = &self.compat {
            command.env("LD_LIBRARY_PATH", compat);
        }
        command.arg("--no-defaults").arg(format!("--basedir={}", self.base.display()));
        command.arg(format!("--lc-messages-dir={}", self.share.display()));
        command.arg(format!("--character-sets-dir={}", self.share.join("charsets").display()));
        if let Some(plugins) = &self.plugins {
            command.arg(format!("--plugin-dir={}", plugins.display()));
        }
        // The servers refuse to run as root unless told to; anybody else keeps his own identity.
        if is_root() {
            command.arg("--user=root");
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
