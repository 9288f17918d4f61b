//! Changes a request as Spin does before the component sees it.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Uri,
    header::{CONNECTION, HOST},
    uri::{Authority, Scheme},
};

use crate::routes::Route;

/// Makes the URI absolute, using the request line or the `host` header.
///
/// # Errors
/// If they name no host or two different ones: Spin then closes the connection.
pub(crate) fn make_absolute<B>(request: &mut Request<B>) -> Result<()> {
    let from_header = request
        .headers()
        .get(HOST)
        .map(parse_authority)
        .transpose()?;
    let mut parts = request.uri().clone().into_parts();
    parts.authority = match (from_header, parts.authority) {
        (None, None) => bail!("the request names no host"),
        (Some(header), Some(line)) => {
            ensure!(header == line, "the request names two hosts");
            Some(header)
        }
        (header, line) => header.or(line),
    };
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts).context("the request has no usable URI")?;
    Ok(())
}

fn parse_authority(header: &HeaderValue) -> Result<Authority> {
    let text = header.to_str().context("the `host` header is not text")?;
    text.parse().context("the `host` header is not a host")
}

/// Appends Spin's headers to those of the client, which may have the same names.
///
/// # Errors
/// If the client sent a value that is not UTF-8.
pub(crate) fn add_headers<B>(
    request: &mut Request<B>,
    route: &Route,
    client: SocketAddr,
) -> Result<()> {
    request.headers_mut().remove(CONNECTION);
    for value in request.headers().values() {
        std::str::from_utf8(value.as_bytes()).context("a header is not UTF-8")?;
    }
    let path_info = HeaderValue::from_str(route.path_info(request.uri().path()))?;
    let full_url = full_url(request.headers(), request.uri())?;
    let client = HeaderValue::from_str(&client.to_string())?;
    let headers = request.headers_mut();
    for (name, value) in [
        ("spin-path-info", path_info),
        ("spin-full-url", full_url),
        ("spin-matched-route", route.matched.clone()),
        ("spin-base-path", HeaderValue::from_static("/")),
        ("spin-raw-component-route", route.raw.clone()),
        ("spin-component-route", route.component.clone()),
        ("spin-client-addr", client),
    ] {
        headers.append(HeaderName::from_static(name), value);
    }
    Ok(())
}

fn full_url(headers: &HeaderMap, uri: &Uri) -> Result<HeaderValue> {
    let host = headers
        .get(HOST)
        .map_or(&b"localhost"[..], HeaderValue::as_bytes);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = [b"http://", host, path.as_bytes()].concat();
    Ok(HeaderValue::from_bytes(&url)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Routes;

    fn request(uri: &str, headers: &[(&'static str, &[u8])]) -> Request<()> {
        let mut request = Request::new(());
        *request.uri_mut() = uri.parse().unwrap();
        for (name, value) in headers {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        request
    }

    fn with_headers(mut request: Request<()>) -> Result<Request<()>> {
        let routes = Routes::parse([("/...", "app")].into_iter()).unwrap();
        let route = routes.find(request.uri().path()).unwrap();
        add_headers(&mut request, route, "192.0.2.1:5".parse().unwrap())?;
        Ok(request)
    }

    #[test]
    fn a_request_that_names_no_host_or_two_is_rejected() {
        assert!(make_absolute(&mut request("/", &[])).is_err());
        for host in [&b""[..], b"a b", b"\xff"] {
            assert!(
                make_absolute(&mut request("/", &[("host", host)])).is_err(),
                "{host:?}"
            );
        }
        let two = &mut request("http://a.test/", &[("host", b"b.test")]);
        assert!(make_absolute(two).is_err());
    }

    #[test]
    fn the_uri_is_made_absolute_from_the_host_header_or_the_request_line() {
        for mut request in [
            request("/p?q", &[("host", b"a.test:1")]),
            request("http://a.test:1/p?q", &[]),
        ] {
            make_absolute(&mut request).unwrap();
            assert_eq!(request.uri(), "http://a.test:1/p?q");
        }
    }

    #[test]
    fn a_header_that_is_not_utf_8_is_rejected() {
        assert!(with_headers(request("/", &[("x-name", b"\xff\xfe")])).is_err());
        assert!(with_headers(request("/", &[("x-name", "ü".as_bytes())])).is_ok());
    }

    #[test]
    fn the_hosts_headers_follow_the_clients_headers_of_the_same_name() {
        let client: (&str, &[u8]) = ("spin-client-addr", b"203.0.113.9:1");
        let request = with_headers(request("/", &[client])).unwrap();
        let addresses: Vec<_> = request
            .headers()
            .get_all("spin-client-addr")
            .iter()
            .collect();
        assert_eq!(addresses, ["203.0.113.9:1", "192.0.2.1:5"]);
    }

    #[test]
    fn the_component_gets_spins_headers_and_no_connection_header() {
        let request = request("/a/b?q=1", &[("host", b"a.test"), ("connection", b"close")]);
        let request = with_headers(request).unwrap();
        assert!(request.headers().get("connection").is_none());
        for (name, expected) in [
            ("host", "a.test"),
            ("spin-path-info", "/a/b"),
            ("spin-full-url", "http://a.test/a/b?q=1"),
            ("spin-matched-route", "/..."),
            ("spin-base-path", "/"),
            ("spin-raw-component-route", "/..."),
            ("spin-component-route", ""),
        ] {
            assert_eq!(request.headers()[name], expected, "{name}");
        }
    }
}
