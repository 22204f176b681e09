//! Servers over a real ZooKeeper, and the command line against real databases.

use replicator_tests::{
    Flavor, MysqlServer, Process, Result, SETUP_TOKEN, ZooKeeper, eventually, first_admin, free_port,
};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// With what the first user is made.
const SETUP: [(&str, &str); 2] =
    [("REPLICATOR_ACCESS_SETUP_TOKEN", SETUP_TOKEN), ("REPLICATOR_SETUP_TOKEN", SETUP_TOKEN)];

const SOON: Duration = Duration::from_secs(30);

struct ServerProcess {
    process: Process,
    address: String,
    client: reqwest::Client,
    token: String,
    _dir: TempDir,
}

impl ServerProcess {
    async fn start(zookeeper: &ZooKeeper) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let config = dir.path().join("server.toml");
        let address = format!("127.0.0.1:{}", free_port());
        let text = format!(
            "[coordination]\nkind = \"zookeeper\"\ntiers = [{:?}]\nsession_timeout = \"4s\"\n[http]\nlisten = \"{address}\"\n",
            zookeeper.addresses()
        );
        std::fs::write(&config, text)?;
        let process =
            Process::spawn("replicator-server", &["--config", path(&config)], &SETUP, &dir.path().join("server.log"))?;
        let (address, client) = (format!("http://{address}"), reqwest::Client::new());
        let mut server = Self { process, address, client, token: String::new(), _dir: dir };
        server.ready().await?;
        server.token = first_admin(&server.address).await?;
        Ok(server)
    }

    async fn ready(&self) -> Result<()> {
        let url = format!("{}/readyz", self.address);
        eventually("the Server is ready", SOON, async || match self.client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(answer.status().to_string()),
            Err(error) => Err(format!("{error}\n{}", self.process.log_text())),
        })
        .await
    }

    /// Status and JSON of an answer below `/api/v1`.
    async fn ask(&self, method: &str, address: &str, body: &Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/api/v1{address}", self.address);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(body);
        }
        match request.send().await {
            Ok(answer) => (answer.status().as_u16(), answer.json().await.unwrap_or_default()),
            Err(error) => panic!("{error}\n{}", self.process.log_text()),
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn spec(name: &str) -> Value {
    json!({
        "name": name, "group": "group1",
        "producer": {"host": "127.0.0.1", "port": 1, "user": "r"},
        "consumer": {"kind": "stdout"},
    })
}

/// Runs `replicator`; answers exit code, stdout and stderr.
async fn replicator(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(i32, String, String)> {
    let program = Process::program("replicator")?;
    let output = Command::new(program).args(arguments).envs(environment.iter().copied()).kill_on_drop(true).output();
    let output = tokio::time::timeout(SOON * 2, output).await.unwrap()?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok((output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr)))
}

#[tokio::test]
async fn servers_agree_and_outlive_zookeeper_and_each_other() -> Result<()> {
    let mut zookeeper = ZooKeeper::start(1).await?;
    let mut first = ServerProcess::start(&zookeeper).await?;
    let second = ServerProcess::start(&zookeeper).await?;
    assert_eq!(first.ask("POST", "/tasks", &spec("copy")).await.0, 201);
    assert_eq!(second.ask("POST", "/tasks", &spec("copy")).await.0, 409);
    assert_eq!(second.ask("POST", "/tasks/copy/start", &Value::Null).await.0, 200);
    // What one Server wrote, another reads a moment later at most.
    eventually("the other Server shows the order", SOON, async || {
        let (_, status) = first.ask("GET", "/tasks/copy/status", &Value::Null).await;
        let seen = (&status["desired"]["state"], &status["state"], &status["explanation"]["code"]);
        if seen == (&json!("running"), &json!("not_running"), &json!("no_core")) {
            Ok(())
        } else {
            Err(status.to_string())
        }
    })
    .await?;

    zookeeper.kill9(0).await;
    let (status, problem) = first.ask("GET", "/tasks", &Value::Null).await;
    assert_eq!((status, &problem["code"]), (503, &json!("coordination_unreachable")), "{problem}");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("[coordination]")), "{problem}");
    let (code, _, error) =
        replicator(&["task", "list", "--server", &first.address], &[("REPLICATOR_TOKEN", &first.token)]).await?;
    assert_eq!(code, 6, "{error}");
    assert!(error.contains("coordination_unreachable"), "{error}");

    zookeeper.restart(0).await?;
    first.ready().await?;
    second.ready().await?;
    eventually("the task is there again", SOON, async || match first.ask("GET", "/tasks/copy", &Value::Null).await {
        (200, task) => Ok(task),
        other => Err(format!("{other:?}")),
    })
    .await?;

    first.process.kill9().await;
    let (code, shown, error) =
        replicator(&["task", "show", "copy", "--server", &second.address], &[("REPLICATOR_TOKEN", &second.token)])
            .await?;
    assert_eq!(code, 0, "{error}");
    assert!(shown.contains("NOT RUNNING") && shown.contains("no Core is alive in group `group1`"), "{shown}");
    second.process.sigterm();
    let mut second = second;
    assert!(second.process.wait_exit(SOON).await?.success(), "{}", second.process.log_text());
    Ok(())
}

