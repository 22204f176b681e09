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
    /// The preferred first.
    endpoints: Vec<Endpoint>,
    connected: Option<(Conn, ServerFacts)>,
}

impl EndpointHead {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints, connected: None }
    }

    /// Taken out while it is used: a cancelled or failed call leaves none behind.
    async fn connection(&mut self) -> Result<(Conn, ServerFacts), Failure> {
        if let Some(connected) = self.connected.take() {
            return Ok(connected);
        }
        let mut failures = Vec::new();
        for endpoint in &self.endpoints {
            match asked(endpoint).await {
                Ok(connected) => return Ok(connected),
                Err(failure) => failures.push(failure.at(format!("source {}", endpoint.address()))),
            }
        }
        Err(most_hopeful(failures))
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

/// Of what went wrong at one host after the other, what is told: where a later try may end otherwise, that it may.
pub(super) fn most_hopeful(mut failures: Vec<Failure>) -> Failure {
    let told = failures.iter().position(Failure::is_transient).unwrap_or(0);
    if failures.is_empty() {
        return Failure::definite("not_open", "the task names no source", "report it");
    }
    failures.swap_remove(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_may_come_back_is_waited_for() {
        let definite = |code: &str| Failure::definite(code, "", "");
        let transient = |code: &str| Failure::transient(code, "", "");
        for (failures, told) in [
            (vec![definite("a")], "a"),
            (vec![definite("a"), definite("b")], "a"),
            (vec![definite("a"), transient("b"), transient("c")], "b"),
            (vec![transient("a"), definite("b")], "a"),
        ] {
            assert_eq!(most_hopeful(failures).code, told);
        }
    }
}
