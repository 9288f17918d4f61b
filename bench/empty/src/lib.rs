//! A component with one fixed response: the baseline for the cost of the host.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn answer(_: Request) -> &'static str {
    "ok"
}
