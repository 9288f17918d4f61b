//! The API's description: OpenAPI as JSON and YAML, and a page that shows it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::context;
use minijinja::value::{Serde, Value};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::error::Error;

/// The page's style. It stands in the page, and the page's policy allows this one only.
const STYLE: &str = include_str!("../../templates/pages/docs.css");

/// The API's description
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub async fn openapi_json(Extension(openapi): Extension<Arc<OpenApi>>) -> Response {
    Json(openapi.as_ref()).into_response()
}

/// The API's description, to download
#[utoipa::path(
    get,
    path = "/docs.yaml",
    tag = "docs",
    responses((status = 200, description = "OpenAPI 3.1", body = String, content_type = "application/yaml"))
)]
pub async fn openapi_yaml(
    Extension(openapi): Extension<Arc<OpenApi>>,
) -> Result<impl IntoResponse, Error> {
    let yaml = openapi.to_yaml().map_err(anyhow::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/yaml"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=docs.yaml",
        ),
    ];
    Ok((headers, yaml))
}

/// The API's description, to read
#[utoipa::path(
    get,
    path = "/docs",
    tag = "docs",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn docs(
    State(app): State<&'static App>,
    Extension(openapi): Extension<Arc<OpenApi>>,
) -> Result<impl IntoResponse, Error> {
    let page = app.templates.render(
        "pages/docs.html",
        context! { api => Value::from(Serde(openapi.as_ref())), style => STYLE },
    )?;
    let style_hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)))
}
