//! A component with one fixed answer: what the host itself takes for a request.
// What it exports has names that only a component can have.
#![cfg(target_family = "wasm")]

use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn answer(_: Request) -> &'static str {
    "ok"
}
