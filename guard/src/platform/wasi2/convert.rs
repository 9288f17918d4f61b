//! Converts headers and methods between the `http` crate and WASI.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use wasip2::http::types::{self, ErrorCode, Fields};

use crate::headers::for_host;

pub(super) fn headers(fields: &Fields) -> Result<HeaderMap, ErrorCode> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.entries() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(&value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(ErrorCode::HttpProtocolError);
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// Converts headers for the host, without those that only hosts may set.
pub(super) fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    Fields::from_list(&for_host(headers))
        .map_err(|error| ErrorCode::InternalError(Some(error.to_string())))
}

pub(super) fn method(method: types::Method) -> Option<Method> {
    Some(match method {
        types::Method::Get => Method::GET,
        types::Method::Head => Method::HEAD,
        types::Method::Post => Method::POST,
        types::Method::Put => Method::PUT,
        types::Method::Delete => Method::DELETE,
        types::Method::Connect => Method::CONNECT,
        types::Method::Options => Method::OPTIONS,
        types::Method::Trace => Method::TRACE,
        types::Method::Patch => Method::PATCH,
        types::Method::Other(name) => return name.parse().ok(),
    })
}

pub(super) fn wasi_method(method: &Method) -> types::Method {
    match *method {
        Method::GET => types::Method::Get,
        Method::HEAD => types::Method::Head,
        Method::POST => types::Method::Post,
        Method::PUT => types::Method::Put,
        Method::DELETE => types::Method::Delete,
        Method::CONNECT => types::Method::Connect,
        Method::OPTIONS => types::Method::Options,
        Method::TRACE => types::Method::Trace,
        Method::PATCH => types::Method::Patch,
        _ => types::Method::Other(method.to_string()),
    }
}
