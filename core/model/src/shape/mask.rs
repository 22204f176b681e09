//! What stands in a column instead of its value.

use super::Cell;
use crate::secret::{Secret, SecretSource};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Most characters that `keep` keeps.
pub const KEPT_MAX: u32 = 1_000;

/// How a column is masked. NULL stays NULL, except under a constant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// HMAC-SHA-256 of the value's text with this salt, as 64 hexadecimal digits: equal values stay equal.
    Hash(SecretSource),
    /// So many characters of the text's beginning; the rest is cut off.
    Keep(u32),
    Constant(Constant),
}

/// A value that a task gives itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text, a whole number, true or false; write a number with a fraction as a text"
)]
pub enum Constant {
    Bool(bool),
    Integer(i64),
    Text(String),
}

impl Constant {
    pub fn cell(&self) -> Cell<'static> {
        match self {
            Constant::Bool(value) => Cell::Number(i64::from(*value).into()),
            Constant::Integer(number) => Cell::Number((*number).into()),
            Constant::Text(text) => Cell::text(text.clone()),
        }
    }
}

/// The hash that stands for a text.
pub(super) fn hashed(salt: &Secret, text: &str) -> String {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt.expose().as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The beginning of a text.
pub(super) fn kept(text: &str, characters: u32) -> String {
    text.chars().take(characters as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_known_one() {
        // RFC 4231, test case 2.
        assert_eq!(
            hashed(&Secret::new("Jefe"), "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn characters_are_kept_whole() {
        assert_eq!(kept("grün", 3), "grü");
        assert_eq!(kept("ab", 4), "ab");
    }

    #[test]
    fn constants_read_as_what_they_are() {
        for (text, constant) in [
            (r#""eu""#, Some(Constant::Text("eu".into()))),
            ("7", Some(Constant::Integer(7))),
            ("true", Some(Constant::Bool(true))),
            ("1.5", None),
            ("[]", None),
        ] {
            assert_eq!(serde_json::from_str(text).ok(), constant, "{text}");
        }
    }
}
