//! Passwords: argon2id with the parameters that OWASP names as the least (19 MiB, 2 passes, 1 lane), off the workers that
//! answer requests, and a few at a time, so that a flood of logins takes neither all memory nor all processors.

use crate::problem::ApiError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use replicator_model::access::PasswordHash;
use replicator_model::secret::Secret;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Shortest password, in characters.
const LENGTH_MIN: usize = 10;
/// Longest password, in bytes.
const BYTES_MAX: usize = 1024;
/// Hashes computed at a time; each takes 19 MiB. Whoever comes then waits.
const AT_A_TIME: usize = 4;

/// Makes and checks hashes.
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// A hash to keep; refuses a password that is too easy to guess.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<PasswordHash, ApiError> {
        check(password.expose()).map_err(ApiError::PasswordWeak)?;
        let password = password.clone();
        let hashed = self.off_the_workers(move || {
            Argon2::default().hash_password(password.expose().as_bytes()).map(|hash| hash.to_string())
        });
        match hashed.await {
            Some(Ok(phc)) => Ok(PasswordHash::new(phc)),
            _ => Err(ApiError::Internal("a password could not be hashed".to_owned())),
        }
    }

    /// Whether it is the password. Without a hash (no such user) it takes as long and says no.
    pub(crate) async fn verify(&self, password: &Secret, hash: Option<&PasswordHash>) -> bool {
        if password.expose().len() > BYTES_MAX {
            return false;
        }
        let (password, hash) = (password.clone(), hash.cloned());
        let verified = self.off_the_workers(move || match hash.as_ref().map(|hash| Phc::new(hash.as_str())) {
            Some(Ok(phc)) => Argon2::default().verify_password(password.expose().as_bytes(), &phc).is_ok(),
            _ => {
                // The time it takes must not tell which names are users.
                Argon2::default().hash_password(password.expose().as_bytes()).map(drop).ok();
                false
            }
        });
        verified.await.unwrap_or(false)
    }

    async fn off_the_workers<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        // The place is held by the work itself: a caller that went away does not make room for another.
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        working.await.ok()
    }
}

fn check(password: &str) -> Result<(), String> {
    if password.chars().count() < LENGTH_MIN {
        return Err(format!("the password is shorter than {LENGTH_MIN} characters"));
    }
    if password.len() > BYTES_MAX {
        return Err(format!("the password is longer than {BYTES_MAX} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new();
        let password = Secret::new("correct horse");
        let hash = passwords.hash(&password).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(passwords.verify(&password, Some(&hash)).await);
        assert!(!passwords.verify(&Secret::new("correct house"), Some(&hash)).await);
        assert!(!passwords.verify(&password, None).await);
        assert!(!passwords.verify(&password, Some(&PasswordHash::new("nonsense"))).await);
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(check("ten chars!").is_ok() && check("äöüäöüäöüä").is_ok());
        assert!(check("nine char").unwrap_err().contains("10"));
        assert!(check(&"x".repeat(1025)).unwrap_err().contains("1024"));
    }
}
