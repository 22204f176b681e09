//! `replicator cores`.

use crate::arguments::{Cores, Output};
use crate::client::Client;
use crate::exit::Failed;
use crate::output::{show, watched};
use crate::table::{Table, moment};
use replicator_server::view::CoreList;

pub(crate) async fn run(client: &Client, asked: Cores, output: Output) -> Result<(), Failed> {
    watched(asked.watch, output, async |output| {
        show(output, &client.cores().await?, table);
        Ok(())
    })
    .await
}

fn table(list: &CoreList) -> String {
    if list.cores.is_empty() {
        return "No Core is alive. Start replicator-core on at least one host of each group.\n".to_owned();
    }
    let mut table = Table::new(&["GROUP", "CORE", "HOST", "TASKS", "VERSION", "ADMIN", "SINCE"]);
    for core in &list.cores {
        table.row([
            core.group.clone(),
            core.core.clone(),
            core.host.clone(),
            format!("{} of {}", core.load, core.capacity),
            core.version.clone(),
            core.admin.clone().unwrap_or_else(|| "-".to_owned()),
            moment(core.since.as_ref()),
        ]);
    }
    table.to_string()
}
