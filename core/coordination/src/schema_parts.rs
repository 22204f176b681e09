//! What a running task keeps of its source's tables.

use crate::error::CoordinationError;
use crate::layout;
use crate::lease::Lease;
use crate::store::{CreateMode, Expected, Operation, StoreError};
use bytes::Bytes;
use std::collections::BTreeMap;

/// How often a part is written while answers get lost. The same bytes are written each time, so that a write that
/// arrived after all does no harm.
const ATTEMPTS_MAX: u32 = 4;

impl Lease {
    /// Every part that is there.
    pub async fn schema_parts(&self) -> Result<BTreeMap<String, Vec<u8>>, CoordinationError> {
        let (session, mut parts) = (self.session(), BTreeMap::new());
        for name in session.list_or_none(&layout::schemas(self.task())).await? {
            let path = layout::schema_part(self.task(), &name);
            if let Some(node) = session.patiently(|| session.store().read(&path)).await? {
                parts.insert(name, node.data.to_vec());
            }
        }
        Ok(parts)
    }

    /// Writes parts under the lease, in their order. What is written before an error stays.
    pub async fn write_schema_parts(&self, parts: Vec<(String, Vec<u8>)>) -> Result<(), CoordinationError> {
        for (name, bytes) in parts {
            self.write_schema_part(&name, bytes.into()).await?;
        }
        Ok(())
    }

    async fn write_schema_part(&self, name: &str, data: Bytes) -> Result<(), CoordinationError> {
        let (parent, path) = (layout::schemas(self.task()), layout::schema_part(self.task(), name));
        let create = |path, data| Operation::Create { path, data, mode: CreateMode::Persistent };
        let mut ambiguous = None;
        for _ in 0..ATTEMPTS_MAX {
            let write = Operation::Write { path: path.clone(), data: data.clone(), expected: Expected::Any };
            let written = match self.write(vec![write]).await {
                Err(CoordinationError::Store(StoreError::NotFound { .. })) => {
                    match self.write(vec![create(parent.clone(), Bytes::new())]).await {
                        Ok(_) | Err(CoordinationError::Store(StoreError::AlreadyExists { .. })) => {
                            self.write(vec![create(path.clone(), data.clone())]).await
                        }
                        other => other,
                    }
                }
                other => other,
            };
            match written {
                Ok(_) => return Ok(()),
                Err(CoordinationError::Store(StoreError::AlreadyExists { .. })) => {}
                Err(CoordinationError::Store(error @ StoreError::Ambiguous { .. })) => {
                    ambiguous = Some(error);
                    self.session().settle().await?;
                }
                Err(error) => return Err(error),
            }
        }
        let unsettled = || StoreError::Ambiguous { reason: format!("{path} was not confirmed as written") };
        Err(ambiguous.unwrap_or_else(unsettled).into())
    }
}
