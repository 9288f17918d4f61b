//! Attempts that reach the service through another component of the application: which network they
//! count for.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::helpers::app::{App, Setup};
use crate::helpers::flows::FORGOT_PASSWORD;

/// The links that one network may request before it has to wait a minute for the next.
const BURST: usize = 10;
const FORGED: (&str, &str) = ("spin-client-addr", "192.0.2.7:5");
/// What Spin reports for a component.
const COMPONENT: (&str, &str) = ("spin-client-addr", "0.0.0.0:0");
/// Keeps the component from passing on its client's address.
const ANONYMOUS: (&str, &str) = ("x-drop", "spin-client-addr");

async fn spawn() -> App {
    let setup = Setup::new().with("throttle", "on").with_caller();
    setup.spawn().await
}

/// Requests a link with these headers, which may occur twice, and returns the status.
async fn request_link(app: &App, path: &str, headers: &[(&str, &str)]) -> u16 {
    let request = app
        .request(Method::POST, path)
        .json(&json!({"email": "nobody@example.com"}));
    let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    let response = headers.iter().fold(request, add).send().await;
    response.expect("a response").status().as_u16()
}

async fn through_component(app: &App, headers: &[(&str, &str)]) -> u16 {
    let uri = format!("http://gatehouse.spin.internal{FORGOT_PASSWORD}");
    let headers = [&[("x-call", uri.as_str())], headers].concat();
    request_link(app, "/caller", &headers).await
}

#[tokio::test]
async fn a_client_that_a_component_passes_on_counts_as_if_it_called_itself() {
    let app = spawn().await;
    let links = (0..BURST).map(|_| through_component(&app, &[FORGED]));
    let statuses = join_all(links).await;
    assert!(statuses.iter().all(|status| *status != 429), "{statuses:?}");
    for headers in [&[][..], &[FORGED], &[COMPONENT], &[FORGED, COMPONENT]] {
        let direct = request_link(&app, FORGOT_PASSWORD, headers).await;
        assert_eq!(direct, 429, "{headers:?}");
        let passed_on = through_component(&app, headers).await;
        assert_eq!(passed_on, 429, "{headers:?}");
    }
}

#[tokio::test]
async fn a_component_that_passes_no_client_on_counts_as_one_network() {
    let app = spawn().await;
    let links = (0..BURST).map(|_| through_component(&app, &[ANONYMOUS]));
    let statuses = join_all(links).await;
    assert!(statuses.iter().all(|status| *status != 429), "{statuses:?}");
    let anonymous = through_component(&app, &[ANONYMOUS, FORGED]).await;
    assert_eq!(anonymous, 429);
    for headers in [&[FORGED][..], &[COMPONENT], &[FORGED, COMPONENT]] {
        let direct = request_link(&app, FORGOT_PASSWORD, headers).await;
        assert_ne!(direct, 429, "{headers:?}");
    }
}
