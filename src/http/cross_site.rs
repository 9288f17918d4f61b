//! Requests from pages of other sites, and which of them are refused.

use axum::http::{HeaderMap, HeaderName, Method, header};
use tracing::Level;

use super::error::{Error, error_kinds};
use super::settings::{CorsOrigins, HttpSettings};

error_kinds! {
    /// A page of another site sent the request, and neither CORS nor the kind of credential allows it.
    CROSS_SITE = FORBIDDEN, "Requests from other sites are not allowed", logged(Level::WARN, "request refused");
}

/// Where the request comes from, as browsers tell (W3C Fetch Metadata). Other clients do not send it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a page of another site sent an unsafe request and CORS does not allow it.
pub fn is_refused(cors: &CorsOrigins, method: &Method, headers: &HeaderMap) -> bool {
    let is_allowed = |origin| cors.allows(origin);
    !method.is_safe()
        && headers
            .get(SEC_FETCH_SITE)
            .is_some_and(|site| site == "cross-site")
        && !headers.get(header::ORIGIN).is_some_and(is_allowed)
}

/// Refuses a request unless a page of the application's own origin or the user sent it. Browsers attach
/// cookies to requests of any page, so a cookie alone does not tell who wants the request.
///
/// # Errors
/// [`CROSS_SITE`], also if the client tells nothing about the origin.
pub fn require_same_origin(settings: &HttpSettings, headers: &HeaderMap) -> Result<(), Error> {
    let is_same_origin = match headers.get(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin" || site == "none",
        // Older browsers, and every browser on a page without TLS.
        None => headers
            .get(header::ORIGIN)
            .is_some_and(|origin| origin == settings.frontend_origin.as_str()),
    };
    if is_same_origin {
        Ok(())
    } else {
        Err(CROSS_SITE.into())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const APP: &str = "https://app.example";
    const EVIL: &str = "https://evil.example";

    fn headers(site: Option<&'static str>, origin: Option<&'static str>) -> HeaderMap {
        let headers = [(SEC_FETCH_SITE, site), (header::ORIGIN, origin)].into_iter();
        let given = headers.filter_map(|(name, value)| Some((name, value?)));
        given
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_page_of_another_site_may_send_only_what_cors_allows() {
        let listed = CorsOrigins::List(vec![HeaderValue::from_static(APP)]);
        for (cors, method, site, origin, expected) in [
            (&CorsOrigins::None, Method::POST, "cross-site", EVIL, true),
            (&CorsOrigins::None, Method::POST, "same-origin", APP, false),
            (&CorsOrigins::None, Method::POST, "none", EVIL, false),
            (&CorsOrigins::None, Method::GET, "cross-site", EVIL, false),
            (&CorsOrigins::All, Method::POST, "cross-site", EVIL, false),
            (&listed, Method::POST, "cross-site", APP, false),
            (&listed, Method::POST, "cross-site", EVIL, true),
            (&listed, Method::DELETE, "cross-site", "null", true),
        ] {
            let is_refused = is_refused(cors, &method, &headers(Some(site), Some(origin)));
            assert_eq!(is_refused, expected, "{cors:?} {method} {site} {origin}");
        }
    }

    #[test]
    fn only_the_own_origin_and_the_user_count_as_the_same_origin() {
        let settings = HttpSettings {
            frontend_url: format!("{APP}/base"),
            frontend_origin: APP.to_owned(),
            cors: CorsOrigins::All,
            trusted_proxy_hops: 0,
        };
        for (site, origin, expected) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("http://localhost"), true),
            (Some("none"), None, true),
            (Some("same-site"), Some(APP), false),
            (Some("cross-site"), Some(APP), false),
            (Some("Same-Origin"), Some(APP), false),
            (Some(""), Some(APP), false),
            (None, Some(APP), true),
            (None, Some("http://app.example"), false),
            (None, Some("https://app.example:8443"), false),
            (None, Some("https://app.example/"), false),
            (None, Some("null"), false),
            (None, Some(EVIL), false),
            (None, None, false),
        ] {
            let result = require_same_origin(&settings, &headers(site, origin));
            assert_eq!(result.is_ok(), expected, "{site:?} {origin:?}");
        }
    }
}
