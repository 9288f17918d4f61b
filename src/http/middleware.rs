//! Middleware for every request: request id, log line, cross-site check, response headers, CORS.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::client::RequestId;
use super::cross_site::{self, CROSS_SITE};
use super::settings::CorsOrigins;
use super::{cors, response_headers};
use crate::platform::{clock, random};
use crate::settings::Settings;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Maximum length of a caller's request id, in characters.
const MAX_REQUEST_ID_LENGTH: usize = 64;

/// The middleware with its settings.
#[derive(Debug, Clone)]
pub struct Middleware {
    cors: CorsOrigins,
    /// `frontend_url` uses HTTPS.
    is_https: bool,
    /// A trusted proxy sets `X-Forwarded-Proto`.
    has_proxy: bool,
}

impl Middleware {
    pub fn new(settings: &Settings) -> Self {
        Self {
            cors: settings.http.cors.clone(),
            is_https: settings.http.is_https(),
            has_proxy: settings.http.trusted_proxy_hops > 0,
        }
    }

    /// For a service with invalid settings.
    pub fn misconfigured() -> Self {
        Self {
            cors: CorsOrigins::None,
            is_https: false,
            has_proxy: false,
        }
    }

    /// Wraps all routes. `methods` returns those that pages of other origins may use.
    pub fn wrap(self, router: Router, methods: fn() -> Vec<Method>) -> Router {
        let router = match cors::layer(&self.cors, methods) {
            Some(cors) => router.layer(cors),
            None => router,
        };
        router.layer(from_fn_with_state(self, process))
    }

    /// Whether a page of another site sent the request and CORS does not allow it.
    fn is_cross_site(&self, request: &Request) -> bool {
        cross_site::is_refused(&self.cors, request.method(), request.headers())
    }

    /// Whether the client uses HTTPS, as far as we know.
    fn is_over_https(&self, request: &Request) -> bool {
        let forwarded = || request.headers().get(FORWARDED_PROTO);
        self.is_https || self.has_proxy && forwarded().is_some_and(|proto| proto == "https")
    }
}

async fn process(
    State(middleware): State<Middleware>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request_id(&request);
    request
        .extensions_mut()
        .insert(RequestId(request_id.clone()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_over_https = middleware.is_over_https(&request);
    let started = clock::stopwatch();
    let id = request_id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", request_id = id);

    let mut response = if middleware.is_cross_site(&request) {
        span.in_scope(|| CROSS_SITE.into_response())
    } else {
        next.run(request).instrument(span).await
    };

    tracing::info!(
        method = method.as_str(),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = started.elapsed().as_millis() as u64,
        request_id = id,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, request_id);
    response_headers::add(&mut response, is_over_https);
    response
}

/// The caller's request id, if it is safe to log, otherwise a new one.
fn request_id(request: &Request) -> HeaderValue {
    let received = request.headers().get(REQUEST_ID);
    received
        .filter(|id| is_safe_to_log(id.as_bytes()))
        .cloned()
        .unwrap_or_else(|| {
            let id = random::id().to_string();
            HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
        })
}

fn is_safe_to_log(id: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_REQUEST_ID_LENGTH).contains(&id.len()) && id.iter().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_id_that_is_safe_to_log_is_accepted() {
        let longest = "a".repeat(64);
        for id in ["7", "5f2b7c1e-8a57", "a.b_c", &longest] {
            assert!(is_safe_to_log(id.as_bytes()), "{id}");
        }
        let too_long = "a".repeat(65);
        for id in ["", "a b", "a\"b", "{}", "ż", "a\tb", &too_long] {
            assert!(!is_safe_to_log(id.as_bytes()), "{id}");
        }
    }
}
