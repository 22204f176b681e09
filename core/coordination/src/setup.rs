//! The first user: made with a one-time token that a Server printed, and which any Server takes.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, Operation, StoreError};
use bytes::Bytes;
use replicator_model::access::User;

/// What became of an attempt to make the first user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    Done,
    /// No Server shows this token.
    UnknownToken,
    /// There are users.
    AlreadyDone,
}

impl Session {
    /// Shows the hash of a one-time token for as long as this session lives.
    pub async fn show_setup_token(&self, hash: &str) -> Result<(), CoordinationError> {
        self.ensure(&layout::setup(), Bytes::new()).await?;
        let prefix = layout::setup_token_prefix(hash);
        let show = || self.store().create(&prefix, Bytes::new(), CreateMode::EphemeralSequential);
        // One that is shown twice after an answer that was lost does no harm.
        self.patiently(show).await?;
        Ok(())
    }

    /// Makes the first user if some Server shows the token. Of several that try at once, one is made.
    pub async fn set_up(&self, token_hash: &str, user: &User) -> Result<Setup, CoordinationError> {
        let gate = layout::setup();
        let Some(node) = self.patiently(|| self.store().read(&gate)).await? else { return Ok(Setup::UnknownToken) };
        if self.has_users().await? {
            return Ok(Setup::AlreadyDone);
        }
        let shown = self.list_or_none(&gate).await?;
        let prefix = format!("{token_hash}-");
        if !shown.iter().any(|name| name.starts_with(&prefix)) {
            return Ok(Setup::UnknownToken);
        }
        let path = layout::user(&user.name);
        let data = encode(user)?;
        let operations = vec![
            Operation::Write { path: gate, data: Bytes::new(), expected: Expected::Version(node.version) },
            Operation::Create { path: path.clone(), data: data.clone(), mode: CreateMode::Persistent },
        ];
        match self.store().multi(operations).await {
            Ok(_) => {}
            Err(StoreError::VersionMismatch { .. } | StoreError::AlreadyExists { .. }) => {
                return Ok(Setup::AlreadyDone);
            }
            Err(error @ StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                let found = self.patiently(|| self.store().read(&path)).await?;
                if found.is_none_or(|node| node.data != data) {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        // They open nothing any more: a user is there.
        for name in shown {
            self.remove_if_there(&layout::setup_token(&name)).await?;
        }
        Ok(Setup::Done)
    }
}
