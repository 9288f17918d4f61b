//! Calls from one component to another inside the host: service chaining.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use http::{Request, Response, Uri, header::HOST};
use http_body_util::BodyExt;
use tower_http::timeout::TimeoutBody;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::{components::Components, routes::Route};

/// The client's address that the called component sees.
const CALLER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The name of the component that a request to this URI calls.
pub(crate) fn callee(uri: &Uri) -> Option<String> {
    let (name, domain) = uri.host()?.split_once('.')?;
    (domain == "spin.internal").then(|| name.to_owned())
}

/// Passes the request to the component `callee`, through its middleware if it has any. Like Spin, this
/// ignores the caller's timeouts for the connection and the first byte. It limits only the time
/// between two frames of the response's body.
///
/// # Errors
/// If no such component has a trigger. Spin ends the caller's instance then, which this host cannot.
pub(crate) async fn call(
    components: &Components,
    callee: &str,
    mut request: Request<WasiBody>,
    between_frames: Duration,
) -> Result<Response<WasiBody>, Error> {
    request.headers_mut().remove(HOST);
    let route = Route::of_call(callee).map_err(|_| Error::HttpRequestUriInvalid)?;
    let response = components.answer(request, &route, CALLER).await;
    let response = response.map_err(|err| {
        eprintln!("A component's call was not answered: {err:#}");
        Error::DestinationNotFound
    })?;
    Ok(response.map(|body| {
        TimeoutBody::new(between_frames, body)
            .map_err(|err| match err.downcast::<Error>() {
                Ok(err) => *err,
                Err(_) => Error::ConnectionReadTimeout,
            })
            .boxed_unsync()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_below_spin_internal_names_the_component_to_call() {
        for (uri, expected) in [
            ("http://app.spin.internal/path", Some("app")),
            ("http://app.spin.internal:80/", Some("app")),
            ("https://app.spin.internal/", Some("app")),
            ("http://spin.internal/", None),
            ("http://app.spin.internal.test/", None),
            ("http://a.app.spin.internal/", None),
            ("http://app/", None),
            ("/path", None),
        ] {
            let uri = Uri::from_static(uri);
            assert_eq!(callee(&uri).as_deref(), expected, "{uri}");
        }
    }
}
