//! What each operation takes: the one table that the layer enforces and the OpenAPI document shows as `x-role`. An
//! operation that is not in it is refused to everybody.

use replicator_model::access::UserRole;
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{HttpMethod, OpenApi, PathItem};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Everybody, signed in or not.
    Nothing,
    Role(UserRole),
}

impl Needs {
    fn as_str(self) -> &'static str {
        match self {
            Needs::Nothing => "none",
            Needs::Role(role) => role.as_str(),
        }
    }
}

/// What every address under `/api` begins with.
const PREFIX: &str = "/api/v1";

const NOTHING: Needs = Needs::Nothing;
const VIEWER: Needs = Needs::Role(UserRole::Viewer);
const OPERATOR: Needs = Needs::Role(UserRole::Operator);
const ADMIN: Needs = Needs::Role(UserRole::Admin);

/// Methods and addresses, by noun.
const TABLE: &[(&str, &str, Needs)] = &[
    ("GET", "/openapi.json", NOTHING),
    // Who calls.
    ("GET", "/session", NOTHING),
    ("POST", "/session", NOTHING),
    ("DELETE", "/session", NOTHING),
    ("PUT", "/session/password", VIEWER),
    ("GET", "/setup", NOTHING),
    ("POST", "/setup", NOTHING),
    ("GET", "/users", ADMIN),
    ("POST", "/users", ADMIN),
    ("GET", "/users/{name}", ADMIN),
    ("PUT", "/users/{name}", ADMIN),
    ("DELETE", "/users/{name}", ADMIN),
    // The own ones; everybody's for an admin.
    ("GET", "/tokens", VIEWER),
    ("POST", "/tokens", VIEWER),
    ("DELETE", "/tokens/{id}", VIEWER),
    ("GET", "/audit", OPERATOR),
    // Tasks.
    ("GET", "/tasks", VIEWER),
    ("POST", "/tasks", OPERATOR),
    ("GET", "/tasks/{name}", VIEWER),
    ("PUT", "/tasks/{name}", OPERATOR),
    ("DELETE", "/tasks/{name}", OPERATOR),
    ("GET", "/tasks/{name}/toml", VIEWER),
    ("GET", "/tasks/{name}/versions", VIEWER),
    ("GET", "/tasks/{name}/versions/{version}", VIEWER),
    ("GET", "/tasks/{name}/versions/{from}/diff/{to}", VIEWER),
    ("POST", "/tasks/{name}/rollback", OPERATOR),
    ("POST", "/tasks/{name}/start", OPERATOR),
    ("POST", "/tasks/{name}/stop", OPERATOR),
    ("POST", "/tasks/{name}/pause", OPERATOR),
    ("POST", "/tasks/{name}/resume", OPERATOR),
    ("POST", "/tasks/{name}/rewind/preview", OPERATOR),
    ("POST", "/tasks/{name}/rewind", OPERATOR),
    ("GET", "/tasks/{name}/conflicts", OPERATOR),
    ("GET", "/tasks/{name}/skip", OPERATOR),
    ("POST", "/tasks/{name}/skip", OPERATOR),
    ("POST", "/tasks/{name}/handover", OPERATOR),
    ("GET", "/tasks/{name}/preflight", OPERATOR),
    ("GET", "/tasks/{name}/status", VIEWER),
    ("GET", "/tasks/{name}/instances", VIEWER),
    ("GET", "/tasks/{name}/history", VIEWER),
    ("GET", "/tasks/{name}/events", VIEWER),
    ("PUT", "/tasks/{name}/rules", ADMIN),
    ("POST", "/specs/convert", VIEWER),
    // These reach out to other hosts.
    ("POST", "/sources/inspect", OPERATOR),
    ("POST", "/sources/tables", OPERATOR),
    ("POST", "/sources/columns", OPERATOR),
    ("POST", "/sources/match", OPERATOR),
    ("POST", "/connections/test", OPERATOR),
    ("POST", "/preflight", OPERATOR),
    // It shows rows of the source.
    ("POST", "/preview", OPERATOR),
    // What is.
    ("GET", "/cores", VIEWER),
    ("GET", "/groups", VIEWER),
    ("GET", "/overview", VIEWER),
    ("GET", "/events", VIEWER),
    // Alerts.
    ("GET", "/alerts", VIEWER),
    ("GET", "/alerts/history", VIEWER),
    ("POST", "/alerts/{id}/acknowledge", OPERATOR),
    ("DELETE", "/alerts/{id}/acknowledge", OPERATOR),
    ("GET", "/silences", VIEWER),
    ("POST", "/silences", OPERATOR),
    ("DELETE", "/silences/{id}", OPERATOR),
    ("GET", "/rules", VIEWER),
    ("PUT", "/rules", ADMIN),
    ("GET", "/channels", VIEWER),
    ("POST", "/channels", ADMIN),
    ("GET", "/channels/{name}", VIEWER),
    ("PUT", "/channels/{name}", ADMIN),
    ("DELETE", "/channels/{name}", ADMIN),
    ("POST", "/channels/{name}/test", ADMIN),
    ("GET", "/channels/{name}/deliveries", VIEWER),
];

