//! Static files of the component, which a cache that holds them does not get again.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use rust_embed::{Embed, EmbeddedFile};

use super::error::{Error, NOT_FOUND};

/// The files that pages load, below the name of the pages that do.
#[derive(Embed)]
#[folder = "templates/assets"]
struct Assets;

/// The API's description, as `make openapi` has written it.
#[derive(Embed)]
#[folder = "docs/openapi"]
struct Description;

/// How many bytes of a file's SHA-256 make its entity tag: nobody gains by two files with the same one.
const ETAG_BYTES: usize = 16;

/// A file that the pages of a name load.
///
/// # Errors
/// There is no such file.
pub fn asset(pages: &str, name: &str, request: &HeaderMap) -> Result<Response, Error> {
    let path = format!("{pages}/{name}");
    answer(Assets::get(&path), name, request)
}

/// A form of the API's description.
///
/// # Errors
/// There is no such form, which a test rules out.
pub fn description(name: &str, request: &HeaderMap) -> Result<Response, Error> {
    answer(Description::get(name), name, request)
}

/// The answer to a request with these headers: nothing if its cache holds the file as it is. A cache
/// has to ask each time, so that a new version of the component is seen at once.
fn answer(file: Option<EmbeddedFile>, name: &str, request: &HeaderMap) -> Result<Response, Error> {
    let file = file.ok_or(NOT_FOUND)?;
    let etag = etag(&file.metadata.sha256_hash())?;
    let mut headers = HeaderMap::new();
    let no_cache = HeaderValue::from_static("no-cache");
    headers.insert(header::CACHE_CONTROL, no_cache);
    headers.typed_insert(etag.clone());
    let held: Option<IfNoneMatch> = request.typed_get();
    if held.is_some_and(|held| !held.precondition_passes(&etag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let content_type = [(header::CONTENT_TYPE, media_type(name))];
    Ok((headers, content_type, file.data).into_response())
}

fn etag(sha256: &[u8]) -> Result<ETag, Error> {
    let hash = base16ct::lower::encode_string(&sha256[..ETAG_BYTES]);
    let etag = format!("\"{hash}\"").parse();
    etag.map_err(|_| anyhow::Error::msg("a hash is no entity tag").into())
}

/// The media type of a file, by the end of its name.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("yaml") => "application/yaml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(if_none_match: &str) -> StatusCode {
        let held = HeaderValue::from_str(if_none_match).expect("a header");
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, held)]);
        let response = asset("auth", "icon.svg", &request).expect("a file");
        response.status()
    }

    fn tag() -> String {
        let response = asset("auth", "icon.svg", &HeaderMap::new()).expect("a file");
        let tag = &response.headers()[header::ETAG];
        tag.to_str().expect("text").to_owned()
    }

    #[test]
    fn a_cache_that_holds_the_file_is_not_sent_it_again() {
        let etag = tag();
        for held in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"other\", {etag}"),
            "*".to_owned(),
        ] {
            assert_eq!(status(&held), StatusCode::NOT_MODIFIED, "{held}");
        }
    }

    #[test]
    fn a_cache_that_holds_another_file_is_sent_this_one() {
        let etag = tag();
        let unquoted = etag.trim_matches('"');
        for held in ["\"other\"", unquoted, "", "W/", "\"\""] {
            assert_eq!(status(held), StatusCode::OK, "{held}");
        }
    }

    #[test]
    fn every_file_has_a_media_type_of_its_own() {
        for name in Assets::iter().chain(Description::iter()) {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for name in ["../auth/icon.svg", "/etc/passwd", "", "..", "icon"] {
            let response = asset("auth", name, &HeaderMap::new());
            assert!(response.is_err_and(|error| error.is(NOT_FOUND)), "{name}");
        }
    }
}
