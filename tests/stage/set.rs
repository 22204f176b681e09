//! What stands on the stage, and how it is set up.

use crate::programs::Program;
use crate::writer::Writer;
use replicator_tests::{Flavor, HttpReceiver, MysqlServer, Result, SETUP_TOKEN, ZooKeeper, free_port, new_secrets_key};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Short enough for a spec to wait for a take-over.
const SESSION_TIMEOUT: &str = "4s";

/// Tables that specs may pick, replicate and damage, on both servers.
const SCHEMA: &str = "
    CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
    CREATE TABLE shop.customers (id INT UNSIGNED NOT NULL PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) NOT NULL,
      city VARCHAR(40) NOT NULL DEFAULT '');
    CREATE TABLE shop.items (id INT UNSIGNED NOT NULL PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) NOT NULL,
      price DECIMAL(10,2) NOT NULL DEFAULT 0);
    CREATE TABLE shop.orders (id BIGINT UNSIGNED NOT NULL PRIMARY KEY AUTO_INCREMENT, item INT UNSIGNED NOT NULL,
      count INT NOT NULL, made DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6));
    CREATE DATABASE crm DEFAULT CHARACTER SET utf8mb4;
    CREATE TABLE crm.contacts (id INT NOT NULL PRIMARY KEY, mail VARCHAR(120) NOT NULL);
";

pub(crate) struct Set {
    pub(crate) databases: BTreeMap<&'static str, Mutex<MysqlServer>>,
    pub(crate) programs: BTreeMap<String, Mutex<Program>>,
    pub(crate) writer: Mutex<Option<Writer>>,
    pub(crate) receiver: HttpReceiver,
    server_address: String,
    ends: Value,
    /// Before the folder, so that it goes first.
    _zookeeper: ZooKeeper,
    _folder: TempDir,
}

impl Set {
    pub(crate) async fn start() -> Result<Set> {
        let folder = tempfile::Builder::new().prefix("replicator-stage-").tempdir()?;
        let (zookeeper, source, target) =
            tokio::try_join!(ZooKeeper::start(1), with_schema(Flavor::MySql97), with_schema(Flavor::MariaDb1011))?;
        let address = format!("127.0.0.1:{}", free_port());
        let ends = json!({"source": end(&source), "target": end(&target)});
        Ok(Set {
            programs: start_programs(folder.path(), &zookeeper, &address)?,
            databases: [("source", Mutex::new(source)), ("target", Mutex::new(target))].into(),
            writer: Mutex::new(None),
            receiver: HttpReceiver::start().await?,
            server_address: address,
            ends,
            _zookeeper: zookeeper,
            _folder: folder,
        })
    }

    /// For specs: where everything is.
    pub(crate) fn describe(&self) -> Value {
        json!({
            "server": format!("http://{}", self.server_address),
            "setup_token": SETUP_TOKEN,
            "source": self.ends["source"],
            "target": self.ends["target"],
            "webhook": self.receiver.url(),
            "programs": self.programs.keys().collect::<Vec<_>>(),
        })
    }
}

fn end(server: &MysqlServer) -> Value {
    json!({"host": "127.0.0.1", "port": server.port(), "user": server.user(), "password": server.password()})
}

async fn with_schema(flavor: Flavor) -> Result<MysqlServer> {
    let server = MysqlServer::start(flavor).await?;
    server.exec(SCHEMA).await?;
    Ok(server)
}

fn start_programs(folder: &Path, zookeeper: &ZooKeeper, address: &str) -> Result<BTreeMap<String, Mutex<Program>>> {
    let coordination = format!(
        "[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\nsession_timeout = \"{SESSION_TIMEOUT}\"\n",
        zookeeper.addresses()
    );
    let key = folder.join("secrets.key");
    new_secrets_key(&key)?;
    let secrets = format!("[secrets]\nkey_file = {:?}\n", key.display().to_string());
    let mut programs = BTreeMap::new();
    let mut start = |program, name: &str, own: &str, sections: &str| -> Result<()> {
        let settings = format!("{own}{coordination}{secrets}{sections}");
        programs.insert(name.to_owned(), Mutex::new(Program::start(program, name, folder, &settings)?));
        Ok(())
    };
    for core in ["core1", "core2"] {
        let own = format!("group = \"group1\"\nname = \"{core}\"\nscan_period = \"1s\"\n");
        start("replicator-core", core, &own, &format!("[admin]\nlisten = \"127.0.0.1:{}\"\n", free_port()))?;
    }
    let history = folder.join("history").display().to_string();
    start(
        "replicator-server",
        "server",
        "",
        &format!(
            "[http]\nlisten = \"{address}\"\n[access]\nsetup_token = \"{SETUP_TOKEN}\"\n\
             [history]\nfolder = {history:?}\n"
        ),
    )?;
    let admin = format!("[admin]\nlisten = \"127.0.0.1:{}\"\n[evaluation]\ninterval = \"500ms\"\n", free_port());
    start("replicator-monitor", "monitor", "name = \"monitor1\"\n", &admin)?;
    Ok(programs)
}
