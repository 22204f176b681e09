//! `replicator alerts`, `silence`, `rules` and `channels`.

mod alerts;
pub(crate) mod arguments;
mod calls;
mod channels;
mod rules;
mod silences;

use crate::arguments::Output;
use crate::client::Client;
use crate::exit::Failed;
use arguments::{Alerts, Channels, Rules, Silence};

pub(crate) async fn alerts(client: &Client, command: Alerts, output: Output) -> Result<(), Failed> {
    alerts::run(client, command, output).await
}

pub(crate) async fn silence(client: &Client, command: Silence, output: Output) -> Result<(), Failed> {
    silences::run(client, command, output).await
}

pub(crate) async fn rules(client: &Client, command: Rules, output: Output) -> Result<(), Failed> {
    rules::run(client, command, output).await
}

pub(crate) async fn channels(client: &Client, command: Channels, output: Output) -> Result<(), Failed> {
    channels::run(client, command, output).await
}

/// What can be named where an alert, a silence or a channel is asked for.
pub(crate) async fn alert_ids(client: &Client) -> Result<Vec<String>, Failed> {
    Ok(calls::alerts(client, None).await?.alerts.into_iter().map(|alert| alert.id).collect())
}

pub(crate) async fn silence_ids(client: &Client) -> Result<Vec<String>, Failed> {
    Ok(calls::silences(client).await?.silences.into_iter().map(|silence| silence.id).collect())
}

pub(crate) async fn channel_names(client: &Client) -> Result<Vec<String>, Failed> {
    Ok(calls::channels(client).await?.channels.into_iter().map(|channel| channel.spec.name.to_string()).collect())
}
