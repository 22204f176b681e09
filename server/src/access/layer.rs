//! What every request under `/api` passes: who sends it, and whether that one may.

use super::caller::{Address, Caller, Credential};
use super::identify::{self, Shown};
use super::roles::{self, Needs, Unlisted};
use crate::api::App;
use crate::listener::Peer;
use crate::problem::ApiError;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
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
    match check(&app, &method, &headers, &route).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
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
    let Needs::Role(role) = needs else { return Ok(somebody(app, headers).await) };
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
async fn somebody(app: &App, headers: &HeaderMap) -> Option<Caller> {
    if matches!(identify::shown(headers), Shown::Nothing | Shown::Strange) {
        return None;
    }
    let session = app.sessions.get().await.ok()?;
    identify::caller(&app.access, &session, headers).await.ok()?
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
