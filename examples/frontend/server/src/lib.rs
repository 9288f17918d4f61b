//! Serves the files of the example's page, which are built into it.

use bytes::Bytes;
use http::response::Builder;
use http::{HeaderMap, Method, Response, StatusCode};
use rust_embed::{Embed, EmbeddedFile};
use spin_sdk::http::{FullBody, Request};
use spin_sdk::http_service;

/// The page and all that it loads, as `build.rs` puts it together.
#[derive(Embed)]
#[folder = "$OUT_DIR/site"]
struct Site;

/// What every answer carries.
const HEADERS: [(&str, &str); 4] = [
    // Own scripts and styles only. 'wasm-unsafe-eval' lets the browser compile WebAssembly; text
    // it still does not evaluate.
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
    let answer = Response::builder();
    let answer = HEADERS
        .into_iter()
        .fold(answer, |answer, (name, value)| answer.header(name, value));
    let headers = request.headers();
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let answer = answer.status(StatusCode::METHOD_NOT_ALLOWED);
        return answer.header("allow", "GET, HEAD").body(Body::default());
    }
    let path = from_spin(headers, "spin-path-info").trim_start_matches('/');
    if path.is_empty() && !request.uri().path().ends_with('/') {
        // The page's links are relative to its folder.
        let folder = format!("{}/", from_spin(headers, "spin-component-route"));
        let answer = answer.status(StatusCode::PERMANENT_REDIRECT);
        return answer.header("location", folder).body(Body::default());
    }
    let path = if path.is_empty() { "index.html" } else { path };
    match Site::get(path) {
        Some(file) => send(file, answer, headers),
        None => answer.status(StatusCode::NOT_FOUND).body(Body::default()),
    }
}

/// Answers with a file, or with its tag alone when the browser has this very one.
fn send(file: EmbeddedFile, answer: Builder, request: &HeaderMap) -> http::Result<Response<Body>> {
    let hash = base16ct::lower::encode_string(&file.metadata.sha256_hash());
    let tag = format!("\"{hash}\"");
    let answer = answer
        .header("content-type", file.metadata.mimetype())
        // Kept, but asked about every time: a new build is seen at once.
        .header("cache-control", "no-cache")
        .header("etag", &tag);
    let known = request.get("if-none-match");
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return answer
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::default());
    }
    answer.body(Body::from(file.data.into_owned()))
}

/// What Spin says about a request: its headers come after those that a client sent.
fn from_spin<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let last = headers.get_all(name).iter().next_back();
    last.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
