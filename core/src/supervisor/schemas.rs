//! What a task's source looked like, kept in the tree under its lease: the next Core goes on with it.

use crate::metrics::TaskMetrics;
use crate::producer::SchemaStore;
use async_trait::async_trait;
use parking_lot::Mutex;
use replicator_coordination::lease::Lease;
use replicator_model::failure::Failure;
use std::collections::BTreeMap;

pub(super) struct LeaseSchemas {
    lease: Lease,
    metrics: TaskMetrics,
    /// Bytes of each part.
    sizes: Mutex<BTreeMap<String, usize>>,
}

impl LeaseSchemas {
    pub(super) fn new(lease: Lease, metrics: TaskMetrics) -> Self {
        Self { lease, metrics, sizes: Mutex::default() }
    }

    fn are_kept(&self, sizes: Vec<(String, usize)>) {
        let mut kept = self.sizes.lock();
        kept.extend(sizes);
        self.metrics.schema_history_bytes(kept.values().sum());
    }
}

#[async_trait]
impl SchemaStore for LeaseSchemas {
    async fn load(&self) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let parts = self.lease.schema_parts().await.map_err(|error| error.failure())?;
        self.are_kept(parts.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect());
        Ok(parts)
    }

    async fn save(&self, parts: Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
        let sizes = parts.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        self.lease.write_schema_parts(parts).await.map_err(|error| error.failure())?;
        self.are_kept(sizes);
        Ok(())
    }

    fn holds(&self, versions: usize) {
        self.metrics.schema_history_versions(versions);
    }
}
