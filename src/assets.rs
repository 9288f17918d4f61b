//! Files that are part of the component: sent whole, or not at all to whoever has them.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// A file that is part of the component.
pub struct Asset {
    content_type: &'static str,
    body: &'static str,
}

impl Asset {
    /// A file with its media type.
    pub const fn new(content_type: &'static str, body: &'static str) -> Self {
        Self { content_type, body }
    }

    /// The answer to a request with these headers: nothing if its cache holds the file as it is.
    ///
    /// A cache has to ask each time, so that a new version of the component is seen at once.
    pub fn answer(&self, request: &HeaderMap) -> Response {
        let etag = self.etag();
        let is_held = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|held| names(held, &etag));
        let headers = [
            (header::ETAG, etag),
            (header::CACHE_CONTROL, "no-cache".to_owned()),
        ];
        if is_held {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        (headers, content_type, self.body).into_response()
    }

    /// Changes whenever the file does.
    fn etag(&self) -> String {
        let digest = base16ct::lower::encode_string(&Sha256::digest(self.body)[..16]);
        format!("\"{digest}\"")
    }
}

/// Whether an `If-None-Match` names the tag; a proxy may have weakened it (RFC 9110, 13.1.2).
fn names(held: &HeaderValue, etag: &str) -> bool {
    let held = held.to_str().unwrap_or_default();
    held.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSET: Asset = Asset::new("text/css", "a{}");

    fn status(if_none_match: &str) -> StatusCode {
        let held = HeaderValue::from_str(if_none_match).expect("a header");
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, held)]);
        ASSET.answer(&request).status()
    }

    #[test]
    fn whoever_holds_the_file_is_not_sent_it_again() {
        let etag = ASSET.etag();
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
    fn whoever_holds_another_file_is_sent_this_one() {
        let etag = ASSET.etag();
        let unquoted = etag.trim_matches('"');
        for held in ["\"other\"", unquoted, "", "W/", "\"\""] {
            assert_eq!(status(held), StatusCode::OK, "{held}");
        }
        assert_eq!(ASSET.answer(&HeaderMap::new()).status(), StatusCode::OK);
    }

    #[test]
    fn another_text_has_another_tag() {
        assert_ne!(ASSET.etag(), Asset::new("text/css", "b{}").etag());
    }
}
