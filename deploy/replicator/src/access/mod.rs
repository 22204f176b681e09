//! Who calls: `replicator setup`, `login`, `logout`, `whoami`, `user …`, `token …`, and what was done: `audit`. What is shown to Servers afterwards is
//! in [`credentials`].

pub(crate) mod arguments;
mod audit;
mod calls;
pub(crate) mod credentials;
mod secret;
mod sign_in;
mod tokens;
mod users;

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use arguments::{Audit, Login, Setup, Token, User};
use credentials::Credentials;

pub(crate) async fn setup(client: &Client, setup: Setup, output: Output) -> Result<(), Failed> {
    sign_in::setup(client, setup, output).await
}

pub(crate) async fn login(client: &Client, login: Login, output: Output) -> Result<(), Failed> {
    sign_in::login(client, login, output).await
}

pub(crate) async fn logout(client: &Client, output: Output) -> Result<(), Failed> {
    sign_in::logout(client, output).await
}

pub(crate) async fn whoami(client: &Client, output: Output) -> Result<(), Failed> {
    sign_in::whoami(client, output).await
}

pub(crate) async fn user(client: &Client, command: User, output: Output) -> Result<(), Failed> {
    users::run(client, command, output).await
}

pub(crate) async fn token(client: &Client, command: Token, output: Output) -> Result<(), Failed> {
    tokens::run(client, command, output).await
}

pub(crate) async fn audit(client: &Client, asked: Audit, output: Output) -> Result<(), Failed> {
    audit::run(client, asked, output).await
}

/// What is shown to the Server at `server`: a file that was named, REPLICATOR_TOKEN, or what `login` stored.
pub(crate) fn token_for(server: &str, file: Option<&std::path::Path>) -> Result<Option<String>, Failed> {
    if let Some(file) = file {
        return secret::from_file(file).map(Some);
    }
    if let Some(token) = std::env::var("REPLICATOR_TOKEN").ok().filter(|token| !token.is_empty()) {
        return Ok(Some(token));
    }
    Ok(Credentials::read()?.token(server).map(str::to_owned))
}
