//! The binlog connection against real servers: how one logs in, what comes, and how it ends.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod binlog_connection_made {
    pub(crate) mod certificates;
    pub(crate) mod proxy;
    pub(crate) mod reading;
}

use binlog_connection_made::certificates::Certificates;
use binlog_connection_made::proxy::Proxy;
use binlog_connection_made::reading::{Log, endpoint, open};
use replicator_binlog::EventKind;
use replicator_model::secret::Secret;
use replicator_model::task::{Tls, TlsMode};
use replicator_mysql::replication::DumpFrom;
use replicator_tests::{Flavor, MysqlServer};
use std::time::Duration;

const TABLE: &str = "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, b LONGBLOB)";

#[tokio::test]
async fn every_server_sends_its_log() {
    for flavor in Flavor::ALL {
        let server = MysqlServer::start(flavor).await.unwrap();
        server.exec(&format!("{TABLE}; INSERT INTO shop.t VALUES (1, 'first')")).await.unwrap();
        let mut log = Log::open(&server, DumpFrom::Position { file: "binlog.000001".into(), offset: 4 }).await;
        log.until_row("first").await;
        // Heartbeats come with their checksums too, and of version 2 where there is one.
        let heartbeat = log.until(|kind| matches!(kind, EventKind::HEARTBEAT | EventKind::HEARTBEAT_V2)).await;
        assert_eq!(heartbeat == EventKind::HEARTBEAT_V2, flavor == Flavor::MySql97, "{flavor}");
        server.exec("FLUSH BINARY LOGS; INSERT INTO shop.t VALUES (2, 'second')").await.unwrap();
        log.until_row("second").await;
        assert!(log.seen.contains(&EventKind::ROTATE), "{flavor}");
        let annotated = log.seen.contains(&EventKind::MARIADB_ANNOTATE_ROWS);
        assert_eq!(annotated, flavor.is_mariadb(), "{flavor}: {:?}", log.seen);

        let from = if flavor.is_mariadb() {
            DumpFrom::MariaDbGtids("".parse().unwrap_or_default())
        } else {
            DumpFrom::MySqlGtids(Default::default())
        };
        let mut by_gtid = Log::open(&server, from).await;
        by_gtid.until_row("first").await;
        by_gtid.until_row("second").await;
    }
}

#[tokio::test]
async fn logins_of_mysql() {
    let server = MysqlServer::start(Flavor::MySql97).await.unwrap();
    server
        .exec(
            "CREATE USER cold IDENTIFIED BY 'a long password, longer than twenty characters of a nonce';
             CREATE USER nobody IDENTIFIED BY ''; CREATE USER odd IDENTIFIED WITH sha256_password BY 'secret';
             GRANT REPLICATION SLAVE ON *.* TO cold, nobody",
        )
        .await
        .unwrap();
    for mode in [TlsMode::Off, TlsMode::Required] {
        // The first login with the password itself, the second from the server's memory.
        server.exec("FLUSH PRIVILEGES").await.unwrap();
        for (user, password) in [
            ("cold", "a long password, longer than twenty characters of a nonce"),
            ("cold", "a long password, longer than twenty characters of a nonce"),
            ("nobody", ""),
        ] {
            let mut endpoint = endpoint(&server);
            (endpoint.user, endpoint.password) = (user.to_owned(), Secret::new(password));
            endpoint.tls.mode = mode;
            open(&server, &endpoint).await.unwrap_or_else(|failure| panic!("{user}, {mode:?}: {failure}"));
        }
        for (user, password, code) in [
            ("cold", "wrong", "access_denied"),
            ("nobody", "none", "access_denied"),
            ("odd", "secret", "auth_plugin_unknown"),
        ] {
            let mut endpoint = endpoint(&server);
            (endpoint.user, endpoint.password) = (user.to_owned(), Secret::new(password));
            endpoint.tls.mode = mode;
            let failure = open(&server, &endpoint).await.unwrap_err();
            assert!(failure.code == code && !failure.is_transient(), "{user}, {mode:?}: {failure}");
        }
    }
}

