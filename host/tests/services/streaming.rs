//! Bodies are streamed, and arrive whole, through middleware and through calls.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::channel::Channel;
use reqwest::Body;

use crate::host::Host;

/// More than all buffers on the way together.
const LARGE: usize = 16 << 20;

/// Paths with the headers that make the component there call another one.
const ROUTES: [(&str, &[(&str, &str)]); 3] = [
    ("/guarded", &[]),
    ("/caller", &[("x-call", "http://guarded.spin.internal/")]),
    ("/caller", &[("x-call", "http://wasi2.spin.internal/")]),
];

/// The client library of the caller for WASI 0.2 reads no response before it has sent its request.
const ROUTE_OF_WASI2: (&str, &[(&str, &str)]) = (
    "/wasi2",
    &[
        ("x-call", "http://caller.spin.internal/"),
        ("x-read-first", "1"),
    ],
);

fn host() -> Host {
    Host::start(
        "[[trigger.http]]\nroute = \"/caller\"\ncomponent = \"caller\"\n\
         [[trigger.http]]\nroute = \"/wasi2\"\ncomponent = \"wasi2\"\n\
         [[trigger.http]]\nroute = \"/guarded\"\ncomponent = \"guarded\"\n\
         dependencies.middleware = [{ path = \"middleware\".wasm }]\n\
         [component.caller]\nsource = \"app\".wasm\n\
         allowed_outbound_hosts = [\"http://*.spin.internal\"]\n\
         [component.wasi2]\nsource = \"app-wasi2\".wasm\n\
         allowed_outbound_hosts = [\"http://*.spin.internal\"]\n\
         [component.guarded]\nsource = \"app\".wasm\n",
    )
}

#[tokio::test]
async fn a_large_body_arrives_whole_both_ways() {
    let host = host();
    let pattern = (0..LARGE).map(|index| (index % 251) as u8);
    let body: Vec<u8> = pattern.collect();
    for (path, headers) in ROUTES.into_iter().chain([ROUTE_OF_WASI2]) {
        let response = host.post(path, headers, body.clone()).await;
        assert_eq!(response.status(), 200, "{path} {headers:?}");
        let echoed = response.bytes().await.unwrap();
        assert!(echoed == body, "{path} {headers:?}: {} bytes", echoed.len());
    }
}

#[tokio::test]
async fn the_response_starts_before_the_request_ends() {
    let host = host();
    for (path, headers) in ROUTES {
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        sender.send_data("first".into()).await.unwrap();
        let mut response = host.post(path, headers, Body::wrap(body)).await;
        assert_eq!(
            response.chunk().await.unwrap().unwrap(),
            "first",
            "{path} {headers:?}"
        );
        sender.send_data("second".into()).await.unwrap();
        drop(sender);
        assert_eq!(
            response.text().await.unwrap(),
            "second",
            "{path} {headers:?}"
        );
    }
}
