//! Echoes a request, or calls another component with it.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, HeaderName, Request, Response, Result, box_body, send};
use spin_sdk::http_service;

/// Returns the request's body, its headers with the prefix `echo-`, and its URI. The header
/// `x-read-first` makes it read the body whole before it responds. With a URI in the header `x-call`,
/// it sends the request there, and returns the response.
#[http_service]
async fn answer(mut request: Request) -> Result<Response<BoxBody>> {
    if let Some(uri) = request.headers_mut().remove("x-call") {
        let uri = uri.to_str().map_err(|err| err.to_string())?;
        *request.uri_mut() = uri.parse().map_err(|_| "x-call is not a URI")?;
        return Ok(call(request).await?.map(box_body));
    }
    let (head, body) = request.into_parts();
    let body = if head.headers.contains_key("x-read-first") {
        box_body(FullBody::new(body.bytes().await?))
    } else {
        box_body(body)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    for (name, value) in &head.headers {
        if let Ok(name) = HeaderName::try_from(format!("echo-{name}")) {
            headers.append(name, value.clone());
        }
    }
    let uri = head.uri.to_string().try_into();
    headers.insert("echo-uri", uri.map_err(|_| "the URI is not a header")?);
    Ok(response)
}

/// Passes all headers on, except for the one that the header `x-drop` names.
async fn call(mut request: Request) -> Result<Response> {
    let headers = request.headers_mut();
    headers.remove("host");
    if let Some(name) = headers.remove("x-drop") {
        headers.remove(name.to_str().unwrap_or_default());
    }
    Ok(send(request).await?)
}
