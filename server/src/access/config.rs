//! The settings of `[access]`.

use replicator_model::secret::SecretSource;
use replicator_model::span::Span;
use serde::Deserialize;

/// Shortest one-time token that may be given: it opens everything while there is no user.
const SETUP_TOKEN_MIN: usize = 16;

/// Who may sign in for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// The one-time token with which the first user is made, where none is to be printed: for automation.
    pub setup_token: Option<SecretSource>,
    /// A session that is not used for so long ends.
    pub session_idle: Span,
    /// A session ends after so long in any case.
    pub session_lifetime: Span,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { setup_token: None, session_idle: Span::from_secs(30 * 60), session_lifetime: Span::from_secs(12 * 3600) }
    }
}

impl AccessConfig {
    /// What is wrong, if anything: key, problem, what to do.
    pub fn check(&self) -> Result<(), String> {
        let limits = Span::from_secs(60)..=Span::from_secs(30 * 86_400);
        for (key, span) in [("session_idle", self.session_idle), ("session_lifetime", self.session_lifetime)] {
            if !limits.contains(&span) {
                return Err(format!("`access.{key}` is {span}; it can be 1m to 30d"));
            }
        }
        self.given_setup_token().map(drop)
    }

    /// The token that the settings give, looked up; never in an error.
    pub(crate) fn given_setup_token(&self) -> Result<Option<String>, String> {
        let Some(source) = &self.setup_token else { return Ok(None) };
        let secret = source.resolve_here().map_err(|error| format!("`access.setup_token`: {error}"))?;
        if secret.expose().len() < SETUP_TOKEN_MIN {
            return Err(format!(
                "`access.setup_token` is shorter than {SETUP_TOKEN_MIN} bytes; make it of random ones"
            ));
        }
        Ok(Some(secret.expose().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_neither_momentary_nor_eternal_and_a_token_is_long() {
        assert_eq!(AccessConfig::default().check(), Ok(()));
        let error = AccessConfig { session_idle: Span::from_secs(1), ..AccessConfig::default() }.check().unwrap_err();
        assert!(error.contains("access.session_idle"), "{error}");
        let short = AccessConfig { setup_token: Some(SecretSource::literal("canary")), ..AccessConfig::default() };
        let error = short.check().unwrap_err();
        assert!(error.contains("access.setup_token") && !error.contains("canary"), "{error}");
    }
}
