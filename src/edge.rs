//! What every request and every answer goes through: an id, a line in the log, safe headers.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument;

use crate::ambient;
use crate::settings::CorsOrigins;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken from a caller, in characters.
const MAX_REQUEST_ID_LENGTH: usize = 64;
/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_MAX_AGE: std::time::Duration = std::time::Duration::from_secs(600);

/// Puts the edge around all routes.
pub fn around(router: Router, origins: &CorsOrigins) -> Router {
    let router = match cors(origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(from_fn(edge))
}

async fn edge(request: Request, next: Next) -> Response {
    let request_id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = ambient::stopwatch();
    let id = request_id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", request_id = id);

    let mut response = next.run(request).instrument(span).await;

    tracing::info!(
        method = method.as_str(),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = began.elapsed().as_millis() as u64,
        request_id = id,
        "request"
    );
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, request_id);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if is_html(headers.get(header::CONTENT_TYPE)) {
        let no_referrer = HeaderValue::from_static("no-referrer");
        headers.insert(header::REFERRER_POLICY, no_referrer);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
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
            let id = ambient::random_id().to_string();
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
}
