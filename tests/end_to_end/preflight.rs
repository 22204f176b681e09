//! `replicator doctor` against real servers: what it finds, what it says mends it, and that this does.

use replicator_tests::{Flavor, MysqlServer, Process, Result};
use serde_json::Value;
use tokio::process::Command;

struct Said {
    code: i32,
    text: String,
    error: String,
}

async fn doctor(server: &MysqlServer, user: &str, password: &str, options: &[&str]) -> Result<Said> {
    let address = format!("mysql://{user}@127.0.0.1:{}/", server.port());
    let output = Command::new(Process::program("replicator")?)
        .args(["doctor", &address])
        .args(options)
        .env("REPLICATOR_PASSWORD", password)
        .kill_on_drop(true)
        .output()
        .await?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(Said { code: output.status.code().unwrap_or(-1), text: text(output.stdout), error: text(output.stderr) })
}

/// The checks in one state, with their fixes.
fn in_state(said: &Said, state: &str) -> Vec<(String, String)> {
    let view: Value = serde_json::from_str(&said.text).unwrap_or_else(|_| panic!("{}{}", said.text, said.error));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = view["checks"].as_array().unwrap().iter().filter(|check| check["state"] == state);
    checks.map(|check| (text(&check["code"]), text(&check["fix"]))).collect()
}

async fn doctor_mends(flavor: Flavor) -> Result<()> {
    let server = MysqlServer::start(flavor).await?;
    server.exec("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY)").await?;
    server.exec("CREATE USER 'poor'@'%' IDENTIFIED BY 'poor'; SET GLOBAL binlog_format = 'MIXED'").await?;

    let first = doctor(&server, "poor", "poor", &["--tables", "shop.item"]).await?;
    assert_eq!(first.code, 1, "{}{}", first.text, first.error);
    assert!(first.text.contains("FAILED   Changes are logged as rows [source_binlog_format]"), "{}", first.text);
    assert!(first.error.contains("preflight_failed"), "{}", first.error);
    for options in
        [&["--tables", "shop.item", "-o", "json"][..], &["--as", "target", "--tables", "shop.*", "-o", "json"]]
    {
        let said = doctor(&server, "poor", "poor", options).await?;
        let failed = in_state(&said, "failed");
        assert!(said.code == 1 && !failed.is_empty(), "{}", said.text);
        for (code, fix) in &failed {
            assert!(!fix.is_empty(), "{code} has no fix");
            server.exec(fix).await?;
        }
        let mended = doctor(&server, "poor", "poor", options).await?;
        assert_eq!(in_state(&mended, "failed"), [], "{}", mended.text);
        assert_eq!(mended.code, 0, "{}", mended.error);
    }
    let denied = doctor(&server, "poor", "canary-77aa", &["-o", "json"]).await?;
    let codes: Vec<String> = in_state(&denied, "failed").into_iter().map(|(code, _)| code).collect();
    assert_eq!((denied.code, codes), (1, vec!["source_login".to_owned()]), "{}", denied.text);
    assert!(!denied.text.contains("canary") && !denied.error.contains("canary"), "{}{}", denied.text, denied.error);
    Ok(())
}

#[tokio::test]
async fn doctor_mends_mysql() -> Result<()> {
    tokio::try_join!(doctor_mends(Flavor::MySql97), doctor_mends(Flavor::MySql56)).map(drop)
}

#[tokio::test]
async fn doctor_mends_mariadb() -> Result<()> {
    tokio::try_join!(doctor_mends(Flavor::MariaDb118), doctor_mends(Flavor::MariaDb1011)).map(drop)
}
