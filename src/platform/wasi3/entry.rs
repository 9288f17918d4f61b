//! The glue between the world in `wit/wasi3` and the handler in `lib.rs`.
#![expect(
    unsafe_code,
    reason = "what wit-bindgen generates calls the host's functions"
)]

use spin_sdk::http::{FromRequest, IntoResponse, Request};
use spin_sdk::wasip3::http::types;

spin_sdk::wit_bindgen::generate!({
    world: "service",
    path: "wit/wasi3",
    runtime_path: "spin_sdk::wit_bindgen::rt",
    // Everything but the export has bindings in the SDK already.
    with: {
        "spin:sqlite/sqlite@3.1.0": spin_sdk::sqlite::wit::sqlite,
        "spin:variables/variables@3.0.0": spin_sdk::variables::wit::variables,
        "wasi:clocks/monotonic-clock@0.3.0": spin_sdk::wasip3::clocks::monotonic_clock,
        "wasi:clocks/types@0.3.0": spin_sdk::wasip3::clocks::types,
        "wasi:http/client@0.3.0": spin_sdk::wasip3::http::client,
        "wasi:http/types@0.3.0": spin_sdk::wasip3::http::types,
    },
});

struct Component;

export!(Component);

impl exports::wasi::http::handler::Guest for Component {
    async fn handle(request: types::Request) -> Result<types::Response, types::ErrorCode> {
        let request = Request::from_request(request)?;
        crate::handle(request).await.into_response()
    }
}
