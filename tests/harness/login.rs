//! The first user of a Server that was started with a known one-time token.

use crate::{Error, Result, eventually};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use std::time::Duration;

/// What Servers of tests are given as `REPLICATOR_ACCESS_SETUP_TOKEN`, and `replicator standalone` as
/// `REPLICATOR_SETUP_TOKEN`.
pub const SETUP_TOKEN: &str = "setup-token-of-the-tests";

/// Name and password of the first user.
pub const USER: &str = "root";
pub const PASSWORD: &str = "a password of the tests";
const READY_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes the first user of the Server at `address` (`http://host:port`) as soon as it is ready, signs in, and answers an
/// API token that may everything. Where the user was made before, by a call for another Server of the same tree, it
/// signs in alone.
///
/// # Errors
/// When the Server does not answer in time, or refuses.
pub async fn first_admin(address: &str) -> Result<String> {
    first_user(address, USER, PASSWORD).await
}

/// The same with a name and a password of one's own.
///
/// # Errors
/// When the Server does not answer in time, or refuses.
pub async fn first_user(address: &str, user: &str, password: &str) -> Result<String> {
    let client = reqwest::Client::builder().no_proxy().build().map_err(|error| Error::new(error.to_string()))?;
    let first = json!({"token": SETUP_TOKEN, "user": user, "password": password});
    let login = json!({"user": user, "password": password});
    let cookie = eventually(&format!("the first user of {address}"), READY_TIMEOUT, async || {
        let begin = async |path: &str, body: &Value| {
            let answer = client.post(format!("{address}/api/v1/{path}")).json(body).send().await;
            let answer = answer.map_err(|error| error.to_string())?;
            let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).map(str::to_owned);
            match cookie {
                Some(cookie) => Ok(cookie.split(';').next().unwrap_or_default().to_owned()),
                None => Err(answer.text().await.unwrap_or_default()),
            }
        };
        match begin("setup", &first).await {
            Err(problem) if problem.contains("already_set_up") => begin("session", &login).await,
            result => result,
        }
    })
    .await?;
    let request =
        client.post(format!("{address}/api/v1/tokens")).header(COOKIE, cookie).header("X-Replicator-Csrf", "1");
    let failed = |error: reqwest::Error| Error::new(format!("{address}: {error}"));
    let answer = request.json(&json!({"name": "tests"})).send().await.map_err(failed)?;
    let made: Value = answer.json().await.map_err(failed)?;
    let secret = made["secret"].as_str().ok_or_else(|| Error::new(format!("{address} made no token: {made}")))?;
    Ok(secret.to_owned())
}
