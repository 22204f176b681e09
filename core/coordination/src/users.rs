//! Who may sign in.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::{Session, encode};
use crate::store::{Expected, Operation, StoreError};
use bytes::Bytes;
use replicator_model::access::User;
use replicator_model::name::UserName;

/// How often a decision is made anew when somebody else's came between.
const DECISIONS_MAX: u32 = 20;

/// What a decision makes of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Stays(User),
    Goes,
}

impl Session {
    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<User>, CoordinationError> {
        Ok(self.all_below::<User>(&layout::users()).await?.into_iter().map(|(_, user)| user).collect())
    }

    /// Whether there is any.
    pub async fn has_users(&self) -> Result<bool, CoordinationError> {
        Ok(!self.list_or_none(&layout::users()).await?.is_empty())
    }

    pub async fn user(&self, name: &UserName) -> Result<Option<User>, CoordinationError> {
        Ok(self.read_as::<User>(&layout::user(name)).await?.map(|(user, _)| user))
    }

    /// `false` if there is one of that name.
    pub async fn create_user(&self, user: &User) -> Result<bool, CoordinationError> {
        self.make(&layout::user(&user.name), user).await
    }

    /// The user after the change; `None` if there is none.
    pub async fn change_user(
        &self,
        name: &UserName,
        change: impl FnMut(&mut User),
    ) -> Result<Option<User>, CoordinationError> {
        self.amend(&layout::user(name), change).await
    }

    /// Changes or removes a user by a decision over all of them, such as that an admin has to stay. Of decisions that
    /// are made at the same moment, by whatever process, each sees what those before it did: all of them go through
    /// the version of the node above the users. Answers the user, if it stays.
    pub async fn decide_user<E: From<CoordinationError>>(
        &self,
        name: &UserName,
        mut decide: impl FnMut(&[User]) -> Result<Fate, E>,
    ) -> Result<Option<User>, E> {
        for _ in 0..DECISIONS_MAX {
            // The version first: what is decided over is at least as new.
            let above = self.above_users().await?;
            let users = self.users().await?;
            let fate = decide(&users)?;
            let Some((found, node)) = self.read_as::<User>(&layout::user(name)).await? else { continue };
            if matches!(&fate, Fate::Stays(user) if *user == found) {
                return Ok(Some(found));
            }
            // A login was noted between the two looks.
            if !users.contains(&found) {
                continue;
            }
            if self.carry_out(above, Expected::Version(node.version), name, &fate).await? {
                return Ok(match fate {
                    Fate::Stays(user) => Some(user),
                    Fate::Goes => None,
                });
            }
        }
        Err(CoordinationError::from(StoreError::Ambiguous { reason: "changes of users keep coming".to_owned() }).into())
    }

    /// What all decisions about users go through.
    pub(crate) async fn above_users(&self) -> Result<Operation, CoordinationError> {
        let path = layout::users();
        loop {
            if let Some(node) = self.patiently(|| self.store().read(&path)).await? {
                let expected = Expected::Version(node.version);
                return Ok(Operation::Write { path, data: Bytes::new(), expected });
            }
            self.ensure(&path, Bytes::new()).await?;
        }
    }

    /// `false`: nothing was changed, because something else was meanwhile.
    async fn carry_out(
        &self,
        above: Operation,
        expected: Expected,
        name: &UserName,
        fate: &Fate,
    ) -> Result<bool, CoordinationError> {
        let path = layout::user(name);
        let data = match fate {
            Fate::Stays(user) => Some(encode(user)?),
            Fate::Goes => None,
        };
        let change = match &data {
            Some(data) => Operation::Write { path: path.clone(), data: data.clone(), expected },
            None => Operation::Remove { path: path.clone(), expected },
        };
        match self.store().multi(vec![above, change]).await {
            Ok(_) => Ok(true),
            Err(StoreError::VersionMismatch { .. } | StoreError::NotFound { .. }) => {
                self.settle().await?;
                Ok(false)
            }
            Err(StoreError::Ambiguous { .. }) => {
                self.settle().await?;
                let found = self.patiently(|| self.store().read(&path)).await?;
                Ok(found.map(|node| node.data) == data)
            }
            Err(error) => Err(error.into()),
        }
    }
}
