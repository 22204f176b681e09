//! Users' sessions on the Servers. They are in the tree, so that any Server knows them; by the hash of what the browser
//! holds, so that whoever reads the tree can't use them.

use crate::error::CoordinationError;
use crate::layout;
use crate::session::Session;
use replicator_model::access::SignIn;
use replicator_model::name::UserName;

impl Session {
    pub async fn sign_in(&self, hash: &str) -> Result<Option<SignIn>, CoordinationError> {
        Ok(self.read_as::<SignIn>(&layout::sign_in(hash)).await?.map(|(sign_in, _)| sign_in))
    }

    /// All of them with their hashes.
    pub async fn sign_ins(&self) -> Result<Vec<(String, SignIn)>, CoordinationError> {
        self.all_below(&layout::sign_ins()).await
    }

    pub async fn count_sign_ins(&self) -> Result<usize, CoordinationError> {
        Ok(self.list_or_none(&layout::sign_ins()).await?.len())
    }

    pub async fn begin_sign_in(&self, hash: &str, sign_in: &SignIn) -> Result<(), CoordinationError> {
        self.make(&layout::sign_in(hash), sign_in).await.map(drop)
    }

    /// Notes that it was used.
    pub async fn see_sign_in(&self, hash: &str, seen_us: i64) -> Result<(), CoordinationError> {
        let see = |sign_in: &mut SignIn| sign_in.seen_us = sign_in.seen_us.max(seen_us);
        self.amend(&layout::sign_in(hash), see).await.map(drop)
    }

    pub async fn end_sign_in(&self, hash: &str) -> Result<(), CoordinationError> {
        self.remove_if_there(&layout::sign_in(hash)).await
    }

    /// Ends all of a user's but `kept`.
    pub async fn end_sign_ins_of(&self, user: &UserName, kept: Option<&str>) -> Result<(), CoordinationError> {
        for (hash, sign_in) in self.sign_ins().await? {
            if sign_in.user == *user && kept != Some(hash.as_str()) {
                self.end_sign_in(&hash).await?;
            }
        }
        Ok(())
    }
}