#[tokio::test]
async fn a_server_says_what_is_wrong_with_its_settings() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let program = Process::program("replicator-server")?;
    let coordination = "[coordination]\nkind = \"zookeeper\"\ntiers = [[\"127.0.0.1:1\"]]\n";
    for (text, parts) in [
        ("[http", &["server.toml", "line 1"][..]),
        ("[coordination]\nkind = \"zookeeper\"\ntires = []\n", &["tires"]),
        (&format!("{coordination}[http]\nport = 8080\n"), &["line 5", "port"]),
        (
            &format!("{coordination}[http]\nlisten = \"0.0.0.0:0\"\n"),
            &["http.listen", "no encryption", "allow_insecure"],
        ),
    ] {
        let config = dir.path().join("server.toml");
        std::fs::write(&config, text)?;
        let output = Command::new(&program).args(["--check", "--config", path(&config)]).output().await?;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        parts.iter().for_each(|part| assert!(error.contains(part), "no `{part}` in {error}"));
    }
    Ok(())
}

#[tokio::test]
async fn try_shows_changes_and_stores_nothing() -> Result<()> {
    let server = MysqlServer::start(Flavor::MariaDb1011).await?;
    server.exec("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20));").await?;
    server.exec("INSERT INTO shop.item VALUES (1, 'one'); CREATE TABLE shop.other (id INT PRIMARY KEY);").await?;
    let databases = server.query_strings("SHOW DATABASES").await?;
    let address = format!("mysql://{}@127.0.0.1:{}/", server.user(), server.port());
    let dir = tempfile::tempdir()?;
    let (lines, log) = (dir.path().join("lines"), dir.path().join("log"));
    let mut child = Command::new(Process::program("replicator")?)
        .args(["try", &address, "--tables", "shop.item", "--start", "earliest"])
        .env("REPLICATOR_PASSWORD", server.password())
        .stdout(std::fs::File::create(&lines)?)
        .stderr(std::fs::File::create(&log)?)
        .kill_on_drop(true)
        .spawn()?;
    server.exec("INSERT INTO shop.other VALUES (1); UPDATE shop.item SET name = 'two' WHERE id = 1;").await?;
    let shown = eventually("the update is shown", SOON, async || {
        let text = std::fs::read_to_string(&lines).map_err(|error| error.to_string())?;
        if text.contains("\"UPDATE\"") {
            Ok(text)
        } else {
            Err(format!("{text}\n{}", std::fs::read_to_string(&log).unwrap_or_default()))
        }
    })
    .await?;
    let messages: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<(&str, &str)> = messages
        .iter()
        .filter(|message| message["isDdl"] != true)
        .map(|message| (message["type"].as_str().unwrap(), message["data"][0]["name"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("INSERT", "one"), ("UPDATE", "two")], "{shown}");
    assert_eq!(server.query_strings("SHOW DATABASES").await?, databases);
    child.start_kill()?;

    let wrong = [("REPLICATOR_PASSWORD", "canary-9b1d")];
    let (code, _, error) = replicator(&["try", &address], &wrong).await?;
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("access_denied") && error.contains("hint") && !error.contains("canary"), "{error}");
    Ok(())
}

