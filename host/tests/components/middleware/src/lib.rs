//! Middleware that marks the requests and responses that pass it.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use std::env;

use spin_sdk::http::{HeaderName, HeaderValue, Request, Response, Result, get, next};
use spin_sdk::http_service;
use spin_sdk::variables;
use spin_sdk::wasip3::clocks::monotonic_clock;

const MARK: HeaderName = HeaderName::from_static("x-passed");

/// Adds a header on the way in, and on the way out. Uses the capability that the header `x-use`
/// names, and adds what it got from there to the response.
#[http_service]
async fn answer(mut request: Request) -> Result<Response> {
    let headers = request.headers_mut();
    headers.remove("host");
    headers.append(MARK, HeaderValue::from_static("in"));
    let used = match headers.remove("x-use") {
        Some(capability) => Some(used(capability.to_str().unwrap_or_default()).await?),
        None => None,
    };
    let mut response = next(request).await?;
    response
        .headers_mut()
        .append(MARK, HeaderValue::from_static("out"));
    if let Some(used) = used {
        let used = HeaderValue::try_from(used).map_err(|_| "it is not text")?;
        response.headers_mut().insert("x-used", used);
    }
    Ok(response)
}

/// The value of a variable, the status of a response, or the number of environment variables.
async fn used(capability: &str) -> Result<String> {
    match capability.split_once(' ') {
        Some(("variable", name)) => variables::get(name)
            .await
            .map_err(|err| err.to_string().into()),
        Some(("outbound", uri)) => Ok(get(uri).await?.status().to_string()),
        _ if capability == "environment" => Ok(env::vars().count().to_string()),
        _ => Ok((monotonic_clock::now() > 0).to_string()),
    }
}
