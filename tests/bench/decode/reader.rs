//! The programs that read a log.

use super::log::Log;
use replicator_tests::{Error, Flavor, Process, Result, log_printer};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The project's connection, with this much done to what it brings.
    Ours(&'static str),
    /// A Rust program over another crate: its name, and what is done.
    Crate(&'static str, &'static str),
    /// `mysql-binlog-connector-java`.
    Java,
    /// `mysqlbinlog -v`, from the server.
    MysqlBinlog,
}

/// What nobody is faster than.
pub(crate) const RECEIVING: Reader = Reader::Ours("receive");

impl Reader {
    pub(crate) const ALL: [Reader; 9] = [
        Reader::Ours("decode"),
        RECEIVING,
        Reader::Ours("skip"),
        Reader::Ours("text"),
        Reader::Crate("read-connector", "decode"),
        Reader::Crate("read-mysql-async", "decode"),
        Reader::Crate("read-mysql-async", "receive"),
        Reader::Java,
        Reader::MysqlBinlog,
    ];

    /// As figures call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Reader::Ours("decode") => "replicator",
            Reader::Ours("receive") => "receiving only",
            Reader::Ours("skip") => "all tables excluded",
            Reader::Ours(_) => "replicator, as text",
            Reader::Crate("read-connector", _) => "mysql-binlog-connector-rust",
            Reader::Crate(_, "receive") => "mysql_async, receiving only",
            Reader::Crate(..) => "mysql_async",
            Reader::Java => "mysql-binlog-connector-java",
            Reader::MysqlBinlog => "mysqlbinlog -v",
        }
    }

    /// Whether it gives every value to a program, so that the replicator has to be faster.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Reader::Crate(_, "decode") | Reader::Java | Reader::MysqlBinlog)
    }

    /// Whether its program is there. The peers are built on demand.
    pub(crate) fn is_there(self) -> Result<bool> {
        match self {
            Reader::Ours(_) | Reader::MysqlBinlog => Ok(true),
            Reader::Crate(name, _) => Ok(peers()?.join("release").join(name).is_file()),
            Reader::Java => Ok(peers()?.join("java/ReadLog.class").is_file()),
        }
    }

    pub(super) fn command(self, log: &Log) -> Result<Command> {
        let arguments = |mode: &str| {
            let server = &log.server;
            let (port, end) = (server.port().to_string(), log.end.to_string());
            ["127.0.0.1", &port, server.user(), server.password(), &log.file, "4", &end, mode].map(str::to_owned)
        };
        let mut command = match self {
            Reader::Ours(mode) => {
                let mut command = Command::new(ours()?);
                command.args(arguments(mode));
                command
            }
            Reader::Crate(name, mode) => {
                let mut command = Command::new(peers()?.join("release").join(name));
                command.args(arguments(mode));
                command
            }
            Reader::Java => {
                let folder = peers()?.join("java");
                let mut command = Command::new("java");
                command.arg("-cp").arg(format!("{0}:{0}/*", folder.display())).arg("ReadLog").args(arguments("decode"));
                command
            }
            Reader::MysqlBinlog => return printed(log),
        };
        command.stdout(Stdio::piped());
        Ok(command)
    }

    /// The rows that it says it has read; `None` where it does not decode them all, or does not say.
    pub(super) fn row_count(self, output: &str) -> Option<u64> {
        if matches!(self, Reader::MysqlBinlog | Reader::Ours("receive" | "skip") | Reader::Crate(_, "receive")) {
            return None;
        }
        let seen: serde_json::Value = serde_json::from_str(output.lines().last()?).ok()?;
        seen["rows"].as_u64()
    }
}

/// `mysqlbinlog` is the only one to write what it has read: into nowhere.
fn printed(log: &Log) -> Result<Command> {
    let mut command = log_printer(Flavor::MySql97)?;
    command.args(["--read-from-remote-server", "--verbose", "--base64-output=DECODE-ROWS", "--verify-binlog-checksum"]);
    command.args(["--host=127.0.0.1", "--ssl-mode=DISABLED", "--get-server-public-key"]);
    command.arg(format!("--port={}", log.server.port()));
    command.arg(format!("--user={}", log.server.user())).arg(format!("--password={}", log.server.password()));
    command.arg(format!("--stop-position={}", log.end)).arg(&log.file).stdout(Stdio::null());
    Ok(command)
}

fn ours() -> Result<PathBuf> {
    let bench = Process::program("replicator-bench")?;
    let program = bench.parent().unwrap_or(Path::new(".")).join("examples/read_log");
    match program.is_file() {
        true => Ok(program),
        false => Err(Error::new(format!(
            "{} is not built: cargo build --release -p replicator-mysql --example read_log",
            program.display()
        ))),
    }
}

/// Where `tests/bench/peers/build.sh` puts them: `target/peers`.
fn peers() -> Result<PathBuf> {
    let bench = Process::program("replicator-bench")?;
    let target = bench.ancestors().nth(2).unwrap_or(Path::new("target"));
    Ok(target.join("peers"))
}
