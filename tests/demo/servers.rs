//! The processes of the demo: source, target, and the replicator between them.

use crate::rest::Rest;
use crate::shop;
use crate::{TASK, screen::counted};
use mysql_async::prelude::Queryable;
use replicator_tests::{
    Error, Flavor, MysqlServer, Process, Result, SETUP_TOKEN, eventually, free_port, login::first_user,
};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Where the Server listens if nobody else does; it is the address that documents name.
const USUAL_PORT: u16 = 8080;

/// Who signs in to the console.
pub(crate) const USER: &str = "demo";
pub(crate) const PASSWORD: &str = "demo-of-a-shop";

const FIRST_ROW_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Servers {
    pub(crate) source: MysqlServer,
    pub(crate) target: MysqlServer,
    replicator: Process,
    address: String,
    token: String,
    log: PathBuf,
    /// Last, so that the folder goes after the process.
    _folder: TempDir,
}

impl Servers {
    /// All three at once; the shop's tables are on both databases, empty.
    pub(crate) async fn start() -> Result<Servers> {
        let folder = tempfile::Builder::new().prefix("replicator-demo-").tempdir()?;
        let log = folder.path().join("replicator.log");
        let port = match TcpListener::bind(("127.0.0.1", USUAL_PORT)) {
            Ok(_free) => USUAL_PORT,
            Err(_) => free_port(),
        };
        let data = folder.path().join("data").display().to_string();
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["standalone", "--data", &data, "--listen", &listen];
        let setup = [("REPLICATOR_SETUP_TOKEN", SETUP_TOKEN)];
        let replicator = Process::spawn("replicator", &arguments, &setup, &log)?;
        let (source, target) = tokio::try_join!(with_shop(Flavor::MySql97), with_shop(Flavor::MariaDb1011))?;
        let address = format!("http://{listen}");
        let token = String::new();
        let mut servers = Servers { source, target, replicator, address, token, log, _folder: folder };
        match first_user(&servers.address, USER, PASSWORD).await {
            Ok(token) => {
                servers.token = token;
                Ok(servers)
            }
            Err(error) => Err(servers.check_running().err().unwrap_or(error)),
        }
    }

    pub(crate) fn rest(&self) -> Result<Rest> {
        Rest::new(self.address.clone(), self.token.clone())
    }

    /// The task: from what the source has done so far.
    pub(crate) async fn task(&self) -> Result<String> {
        let end = |kind: &str, server: &MysqlServer| {
            format!(
                "[{kind}]\nkind = \"mysql\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword = \"{}\"\n",
                server.port(),
                server.user(),
                server.password()
            )
        };
        let (producer, consumer) = (end("producer", &self.source), end("consumer", &self.target));
        let applied = gtids(&self.source).await?;
        Ok(format!(
            "name = \"{TASK}\"\ngroup = \"group1\"\nstandby = \"cold\"\n{producer}tables = [\"shop.*\"]\n\
             start = {{ gtid = \"{applied}\" }}\n{consumer}"
        ))
    }

    /// Every transaction of the source so far.
    pub(crate) async fn source_gtids(&self) -> Result<String> {
        gtids(&self.source).await
    }

    pub(crate) async fn wait_for_first_row(&mut self) -> Result<()> {
        let mut conn = self.target.connect().await?;
        let arrived = eventually("the first row at the target", FIRST_ROW_TIMEOUT, async || {
            conn.query_first::<u8, _>("SELECT 1 FROM shop.customers LIMIT 1").await.ok().flatten()
        });
        if let Err(error) = arrived.await {
            self.check_running()?;
            let why = self.rest()?.status().await.ok().and_then(|status| status.failed());
            return Err(why.map_or(error, |why| Error::new(format!("the task has failed: {why}"))));
        }
        Ok(conn.disconnect().await?)
    }

    /// # Errors
    /// When the replicator has ended by itself; with the end of its log.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        const LINES_SHOWN: usize = 20;
        let Some(exited) = self.replicator.exit_status()? else { return Ok(()) };
        let log = self.replicator.log_text();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n  ");
        Err(Error::new(format!("`replicator standalone` has ended ({exited}):\n  {tail}")))
    }

    /// Prints what the replicator took of the machine.
    pub(crate) fn replicator_used(&self) -> Result<()> {
        let (kib, seconds) = (self.replicator.peak_rss_kib()?, self.replicator.cpu_seconds()?);
        println!(
            "The replicator used at most {} MiB of memory, and {seconds:.1} s of processor time.",
            counted(kib / 1024)
        );
        Ok(())
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        self.replicator.sigterm();
        let exited = self.replicator.wait_exit(STOP_TIMEOUT).await?;
        match exited.success() {
            true => Ok(()),
            false => Err(Error::new(format!("`replicator standalone` did not stop cleanly: {exited}"))),
        }
    }

    /// The program for people, as it can be typed here.
    pub(crate) fn program(&self) -> String {
        let program = Process::program("replicator").unwrap_or_else(|_| "replicator".into());
        let here = std::env::current_dir().unwrap_or_default();
        program.strip_prefix(&here).unwrap_or(&program).display().to_string()
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    pub(crate) fn source_client(&self) -> String {
        client("mysql", &self.source)
    }

    pub(crate) fn target_client(&self) -> String {
        client("mariadb", &self.target)
    }
}

/// What to type to look into a server.
fn client(program: &str, server: &MysqlServer) -> String {
    format!("{program} -h 127.0.0.1 -P {} -u {} -p{} shop", server.port(), server.user(), server.password())
}

async fn with_shop(flavor: Flavor) -> Result<MysqlServer> {
    let server = MysqlServer::start(flavor).await?;
    server.exec(shop::SCHEMA).await?;
    Ok(server)
}

/// Every transaction of a MySQL, without the line breaks of a long set.
async fn gtids(source: &MysqlServer) -> Result<String> {
    let rows = source.query_strings("SELECT @@global.gtid_executed").await?;
    let set = rows.into_iter().flatten().flatten().next().unwrap_or_default();
    Ok(set.split_whitespace().collect())
}
