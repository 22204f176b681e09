//! API tokens, by their hashes alone.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::Session;
use replicator_model::access::ApiToken;

impl Session {
    /// All of them, by id.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, CoordinationError> {
        Ok(self.all_below::<ApiToken>(&layout::tokens()).await?.into_iter().map(|(_, token)| token).collect())
    }

    pub async fn token(&self, id: &str) -> Result<Option<ApiToken>, CoordinationError> {
        Ok(self.read_as::<ApiToken>(&layout::token(id)).await?.map(|(token, _)| token))
    }

    /// `false` if there is one of that id.
    pub async fn create_token(&self, token: &ApiToken) -> Result<bool, CoordinationError> {
        self.make(&layout::token(&token.id), token).await
    }

    /// Notes that it was used.
    pub async fn use_token(&self, id: &str, used_us: i64) -> Result<(), CoordinationError> {
        let used = |token: &mut ApiToken| token.last_used_us = token.last_used_us.max(used_us);
        self.amend(&layout::token(id), used).await.map(drop)
    }

    pub async fn delete_token(&self, id: &str) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::token(id)).await
    }
}
