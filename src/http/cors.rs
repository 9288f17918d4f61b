//! Cross-origin requests: the pages of other origins that may call the API.

use std::time::Duration;

use axum::http::{Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::middleware::REQUEST_ID;
use super::settings::CorsOrigins;

/// How long browsers may cache a preflight response, in seconds.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// The layer that lets these origins use these methods; `None` if there are no origins.
pub fn layer(origins: &CorsOrigins, methods: fn() -> Vec<Method>) -> Option<CorsLayer> {
    let layer = match origins {
        CorsOrigins::None => return None,
        CorsOrigins::All => CorsLayer::new().allow_origin(AllowOrigin::any()),
        CorsOrigins::List(list) => CorsLayer::new()
            .allow_origin(AllowOrigin::list(list.clone()))
            .allow_credentials(true),
    };
    let layer = layer
        .allow_methods(methods())
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, REQUEST_ID])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_MAX_AGE);
    Some(layer)
}
