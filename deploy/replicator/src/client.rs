//! The Server's REST API as its callers want it.

use crate::exit::{Exit, Failed};
use crate::table::cut;
use crate::trouble;
use replicator_model::name::TaskName;
use replicator_server::view::{
    ConflictList, CoreList, DiffView, HandoverRequest, OrderView, PreflightView, PreviewView, Problem, RewindRequest,
    RewindView, RewoundView, RollbackRequest, SkipRequest, SkipView, StatusView, TaskList, TaskView, VersionList,
    VersionView,
};
use reqwest::header::{CONTENT_TYPE, HeaderMap, IF_MATCH};
use reqwest::{Certificate, Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Longest wait for one answer: a little longer than a Server takes by default.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest sentence of an answer that is shown, in characters.
const SENTENCE_MAX: usize = 200;

/// Tasks asked for at a time.
const PAGE: usize = 500;

pub(crate) struct Client {
    base: Url,
    http: reqwest::Client,
    /// What is shown with each request.
    token: Option<String>,
}

/// A task's spec as its author wrote it: what is sent, so that no secret is lost on the way.
pub(crate) struct SpecText {
    pub text: String,
    pub is_json: bool,
}

impl Client {
    /// `token` says who asks; without, there is little to be had.
    pub(crate) fn new(server: &str, ca: Option<&Path>, token: Option<String>) -> Result<Self, Failed> {
        let refuse = |problem: String| {
            let hint = "give it as --server http://host:port, or in REPLICATOR_SERVER";
            Failed::new(Exit::Usage, "server_address", format!("`{server}` is not a Server's address: {problem}"), hint)
        };
        let base = Url::parse(server).map_err(|error| refuse(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refuse(format!("it begins with {}", base.scheme())));
        }
        let builder = match ca {
            Some(file) => reqwest::Client::builder().tls_certs_only(certificates(file)?),
            None => reqwest::Client::builder(),
        };
        let http = builder
            .timeout(ANSWER_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("replicator/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self { base, http, token })
    }

    /// The address of the Server, as it was given.
    pub(crate) fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// All tasks, page after page.
    pub(crate) async fn tasks(&self, group: Option<&str>, state: Option<&str>) -> Result<TaskList, Failed> {
        let mut all =
            TaskList { tasks: Vec::new(), next: None, unreadable: Vec::new(), total: 0, counts: BTreeMap::new() };
        let mut after = String::new();
        loop {
            let mut query = vec![("limit", PAGE.to_string()), ("after", after)];
            query.extend(group.map(|group| ("group", group.to_owned())));
            query.extend(state.map(|state| ("state", state.to_owned())));
            let page: TaskList = answer(self.request(Method::GET, &["tasks"], &query)).await?;
            all.tasks.extend(page.tasks);
            all.unreadable.extend(page.unreadable);
            (all.total, all.counts) = (page.total, page.counts);
            match page.next {
                Some(next) => after = next,
                None => return Ok(all),
            }
        }
    }

    /// `None` if there is none.
    pub(crate) async fn task(&self, name: &TaskName) -> Result<Option<TaskView>, Failed> {
        match answer(self.request(Method::GET, &["tasks", name.as_str()], &[])).await {
            Err(failed) if failed.problem.code == "task_not_found" => Ok(None),
            result => result.map(Some),
        }
    }

    pub(crate) async fn create(&self, spec: SpecText, reason: &str) -> Result<TaskView, Failed> {
        let request = self.request(Method::POST, &["tasks"], &[("reason", reason.to_owned())]);
        answer(with_spec(request, spec)).await
    }

    pub(crate) async fn update(
        &self,
        name: &TaskName,
        version: u64,
        spec: SpecText,
        reason: &str,
    ) -> Result<TaskView, Failed> {
        let request = self.request(Method::PUT, &["tasks", name.as_str()], &[("reason", reason.to_owned())]);
        answer(with_spec(request.header(IF_MATCH, etag(version)), spec)).await
    }

    pub(crate) async fn delete(&self, name: &TaskName, version: u64) -> Result<(), Failed> {
        let request = self.request(Method::DELETE, &["tasks", name.as_str()], &[]);
        send(request.header(IF_MATCH, etag(version))).await.map(drop)
    }

    /// `order` is the last part of the address: `start`, `stop`, `pause`, `resume`.
    pub(crate) async fn order(&self, name: &TaskName, order: &str) -> Result<OrderView, Failed> {
        answer(self.request(Method::POST, &["tasks", name.as_str(), order], &[])).await
    }

    pub(crate) async fn status(&self, name: &TaskName) -> Result<StatusView, Failed> {
        answer(self.request(Method::GET, &["tasks", name.as_str(), "status"], &[])).await
    }

    /// What is asked is as in the API.
    pub(crate) async fn preflight(&self, asked: &serde_json::Value) -> Result<PreflightView, Failed> {
        answer(self.request(Method::POST, &["preflight"], &[]).json(asked)).await
    }

    pub(crate) async fn preflight_task(&self, name: &TaskName, checks: &[String]) -> Result<PreflightView, Failed> {
        let query = [("checks", checks.join(","))];
        answer(self.request(Method::GET, &["tasks", name.as_str(), "preflight"], &query)).await
    }

    /// What is asked is as in the API.
    pub(crate) async fn preview(&self, asked: &serde_json::Value) -> Result<PreviewView, Failed> {
        answer(self.request(Method::POST, &["preview"], &[]).json(asked)).await
    }

    pub(crate) async fn versions(&self, name: &TaskName) -> Result<VersionList, Failed> {
        answer(self.request(Method::GET, &["tasks", name.as_str(), "versions"], &[])).await
    }

    pub(crate) async fn version(&self, name: &TaskName, version: u64) -> Result<VersionView, Failed> {
        answer(self.request(Method::GET, &["tasks", name.as_str(), "versions", &version.to_string()], &[])).await
    }

    pub(crate) async fn diff(&self, name: &TaskName, from: u64, to: u64) -> Result<DiffView, Failed> {
        let (from, to) = (from.to_string(), to.to_string());
        answer(self.request(Method::GET, &["tasks", name.as_str(), "versions", &from, "diff", &to], &[])).await
    }

    pub(crate) async fn roll_back(
        &self,
        name: &TaskName,
        seen: u64,
        rollback: &RollbackRequest,
    ) -> Result<TaskView, Failed> {
        let request = self.request(Method::POST, &["tasks", name.as_str(), "rollback"], &[]);
        answer(request.header(IF_MATCH, etag(seen)).json(rollback)).await
    }

    pub(crate) async fn preview_rewind(&self, name: &TaskName, rewind: &RewindRequest) -> Result<RewindView, Failed> {
        answer(self.request(Method::POST, &["tasks", name.as_str(), "rewind", "preview"], &[]).json(rewind)).await
    }

    pub(crate) async fn rewind(&self, name: &TaskName, rewind: &RewindRequest) -> Result<RewoundView, Failed> {
        answer(self.request(Method::POST, &["tasks", name.as_str(), "rewind"], &[]).json(rewind)).await
    }

    pub(crate) async fn conflicts(
        &self,
        name: &TaskName,
        limit: u32,
        before: Option<u64>,
    ) -> Result<ConflictList, Failed> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(before.map(|before| ("before", before.to_string())));
        answer(self.request(Method::GET, &["tasks", name.as_str(), "conflicts"], &query)).await
    }

    pub(crate) async fn skippable(&self, name: &TaskName) -> Result<SkipView, Failed> {
        answer(self.request(Method::GET, &["tasks", name.as_str(), "skip"], &[])).await
    }

    pub(crate) async fn skip(&self, name: &TaskName, skip: &SkipRequest) -> Result<OrderView, Failed> {
        answer(self.request(Method::POST, &["tasks", name.as_str(), "skip"], &[]).json(skip)).await
    }

    pub(crate) async fn hand_over(&self, name: &TaskName, to: HandoverRequest) -> Result<OrderView, Failed> {
        answer(self.request(Method::POST, &["tasks", name.as_str(), "handover"], &[]).json(&to)).await
    }

    pub(crate) async fn cores(&self) -> Result<CoreList, Failed> {
        answer(self.request(Method::GET, &["cores"], &[])).await
    }

    pub(crate) fn request(&self, method: Method, parts: &[&str], query: &[(&str, String)]) -> RequestBuilder {
        let request = self.http.request(method, self.url(parts, query));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// As somebody who has not said who it is.
    pub(crate) fn anonymous(&self, method: Method, parts: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(parts, &[]))
    }

    fn url(&self, parts: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(parts);
        }
        let given: Vec<_> = query.iter().filter(|(_, value)| !value.is_empty()).collect();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given.into_iter().map(|(key, value)| (key, value)));
        }
        url
    }
}

