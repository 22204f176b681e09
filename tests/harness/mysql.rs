//! MySQL and MariaDB servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};
use tempfile::TempDir;

use crate::child::{Child, Signal};
use crate::installation::Installation;
use crate::port::reserve_port;
use crate::template::{self, PASSWORD, USER};
use crate::{Error, Flavor, Result, TableSum, checksum, eventually, folder};

/// On a quiet machine a start takes one to three seconds; on a loaded one many start at once.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A database server of its own, set up as a source: binary log with row events, GTIDs where the version has them
/// (MySQL: `gtid_mode=ON`), `binlog_row_metadata=FULL` where it knows that. It is as good a target.
///
/// It listens on 127.0.0.1, has one account that may do everything (`replicator`/`secret`, with the server's default
/// authentication) and no database of its own. Dropping kills it and removes its files.
pub struct MysqlServer {
    flavor: Flavor,
    port: u16,
    extra_args: Vec<String>,
    installation: Installation,
    child: Option<Child>,
    data_dir: PathBuf,
    // Last, so that the folder goes after the process.
    folder: TempDir,
}

impl MysqlServer {
    pub async fn start(flavor: Flavor) -> Result<MysqlServer> {
        MysqlServer::start_with(flavor, &[]).await
    }

    /// `extra_args` come after the harness's own and win over them, such as `--binlog-row-metadata=MINIMAL`,
    /// `--skip-log-bin` or `--sync-binlog=1`. They also hold after a restart.
    pub async fn start_with(flavor: Flavor, extra_args: &[&str]) -> Result<MysqlServer> {
        let prepare = move || -> Result<(Installation, TempDir)> {
            let installation = Installation::of(flavor)?;
            let folder = folder::new(flavor.piece())?;
            template::copy_to(&folder.path().join("data"), flavor, &installation)?;
            Ok((installation, folder))
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (installation, folder) = prepared.map_err(Error::during("preparing a data directory"))??;
        let mut server = MysqlServer {
            flavor,
            port: reserve_port()?,
            extra_args: extra_args.iter().map(|arg| (*arg).to_owned()).collect(),
            installation,
            child: None,
            data_dir: folder.path().join("data"),
            folder,
        };
        server.spawn()?;
        server.wait_until_ready().await?;
        Ok(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// The number of the running process; 0 when it was killed or stopped.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::pid)
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub fn user(&self) -> &'static str {
        USER
    }

    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// What the server wrote to its error log since the first start.
    pub fn log_text(&self) -> String {
        fs::read(self.log()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// A connection that may do everything, without a default database.
    pub async fn connect(&self) -> Result<Conn> {
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some(USER))
            .pass(Some(PASSWORD))
            .prefer_socket(false)
            .max_allowed_packet(Some(1 << 30));
        Conn::new(options).await.map_err(Error::during(self.name()))
    }

    /// One or several statements, separated by `;`, in one connection of its own.
    pub async fn exec(&self, sql: &str) -> Result<()> {
        let mut connection = self.connect().await?;
        connection.query_drop(sql).await.map_err(Error::during(format!("{}, {}", self.name(), shortened(sql))))?;
        connection.disconnect().await?;
        Ok(())
    }

    /// The rows of one query, every value in the server's text form; `None` is NULL.
    ///
    /// # Errors
    /// A value that is not UTF-8 is an error: select `HEX()` of binary columns.
    pub async fn query_strings(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let mut connection = self.connect().await?;
        let rows: Vec<Row> =
            connection.query(sql).await.map_err(Error::during(format!("{}, {}", self.name(), shortened(sql))))?;
        connection.disconnect().await?;
        rows.into_iter().map(|row| row.unwrap().into_iter().map(value_text).collect()).collect()
    }

    /// kill -9, and wait until the process is gone. Nothing happens if it is not running.
    pub async fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill9().await;
        }
    }

    /// A clean shutdown. Nothing happens if it is not running.
    ///
    /// # Panics
    /// When the server does not shut down within a minute.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.signal(Signal::Term);
            child.wait_exit(STOP_TIMEOUT).await.unwrap_or_else(|error| panic!("{error}"));
        }
    }

    /// Starts it again on the same port and data; stops it cleanly before, if it is running.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.spawn()?;
        self.wait_until_ready().await
    }

    /// The process stands still, its connections stay open and unanswered. Nothing happens if it is not running.
    pub fn sigstop(&self) {
        self.child.iter().for_each(|child| child.signal(Signal::Stop));
    }

    pub fn sigcont(&self) {
        self.child.iter().for_each(|child| child.signal(Signal::Cont));
    }

    /// The contents of all base tables of a database, comparable across flavors.
    pub async fn checksum_tables(&self, database: &str) -> Result<BTreeMap<String, TableSum>> {
        let mut connection = self.connect().await?;
        let sums = checksum::of_tables(&mut connection, database).await;
        connection.disconnect().await?;
        sums.map_err(Error::during(format!("{}, checksums of {database}", self.name())))
    }

    fn name(&self) -> String {
        format!("{} on port {}", self.flavor, self.port)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn spawn(&mut self) -> Result<()> {
        let folder = self.folder.path();
        let no_binlog = self.extra_args.iter().any(|arg| arg == "--skip-log-bin" || arg == "--disable-log-bin");
        let child = Child::spawn(self.name(), self.installation.executable(), &self.log(), |command| {
            self.installation.configure(command);
            command.args(self.flavor.small_and_quick());
            // 5.6 has no way to take --log-bin back, and no GTIDs without it.
            if !(no_binlog && self.flavor == Flavor::MySql56) {
                command.args(self.flavor.as_a_source());
            }
            command.arg(format!("--datadir={}", self.data_dir.display()));
            command.arg(format!("--socket={}", folder.join("s").display()));
            // Its own: a server that starts removes what others keep in a shared one.
            command.arg(format!("--tmpdir={}", folder.display()));
            command.arg(format!("--pid-file={}", self.data_dir.join("pid").display()));
            command.arg(format!("--port={}", self.port));
            command.arg(format!("--server-id={}", self.port));
            command.args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--sync-binlog=0"]);
            command.args(["--max-allowed-packet=1G", "--max-connections=300"]);
            let own = |arg: &&String| !(no_binlog && self.flavor == Flavor::MySql56 && arg.ends_with("-log-bin"));
            command.args(self.extra_args.iter().filter(own));
        })?;
        self.child = Some(child);
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let name = self.name();
        let port = self.port;
        let mut child = self.child.take().ok_or_else(|| Error::new(format!("{name} is not running")))?;
        let ready = eventually(&format!("{name} to accept connections"), START_TIMEOUT, async || {
            if let Err(ended) = child.check_running() {
                return Ok(Err(ended));
            }
            // A bare connect first: the library's own error for a closed port takes longer to make.
            if let Err(closed) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                return Err(Error::from(closed));
            }
            let connection = self.connect().await?;
            Ok(connection.disconnect().await.map_err(Error::from))
        })
        .await;
        let tail = child.log_tail();
        self.child = Some(child);
        ready.map_err(|timeout| Error::new(format!("{timeout}\n{tail}")))?
    }
}

fn value_text(value: Value) -> Result<Option<String>> {
    match value {
        Value::NULL => Ok(None),
        Value::Bytes(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            let bytes = error.into_bytes();
            Error::new(format!("a value is not UTF-8 (use HEX()): {:?}", bytes.escape_ascii().to_string()))
        }),
        other => Ok(Some(other.as_sql(true))),
    }
}

/// Enough of a statement to recognise it in a message.
fn shortened(sql: &str) -> String {
    const SHOWN_CHARS: usize = 200;
    match sql.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", &sql[..end], sql.len()),
        None => sql.to_owned(),
    }
}
