//! What every request and every answer goes through: an id, a line in the log, safe headers.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument, Level};

use super::error::ErrorKind;
use crate::http::settings::CorsOrigins;
use crate::platform::{clock, random};
use crate::settings::Settings;

/// A page of another site sent the request, and CORS does not allow its origin.
pub const CROSS_SITE: ErrorKind = ErrorKind::new(
    StatusCode::FORBIDDEN,
    "CROSS_SITE",
    "Requests from other sites are not allowed",
)
.logged(Level::WARN, "request refused");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The longest id that is taken from a caller, in characters.
const MAX_REQUEST_ID_LENGTH: usize = 64;
/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_MAX_AGE: std::time::Duration = std::time::Duration::from_secs(600);
/// A year, as OWASP's HTTP Headers Cheat Sheet asks for at least; subdomains are not ours to bind.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What the settings say about requests and answers in general.
#[derive(Debug, Clone)]
pub struct Edge {
    cors: CorsOrigins,
    /// People reach the service by https.
    is_https: bool,
    /// A proxy of ours says by which scheme a request came.
    has_proxy: bool,
}

impl Edge {
    /// As the settings say.
    pub fn new(settings: &Settings) -> Self {
        Self {
            cors: settings.http.cors.clone(),
            is_https: settings.http.frontend_url.starts_with("https:"),
            has_proxy: settings.http.trusted_proxy_hops > 0,
        }
    }

    /// Without settings that can be used.
    pub fn misconfigured() -> Self {
        Self {
            cors: CorsOrigins::None,
            is_https: false,
            has_proxy: false,
        }
    }

    /// Puts the edge around all routes.
    pub fn around(self, router: Router) -> Router {
        let router = match cors(&self.cors) {
            Some(cors) => router.layer(cors),
            None => router,
        };
        router.layer(from_fn_with_state(self, edge))
    }

    /// Whether a page of another site sent the request, without the leave of CORS. A browser says
    /// so; other clients send no such header (Fetch Metadata, W3C).
    fn is_cross_site(&self, request: &Request) -> bool {
        let headers = request.headers();
        let is_allowed = |origin| self.cors.allows(origin);
        !request.method().is_safe()
            && headers
                .get(SEC_FETCH_SITE)
                .is_some_and(|site| site == "cross-site")
            && !headers.get(header::ORIGIN).is_some_and(is_allowed)
    }

    /// Whether the request came by https, as far as we know.
    fn is_by_https(&self, request: &Request) -> bool {
        let forwarded = || request.headers().get(FORWARDED_PROTO);
        self.is_https || self.has_proxy && forwarded().is_some_and(|proto| proto == "https")
    }
}

async fn edge(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let request_id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_by_https = edge.is_by_https(&request);
    let began = clock::stopwatch();
    let id = request_id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", request_id = id);

    let mut response = if edge.is_cross_site(&request) {
        span.in_scope(|| CROSS_SITE.into_response())
    } else {
        next.run(request).instrument(span).await
    };

    tracing::info!(
        method = method.as_str(),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = began.elapsed().as_millis() as u64,
        request_id = id,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, request_id);
    add_safe_headers(&mut response, is_by_https);
    response
}

fn add_safe_headers(response: &mut Response, is_by_https: bool) {
    let headers = response.headers_mut();
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    // No cache keeps what is about a person; what may be kept says so itself.
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    if is_by_https {
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

/// The caller's own id of the request, if it could not be mistaken for anything else in a log.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID);
    given
        .filter(|id| is_sane(id.as_bytes()))
        .cloned()
        .unwrap_or_else(|| {
            let id = random::id().to_string();
            HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
        })
}

fn is_sane(id: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_REQUEST_ID_LENGTH).contains(&id.len()) && id.iter().all(is_allowed)
}

fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, REQUEST_ID])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_MAX_AGE);
    match origins {
        CorsOrigins::None => None,
        CorsOrigins::All => Some(layer.allow_origin(AllowOrigin::any())),
        CorsOrigins::List(list) => Some(
            layer
                .allow_origin(AllowOrigin::list(list.clone()))
                .allow_credentials(true),
        ),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_an_id_that_cannot_be_mistaken_is_taken_from_a_caller() {
        let longest = "a".repeat(64);
        for id in ["7", "5f2b7c1e-8a57", "a.b_c", &longest] {
            assert!(is_sane(id.as_bytes()), "{id}");
        }
        let too_long = "a".repeat(65);
        for id in ["", "a b", "a\"b", "{}", "ż", "a\tb", &too_long] {
            assert!(!is_sane(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn a_page_of_another_site_may_send_only_what_cors_allows() {
        let listed = CorsOrigins::List(vec![HeaderValue::from_static("https://app.example")]);
        let request = |method: Method, site: &str, origin: &str| {
            Request::builder()
                .method(method)
                .header(SEC_FETCH_SITE, site)
                .header(header::ORIGIN, origin)
                .body(Body::empty())
                .expect("a request")
        };
        let app = "https://app.example";
        let evil = "https://evil.example";
        for (cors, method, site, origin, is_refused) in [
            (&CorsOrigins::None, Method::POST, "cross-site", evil, true),
            (&CorsOrigins::None, Method::POST, "same-origin", app, false),
            (&CorsOrigins::None, Method::POST, "none", evil, false),
            (&CorsOrigins::None, Method::GET, "cross-site", evil, false),
            (&CorsOrigins::All, Method::POST, "cross-site", evil, false),
            (&listed, Method::POST, "cross-site", app, false),
            (&listed, Method::POST, "cross-site", evil, true),
            (&listed, Method::DELETE, "cross-site", "null", true),
        ] {
            let edge = Edge {
                cors: cors.clone(),
                ..Edge::misconfigured()
            };
            let request = request(method, site, origin);
            assert_eq!(edge.is_cross_site(&request), is_refused, "{request:?}");
        }
    }
}
