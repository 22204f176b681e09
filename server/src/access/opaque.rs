//! Texts that nobody guesses: session ids, API tokens, one-time tokens. Only their hashes are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What an API token begins with, so that scanners of repositories know one.
const TOKEN_PREFIX: &str = "mr_";
/// Bytes of randomness in what opens something: 256 bits.
const SECRET_BYTES: usize = 32;
const TOKEN_ID_BYTES: usize = 8;
/// Longest text that is looked at.
const LENGTH_MAX: usize = 200;

/// 256 random bits as text, for a session or a one-time token.
pub(crate) fn secret() -> Result<String, Unrandom> {
    Ok(URL_SAFE_NO_PAD.encode(random::<SECRET_BYTES>()?))
}

/// A new API token: its id and the whole, of which the id is a part.
pub(crate) fn token() -> Result<(String, String), Unrandom> {
    let id = hex(&random::<TOKEN_ID_BYTES>()?);
    let whole = format!("{TOKEN_PREFIX}{id}_{}", secret()?);
    Ok((id, whole))
}

/// A few random letters that tell apart what happens in the same microsecond.
pub(crate) fn suffix() -> Result<String, Unrandom> {
    Ok(hex(&random::<4>()?))
}

/// The id in an API token; `None` for a text that can't be one.
pub(crate) fn token_id(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
    let is_hex = id.len() == 2 * TOKEN_ID_BYTES && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (is_hex && !secret.is_empty() && token.len() <= LENGTH_MAX).then_some(id)
}

/// SHA-256 in hexadecimal. Enough for random texts; passwords go through [`super::passwords`].
pub(crate) fn hash(secret: &str) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes()).as_ref())
}

/// Compares without telling by its time how much was equal.
pub(crate) fn same(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// The system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub(crate) struct Unrandom;

fn random<const N: usize>() -> Result<[u8; N], Unrandom> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Unrandom)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_id_and_what_is_none_is_not_looked_up() {
        let (id, whole) = token().unwrap();
        assert_eq!(token_id(&whole), Some(id.as_str()));
        assert!(whole.starts_with("mr_") && whole.len() > 60, "{whole}");
        for text in ["", "mr_", "mr_x_y", "mr_../../users_x", "mr_0123456789abcdef_", "0123456789abcdef_x"] {
            assert_eq!(token_id(text), None, "{text}");
        }
        assert_eq!(token_id(&format!("mr_0123456789abcdef_{}", "x".repeat(200))), None);
    }

    #[test]
    fn secrets_differ_and_hashes_tell_nothing_but_equality() {
        assert_ne!(secret().unwrap(), secret().unwrap());
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(same("a", "a") && !same("a", "b") && !same("a", "ab"));
    }
}
