//! `replicator channels …`.

use super::arguments::Channels;
use super::calls;
use crate::arguments::Output;
use crate::client::Client;
use crate::exit::{Exit, Failed};
use crate::output::show;
use crate::spec_file::SpecFile;
use crate::table::{Table, moment};
use replicator_model::channel::ChannelSpec;
use replicator_model::name::ChannelName;
use replicator_server::view::{ChannelList, ChannelView, DeliveryList};
use serde_json::json;
use std::path::Path;

pub(super) async fn run(client: &Client, command: Channels, output: Output) -> Result<(), Failed> {
    match command {
        Channels::List => show(output, &calls::channels(client).await?, table),
        Channels::Apply { file } => apply(client, &file, output).await?,
        Channels::Test { name } => test(client, &name, output).await?,
        Channels::Deliveries { name } => show(output, &calls::deliveries(client, &name).await?, deliveries),
        Channels::Delete { name } => {
            let ChannelView { version, .. } = calls::channel(client, &name).await?.ok_or_else(|| not_found(&name))?;
            calls::delete_channel(client, &name, version).await?;
            show(output, &json!({"deleted": name}), |_| format!("channel {name} deleted\n"));
        }
    }
    Ok(())
}

async fn apply(client: &Client, file: &Path, output: Output) -> Result<(), Failed> {
    let file = SpecFile::read(file)?;
    let read =
        if file.is_json { ChannelSpec::from_json(file.text.as_bytes()) } else { ChannelSpec::from_toml(&file.text) };
    let name = read.map_err(|error| file.refused(error))?.name;
    let before = calls::channel(client, &name).await?.map(|channel| channel.version);
    let channel = calls::put_channel(client, &name, before, file.text, file.is_json).await?;
    let done = if before.is_some() { "updated" } else { "made" };
    show(output, &channel, |channel| {
        format!("channel {name} {done} (version {})\n  next  replicator channels test {name}\n", channel.version)
    });
    Ok(())
}

async fn test(client: &Client, name: &ChannelName, output: Output) -> Result<(), Failed> {
    let tested = calls::test_channel(client, name).await?;
    if tested.delivered {
        show(output, &tested, |tested| format!("delivered in {} ms: {}\n", tested.took_ms, tested.detail));
        return Ok(());
    }
    let detail = format!("channel `{name}` did not take the test message: {}", tested.detail);
    let hint = "mend what it names, then test again";
    Err(Failed::new(Exit::Failed, "channel_not_delivered", detail, hint))
}

fn not_found(name: &ChannelName) -> Failed {
    let detail = format!("there is no channel `{name}`");
    Failed::new(Exit::NotFound, "channel_not_found", detail, "see `replicator channels list`")
}

fn table(list: &ChannelList) -> String {
    if list.channels.is_empty() {
        return "No channels: alerts are logged by the Monitor and told to nobody. Make one with `replicator channels apply -f \
                channel.toml`.\n"
            .to_owned();
    }
    let mut table = Table::new(&["NAME", "KIND", "TO", "FROM SEVERITY", "LANGUAGE", "LAST DELIVERY"]);
    for channel in &list.channels {
        let last = channel.last_delivery.as_ref().map_or_else(
            || "-".to_owned(),
            |last| format!("{} {}", if last.delivered { "delivered" } else { "FAILED" }, moment(last.at.as_ref())),
        );
        let spec = &channel.spec;
        table.row([
            spec.name.to_string(),
            if spec.enabled { spec.kind.word().to_owned() } else { format!("{} (off)", spec.kind.word()) },
            channel.place.clone().unwrap_or_else(|| "-".to_owned()),
            spec.severity_min.to_string(),
            serde_json::to_value(spec.language)
                .ok()
                .and_then(|word| Some(word.as_str()?.to_owned()))
                .unwrap_or_default(),
            last,
        ]);
    }
    table.to_string()
}

fn deliveries(list: &DeliveryList) -> String {
    if list.deliveries.is_empty() {
        return "Nothing was delivered yet.\n".to_owned();
    }
    let mut table = Table::new(&["AT", "RESULT", "TOOK", "SUBJECT", "DETAIL"]);
    for one in &list.deliveries {
        table.row([
            moment(one.at.as_ref()),
            if one.delivered { "delivered".to_owned() } else { format!("FAILED (attempt {})", one.attempt) },
            format!("{} ms", one.took_ms),
            one.subject.clone(),
            one.detail.clone(),
        ]);
    }
    table.to_string()
}
