//! Echoes a request, or calls another component with it.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use spin_sdk::http::{BoxBody, HeaderName, Request, Response, Result, box_body, send};
use spin_sdk::http_service;

/// Sends the request to the URI in its header `x-call`, and returns the response. Without that
/// header, returns the request's body, its headers with the prefix `echo-`, and its URI.
#[http_service]
async fn answer(mut request: Request) -> Result<Response<BoxBody>> {
    if let Some(uri) = request.headers_mut().remove("x-call") {
        let uri = uri.to_str().map_err(|err| err.to_string())?;
        *request.uri_mut() = uri.parse().map_err(|_| "x-call is not a URI")?;
        request.headers_mut().remove("host");
        return Ok(send(request).await?.map(box_body));
    }
    let (head, body) = request.into_parts();
    let mut response = Response::new(box_body(body));
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
