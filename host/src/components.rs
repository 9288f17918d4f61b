//! The loaded components, which answer clients and each other.

use std::{collections::HashMap, convert::Infallible, net::SocketAddr, sync::OnceLock};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::{
    WasiBody,
    handler::{ProxyHandler, TrapOrPanicError},
};

use crate::{instances::Instances, request, routes::Route};

/// The components by name. A component can call the others, so it needs this before all are loaded.
#[derive(Default)]
pub(crate) struct Components(OnceLock<HashMap<String, ProxyHandler<Instances>>>);

impl Components {
    /// Adds the components, once all are loaded. Does nothing when called again.
    pub(crate) fn add(&self, handlers: HashMap<String, ProxyHandler<Instances>>) {
        self.0.get_or_init(|| handlers);
    }

    /// Passes the request to the component of `route`, as Spin would. If the component fails, the
    /// response is an empty 500.
    ///
    /// # Errors
    /// If there is no such component, or if the request does not name its host.
    pub(crate) async fn answer(
        &self,
        mut request: Request<WasiBody>,
        route: &Route,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>> {
        request::make_absolute(&mut request)?;
        let handler = self.0.get().and_then(|all| all.get(&route.component_id));
        let handler = handler.with_context(|| {
            let id = &route.component_id;
            format!("the component `{id}` has no trigger")
        })?;
        if request::add_headers(&mut request, route, client).is_err() {
            return Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, ""));
        }
        Ok(ask(handler, request).await)
    }
}

/// Returns the component's response, or an empty 500 if it fails.
async fn ask(handler: &ProxyHandler<Instances>, request: Request<WasiBody>) -> Response<WasiBody> {
    handler.handle((), request).await.unwrap_or_else(|err| {
        // A trap was already printed when its instance was dropped.
        if !err.is::<TrapOrPanicError>() {
            eprintln!("A request was not answered: {err:#}");
        }
        plain(StatusCode::INTERNAL_SERVER_ERROR, "")
    })
}

/// A response of the host itself.
pub(crate) fn plain(status: StatusCode, body: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let body = body
        .map_err(|never: Infallible| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
