//! What every request passes: where it may come from, how long it may take, that it is counted.

use super::App;
use crate::problem::ApiError;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::{Instant, timeout};

pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = match refusal_of(&app, &request) {
        Some(reason) => ApiError::ForeignOrigin(reason).into_response(),
        None => timeout(app.request_timeout, next.run(request)).await.unwrap_or_else(|_| {
            ApiError::Timeout(format!("{:.0} s", app.request_timeout.as_secs_f64())).into_response()
        }),
    };
    app.metrics.answered(&method, &route, response.status().as_u16(), started.elapsed());
    response
}

fn refusal_of(app: &App, request: &Request) -> Option<String> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = header(HOST).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    refusal(app.hosts.as_deref(), host, header(ORIGIN))
}

/// Why a request is refused, if it is. A browser that is signed in must not be talked into calling: neither
/// by a page of another site (its `Origin` is not the `Host`), nor by a name that was made to mean this host (then
/// the `Host` is neither a loopback name nor one of `hosts`; `None` allows any). Programs send no `Origin`.
fn refusal(hosts: Option<&[String]>, host: Option<&str>, origin: Option<&str>) -> Option<String> {
    let named = host.map_or("", host_name);
    let known = |hosts: &[String]| hosts.iter().any(|known| known.eq_ignore_ascii_case(named));
    if let (Some(hosts), Some(host)) = (hosts, host)
        && !is_loopback(named)
        && !known(hosts)
    {
        return Some(format!(
            "the request is for host `{host}`; this Server answers for loopback names and [http] hosts"
        ));
    }
    let from = origin?;
    let authority = from.split_once("://").map(|(_, authority)| authority);
    (authority.is_none() || authority != host).then(|| format!("the request comes from `{from}`, another site"))
}

fn host_name(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(name, _)| name),
    }
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_origin_and_known_hosts_are_served() {
        let hosts = ["replicator.example".to_owned()];
        for (host, origin, served) in [
            (Some("127.0.0.1:8080"), None, true),
            (Some("localhost:8080"), Some("http://localhost:8080"), true),
            (Some("[::1]:8080"), Some("http://[::1]:8080"), true),
            (Some("Replicator.example"), Some("https://Replicator.example"), true),
            (None, None, true),
            (Some("127.0.0.1:8080"), Some("http://evil.example"), false),
            (Some("127.0.0.1:8080"), Some("http://127.0.0.1:9999"), false),
            (Some("127.0.0.1:8080"), Some("null"), false),
            (Some("evil.example:8080"), Some("http://evil.example:8080"), false),
            (Some("evil.example:8080"), None, false),
        ] {
            assert_eq!(refusal(Some(&hosts), host, origin).is_none(), served, "{host:?} {origin:?}");
        }
        assert!(refusal(None, Some("any.example"), None).is_none());
        assert!(refusal(None, Some("any.example"), Some("http://evil.example")).is_some());
    }
}
