//! The Server's addresses about alerts.

use crate::client::{Client, answer, etag, send};
use crate::exit::Failed;
use replicator_model::name::{ChannelName, TaskName};
use replicator_server::view::{
    AlertHistoryView, AlertList, AlertView, ChannelList, ChannelTestView, ChannelView, DeliveryList, RuleList,
    SilenceList, SilenceRequest, SilenceView,
};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use serde_json::{Value, json};

fn of_task(task: Option<&TaskName>) -> Vec<(&'static str, String)> {
    task.map(|task| ("task", task.to_string())).into_iter().collect()
}

pub(super) async fn alerts(client: &Client, task: Option<&TaskName>) -> Result<AlertList, Failed> {
    answer(client.request(Method::GET, &["alerts"], &of_task(task))).await
}

pub(super) async fn history(client: &Client, task: Option<&TaskName>) -> Result<AlertHistoryView, Failed> {
    answer(client.request(Method::GET, &["alerts", "history"], &of_task(task))).await
}

pub(super) async fn acknowledge(client: &Client, id: &str, note: &str) -> Result<AlertView, Failed> {
    let request = client.request(Method::POST, &["alerts", id, "acknowledge"], &[]);
    answer(request.json(&json!({"note": note}))).await
}

pub(super) async fn unacknowledge(client: &Client, id: &str) -> Result<AlertView, Failed> {
    answer(client.request(Method::DELETE, &["alerts", id, "acknowledge"], &[])).await
}

pub(super) async fn silences(client: &Client) -> Result<SilenceList, Failed> {
    answer(client.request(Method::GET, &["silences"], &[])).await
}

pub(super) async fn begin_silence(client: &Client, wanted: &SilenceRequest) -> Result<SilenceView, Failed> {
    answer(client.request(Method::POST, &["silences"], &[]).json(wanted)).await
}

pub(super) async fn end_silence(client: &Client, id: &str) -> Result<(), Failed> {
    send(client.request(Method::DELETE, &["silences", id], &[])).await.map(drop)
}

pub(super) async fn rules(client: &Client) -> Result<RuleList, Failed> {
    answer(client.request(Method::GET, &["rules"], &[])).await
}

pub(super) async fn set_rules(client: &Client, version: u64, settings: &Value) -> Result<RuleList, Failed> {
    let request = client.request(Method::PUT, &["rules"], &[]).header(IF_MATCH, etag(version));
    answer(request.json(settings)).await
}

pub(super) async fn channels(client: &Client) -> Result<ChannelList, Failed> {
    answer(client.request(Method::GET, &["channels"], &[])).await
}

/// `None` if there is none.
pub(super) async fn channel(client: &Client, name: &ChannelName) -> Result<Option<ChannelView>, Failed> {
    match answer(client.request(Method::GET, &["channels", name.as_str()], &[])).await {
        Err(failed) if failed.problem.code == "channel_not_found" => Ok(None),
        result => result.map(Some),
    }
}

/// Makes it, or replaces the one of that version. The text goes as it was written, so that no secret is lost.
pub(super) async fn put_channel(
    client: &Client,
    name: &ChannelName,
    version: Option<u64>,
    text: String,
    is_json: bool,
) -> Result<ChannelView, Failed> {
    let request = match version {
        None => client.request(Method::POST, &["channels"], &[]),
        Some(version) => client.request(Method::PUT, &["channels", name.as_str()], &[]).header(IF_MATCH, etag(version)),
    };
    let kind = if is_json { "application/json" } else { "application/toml" };
    answer(request.header(CONTENT_TYPE, kind).body(text)).await
}

pub(super) async fn delete_channel(client: &Client, name: &ChannelName, version: u64) -> Result<(), Failed> {
    let request = client.request(Method::DELETE, &["channels", name.as_str()], &[]);
    send(request.header(IF_MATCH, etag(version))).await.map(drop)
}

pub(super) async fn test_channel(client: &Client, name: &ChannelName) -> Result<ChannelTestView, Failed> {
    answer(client.request(Method::POST, &["channels", name.as_str(), "test"], &[])).await
}

pub(super) async fn deliveries(client: &Client, name: &ChannelName) -> Result<DeliveryList, Failed> {
    answer(client.request(Method::GET, &["channels", name.as_str(), "deliveries"], &[])).await
}
