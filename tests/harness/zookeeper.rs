//! A ZooKeeper ensemble.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::child::{Child, Signal};
use crate::installation::folder_of;
use crate::port::reserve_port;
use crate::{Error, Result, eventually, folder, java};

const START_TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Servers that say WARN and worse; the default configuration writes every packet.
const LOGGING: &str = r#"<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"#;

struct Server {
    client_port: u16,
    quorum_port: u16,
    election_port: u16,
    child: Option<Child>,
}

/// An ensemble of one server (standalone) or several, on 127.0.0.1. Session timeouts from 0.5 s to 60 s are granted as
/// asked for, expiry is checked twice a second. TTL and container nodes are on.
///
/// Servers are counted from 0. Dropping kills them and removes their files.
pub struct ZooKeeper {
    servers: Vec<Server>,
    libraries: PathBuf,
    // Last, so that the folder goes after the processes.
    folder: TempDir,
}

impl ZooKeeper {
    /// Starts `n` servers and waits until they have a leader and every one answers.
    pub async fn start(n: usize) -> Result<ZooKeeper> {
        let libraries = folder_of("zookeeper", "REPLICATOR_ZOOKEEPER")?.join("lib");
        let folder = folder::new("zookeeper")?;
        let mut servers = Vec::with_capacity(n);
        for _ in 0..n {
            servers.push(Server {
                client_port: reserve_port()?,
                quorum_port: reserve_port()?,
                election_port: reserve_port()?,
                child: None,
            });
        }
        let mut ensemble = ZooKeeper { servers, libraries, folder };
        for i in 0..n {
            ensemble.write_files(i)?;
            ensemble.spawn(i)?;
        }
        for i in 0..n {
            ensemble.wait_until_serving(i).await?;
        }
        Ok(ensemble)
    }

    /// `127.0.0.1:p1,127.0.0.1:p2,…`
    pub fn connect_string(&self) -> String {
        self.addresses().join(",")
    }

