//! Outbound HTTP: sends the component's requests if they are allowed.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderName, Request, Response, header};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks, default_send_request,
    p3::bindings::http::types::{DnsErrorPayload, ErrorCode},
};

use crate::{
    calls,
    components::Components,
    state::App,
    trace::{Call, InstanceTrace},
};

/// Spin's timeout for each phase of a request that sets none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Exchange = Result<(Response<WasiBody>, Io), Error>;

/// The WASI HTTP hooks of one instance.
pub(crate) struct Outbound {
    app: Arc<App>,
    trace: InstanceTrace,
}

impl Outbound {
    /// Sends the requests that `app` allows. Every attempt is traced.
    pub(crate) fn new(app: Arc<App>, trace: InstanceTrace) -> Self {
        Self { app, trace }
    }
}

impl WasiHttpHooks for Outbound {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Io,
    ) -> Box<dyn Future<Output = Exchange> + Send> {
        let allowed = self.app.allowed_hosts.allows(request.uri());
        let components = self.app.components.clone();
        self.trace.write(&Call::SendRequest {
            method: request.method().as_str(),
            uri: request.uri(),
        });
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            match calls::callee(request.uri()) {
                Some(callee) => call(&components, &callee, request, options).await,
                None => send(request, options).await,
            }
        })
    }

    fn p3_error_from_connect(&mut self, err: &io::Error) -> ErrorCode {
        // Resolver errors do not carry an OS error code.
        if err.raw_os_error().is_none() || err.kind() == io::ErrorKind::AddrNotAvailable {
            return ErrorCode::DnsError(DnsErrorPayload {
                rcode: Some("address not available".to_owned()),
                info_code: Some(0),
            });
        }
        ErrorCode::ConnectionRefused
    }
}

async fn call(
    components: &Components,
    callee: &str,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Exchange {
    let limit = options
        .and_then(|options| options.between_bytes_timeout)
        .unwrap_or(DEFAULT_TIMEOUT);
    let response = calls::call(components, callee, request, limit).await?;
    Ok((response, Box::new(std::future::ready(Ok(())))))
}

/// The first-byte timeout covers everything up to the first byte, as in Spin: name resolution
/// and TLS have no timeout of their own.
async fn send(request: Request<WasiBody>, options: Option<RequestOptions>) -> Exchange {
    let limit = options
        .and_then(|options| options.first_byte_timeout)
        .unwrap_or(DEFAULT_TIMEOUT);
    let (response, io) = tokio::time::timeout(limit, default_send_request(request, options))
        .await
        .map_err(|_| Error::ConnectionReadTimeout)??;
    Ok((response.map(BodyExt::boxed_unsync), Box::new(io)))
}

/// Spin 4.1 lets the component see the `host` header, and this list applies to both directions.
fn is_forbidden(name: &HeaderName) -> bool {
    name != header::HOST && DEFAULT_FORBIDDEN_HEADERS.contains(name)
}
