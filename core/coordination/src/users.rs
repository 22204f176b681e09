//! Who may sign in.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::Session;
use replicator_model::access::User;
use replicator_model::name::UserName;

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

    pub async fn delete_user(&self, name: &UserName) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::user(name)).await
    }
}
