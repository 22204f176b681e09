//! The names of what there is now. Whoever presses Tab is told nothing rather than an error.

use super::place::Names;
use crate::access::token_for;
use crate::alerting;
use crate::client::Client;
use crate::exit::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for the Server: the shell stands still meanwhile.
const WAIT: Duration = Duration::from_secs(2);

/// Where the Server is that no option names: as for all other commands.
const SERVER: (&str, &str) = ("REPLICATOR_SERVER", "http://127.0.0.1:8080");

/// `given` has the options of the line that is completed.
pub(super) async fn of(kind: Names, given: &BTreeMap<String, String>) -> Vec<String> {
    let asked = async { ask(&connect(given)?, kind).await };
    timeout(WAIT, asked).await.ok().and_then(Result::ok).unwrap_or_default()
}

fn connect(given: &BTreeMap<String, String>) -> Result<Client, Failed> {
    let server = given.get("server").cloned().or_else(|| std::env::var(SERVER.0).ok());
    let server = server.unwrap_or_else(|| SERVER.1.to_owned());
    let file = |id: &str| given.get(id).map(PathBuf::from);
    let ca = file("ca").or_else(|| std::env::var_os("REPLICATOR_CA").map(PathBuf::from));
    Client::new(&server, ca.as_deref(), token_for(&server, file("token_file").as_deref())?)
}

async fn ask(client: &Client, kind: Names) -> Result<Vec<String>, Failed> {
    let found: BTreeSet<String> = match kind {
        Names::Tasks => client.tasks(None, None).await?.tasks.into_iter().map(|task| task.name).collect(),
        Names::Groups => {
            let tasks = client.tasks(None, None).await?.tasks.into_iter().map(|task| task.group);
            tasks.chain(client.cores().await?.cores.into_iter().map(|core| core.group)).collect()
        }
        Names::Cores => client.cores().await?.cores.into_iter().map(|core| core.core).collect(),
        Names::Channels => alerting::channel_names(client).await?.into_iter().collect(),
        Names::Users => client.users().await?.users.into_iter().map(|user| user.name).collect(),
        Names::Alerts => alerting::alert_ids(client).await?.into_iter().collect(),
        Names::Silences => alerting::silence_ids(client).await?.into_iter().collect(),
        Names::Tokens => client.tokens().await?.tokens.into_iter().map(|token| token.id).collect(),
    };
    Ok(found.into_iter().collect())
}