    pub fn addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("127.0.0.1:{}", server.client_port)).collect()
    }

    /// The number of the server that leads now. An ensemble without a leader is waited for.
    pub async fn leader(&self) -> Result<usize> {
        eventually("a ZooKeeper leader", START_TIMEOUT, async || {
            let mut modes = Vec::new();
            for i in 0..self.servers.len() {
                let mode = if self.is_running(i) { self.mode(i).await } else { Err(Error::new("killed")) };
                match mode {
                    Ok(mode) if mode == "leader" || mode == "standalone" => return Ok(i),
                    Ok(mode) => modes.push(mode),
                    Err(error) => modes.push(error.to_string()),
                }
            }
            Err(modes.join(", "))
        })
        .await
    }

    /// The process of server `i`; 0 when it is not running.
    pub fn pid(&self, i: usize) -> u32 {
        self.servers[i].child.as_ref().map_or(0, Child::pid)
    }

    pub async fn kill9(&mut self, i: usize) {
        if let Some(mut child) = self.servers[i].child.take() {
            child.kill9().await;
        }
    }

    /// Starts server `i` again on its ports and data, after a kill -9 if it is running, and waits until it answers. That
    /// needs a majority: with fewer servers it is an error after two minutes, see [`ZooKeeper::spawn`].
    pub async fn restart(&mut self, i: usize) -> Result<()> {
        self.kill9(i).await;
        self.spawn(i)?;
        self.wait_until_serving(i).await
    }

    /// As [`ZooKeeper::restart`], without waiting: for bringing back several servers one after the other.
    pub fn spawn(&mut self, i: usize) -> Result<()> {
        let folder = self.server_folder(i);
        let name = format!("ZooKeeper {i} on port {}", self.servers[i].client_port);
        let child = Child::spawn(name, java::program(), &folder.join("server.log"), |command| {
            java::configure(command, &self.libraries, "192m");
            command.arg(format!("-Dlogback.configurationFile={}", folder.join("logback.xml").display()));
            // Data survive a kill -9 of the server without forcing them to disk, only not a power cut.
            command.args(["-Dzookeeper.forceSync=no", "-Dzookeeper.extendedTypesEnabled=true"]);
            command.args(["-Dzookeeper.admin.enableServer=false", "-Dzookeeper.4lw.commands.whitelist=*"]);
            command.arg("org.apache.zookeeper.server.quorum.QuorumPeerMain").arg(folder.join("zoo.cfg"));
        })?;
        self.servers[i].child = Some(child);
        Ok(())
    }

    pub fn sigstop(&self, i: usize) {
        self.servers[i].child.iter().for_each(|child| child.signal(Signal::Stop));
    }

    pub fn sigcont(&self, i: usize) {
        self.servers[i].child.iter().for_each(|child| child.signal(Signal::Cont));
    }

    /// What server `i` wrote to its log.
    pub fn log_text(&self, i: usize) -> String {
        fs::read_to_string(self.server_folder(i).join("server.log")).unwrap_or_default()
    }

    fn is_running(&self, i: usize) -> bool {
        self.servers[i].child.is_some()
    }

    fn server_folder(&self, i: usize) -> PathBuf {
        self.folder.path().join(i.to_string())
    }

    fn write_files(&self, i: usize) -> Result<()> {
        let folder = self.server_folder(i);
        fs::create_dir_all(folder.join("data"))?;
        fs::write(folder.join("data/myid"), (i + 1).to_string())?;
        fs::write(folder.join("logback.xml"), LOGGING)?;
        fs::write(folder.join("zoo.cfg"), self.configuration(i)?)?;
        Ok(())
    }

    fn configuration(&self, i: usize) -> Result<String> {
        let mut text = format!(
            "tickTime=500\ninitLimit=40\nsyncLimit=20\nminSessionTimeout=500\nmaxSessionTimeout=60000\n\
             maxClientCnxns=0\nclientPortAddress=127.0.0.1\nclientPort={}\ndataDir={}\n\
             autopurge.purgeInterval=0\npreAllocSize=1024\n",
            self.servers[i].client_port,
            self.server_folder(i).join("data").display()
        );
        if self.servers.len() > 1 {
            for (number, server) in self.servers.iter().enumerate() {
                let (quorum, election) = (server.quorum_port, server.election_port);
                writeln!(text, "server.{}=127.0.0.1:{quorum}:{election}", number + 1)
                    .map_err(Error::during("writing zoo.cfg"))?;
            }
        }
        Ok(text)
    }

    async fn wait_until_serving(&mut self, i: usize) -> Result<()> {
        let what = format!("ZooKeeper {i} to serve");
        let mut child =
            self.servers[i].child.take().ok_or_else(|| Error::new(format!("ZooKeeper {i} is not running")))?;
        let serving = eventually(&what, START_TIMEOUT, async || {
            if let Err(ended) = child.check_running() {
                return Ok(Err(ended));
            }
            self.mode(i).await.map(|_| Ok(()))
        })
        .await;
        let tail = child.log_tail();
        self.servers[i].child = Some(child);
        serving.map_err(|timeout| Error::new(format!("{timeout}\n{tail}")))?
    }

    /// `leader`, `follower` or `standalone`; an error while the server has no quorum.
    async fn mode(&self, i: usize) -> Result<String> {
        let port = self.servers[i].client_port;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, four_letter_word(port, "srvr")).await;
        let answer = answer.map_err(|_| Error::new("no answer"))??;
        let mode = answer.lines().find_map(|line| line.strip_prefix("Mode: "));
        mode.map(str::to_owned).ok_or_else(|| Error::new(answer.trim().to_owned()))
    }
}

/// ZooKeeper's administrative commands: four letters in, text out, connection closed.
async fn four_letter_word(port: u16, word: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(word.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
