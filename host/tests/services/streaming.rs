//! Bodies are streamed, and arrive whole, through middleware and through calls.

use std::convert::Infallible;

use http_body_util::channel::Channel;
use reqwest::Body;

use crate::host::Host;

/// More than all buffers on the way together.
const LARGE: usize = 16 << 20;

const ROUTES: [(&str, &str); 4] = [
    ("/guarded", ""),
    ("/caller", "http://guarded.spin.internal/"),
    ("/caller", "http://wasi2.spin.internal/"),
    ("/wasi2", "http://caller.spin.internal/"),
];

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

/// The header that makes the component at the route call another one.
fn call(uri: &'static str) -> Vec<(&'static str, &'static str)> {
    if uri.is_empty() {
        Vec::new()
    } else {
        vec![("x-call", uri)]
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole_both_ways() {
    let host = host();
    let pattern = (0..LARGE).map(|index| (index % 251) as u8);
    let body: Vec<u8> = pattern.collect();
    for (path, uri) in ROUTES {
        let response = host.post(path, &call(uri), body.clone()).await;
        assert_eq!(response.status(), 200, "{path} {uri}");
        let echoed = response.bytes().await.unwrap();
        assert!(echoed == body, "{path} {uri}: {} bytes", echoed.len());
    }
}

#[tokio::test]
async fn the_response_starts_before_the_request_ends() {
    let host = host();
    for (path, uri) in ROUTES {
        let (mut sender, body) = Channel::<_, Infallible>::new(1);
        sender.send_data("first".into()).await.unwrap();
        let mut response = host.post(path, &call(uri), Body::wrap(body)).await;
        assert_eq!(
            response.chunk().await.unwrap().unwrap(),
            "first",
            "{path} {uri}"
        );
        sender.send_data("second".into()).await.unwrap();
        drop(sender);
        assert_eq!(response.text().await.unwrap(), "second", "{path} {uri}");
    }
}
