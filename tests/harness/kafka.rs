//! A Kafka broker.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tempfile::TempDir;

use crate::child::{Child, Signal};
use crate::installation::folder_of;
use crate::port::reserve_port;
use crate::{Error, Result, eventually, folder, java};

const START_TIMEOUT: Duration = Duration::from_secs(180);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);

/// Any will do: it names a cluster of one.
const CLUSTER_ID: &str = "AAAAAAAAQACAAAAAAAAAAQ";

const LOGGING: &str = r#"<Configuration status="ERROR">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{HH:mm:ss.SSS} %-5p %c{1} - %m%n"/></Console>
  </Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"#;

/// One broker that is its own controller (KRaft), on 127.0.0.1. Topics are created on first use with four partitions;
/// transactions work. Dropping kills it and removes its files.
pub struct Kafka {
    port: u16,
    libraries: PathBuf,
    child: Option<Child>,
    // Last, so that the folder goes after the process.
    folder: TempDir,
}

impl Kafka {
    pub async fn start() -> Result<Kafka> {
        Kafka::start_with(&[]).await
    }

    /// `settings` come after the harness's own and win over them, such as `auto.create.topics.enable=false`.
    pub async fn start_with(settings: &[&str]) -> Result<Kafka> {
        let libraries = folder_of("kafka", "REPLICATOR_KAFKA")?;
        // A distribution from the Apache site has its jars in libs/, install.sh puts them in lib/.
        let libraries = if libraries.join("libs").is_dir() { libraries.join("libs") } else { libraries.join("lib") };
        let folder = folder::new("kafka")?;
        let port = reserve_port()?;
        let properties = properties(port, reserve_port()?, folder.path()) + &settings.join("\n") + "\n";
        fs::write(folder.path().join("server.properties"), properties)?;
        fs::write(folder.path().join("log4j2.xml"), LOGGING)?;
        let mut kafka = Kafka { port, libraries, child: None, folder };
        let mut format =
            kafka.java("formatting Kafka's storage", &["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])?;
        let status = format.wait_exit(START_TIMEOUT).await?;
        if !status.success() {
            return Err(Error::new(format!("formatting Kafka's storage: {status}\n{}", format.log_tail())));
        }
        kafka.spawn()?;
        kafka.wait_until_ready().await?;
        Ok(kafka)
    }

    /// `127.0.0.1:port`
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The number of the running process; 0 when it was killed or stopped.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::pid)
    }

    pub async fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill9().await;
        }
    }

    /// A clean shutdown.
    ///
    /// # Panics
    /// When the broker does not shut down within a minute.
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

    pub fn sigstop(&self) {
        self.child.iter().for_each(|child| child.signal(Signal::Stop));
    }

    pub fn sigcont(&self) {
        self.child.iter().for_each(|child| child.signal(Signal::Cont));
    }

    /// What the broker wrote to its log since the first start.
    pub fn log_text(&self) -> String {
        fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    fn spawn(&mut self) -> Result<()> {
        self.child = Some(self.java(&format!("Kafka on port {}", self.port), &["kafka.Kafka"])?);
        Ok(())
    }

    fn java(&self, name: &str, main_class_and_arguments: &[&str]) -> Result<Child> {
        let folder = self.folder.path();
        Child::spawn(name, java::program(), &folder.join("server.log"), |command| {
            java::configure(command, &self.libraries, "384m");
            command.arg(format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.xml").display()));
            command.args(main_class_and_arguments).arg(folder.join("server.properties"));
        })
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let mut child = self.child.take().ok_or_else(|| Error::new("Kafka is not running"))?;
        let bootstrap = self.bootstrap();
        let ready = eventually(&format!("Kafka on {bootstrap} to serve"), START_TIMEOUT, async || {
            if let Err(ended) = child.check_running() {
                return Ok(Err(ended));
            }
            // A bare connect first, so that the client does not log every refusal.
            if let Err(closed) = tokio::net::TcpStream::connect(&bootstrap).await {
                return Err(Error::from(closed));
            }
            let asked = bootstrap.clone();
            let brokers = tokio::task::spawn_blocking(move || brokers(&asked)).await;
            match brokers.map_err(Error::during("asking Kafka"))?? {
                0 => Err(Error::new("no broker has registered")),
                _ => Ok(Ok(())),
            }
        })
        .await;
        let tail = child.log_tail();
        self.child = Some(child);
        ready.map_err(|timeout| Error::new(format!("{timeout}\n{tail}")))?
    }
}

fn brokers(bootstrap: &str) -> Result<usize> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().map_err(Error::during("a Kafka client"))?;
    let metadata = consumer.fetch_metadata(None, METADATA_TIMEOUT).map_err(Error::during("Kafka's metadata"))?;
    Ok(metadata.brokers().len())
}

fn properties(port: u16, controller_port: u16, folder: &Path) -> String {
    format!(
        "process.roles=broker,controller\nnode.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\nnum.partitions=4\n\
         offsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\nshare.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         log.cleaner.dedupe.buffer.size=2097152\nlog.cleaner.threads=1\n",
        folder.join("data").display()
    )
}
