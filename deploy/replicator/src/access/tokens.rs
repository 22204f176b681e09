//! `replicator token …`.

use super::arguments::{CreateToken, Token};
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::{Table, moment};
use replicator_server::view::{TokenList, TokenRequest};

pub(super) async fn run(client: &Client, command: Token, output: Output) -> Result<(), Failed> {
    match command {
        Token::List => show(output, &client.tokens().await?, table),
        Token::Create(CreateToken { name, role, expires_in }) => {
            let made = client.create_token(&TokenRequest { name, role: role.map(Into::into), expires_in }).await?;
            // Alone on its line, so that a script takes it as it is.
            show(output, &made, |made| format!("{}\n", made.secret));
        }
        Token::Revoke { id } => {
            client.revoke_token(&id).await?;
            show(output, &serde_json::json!({"revoked": id}), |_| format!("token {id} revoked\n"));
        }
    }
    Ok(())
}

fn table(list: &TokenList) -> String {
    let mut table = Table::new(&["ID", "NAME", "USER", "ROLE", "EXPIRES", "LAST USED"]);
    for token in &list.tokens {
        table.row([
            token.id.clone(),
            token.name.clone(),
            token.user.clone(),
            token.role.as_str().to_owned(),
            moment(token.expires_at.as_ref()),
            moment(token.last_used_at.as_ref()),
        ]);
    }
    table.to_string()
}
