//! The web console: the files of `web-console/dist`, carried in the program (in a debug build: read from the folder).
//!
//! Whatever is no file and asks for a page gets `index.html`, because the console's own router knows its addresses.

use crate::problem::ApiError;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../web-console/dist"]
#[allow_missing = true]
struct Files;

/// Nothing from other hosts, no script in a page. Styles are set by the component kit at run time.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The page in place of a console that was not built into this program.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mysql_Replicator</title>\
    <h1>The console is not built</h1><p>This program was built without it. Run <code>make console</code>, and build the \
    program again. The API works: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></html>";

/// What an address outside of the API gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found<'a> {
    /// A file, whose name may hold a hash of its content (then it never changes).
    File {
        name: &'a str,
        immutable: bool,
    },
    /// The console, whose router knows the address.
    Page,
    Nothing,
}

/// A file, the console's page, or the problem that there is nothing.
pub(crate) async fn answer(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match find(&method, uri.path(), &headers, |name| Files::get(name).is_some()) {
        Found::File { name, immutable } => file(name, immutable, &headers),
        Found::Page => file("index.html", false, &headers),
        Found::Nothing => ApiError::NoSuchAddress(uri.path().to_owned()).into_response(),
    }
}

fn find<'a>(method: &Method, path: &'a str, headers: &HeaderMap, is_file: impl Fn(&str) -> bool) -> Found<'a> {
    let name = path.trim_start_matches('/');
    // A program that mistypes an address of the API has to get a problem, not a page.
    if !(method == Method::GET || method == Method::HEAD) || name == "api" || name.starts_with("api/") {
        return Found::Nothing;
    }
    let hidden = name.split('/').any(|part| part.starts_with('.')) || name.ends_with(".gz");
    if !hidden && !name.is_empty() && is_file(name) {
        return Found::File { name, immutable: name.starts_with("assets/") };
    }
    let wants_page =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    // A file of an older console that is gone: a page in its place would be taken for a script.
    if wants_page && !hidden && !name.starts_with("assets/") { Found::Page } else { Found::Nothing }
}

fn file(name: &str, immutable: bool, headers: &HeaderMap) -> Response {
    let Some(plain) = Files::get(name) else {
        let html = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
        return (StatusCode::NOT_FOUND, html, [(CONTENT_SECURITY_POLICY, POLICY)], NOT_BUILT).into_response();
    };
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&plain.metadata.sha256_hash()[..12]));
    let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = content_type(name);
    let about = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, cache),
        (ETAG, tag.as_str()),
        (VARY, "Accept-Encoding"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let twin = if accepts_gzip(headers) { Files::get(&format!("{name}.gz")) } else { None };
    match twin {
        Some(twin) => (about, [(CONTENT_ENCODING, "gzip")], twin.data).into_response(),
        None => (about, plain.data).into_response(),
    }
}

/// Of the kinds of file that a build of the console has.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').map(str::trim).any(|one| {
        let (coding, quality) = one.split_once(';').unwrap_or((one, ""));
        coding.trim() == "gzip" && quality.trim() != "q=0"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())])
    }

    #[test]
    fn files_are_found_and_pages_are_the_consoles() {
        let is_file = |name: &str| {
            ["index.html", "favicon.svg", "assets/a-1.js", "assets/a-1.js.gz", ".vite/manifest.json"].contains(&name)
        };
        let (page, script) = (headers("text/html,*/*"), headers("*/*"));
        let immutable = |name| Found::File { name, immutable: true };
        for (method, path, accept, found) in [
            (Method::GET, "/", &page, Found::Page),
            (Method::GET, "/tasks/copy", &page, Found::Page),
            (Method::GET, "/tasks/copy", &script, Found::Nothing),
            (Method::POST, "/tasks/copy", &page, Found::Nothing),
            (Method::GET, "/favicon.svg", &script, Found::File { name: "favicon.svg", immutable: false }),
            (Method::HEAD, "/assets/a-1.js", &script, immutable("assets/a-1.js")),
            (Method::GET, "/assets/a-0.js", &page, Found::Nothing),
            (Method::GET, "/assets/a-1.js.gz", &script, Found::Nothing),
            (Method::GET, "/.vite/manifest.json", &page, Found::Nothing),
            (Method::GET, "/api/v1/taks", &page, Found::Nothing),
            (Method::GET, "/apiary", &page, Found::Page),
        ] {
            assert_eq!(find(&method, path, accept, is_file), found, "{method} {path}");
        }
    }

    #[test]
    fn gzip_is_sent_to_whom_takes_it() {
        for (accept, taken) in
            [("gzip, deflate, br", true), ("br;q=1, gzip;q=0.8", true), ("br", false), ("gzip;q=0", false)]
        {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
            assert_eq!(accepts_gzip(&headers), taken, "{accept}");
        }
    }
}