#[tokio::test]
async fn standalone_carries_changes_between_two_databases() -> Result<()> {
    let (source, target) =
        (MysqlServer::start(Flavor::MariaDb1011).await?, MysqlServer::start(Flavor::MariaDb1011).await?);
    source.exec("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20));").await?;
    let dir = tempfile::tempdir()?;
    let listen = format!("127.0.0.1:{}", free_port());
    let log = dir.path().join("log");
    let data = dir.path().join("data");
    let mut standalone =
        Process::spawn("replicator", &["standalone", "--data", path(&data), "--listen", &listen], &SETUP, &log)?;
    let address = format!("http://{listen}");
    eventually("replicator is ready", SOON, async || {
        reqwest::get(format!("{address}/readyz")).await.ok().filter(|answer| answer.status().is_success())
    })
    .await?;
    let task = dir.path().join("copy.toml");
    let end = |server: &MysqlServer| {
        let (port, user, password) = (server.port(), server.user(), server.password());
        format!("kind = \"mysql\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\npassword = \"{password}\"\n")
    };
    let text = format!(
        "name = \"copy\"\ngroup = \"group1\"\n[producer]\n{}start = \"earliest\"\ntables = [\"shop.*\"]\n[consumer]\n{}",
        end(&source),
        end(&target)
    );
    std::fs::write(&task, text)?;
    let token = first_admin(&address).await?;
    let server = [("REPLICATOR_SERVER", address.as_str()), ("REPLICATOR_TOKEN", token.as_str())];
    let apply = ["task", "apply", "-f", path(&task), "--start", "--wait"];
    let (code, shown, error) = replicator(&apply, &server).await?;
    assert_eq!(code, 0, "{shown}{error}\n{}", standalone.log_text());
    source.exec("INSERT INTO shop.item VALUES (1, 'one'), (2, 'two');").await?;
    let arrived = async |rows: u64| {
        eventually("the rows are at the target", SOON, async || {
            let tables = target.checksum_tables("shop").await.map_err(|error| error.to_string())?;
            let sum = *tables.get("item").ok_or("no table yet")?;
            if sum.rows == rows { Ok(()) } else { Err(format!("{sum:?}")) }
        })
        .await
    };
    arrived(2).await?;
    let (code, shown, error) = replicator(&["task", "show", "copy"], &server).await?;
    assert_eq!(code, 0, "{error}");
    assert!(shown.contains("copy  RUNNING") && shown.contains("applied to"), "{shown}");

    let (code, _, error) = replicator(&["task", "pause", "copy", "--wait"], &server).await?;
    assert_eq!(code, 0, "{error}");
    source.exec("INSERT INTO shop.item VALUES (3, 'three');").await?;
    let (code, _, error) = replicator(&["task", "resume", "copy", "--wait"], &server).await?;
    assert_eq!(code, 0, "{error}");
    arrived(3).await?;
    assert_eq!(source.checksum_tables("shop").await?, target.checksum_tables("shop").await?);

    standalone.kill9().await;
    source.exec("INSERT INTO shop.item VALUES (4, 'four');").await?;
    let again = Process::spawn("replicator", &["standalone", "--data", path(&data), "--listen", &listen], &[], &log)?;
    arrived(4).await?;
    assert_eq!(source.checksum_tables("shop").await?, target.checksum_tables("shop").await?);
    let text = again.log_text();
    assert!(!text.contains(source.password()), "a password is in the log:\n{text}");
    Ok(())
}
