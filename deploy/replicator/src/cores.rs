//! `replicator cores`.

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use crate::output::show;
use crate::table::Table;
use replicator_server::view::CoreList;

pub(crate) async fn run(client: &Client, output: Output) -> Result<(), Failed> {
    show(output, &client.cores().await?, table);
    Ok(())
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
            core.since.as_deref().map_or("-", |since| since.get(..19).unwrap_or(since)).to_owned(),
        ]);
    }
    table.to_string()
}
