//! What a task's source looked like, kept in the tree under its lease: the next Core goes on with it.

use crate::producer::SchemaStore;
use async_trait::async_trait;
use replicator_coordination::lease::Lease;
use replicator_model::failure::Failure;
use std::collections::BTreeMap;

pub(super) struct LeaseSchemas(pub(super) Lease);

#[async_trait]
impl SchemaStore for LeaseSchemas {
    async fn load(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        self.0.schema_parts().await.map_err(|error| error.failure())
    }

    async fn save(&self, parts: Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
        self.0.write_schema_parts(parts).await.map_err(|error| error.failure())
    }
}