/// What the operation at a route takes. `Err` says whether the route has other methods.
pub(crate) fn needs(method: &str, route: &str) -> Result<Needs, Unlisted> {
    // A GET answers HEAD too.
    let method = if method == "HEAD" { "GET" } else { method };
    let path = route.strip_prefix(PREFIX).unwrap_or(route);
    let mut of_route = TABLE.iter().filter(|(_, listed, _)| *listed == path).peekable();
    if of_route.peek().is_none() {
        return Err(Unlisted::Route);
    }
    of_route.find(|(listed, _, _)| *listed == method).map(|(_, _, needs)| *needs).ok_or(Unlisted::Method)
}

/// Whether a role is enough for an operation that another one shows a part of.
pub(crate) fn may(role: UserRole, method: &str, route: &str) -> bool {
    matches!(needs(method, route), Ok(Needs::Role(least)) if role >= least)
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlisted {
    Route,
    Method,
}

/// Writes `x-role` to each operation of the document.
pub(crate) fn write_roles(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations_mut(item) {
            let Ok(needs) = needs(name_of(&method), path) else { continue };
            let role = ExtensionsBuilder::new().add("x-role", json!(needs.as_str())).build();
            match &mut operation.extensions {
                Some(extensions) => extensions.merge(role),
                none => *none = Some(role),
            }
        }
    }
}

/// The id of each operation by method and route.
pub(crate) fn operation_ids(document: &OpenApi) -> std::collections::BTreeMap<(String, String), String> {
    let mut document = document.clone();
    let mut ids = std::collections::BTreeMap::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations_mut(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            ids.insert((name_of(&method).to_owned(), path.clone()), id);
        }
    }
    ids
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Patch, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

fn name_of(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Put => "PUT",
        HttpMethod::Post => "POST",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Patch => "PATCH",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_the_table() {
        let ids = operation_ids(&crate::api::document());
        let missing: Vec<_> = ids.keys().filter(|(method, path)| needs(method, path).is_err()).collect();
        assert!(missing.is_empty(), "not in the table of roles, so refused to everybody: {missing:?}");
    }

    #[test]
    fn what_changes_something_takes_more_than_to_look() {
        for (method, path, needs) in TABLE {
            let own = path.starts_with("/session") || path.starts_with("/setup") || path.starts_with("/tokens");
            let changes = *method != "GET" && *path != "/specs/convert";
            assert!(
                own || !changes || matches!(needs, Needs::Role(UserRole::Operator | UserRole::Admin)),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn what_is_not_listed_is_refused() {
        assert_eq!(needs("GET", "/api/v1/tasks"), Ok(VIEWER));
        assert_eq!(needs("HEAD", "/api/v1/tasks"), Ok(VIEWER));
        assert_eq!(needs("PATCH", "/api/v1/tasks"), Err(Unlisted::Method));
        assert_eq!(needs("GET", "/api/v1/unheard_of"), Err(Unlisted::Route));
    }
}