#[tokio::test]
async fn logins_of_mariadb() {
    let server = MysqlServer::start(Flavor::MariaDb1011).await.unwrap();
    server
        .exec(
            "CREATE USER native IDENTIFIED BY 'secret'; CREATE USER nobody;
             GRANT REPLICATION SLAVE ON *.* TO native, nobody",
        )
        .await
        .unwrap();
    for (user, password, expected) in [
        ("native", "secret", None),
        ("native", "wrong", Some("access_denied")),
        ("nobody", "", None),
        ("nobody", "wrong", Some("access_denied")),
    ] {
        let mut endpoint = endpoint(&server);
        (endpoint.user, endpoint.password) = (user.to_owned(), Secret::new(password));
        let opened = open(&server, &endpoint).await;
        assert_eq!(opened.err().map(|failure| failure.code).as_deref(), expected, "{user} with `{password}`");
    }
    let mut endpoint = endpoint(&server);
    endpoint.tls.mode = TlsMode::Required;
    assert_eq!(open(&server, &endpoint).await.unwrap_err().code, "tls_not_offered");
}

#[tokio::test]
async fn logins_of_mariadbs_plugins() {
    for (flavor, plugins) in [
        (Flavor::MariaDb1011, &[("auth_ed25519", "ed25519")][..]),
        (
            Flavor::MariaDb118,
            &[("auth_ed25519", "ed25519"), ("auth_parsec", "parsec"), ("auth_mysql_sha2", "caching_sha2_password")],
        ),
    ] {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let made = Certificates::new();
        let (certificate, key) = (made.arg("ssl-cert", "server.pem"), made.arg("ssl-key", "server.key"));
        let mut arguments = vec![certificate, key];
        arguments.extend(plugins.iter().map(|(library, _)| format!("--plugin-load-add={library}")));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let server = MysqlServer::start_with(flavor, &arguments).await.unwrap();
        for &(_, plugin) in plugins {
            server
                .exec(&format!(
                    "CREATE USER {plugin} IDENTIFIED VIA {plugin} USING PASSWORD('secret');
                     GRANT REPLICATION SLAVE ON *.* TO {plugin}"
                ))
                .await
                .unwrap();
            for mode in [TlsMode::Off, TlsMode::Required] {
                for (password, expected) in [("secret", None), ("wrong", Some("access_denied")), ("secret", None)] {
                    let mut endpoint = endpoint(&server);
                    (endpoint.user, endpoint.password) = (plugin.to_owned(), Secret::new(password));
                    endpoint.tls.mode = mode;
                    let opened = open(&server, &endpoint).await;
                    let why = format!("{flavor}, {plugin}, {mode:?}, `{password}`: {:?}", opened.as_ref().err());
                    assert_eq!(opened.err().map(|failure| failure.code).as_deref(), expected, "{why}");
                    // The driver for everything else gets in where the log does.
                    let connected = endpoint.connect(&[]).await;
                    let why = format!("{why}, the driver: {:?}", connected.as_ref().err());
                    assert_eq!(connected.err().map(|failure| failure.code).as_deref(), expected, "{why}");
                }
            }
        }
    }
}

/// A nonce is 32 random bytes: so many logins see each of its bytes be anything, zero too.
#[tokio::test]
async fn every_nonce_of_mariadbs_plugins() {
    let arguments = ["--plugin-load-add=auth_ed25519", "--plugin-load-add=auth_parsec"];
    let server = MysqlServer::start_with(Flavor::MariaDb118, &arguments).await.unwrap();
    for plugin in ["ed25519", "parsec"] {
        server.exec(&format!("CREATE USER {plugin} IDENTIFIED VIA {plugin} USING PASSWORD('secret')")).await.unwrap();
        let mut endpoint = endpoint(&server);
        (endpoint.user, endpoint.password) = (plugin.to_owned(), Secret::new("secret"));
        for login in 0..1_000 {
            let connected = endpoint.connect(&[]).await.unwrap_or_else(|failure| panic!("{plugin} {login}: {failure}"));
            connected.disconnect().await.unwrap();
        }
    }
}

