//! The glue between `wasi:http/incoming-handler` and the handler in `lib.rs`.
#![expect(
    unsafe_code,
    reason = "what wit-bindgen generates is called by the host"
)]

use axum::body::Body;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wstd::http::Body as WasiBody;
use wstd::http::request::try_from_incoming;
use wstd::http::server::Responder;
use wstd::runtime::block_on;

use super::bindings::exports::wasi::http::incoming_handler::Guest;

struct Component;

super::bindings::export!(Component);

impl Guest for Component {
    /// It returns after the response has left and all tasks are done. Not by wstd's own macro,
    /// which panics when nobody waits for the response any more: the tasks would be lost with it.
    fn handle(request: IncomingRequest, response: ResponseOutparam) {
        block_on(answer(request, Responder::new(response)));
    }
}

async fn answer(request: IncomingRequest, responder: Responder) {
    let request = match try_from_incoming(request) {
        Ok(request) => request.map(|body| Body::new(body.into_boxed_body())),
        Err(error) => return responder.fail(error),
    };
    let response = crate::handle(request).await;
    // What fails here is the client's doing, and nobody is left to tell.
    _ = responder
        .respond(response.map(WasiBody::from_http_body))
        .await;
}
