//! The API's description: OpenAPI as JSON and YAML, and a page to read and to try it.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::http::assets::Asset;

static JSON: Asset = Asset::new(
    "application/json",
    include_str!("../../../docs/openapi.json"),
);
static YAML: Asset = Asset::new(
    "application/yaml",
    include_str!("../../../docs/openapi.yaml"),
);
static PAGE: Asset = Asset::new(
    "text/html; charset=utf-8",
    include_str!("../../../docs/openapi.html"),
);

/// What the page loads, by path.
pub static ASSETS: [(&str, Asset); 3] = [
    (
        "/docs/docs.css",
        Asset::new(
            "text/css; charset=utf-8",
            include_str!("../../../templates/pages/docs.css"),
        ),
    ),
    (
        "/docs/docs.js",
        Asset::new(
            "text/javascript; charset=utf-8",
            include_str!("../../../templates/pages/docs.js"),
        ),
    ),
    (
        "/docs/captcha.js",
        Asset::new(
            "text/javascript; charset=utf-8",
            include_str!("../../../templates/pages/docs/captcha.js"),
        ),
    ),
];

/// What the page may do: run its own script, wear its own style, call the API it describes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The API's description
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    responses(
        (
            status = 200,
            description = "OpenAPI 3.1",
            body = Object,
            example = json!({"openapi": "3.1.0", "info": {"title": "Gatehouse"}}),
        ),
        (status = 304, description = "As the `ETag` that `If-None-Match` names"),
    )
)]
pub async fn openapi_json(headers: HeaderMap) -> Response {
    JSON.answer(&headers)
}

/// The API's description, to download
#[utoipa::path(
    get,
    path = "/docs.yaml",
    tag = "docs",
    responses(
        (
            status = 200,
            description = "OpenAPI 3.1",
            body = Object,
            content_type = "application/yaml",
            example = json!({"openapi": "3.1.0", "info": {"title": "Gatehouse"}}),
        ),
        (status = 304, description = "As the `ETag` that `If-None-Match` names"),
    )
)]
pub async fn openapi_yaml(headers: HeaderMap) -> impl IntoResponse {
    let to_download = [(
        header::CONTENT_DISPOSITION,
        "attachment; filename=docs.yaml",
    )];
    (to_download, YAML.answer(&headers))
}

/// Interactive API documentation
#[utoipa::path(
    get,
    path = "/docs",
    tag = "docs",
    responses(
        (
            status = 200,
            description = "A page",
            body = String,
            content_type = "text/html",
            example = json!("<!doctype html>"),
        ),
        (status = 304, description = "As the `ETag` that `If-None-Match` names"),
    )
)]
pub async fn docs(headers: HeaderMap) -> impl IntoResponse {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (policy, PAGE.answer(&headers))
}
