//! The first user: made with a one-time token that a Server printed, and which any Server takes. And the admin that is
//! made when nobody knows a password any more, with a token that an operator of a host had printed.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{CreateMode, Expected, Operation, StoreError};
use bytes::Bytes;
use replicator_model::access::{SetupReset, User};

/// What became of an attempt to make the first user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// With this user.
    Done(Box<User>),
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
            return self.set_up_again(token_hash, user).await;
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
        Ok(Setup::Done(Box::new(user.clone())))
    }

    /// Lets an admin be made with a token although there are users. An earlier token is void.
    pub async fn begin_setup_reset(&self, reset: &SetupReset) -> Result<(), CoordinationError> {
        self.overwrite(&layout::setup_reset(), encode(reset)?).await
    }

    /// Whether a token would still let an admin be made although there are users.
    pub async fn awaits_setup_reset(&self) -> Result<bool, CoordinationError> {
        let found = self.read_as::<SetupReset>(&layout::setup_reset()).await?;
        Ok(found.is_some_and(|(reset, _)| self.now_us() < reset.until_us))
    }

    /// Makes the user, or puts it in the place of the one of its name, whose sessions are over. The token goes with it.
    async fn set_up_again(&self, token_hash: &str, user: &User) -> Result<Setup, CoordinationError> {
        let reset = layout::setup_reset();
        let Some((found, node)) = self.read_as::<SetupReset>(&reset).await? else { return Ok(Setup::AlreadyDone) };
        if self.now_us() >= found.until_us {
            return Ok(Setup::AlreadyDone);
        }
        if found.hash != token_hash {
            return Ok(Setup::UnknownToken);
        }
        let (mut user, path) = (user.clone(), layout::user(&user.name));
        let change = match self.read_as::<User>(&path).await? {
            None => Operation::Create { path: path.clone(), data: encode(&user)?, mode: CreateMode::Persistent },
            Some((before, node)) => {
                user.generation = before.generation + 1;
                (user.created_us, user.last_login_us) = (before.created_us, before.last_login_us);
                let expected = Expected::Version(node.version);
                Operation::Write { path: path.clone(), data: encode(&user)?, expected }
            }
        };
        let used = Operation::Remove { path: reset, expected: Expected::Version(node.version) };
        match self.store().multi(vec![used, self.above_users().await?, change]).await {
            Ok(_) => {}
            Err(error @ StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                let found = self.read_as::<User>(&path).await?;
                if found.is_none_or(|(found, _)| found != user) {
                    return Err(error.into());
                }
            }
            // Somebody else was first, with the token or with a change of the user.
            Err(
                StoreError::VersionMismatch { .. } | StoreError::NotFound { .. } | StoreError::AlreadyExists { .. },
            ) => {
                return Ok(Setup::UnknownToken);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Setup::Done(Box::new(user)))
    }
}
