//! The headers that every response has: no sniffing, no caching unless it says so itself, HSTS.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// One year, the minimum of OWASP's HTTP Headers Cheat Sheet. Without `includeSubDomains`: they are
/// not ours to bind.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers to a response. What is already set in `Cache-Control` stays.
pub fn add(response: &mut Response, is_over_https: bool) {
    let headers = response.headers_mut();
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    // The default protects personal data. Cacheable responses set their own header.
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    if is_over_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if is_html(headers.get(header::CONTENT_TYPE)) {
        let no_referrer = HeaderValue::from_static("no-referrer");
        headers.insert(header::REFERRER_POLICY, no_referrer);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
}

fn is_html(content_type: Option<&HeaderValue>) -> bool {
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}