/// The certificates in a file.
fn certificates(file: &Path) -> Result<Vec<Certificate>, Failed> {
    let refuse = |problem: &dyn std::fmt::Display| {
        let detail = format!("--ca {}: {problem}", file.display());
        Failed::new(Exit::Usage, "ca_file", detail, "give a file with at least one certificate in PEM")
    };
    let text = std::fs::read(file).map_err(|error| refuse(&error))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| refuse(&error))?;
    if found.is_empty() { Err(refuse(&"it has no certificate")) } else { Ok(found) }
}

pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn with_spec(request: RequestBuilder, spec: SpecText) -> RequestBuilder {
    let kind = if spec.is_json { "application/json" } else { "application/toml" };
    request.header(CONTENT_TYPE, kind).body(spec.text)
}

pub(crate) async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failed> {
    Ok(with_answer(request).await?.0)
}

/// The same with the headers.
pub(crate) async fn with_answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<(T, HeaderMap), Failed> {
    let (status, headers, text) = send(request).await?;
    let answer = serde_json::from_str(&text);
    let answer = answer.map_err(|error| strange(status, &format!("its answer can't be read: {error}")))?;
    Ok((answer, headers))
}

pub(crate) async fn send(request: RequestBuilder) -> Result<(StatusCode, HeaderMap, String), Failed> {
    let response = request.send().await.map_err(|error| trouble::unreachable_server(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.map_err(|error| trouble::unreachable_server(&error))?;
    if status.is_success() {
        return Ok((status, headers, text));
    }
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) => Err(trouble::in_words_of_commands(problem).into()),
        // What says so in a plain sentence is worth reading; a page of a proxy is not.
        Err(_) if headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/plain") => {
            Err(strange(status, &cut(text.trim(), SENTENCE_MAX)))
        }
        Err(_) => Err(strange(status, "its answer is not a problem+json")),
    }
}

fn strange(status: StatusCode, problem: &str) -> Failed {
    let detail = format!("the Server answered {status}: {problem}");
    let exit = if status.is_server_error() { Exit::Unreachable } else { Exit::Failed };
    Failed::new(exit, "strange_answer", detail, "check that --server is a replicator-server of this version")
}