#[tokio::test]
async fn certificates_of_both_sides() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let made = Certificates::new();
    let (ca, certificate, key) =
        (made.arg("ssl-ca", "ca.pem"), made.arg("ssl-cert", "server.pem"), made.arg("ssl-key", "server.key"));
    let server = MysqlServer::start_with(Flavor::MySql97, &[&ca, &certificate, &key]).await.unwrap();
    server
        .exec("CREATE USER shown IDENTIFIED BY 'secret' REQUIRE X509; GRANT REPLICATION SLAVE ON *.* TO shown")
        .await
        .unwrap();
    let mut shown = endpoint(&server);
    (shown.user, shown.password) = ("shown".to_owned(), Secret::new("secret"));
    let verify = Tls { mode: TlsMode::Verify, ca: Some(made.path("ca.pem")), certificate: None, key: None };
    let both = Tls { certificate: Some(made.path("client.pem")), key: Some(made.path("client.key")), ..verify.clone() };
    let missing = Tls { ca: Some(made.path("none.pem")), ..verify.clone() };
    for (tls, host, expected) in [
        (both.clone(), "127.0.0.1", None),
        (Tls { mode: TlsMode::Required, ..both.clone() }, "localhost", None),
        (verify.clone(), "127.0.0.1", Some("access_denied")),
        // The certificate is not for this name.
        (both.clone(), "localhost", Some("tls_failed")),
        // Not signed by one of the public authorities.
        (Tls { ca: None, ..both }, "127.0.0.1", Some("tls_failed")),
        (missing, "127.0.0.1", Some("tls_failed")),
    ] {
        shown.tls = tls;
        shown.host = host.to_owned();
        let opened = open(&server, &shown).await;
        let why = format!("{host} {:?}: {:?}", shown.tls, opened.as_ref().err());
        assert_eq!(opened.err().map(|failure| failure.code).as_deref(), expected, "{why}");
        // The driver for everything else is asked for the same.
        let connected = shown.connect(&[]).await;
        assert_eq!(connected.err().map(|failure| failure.code).as_deref(), expected, "{host} {:?}", shown.tls);
    }
}

#[tokio::test]
async fn a_row_of_more_than_16_mib() {
    for flavor in [Flavor::MySql97, Flavor::MariaDb118] {
        let server = MysqlServer::start(flavor).await.unwrap();
        server.exec(&format!("{TABLE}; INSERT INTO shop.t VALUES (1, REPEAT('x', 33554432))")).await.unwrap();
        let mut log = Log::open(&server, DumpFrom::Position { file: "binlog.000001".into(), offset: 4 }).await;
        let row = log.until_bytes(33_554_432).await;
        assert!(row.ends_with(&[b'x'; 100]) || row[..row.len() - 4].ends_with(&[b'x'; 100]), "{flavor}");
        assert!(row.len() < 33_554_432 + 200, "{flavor}");
    }
}

#[tokio::test]
async fn a_connection_that_is_open_and_dead_is_given_up() {
    let server = MysqlServer::start(Flavor::MySql97).await.unwrap();
    server.exec(TABLE).await.unwrap();
    let proxy = Proxy::start(server.port()).await;
    let mut endpoint = endpoint(&server);
    endpoint.port = proxy.port();
    let mut connection = open(&server, &endpoint).await.unwrap();
    server.exec("INSERT INTO shop.t VALUES (1, 'first')").await.unwrap();
    while connection.next().await.unwrap().bytes[4] != EventKind::XID.0 {}
    proxy.freeze();
    let failure = loop {
        if let Err(failure) = connection.next().await {
            break failure;
        }
    };
    assert!(failure.is_transient() && failure.code == "source_silent", "{failure}");
    // Nor does one wait for ever for the login.
    endpoint.connect_timeout = Duration::from_millis(300);
    assert_eq!(open(&server, &endpoint).await.unwrap_err().code, "connect_timeout");
}
