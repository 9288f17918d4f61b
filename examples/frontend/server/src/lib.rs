//! Serves the embedded files of the example's page.

use bytes::Bytes;
use http::response::Builder;
use http::{HeaderMap, Method, Response, StatusCode};
use rust_embed::{Embed, EmbeddedFile};
use spin_sdk::http::{FullBody, Request};
use spin_sdk::http_service;

/// The page and everything that it loads, as assembled by `build.rs`.
#[derive(Embed)]
#[folder = "$OUT_DIR/site"]
struct Site;

/// The headers of every response.
const HEADERS: [(&str, &str); 4] = [
    // Own scripts and styles only. 'wasm-unsafe-eval' allows compiling WebAssembly, but not
    // evaluating text.
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

type Body = FullBody<Bytes>;

#[http_service]
async fn serve(request: Request) -> http::Result<Response<Body>> {
    let response = Response::builder();
    let response = HEADERS
        .into_iter()
        .fold(response, |response, (name, value)| {
            response.header(name, value)
        });
    let headers = request.headers();
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let response = response.status(StatusCode::METHOD_NOT_ALLOWED);
        return response.header("allow", "GET, HEAD").body(Body::default());
    }
    let path = from_spin(headers, "spin-path-info").trim_start_matches('/');
    if path.is_empty() && !request.uri().path().ends_with('/') {
        // The page's links are relative to its folder.
        let folder = format!("{}/", from_spin(headers, "spin-component-route"));
        let response = response.status(StatusCode::PERMANENT_REDIRECT);
        return response.header("location", folder).body(Body::default());
    }
    let path = if path.is_empty() { "index.html" } else { path };
    match Site::get(path) {
        Some(file) => send(file, response, headers),
        None => response.status(StatusCode::NOT_FOUND).body(Body::default()),
    }
}

/// Responds with a file, or with a 304 if the browser already has this version.
fn send(
    file: EmbeddedFile,
    response: Builder,
    request: &HeaderMap,
) -> http::Result<Response<Body>> {
    let hash = base16ct::lower::encode_string(&file.metadata.sha256_hash());
    let etag = format!("\"{hash}\"");
    let response = response
        .header("content-type", file.metadata.mimetype())
        // Cached, but revalidated every time, so that a new build is used at once.
        .header("cache-control", "no-cache")
        .header("etag", &etag);
    let known = request.get("if-none-match");
    if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::default());
    }
    response.body(Body::from(file.data.into_owned()))
}

/// The value of a header that Spin added, which follows any header of the same name from the client.
fn from_spin<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let last = headers.get_all(name).iter().next_back();
    last.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
