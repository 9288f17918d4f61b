//! Endpoints of the API description: OpenAPI as JSON and YAML, and an interactive page.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::yaml;
use crate::http::assets::{converted, description};
use crate::http::error::Error;

/// Content-Security-Policy of the page: its own script and style, and calls to the API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Get the OpenAPI description
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
        (status = 304, description = "`If-None-Match` has the current `ETag`"),
    )
)]
pub async fn openapi_json(request: HeaderMap) -> Result<Response, Error> {
    description("openapi.json", &request)
}

/// Download the OpenAPI description
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
        (status = 304, description = "`If-None-Match` has the current `ETag`"),
    )
)]
pub async fn openapi_yaml(request: HeaderMap) -> Result<impl IntoResponse, Error> {
    let as_attachment = [(
        header::CONTENT_DISPOSITION,
        "attachment; filename=docs.yaml",
    )];
    let yaml = converted("openapi.json", "docs.yaml", yaml::description, &request)?;
    Ok((as_attachment, yaml))
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
        (status = 304, description = "`If-None-Match` has the current `ETag`"),
    )
)]
pub async fn docs(request: HeaderMap) -> Result<impl IntoResponse, Error> {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((policy, description("openapi.html", &request)?))
}
