//! The audit: `audit/<day>/<entry>`, entries named by their time, so that they sort and need no counter.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::Session;
use crate::store::StoreError;
use replicator_model::access::AuditEntry;

/// How often the removal of a day begins anew because entries appeared meanwhile.
const REMOVALS_MAX: u32 = 3;

impl Session {
    /// Writes an entry under `day`; `name` begins with its time and is nobody else's.
    pub async fn write_audit(&self, day: &str, name: &str, entry: &AuditEntry) -> Result<(), CoordinationError> {
        self.make(&layout::audit_entry(day, name), entry).await.map(drop)
    }

    /// The days that have entries, oldest first.
    pub async fn audit_days(&self) -> Result<Vec<String>, CoordinationError> {
        self.list_or_none(&layout::audit()).await
    }

    /// The names of a day's entries, oldest first.
    pub async fn audit_of(&self, day: &str) -> Result<Vec<String>, CoordinationError> {
        self.list_or_none(&layout::audit_day(day)).await
    }

    pub async fn audit_entry(&self, day: &str, name: &str) -> Result<Option<AuditEntry>, CoordinationError> {
        let found = self.read_as::<AuditEntry>(&layout::audit_entry(day, name)).await?;
        Ok(found.map(|(entry, _)| entry))
    }

    /// Forgets a day.
    pub async fn remove_audit_day(&self, day: &str) -> Result<(), CoordinationError> {
        for _ in 0..REMOVALS_MAX {
            for name in self.audit_of(day).await? {
                self.remove_if_there(&layout::audit_entry(day, &name)).await?;
            }
            match self.remove_if_there(&layout::audit_day(day)).await {
                Err(CoordinationError::Store(StoreError::NotEmpty { .. })) => {}
                result => return result,
            }
        }
        Ok(())
    }
}
