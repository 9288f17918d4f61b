//! What the decision needs to know about a request, read from its head.

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use crate::cookies;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The facts about a request.
#[derive(Debug)]
pub struct Facts {
    /// The method changes nothing (RFC 9110, 9.2.1).
    pub is_safe: bool,
    /// It asks for a connection of its own: `CONNECT`, or a WebSocket.
    pub is_tunnel: bool,
    /// A browser opens a page, so a redirect can lead a person to the login.
    pub is_navigation: bool,
    /// A page of the application's own origin, or a person, made the browser send it.
    pub is_same_origin: bool,
    /// Without the query.
    pub path: String,
    pub credential: Option<Credential>,
}

/// What proves a session to Gatehouse.
#[derive(Debug, PartialEq)]
pub enum Credential {
    /// A value of `Authorization`.
    Bearer(HeaderValue),
    /// A value of `Cookie` with the session cookie alone.
    Cookie(HeaderValue),
}

impl Facts {
    /// Reads the head of a request. `origin` is the application's, if a setting names it.
    pub fn of(head: &Parts, origin: Option<&str>) -> Self {
        let headers = &head.headers;
        let authority = authority(&head.uri, headers);
        Self {
            is_safe: head.method.is_safe(),
            is_tunnel: is_tunnel(&head.method, headers),
            is_navigation: is_navigation(&head.method, headers),
            is_same_origin: is_same_origin(headers, authority, origin),
            path: head.uri.path().to_owned(),
            credential: credential(headers, authority),
        }
    }
}

/// The host, and the port if it is not the default, as the client named them.
fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let from_uri = uri.authority().map(|authority| authority.as_str());
    from_uri.or_else(|| text(headers, &header::HOST))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Hosts may hide `Upgrade` from components, but not the key of a WebSocket's handshake.
fn is_tunnel(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = text(headers, &header::UPGRADE).unwrap_or_default();
    method == Method::CONNECT
        || headers.contains_key(header::SEC_WEBSOCKET_KEY)
        || upgrade.to_ascii_lowercase().contains("websocket")
}

fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    let accepts_html = || {
        let mut values = headers.get_all(header::ACCEPT).iter();
        values.any(|value| {
            value
                .to_str()
                .is_ok_and(|value| value.contains("text/html"))
        })
    };
    let is_read = method == Method::GET || method == Method::HEAD;
    is_read
        && match headers.get(SEC_FETCH_MODE) {
            Some(mode) => mode == "navigate",
            None => accepts_html(),
        }
}

/// Browsers of today say by themselves whether a page of another origin sent the request (W3C Fetch
/// Metadata). Older ones name the page's origin on every change.
///
/// Without a setting, that origin is compared with the host of the request. A page cannot choose it:
/// the browser writes the host that it connects to, and a proxy that is trusted with the traffic
/// passes it on. The scheme is not compared, because behind a proxy that ends TLS it is not known.
/// The port is, except for the default one, which neither header names.
fn is_same_origin(headers: &HeaderMap, authority: Option<&str>, expected: Option<&str>) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = text(headers, &header::ORIGIN) else {
        return false;
    };
    match (expected, origin.split_once("://")) {
        (Some(expected), _) => origin.eq_ignore_ascii_case(expected),
        (None, Some((_, host))) => authority.is_some_and(|own| own.eq_ignore_ascii_case(host)),
        (None, None) => false,
    }
}

/// A bearer token, or else the session cookie.
fn credential(headers: &HeaderMap, authority: Option<&str>) -> Option<Credential> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(bearer) = authorizations.find(|value| is_bearer(value)) {
        return Some(Credential::Bearer(bearer.clone()));
    }
    let cookie = cookies::session(headers, authority.is_some_and(is_loopback))?;
    Some(Credential::Cookie(cookie))
}

