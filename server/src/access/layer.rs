//! What every request under `/api` passes: who sends it, and whether that one may.

use super::audit::{self, Done};
use super::caller::{Address, Caller, Credential, SignedIn};
use super::identify::{self, Shown};
use super::remark::Remark;
use super::roles::{self, Needs, Unlisted};
use crate::api::App;
use crate::listener::Peer;
use crate::problem::{ApiError, ProblemCode};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use replicator_model::access::AuditOutcome;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What a page sends with each change: a form on another site can't, and a script there is not let by browsers.
const CSRF_HEADER: &str = "x-replicator-csrf";

pub(crate) async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(address))| address.ip());
    request.extensions_mut().insert(Address(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))));
    let Some(route) = route_of(&request) else { return next.run(request).await };
    // A body can't be shared between threads, so what is looked at is taken out first.
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let path = request.uri().path().to_owned();
    let Address(address) = request.extensions().get::<Address>().copied().unwrap_or(UNKNOWN);
    let (checked, caller) = match check(&app, &method, &headers, &route).await {
        Ok(caller) => (Ok(()), caller),
        // Who was refused is known, where it is not for want of a credential.
        Err(problem @ ApiError::NotSignedIn { .. }) => (Err(problem), None),
        Err(problem) => (Err(problem), somebody(&app, &headers).await.ok().flatten()),
    };
    request.extensions_mut().extend(caller.clone().map(with).unwrap_or_default());
    let work = async move {
        let response = match checked {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
        // An answer can't be shared between threads, so what is kept of it is taken out first.
        let done = event(&app, Asked { caller, address, method: &method, route: &route, path: &path }, &response);
        if let Some(done) = done {
            keep(&app, done).await;
        }
        response
    };
    // A change that has begun is finished and recorded even if nobody waits for the answer any more.
    tokio::spawn(work)
        .await
        .unwrap_or_else(|_| ApiError::Internal("the request ended early".to_owned()).into_response())
}

const UNKNOWN: Address = Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

fn with(caller: Caller) -> axum::http::Extensions {
    let mut extensions = axum::http::Extensions::new();
    extensions.insert(caller);
    extensions
}

/// What was asked for, by whom.
struct Asked<'a> {
    caller: Option<Caller>,
    address: IpAddr,
    method: &'a Method,
    route: &'a str,
    path: &'a str,
}

/// Operations that are no GET and change nothing.
const LOOKS: [&str; 7] = [
    "/api/v1/specs/convert",
    "/api/v1/tasks/{name}/rewind/preview",
    "/api/v1/sources/inspect",
    "/api/v1/sources/tables",
    "/api/v1/sources/columns",
    "/api/v1/sources/match",
    "/api/v1/preflight",
];

/// What is kept: changes and refusals. That nobody is signed in is no event for who only looks.
fn event(app: &App, asked: Asked<'_>, response: &Response) -> Option<Done> {
    let status = response.status();
    let outcome = match status.as_u16() {
        401 | 403 | 429 => AuditOutcome::Refused,
        ..=399 => AuditOutcome::Done,
        _ => AuditOutcome::Failed,
    };
    let changes = !matches!(*asked.method, Method::GET | Method::HEAD) && !LOOKS.contains(&asked.route);
    let refused_somebody = outcome == AuditOutcome::Refused && asked.caller.is_some();
    if !changes && !refused_somebody {
        return None;
    }
    let key = (asked.method.to_string(), asked.route.to_owned());
    let action = app.access.actions.get(&key).cloned()?;
    // What was made says where it is.
    let made = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let subject = match made {
        Some(made) => audit::subject(&format!("{}/{{name}}", asked.route), made),
        None => audit::subject(asked.route, asked.path),
    };
    let remark = match outcome {
        AuditOutcome::Done => response.extensions().get::<Remark>().cloned(),
        _ => response.extensions().get::<ProblemCode>().map(|ProblemCode(code)| Remark::said(code.clone())),
    };
    let Remark { detail, diff } = remark.unwrap_or_default();
    let user = response.extensions().get::<SignedIn>().map(|SignedIn(user)| user.clone());
    Some(Done { caller: asked.caller, user, address: asked.address, action, subject, outcome, detail, diff })
}

async fn keep(app: &App, done: Done) {
    let action = done.action.clone();
    let written = match app.sessions.get().await {
        Ok(session) => audit::write(&session, &app.access.written, done).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = written {
        app.metrics.audit_failed();
        tracing::warn!(%error, action, "an entry of the audit could not be written");
    }
}

/// The pattern of an address under `/api`. Other addresses, and what matches none, need nobody.
fn route_of(request: &Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    route.starts_with("/api/").then(|| route.to_owned())
}

/// Who calls, if the operation is for that one.
async fn check(app: &App, method: &Method, headers: &HeaderMap, route: &str) -> Result<Option<Caller>, ApiError> {
    let needs = match roles::needs(method.as_str(), route) {
        Ok(needs) => needs,
        Err(Unlisted::Method) => return Err(ApiError::Method(method.to_string())),
        Err(Unlisted::Route) => return Err(ApiError::RoleUnlisted(route.to_owned())),
    };
    // Trouble with the tree is not "nobody": a console would send its user to the sign-in page for it.
    let Needs::Role(role) = needs else { return somebody(app, headers).await };
    let not_signed_in = ApiError::NotSignedIn { setup_needed: None };
    if matches!(identify::shown(headers), Shown::Nothing | Shown::Strange) {
        return Err(not_signed_in);
    }
    let session = app.sessions.get().await?;
    let caller = identify::caller(&app.access, &session, headers).await?.ok_or(not_signed_in)?;
    if caller.role < role {
        return Err(ApiError::RoleMissing { user: caller.user, has: caller.role, needs: role });
    }
    check_forgery(&caller, method, headers)?;
    Ok(Some(caller))
}

/// Who calls what is open to everybody, if that can be said.
async fn somebody(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, ApiError> {
    if matches!(identify::shown(headers), Shown::Nothing | Shown::Strange) {
        return Ok(None);
    }
    identify::caller(&app.access, &app.sessions.get().await?, headers).await
}

/// A cookie is sent along whoever made the browser call, so it is not enough for a change.
fn check_forgery(caller: &Caller, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let by_cookie = matches!(caller.credential, Credential::Session(_));
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if by_cookie && changes && headers.get(CSRF_HEADER).is_none_or(|value| value != "1") {
        return Err(ApiError::CsrfMissing);
    }
    Ok(())
}
