//! The API's description: OpenAPI as JSON and YAML, and a page to read and to try it.

use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Value, context};

use crate::app::App;
use crate::assets::Asset;
use crate::error::Error;

const OPENAPI_JSON: &str = include_str!("../../docs/openapi.json");
const OPENAPI_YAML: &str = include_str!("../../docs/openapi.yaml");

/// What the page loads, by path.
pub static ASSETS: [(&str, Asset); 3] = [
    (
        "/docs/docs.css",
        Asset::new(
            "text/css; charset=utf-8",
            include_str!("../../templates/pages/docs.css"),
        ),
    ),
    (
        "/docs/docs.js",
        Asset::new(
            "text/javascript; charset=utf-8",
            include_str!("../../templates/pages/docs.js"),
        ),
    ),
    (
        "/docs/captcha.js",
        Asset::new(
            "text/javascript; charset=utf-8",
            include_str!("../../templates/pages/docs/captcha.js"),
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
    Asset::new("application/json", OPENAPI_JSON).answer(&headers)
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
            body = String,
            content_type = "application/yaml",
            example = json!("openapi: 3.1.0\ninfo:\n  title: Gatehouse\n"),
        ),
        (status = 304, description = "As the `ETag` that `If-None-Match` names"),
    )
)]
pub async fn openapi_yaml(headers: HeaderMap) -> impl IntoResponse {
    let to_download = [(
        header::CONTENT_DISPOSITION,
        "attachment; filename=docs.yaml",
    )];
    let yaml = Asset::new("application/yaml", OPENAPI_YAML).answer(&headers);
    (to_download, yaml)
}

/// The API's description, to read and to try
#[utoipa::path(
    get,
    path = "/docs",
    tag = "docs",
    responses((
        status = 200,
        description = "A page",
        body = String,
        content_type = "text/html",
        example = json!("<!doctype html>"),
    ))
)]
pub async fn docs(State(app): State<&'static App>) -> Result<impl IntoResponse, Error> {
    let api: Value = serde_json::from_str(OPENAPI_JSON).context("openapi.json")?;
    let page = app.templates.render("pages/docs.html", context! { api })?;
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page)))
}
