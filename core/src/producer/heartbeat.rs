//! Writing the task's heartbeat rows at its source, over a connection that is kept.

use super::Heart;
use async_trait::async_trait;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::heartbeat;

/// A session that is not let down by a lock or by other replicas: a heartbeat that waits tells nothing.
const SETTINGS: [&str; 2] = ["SET SESSION autocommit = 1", "SET SESSION innodb_lock_wait_timeout = 5"];

/// Writes the rows of one task.
pub(super) struct EndpointHeart {
    task: TaskName,
    endpoint: Endpoint,
    /// Whether it is written even where the host follows another server.
    may_be_replica: bool,
    connected: Option<Conn>,
}

impl EndpointHeart {
    pub(super) fn new(task: TaskName, endpoint: Endpoint, may_be_replica: bool) -> Self {
        Self { task, endpoint, may_be_replica, connected: None }
    }

    async fn connect(&self) -> Result<Conn, Failure> {
        let mut conn = self.endpoint.connect(&SETTINGS).await?;
        if !self.may_be_replica {
            let facts = ServerFacts::ask(&mut conn).await?;
            heartbeat::check_follows_nobody(&mut conn, &facts).await?;
        }
        heartbeat::prepare(&mut conn).await?;
        Ok(conn)
    }

    /// The connection is taken out while it is used: a cancelled or failed call leaves none behind.
    async fn write(&mut self) -> Result<(), Failure> {
        let mut conn = match self.connected.take() {
            Some(conn) => conn,
            None => self.connect().await?,
        };
        heartbeat::write(&mut conn, self.task.as_str()).await?;
        self.connected = Some(conn);
        Ok(())
    }
}

#[async_trait]
impl Heart for EndpointHeart {
    async fn beat(&mut self) -> Result<(), Failure> {
        let address = format!("source {}", self.endpoint.address());
        self.write().await.map_err(|failure| failure.at(address))
    }
}
