//! Asking a source for a table, over a connection of its own.

use super::followed::{self, Looked};
use replicator_model::failure::Failure;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::tables::{self, TableDefinition};

/// Asks for a table, and when that was.
pub(super) async fn look(
    endpoint: Endpoint,
    facts: ServerFacts,
    database: String,
    table: String,
) -> Result<Option<Looked>, Failure> {
    let mut conn = endpoint.connect(&[]).await?;
    let looked = followed::look_up(&mut conn, &facts, &database, &table).await?;
    if let Err(error) = conn.disconnect().await {
        tracing::debug!(%error, "a connection for a table's definition did not close in order");
    }
    Ok(looked)
}

pub(super) async fn look_up(
    endpoint: Endpoint,
    database: String,
    table: String,
) -> Result<Option<TableDefinition>, Failure> {
    let mut conn = endpoint.connect(&[]).await?;
    let definition = tables::table(&mut conn, &database, &table).await?;
    if let Err(error) = conn.disconnect().await {
        tracing::debug!(%error, "a connection for a table's definition did not close in order");
    }
    Ok(definition)
}
