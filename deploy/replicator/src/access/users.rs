//! `replicator user …`.

use super::arguments::{AddUser, Password, SetUser, User};
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::{Table, moment};
use replicator_server::view::{UserChange, UserList, UserRequest};

pub(super) async fn run(client: &Client, command: User, output: Output) -> Result<(), Failed> {
    match command {
        User::List => show(output, &client.users().await?, table),
        User::Add(wanted) => add(client, wanted, output).await?,
        User::Set(wanted) => set(client, wanted, output).await?,
        User::Remove { name } => {
            client.delete_user(&name).await?;
            show(output, &serde_json::json!({"removed": name}), |_| format!("user {name} removed\n"));
        }
    }
    Ok(())
}

async fn add(client: &Client, AddUser { name, role, password }: AddUser, output: Output) -> Result<(), Failed> {
    let password = password.read(&format!("A password for {name}"))?;
    let made = client.create_user(&UserRequest { name: name.to_string(), role: role.into(), password }).await?;
    show(output, &made, |user| format!("user {} added ({})\n", user.name, user.role.as_str()));
    Ok(())
}

async fn set(client: &Client, wanted: SetUser, output: Output) -> Result<(), Failed> {
    let disabled = match (wanted.disable, wanted.enable) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let password = match (wanted.password, wanted.password_file) {
        (false, None) => None,
        (_, password_file) => Some(Password { password_file }.read(&format!("A new password for {}", wanted.name))?),
    };
    let change = UserChange { role: wanted.role.map(Into::into), disabled, password };
    let changed = client.update_user(&wanted.name, &change).await?;
    show(output, &changed, |user| {
        let disabled = if user.disabled { ", disabled" } else { "" };
        format!("user {} is {}{disabled}\n", user.name, user.role.as_str())
    });
    Ok(())
}

fn table(list: &UserList) -> String {
    let mut table = Table::new(&["NAME", "ROLE", "STATE", "CREATED", "LAST LOGIN"]);
    for user in &list.users {
        let state = if user.disabled { "disabled" } else { "enabled" };
        let role = user.role.as_str().to_owned();
        table.row([
            user.name.clone(),
            role,
            state.to_owned(),
            moment(user.created_at.as_ref()),
            moment(user.last_login_at.as_ref()),
        ]);
    }
    table.to_string()
}
