//! Who may do what: users, their sessions and API tokens, roles, and the record of what was done.
//!
//! A request meets [`layer`]: [`identify`] says who calls, [`roles`] what that takes, and after the answer [`audit`] keeps
//! what was done, with the [`remark`] that stands beside the answer. [`sign_in`], [`users`], [`tokens`] are the rules behind the addresses of the same names; [`setup`] lets
//! the first user in, [`standing`] ends what goes on for longer than who began it may. [`passwords`], [`opaque`] and [`lockout`] know nothing of any of them.

pub(crate) mod audit;
pub(crate) mod caller;
pub(crate) mod config;
pub(crate) mod identify;
pub(crate) mod layer;
pub(crate) mod lockout;
pub(crate) mod opaque;
pub(crate) mod passwords;
pub(crate) mod remark;
pub(crate) mod roles;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod standing;
pub(crate) mod tokens;
pub(crate) mod users;

use config::AccessConfig;
use lockout::Lockout;
use parking_lot::Mutex;
use passwords::Passwords;
use std::collections::BTreeMap;

/// What the rules of access keep in this process.
pub(crate) struct Access {
    pub(crate) config: AccessConfig,
    pub(crate) passwords: Passwords,
    pub(crate) lockout: Mutex<Lockout>,
    /// How much of the audit this Server wrote today.
    pub(crate) written: audit::Written,
    /// The id of each operation, by method and route.
    pub(crate) actions: BTreeMap<(String, String), String>,
    /// The hash of this Server's own one-time token.
    pub(crate) setup_hash: String,
    /// The cookie is for encrypted connections alone.
    pub(crate) secure: bool,
}

impl Access {
    pub(crate) fn new(config: AccessConfig, setup_hash: String, secure: bool) -> Self {
        let (written, actions) = (audit::Written::default(), roles::operation_ids(&crate::api::document()));
        Self { config, written, actions, setup_hash, passwords: Passwords::new(), lockout: Mutex::default(), secure }
    }
}
