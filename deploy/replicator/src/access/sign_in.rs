//! `replicator setup`, `login`, `logout`, `whoami`. A login is an API token that the Server makes for it.

use super::arguments::{Login, Setup};
use super::calls::Cookie;
use super::credentials::{Credentials, Kept};
use super::secret;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::moment;
use replicator_model::span::Span;
use replicator_server::view::{LoginRequest, SessionView, SetupRequest, TokenRequest};

/// How long the login of the first user lasts.
const FIRST_LOGIN: Span = Span::from_secs(90 * 86_400);

pub(super) async fn setup(client: &Client, setup: Setup, output: Output) -> Result<(), Failed> {
    let token = match (&setup.setup_token_file, std::env::var("REPLICATOR_SETUP_TOKEN")) {
        (Some(file), _) => secret::from_file(file)?,
        (None, Ok(token)) => token,
        (None, Err(_)) => secret::asked("The one-time token that the Server printed", "--setup-token-file FILE")?,
    };
    let password = setup.password.read(&format!("A password for {}", setup.user))?;
    let first = SetupRequest { token: token.trim().to_owned(), user: setup.user.to_string(), password };
    let (view, cookie) = client.set_up(&first).await?;
    keep(client, view, cookie, FIRST_LOGIN, output).await
}

pub(super) async fn login(client: &Client, login: Login, output: Output) -> Result<(), Failed> {
    let password = login.password.read(&format!("Password of {}", login.user))?;
    let (view, cookie) = client.sign_in(&LoginRequest { user: login.user.to_string(), password }).await?;
    keep(client, view, cookie, login.expires_in, output).await
}

/// Exchanges the session for a token that outlives it.
async fn keep(client: &Client, view: SessionView, cookie: Cookie, life: Span, output: Output) -> Result<(), Failed> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!("replicator login on {}", host.trim());
    let wanted = TokenRequest { name, role: None, expires_in: Some(life) };
    let made = client.create_token_by(&cookie, &wanted).await?;
    client.sign_out(&cookie).await?;
    let mut credentials = Credentials::read()?;
    let (user, id, token) = (view.user.clone(), made.token.id, made.secret);
    credentials.keep(client.server(), Kept { user, id, token });
    let path = credentials.write()?;
    show(output, &view, |view| {
        let role = view.role.as_str();
        format!("signed in to {} as {} ({role}); kept in {}\n", client.server(), view.user, path.display())
    });
    Ok(())
}

pub(super) async fn logout(client: &Client, output: Output) -> Result<(), Failed> {
    let mut credentials = Credentials::read()?;
    let kept = credentials.forget(client.server());
    if let Some(kept) = &kept {
        match client.revoke_token(&kept.id).await {
            Ok(()) => {}
            // It is over already.
            Err(failed) if matches!(failed.problem.code.as_str(), "token_not_found" | "not_signed_in") => {}
            Err(failed) => return Err(failed),
        }
        credentials.write()?;
    }
    let user = kept.map(|kept| kept.user);
    show(output, &serde_json::json!({"signed_out": user}), |_| match &user {
        Some(user) => format!("{user} is signed out of {}\n", client.server()),
        None => format!("nobody was signed in to {}\n", client.server()),
    });
    Ok(())
}

pub(super) async fn whoami(client: &Client, output: Output) -> Result<(), Failed> {
    show(output, &client.session().await?, |view| {
        let until = view.expires_at.as_ref().map(|at| format!(", until {}", moment(Some(at))));
        format!("{} ({}) at {}{}\n", view.user, view.role.as_str(), client.server(), until.unwrap_or_default())
    });
    Ok(())
}
