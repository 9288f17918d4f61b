//! A page that greets people by name. Whether they may see it is the guard's business.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use askama::Template;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use spin_sdk::http::{FullBody, Request};
use spin_sdk::http_service;

/// The assets are public, as `spin.toml` tells the guard.
const STYLE: &str = include_str!("../assets/style.css");
const LOG_OUT: &str = include_str!("../assets/log-out.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// No content but this application's own, and nothing inline. The script calls Gatehouse, which has the
/// same origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Askama escapes what it fills in.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    name: &'a str,
}

#[http_service]
async fn serve(request: Request) -> anyhow::Result<Response<FullBody<Bytes>>> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let response = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED);
        let response = response.header(header::ALLOW, "GET, HEAD");
        return Ok(response.body(FullBody::default())?);
    }
    match request.uri().path() {
        "/hello" | "/hello/" => {
            // The guard has set it. Clients cannot.
            let name = request.headers().get("x-gatehouse-username");
            let name = name.and_then(|name| name.to_str().ok()).unwrap_or_default();
            // Not stored, so that nobody sees it after the logout.
            respond(
                "text/html; charset=utf-8",
                "no-store",
                Page { name }.render()?,
            )
        }
        "/hello/assets/style.css" => respond("text/css", "no-cache", STYLE),
        "/hello/assets/log-out.js" => respond("text/javascript", "no-cache", LOG_OUT),
        "/hello/assets/icon.svg" => respond("image/svg+xml", "no-cache", ICON),
        _ => {
            let response = Response::builder().status(StatusCode::NOT_FOUND);
            Ok(response.body(FullBody::default())?)
        }
    }
}

fn respond(
    content_type: &str,
    cache_control: &str,
    content: impl Into<Bytes>,
) -> anyhow::Result<Response<FullBody<Bytes>>> {
    let response = Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CACHE_CONTROL, cache_control)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    Ok(response.body(FullBody::new(content.into()))?)
}
