//! Static files of the component, which a cache that holds them does not get again.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use xxhash_rust::const_xxh3::xxh3_128;

/// The length of an entity tag: a number in hexadecimal, between quotes.
const ETAG_LENGTH: usize = 34;

/// A file that is part of the component.
pub struct Asset {
    content_type: &'static str,
    body: &'static str,
    etag: [u8; ETAG_LENGTH],
}

impl Asset {
    /// A file with its media type. In a `static`, its tag is made by the compiler.
    pub const fn new(content_type: &'static str, body: &'static str) -> Self {
        Self {
            content_type,
            body,
            etag: etag(body),
        }
    }

    /// The answer to a request with these headers: nothing if its cache holds the file as it is.
    ///
    /// A cache has to ask each time, so that a new version of the component is seen at once.
    pub fn answer(&self, request: &HeaderMap) -> Response {
        let is_held = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|held| names(held, &self.etag));
        let headers = [
            (header::ETAG, &self.etag[..]),
            (header::CACHE_CONTROL, b"no-cache"),
        ];
        if is_held {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        (headers, content_type, self.body).into_response()
    }
}

/// Changes whenever the file does; nobody gains by making two files with the same one.
const fn etag(body: &str) -> [u8; ETAG_LENGTH] {
    let hash = xxh3_128(body.as_bytes());
    let mut etag = [b'"'; ETAG_LENGTH];
    let mut digit = 0;
    while digit < 32 {
        etag[digit + 1] = b"0123456789abcdef"[(hash >> (4 * digit)) as usize % 16];
        digit += 1;
    }
    etag
}

/// Whether an `If-None-Match` names the tag; a proxy may have weakened it (RFC 9110, 13.1.2).
fn names(held: &HeaderValue, etag: &[u8]) -> bool {
    let held = held.to_str().unwrap_or_default();
    held.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/").as_bytes() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    static ASSET: Asset = Asset::new("text/css", "a{}");

    fn tag() -> &'static str {
        str::from_utf8(&ASSET.etag).expect("hexadecimal digits")
    }

    fn status(if_none_match: &str) -> StatusCode {
        let held = HeaderValue::from_str(if_none_match).expect("a header");
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, held)]);
        ASSET.answer(&request).status()
    }

    #[test]
    fn whoever_holds_the_file_is_not_sent_it_again() {
        let etag = tag();
        for held in [
            etag.to_owned(),
            format!("W/{etag}"),
            format!("\"other\", {etag}"),
            "*".to_owned(),
        ] {
            assert_eq!(status(&held), StatusCode::NOT_MODIFIED, "{held}");
        }
    }

    #[test]
    fn whoever_holds_another_file_is_sent_this_one() {
        let etag = tag();
        let unquoted = etag.trim_matches('"');
        for held in ["\"other\"", unquoted, "", "W/", "\"\""] {
            assert_eq!(status(held), StatusCode::OK, "{held}");
        }
        assert_eq!(ASSET.answer(&HeaderMap::new()).status(), StatusCode::OK);
    }

    #[test]
    fn another_text_has_another_tag() {
        assert_ne!(ASSET.etag, Asset::new("text/css", "b{}").etag);
    }
}
