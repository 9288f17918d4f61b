//! The HTTP server: accepts connections and passes their requests to the components.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::Result;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::{
    components::{Components, plain},
    routes::Routes,
};

/// Spin itself answers the paths below this prefix.
const WELL_KNOWN: &str = "/.well-known/spin/";
/// The pause after a connection cannot be accepted, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Routes requests to the instances of the components.
pub(crate) struct Server {
    pub(crate) components: Arc<Components>,
    pub(crate) routes: Routes,
}

impl Server {
    /// Serves until `stop` resolves, then finishes the requests in flight.
    pub(crate) async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) {
        let connections = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => self.clone().serve(stream, client, &connections),
                    Err(err) => {
                        eprintln!("A connection was not accepted: {err}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        connections.shutdown().await;
    }

    fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        client: SocketAddr,
        connections: &GracefulShutdown,
    ) {
        let watcher = connections.watcher();
        tokio::spawn(async move {
            // Without TCP_NODELAY, like Spin.
            let builder = Builder::new(TokioExecutor::new());
            let service = service_fn(move |request| self.clone().answer(request, client));
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // An error here is the client's, and the connection is gone.
            let _ = watcher.watch(connection).await;
        });
    }

    /// An error closes the connection, as it does in Spin.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>> {
        let path = request.uri().path();
        if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            return Ok(match name {
                "health" => plain(StatusCode::OK, "OK"),
                _ => plain(StatusCode::NOT_FOUND, ""),
            });
        }
        let Some(route) = self.routes.find(path) else {
            return Ok(plain(StatusCode::NOT_FOUND, ""));
        };
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        self.components.answer(request, route, client).await
    }
}
