//! Headers of every answer that keep a browser from doing more with it than it is meant for.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// Of what is no page: it loads nothing and stands in no frame. The console brings a policy of its own.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

pub(super) async fn defend(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    write(response.headers_mut(), is_api);
    response
}

fn write(headers: &mut HeaderMap, is_api: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    // Answers are about this moment, and for whoever asked.
    if is_api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_policy_and_the_api_is_kept_nowhere() {
        let own = HeaderValue::from_static("default-src 'self'");
        let mut page = HeaderMap::from_iter([
            (CONTENT_SECURITY_POLICY, own.clone()),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ]);
        write(&mut page, false);
        assert_eq!(
            (&page[CONTENT_SECURITY_POLICY], &page[CACHE_CONTROL]),
            (&own, &HeaderValue::from_static("no-cache"))
        );
        let mut events = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
        write(&mut events, true);
        assert!(events[CACHE_CONTROL] == "no-store" && events[X_CONTENT_TYPE_OPTIONS] == "nosniff", "{events:?}");
    }
}
