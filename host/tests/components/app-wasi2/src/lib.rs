//! Echoes a request, or calls another component with it, for WASI 0.2.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use wstd::http::{Body, Client, Error, HeaderName, Request, Response};

/// Returns the request's body, its headers with the prefix `echo-`, and its URI. With a URI in the
/// header `x-call`, it sends the request there, without the header that `x-drop` names, and returns the
/// response.
#[wstd::http_server]
async fn main(mut request: Request<Body>) -> Result<Response<Body>, Error> {
    if let Some(uri) = request.headers_mut().remove("x-call") {
        *request.uri_mut() = uri.to_str()?.parse()?;
        let headers = request.headers_mut();
        headers.remove("host");
        if let Some(name) = headers.remove("x-drop") {
            headers.remove(name.to_str()?);
        }
        return Client::new().send(request).await;
    }
    let (head, body) = request.into_parts();
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    for (name, value) in &head.headers {
        if let Ok(name) = HeaderName::try_from(format!("echo-{name}")) {
            headers.append(name, value.clone());
        }
    }
    headers.insert("echo-uri", head.uri.to_string().try_into()?);
    Ok(response)
}