/// Whether a value of `Authorization` has a bearer token.
pub fn is_bearer(value: &HeaderValue) -> bool {
    let scheme = value.as_bytes().get(..7);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

fn is_loopback(authority: &str) -> bool {
    let port = authority
        .rfind(':')
        .filter(|at| !authority[*at..].contains(']'));
    let host = &authority[..port.unwrap_or(authority.len())];
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn facts_with(
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        origin: Option<&str>,
    ) -> Facts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).expect("a request").into_parts();
        Facts::of(&head, origin)
    }

    fn facts(method: &str, headers: &[(&str, &str)]) -> Facts {
        facts_with(method, "https://app.example/page?q=1", headers, None)
    }

    #[test]
    fn a_navigation_is_what_a_browser_says_or_else_what_accepts_html() {
        let html = ("accept", "application/xml;q=0.9, text/html");
        for (method, headers, expected) in [
            ("GET", vec![("sec-fetch-mode", "navigate")], true),
            ("HEAD", vec![("sec-fetch-mode", "navigate")], true),
            ("POST", vec![("sec-fetch-mode", "navigate"), html], false),
            ("GET", vec![("sec-fetch-mode", "cors"), html], false),
            ("GET", vec![("sec-fetch-mode", ""), html], false),
            ("GET", vec![html], true),
            ("PUT", vec![html], false),
            ("GET", vec![("accept", "*/*")], false),
            ("GET", vec![], false),
        ] {
            let facts = facts(method, &headers);
            assert_eq!(facts.is_navigation, expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn websockets_and_connect_are_tunnels_and_other_upgrades_are_not() {
        for (method, headers, expected) in [
            ("GET", vec![("upgrade", "WebSocket")], true),
            ("GET", vec![("upgrade", "h2c, websocket")], true),
            ("GET", vec![("sec-websocket-key", "x")], true),
            ("CONNECT", vec![], true),
            ("GET", vec![("upgrade", "h2c")], false),
        ] {
            let facts = facts(method, &headers);
            assert_eq!(facts.is_tunnel, expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn fetch_metadata_decides_about_the_origin_and_else_the_origin_itself() {
        let own = ("origin", "https://app.example");
        let evil = ("origin", "https://evil.example");
        for (headers, expected) in [
            (vec![("sec-fetch-site", "same-origin"), evil], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site"), own], false),
            (vec![("sec-fetch-site", "cross-site"), own], false),
            (vec![("sec-fetch-site", ""), own], false),
            (vec![own], true),
            (vec![("origin", "https://APP.example")], true),
            (vec![evil], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "app.example")], false),
            (vec![("origin", "https://app.example:8443")], false),
            (vec![("origin", "https://app.example.evil.example")], false),
            (
                vec![("origin", "https://evil.example/https://app.example")],
                false,
            ),
            (vec![("referer", "https://app.example/")], false),
            (vec![], false),
        ] {
            let facts = facts("POST", &headers);
            assert_eq!(facts.is_same_origin, expected, "{headers:?}");
        }
    }

    #[test]
    fn an_origin_in_the_settings_replaces_the_host_of_the_request() {
        let named = Some("https://www.example");
        for (origin, expected) in [
            ("https://www.example", true),
            ("http://www.example", false),
            ("https://app.example", false),
            ("null", false),
        ] {
            let headers = [("origin", origin)];
            let facts = facts_with("POST", "https://app.example/", &headers, named);
            assert_eq!(facts.is_same_origin, expected, "{origin}");
        }
    }

    #[test]
    fn the_host_header_counts_where_the_uri_names_no_host() {
        let headers = [
            ("origin", "http://app.example:81"),
            ("host", "app.example:81"),
        ];
        assert!(facts_with("POST", "/", &headers, None).is_same_origin);
        let headers = [("origin", "http://app.example"), ("host", "other.example")];
        assert!(!facts_with("POST", "/", &headers, None).is_same_origin);
    }

    #[test]
    fn a_bearer_token_comes_before_the_cookie_and_other_schemes_do_not_count() {
        let cookie = ("cookie", "__Host-gatehouse=c");
        let of_cookie = Some("__Host-gatehouse=c");
        for (headers, bearer, sent_cookie) in [
            (
                vec![("authorization", "Bearer b"), cookie],
                Some("Bearer b"),
                None,
            ),
            (vec![("authorization", "bEARER b")], Some("bEARER b"), None),
            (
                vec![("authorization", "Basic a"), ("authorization", "Bearer b")],
                Some("Bearer b"),
                None,
            ),
            (vec![("authorization", "Basic a"), cookie], None, of_cookie),
            (vec![("authorization", "Bearer"), cookie], None, of_cookie),
            (vec![("authorization", "Basic a")], None, None),
            (vec![], None, None),
        ] {
            let value = |text| HeaderValue::from_static(text);
            let expected = match (bearer, sent_cookie) {
                (Some(bearer), _) => Some(Credential::Bearer(value(bearer))),
                (None, Some(cookie)) => Some(Credential::Cookie(value(cookie))),
                (None, None) => None,
            };
            assert_eq!(facts("GET", &headers).credential, expected, "{headers:?}");
        }
    }

    #[test]
    fn the_cookie_without_prefix_counts_on_this_computer_alone() {
        let headers = [("cookie", "gatehouse=c")];
        for (uri, expected) in [
            ("http://localhost/", true),
            ("http://localhost:3000/", true),
            ("http://127.0.0.1:3000/", true),
            ("http://[::1]/", true),
            ("http://[::1]:3000/", true),
            ("http://app.example/", false),
            ("http://localhost.evil.example/", false),
            ("http://127.0.0.1.evil.example/", false),
            ("/", false),
        ] {
            let facts = facts_with("GET", uri, &headers, None);
            assert_eq!(facts.credential.is_some(), expected, "{uri}");
        }
    }
}
