//! A log that is read from a server, event by event.

use replicator_binlog::{Decoder, EventKind};
use replicator_model::failure::Failure;
use replicator_model::secret::Secret;
use replicator_model::task::Tls;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFlavor;
use replicator_mysql::replication::{BinlogConnection, Dump, DumpFrom, RawEvent, ReplicaIdentity};
use replicator_tests::MysqlServer;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn endpoint(server: &MysqlServer) -> Endpoint {
    Endpoint {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: server.user().to_owned(),
        password: Secret::new(server.password()),
        tls: Tls::default(),
        connect_timeout: Duration::from_secs(20),
        addresses: Vec::new(),
    }
}

pub(crate) fn dump(server: &MysqlServer, from: DumpFrom) -> Dump {
    let flavor = if server.flavor().is_mariadb() { ServerFlavor::MariaDb } else { ServerFlavor::MySql };
    Dump {
        flavor,
        identity: ReplicaIdentity::of_task("binlog_connection", None),
        heartbeat: Duration::from_millis(500),
        event_bytes_max: 64 << 20,
        from,
    }
}

/// Opens a connection and reads its first event: only then is it certain that the source sends.
pub(crate) async fn open(server: &MysqlServer, endpoint: &Endpoint) -> Result<BinlogConnection, Failure> {
    let from = DumpFrom::Position { file: "binlog.000001".into(), offset: 4 };
    let mut connection = BinlogConnection::open(endpoint, dump(server, from)).await?;
    connection.next().await?;
    Ok(connection)
}

/// Events that were read, each of them decoded, so that every checksum was verified.
pub(crate) struct Log {
    connection: BinlogConnection,
    decoder: Decoder,
    pub(crate) seen: Vec<EventKind>,
}

impl Log {
    pub(crate) async fn open(server: &MysqlServer, from: DumpFrom) -> Self {
        let connection = BinlogConnection::open(&endpoint(server), dump(server, from)).await.unwrap();
        Self { connection, decoder: Decoder::new(), seen: Vec::new() }
    }

    async fn next(&mut self) -> RawEvent {
        let next = tokio::time::timeout(PATIENCE, self.connection.next());
        let event = next.await.unwrap_or_else(|_| panic!("nothing after {:?}", self.seen)).unwrap();
        let decoded = self.decoder.decode(&event.bytes).unwrap();
        self.seen.push(decoded.header.kind);
        event
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(EventKind) -> bool) -> EventKind {
        loop {
            let event = self.next().await;
            let kind = EventKind(event.bytes[4]);
            if wanted(kind) {
                return kind;
            }
        }
    }

    /// A rows event with this text in it.
    pub(crate) async fn until_row(&mut self, text: &str) {
        loop {
            let event = self.next().await;
            let is_rows = [EventKind::WRITE_ROWS, EventKind::WRITE_ROWS_V1].contains(&EventKind(event.bytes[4]));
            if is_rows && event.bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                return;
            }
        }
    }

    /// An event of so many bytes or more.
    pub(crate) async fn until_bytes(&mut self, size: usize) -> bytes::Bytes {
        loop {
            let event = self.next().await;
            if event.bytes.len() >= size {
                return event.bytes;
            }
        }
    }
}
