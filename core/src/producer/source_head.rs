//! Where a source's log ends, and what it keeps of it: asked over a connection of its own.

use super::Head;
use async_trait::async_trait;
use mysql_async::Conn;
use replicator_model::failure::Failure;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::head::{self, KeptLogs, SourceHead};

/// Asks a source for its head over a connection that is kept.
pub(super) struct EndpointHead {
    endpoint: Endpoint,
    connected: Option<(Conn, ServerFacts)>,
}

impl EndpointHead {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, connected: None }
    }

    /// Taken out while it is used: a cancelled or failed call leaves none behind.
    async fn connection(&mut self) -> Result<(Conn, ServerFacts), Failure> {
        if let Some(connected) = self.connected.take() {
            return Ok(connected);
        }
        let asked = asked(&self.endpoint).await;
        asked.map_err(|failure| failure.at(format!("source {}", self.endpoint.address())))
    }

    async fn ask_once(&mut self) -> Result<SourceHead, Failure> {
        let (mut conn, facts) = self.connection().await?;
        let head = head::ask(&mut conn, &facts).await?;
        self.connected = Some((conn, facts));
        Ok(head)
    }

    async fn kept_once(&mut self) -> Result<KeptLogs, Failure> {
        let (mut conn, facts) = self.connection().await?;
        let kept = head::kept(&mut conn).await?;
        self.connected = Some((conn, facts));
        Ok(kept)
    }
}

#[async_trait]
impl Head for EndpointHead {
    async fn ask(&mut self) -> Result<SourceHead, Failure> {
        self.ask_once().await
    }

    async fn kept(&mut self) -> Result<KeptLogs, Failure> {
        self.kept_once().await
    }
}

async fn asked(endpoint: &Endpoint) -> Result<(Conn, ServerFacts), Failure> {
    let mut conn = endpoint.connect(&[]).await?;
    let facts = ServerFacts::ask(&mut conn).await?;
    Ok((conn, facts))
}
