//! A neighbour of the service: a real HTTP server that answers as it is told and remembers what
//! it was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How a stub answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// With this status and JSON.
    Json(u16, Value),
    /// With this status and text.
    Text(u16, &'static str),
    /// With 429 and this `Retry-After`.
    Busy(&'static str),
    /// Never.
    Silence,
    /// With a beginning that never ends.
    Trickle,
}

/// A request that a stub was sent.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A neighbour, as long as this lives.
pub(crate) struct Stub {
    url: String,
    script: Arc<Mutex<Script>>,
    serving: JoinHandle<()>,
}

struct Script {
    reply: Reply,
    received: Vec<Received>,
}

impl Stub {
    /// Starts a neighbour that answers everything with `reply`.
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let received = Vec::new();
        let script = Arc::new(Mutex::new(Script { reply, received }));
        let router = Router::new().fallback(answer).with_state(script.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the stub serves");
        });
        Self {
            url: format!("http://{address}"),
            script,
            serving,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Changes its answers from now on.
    pub(crate) fn reply_with(&self, reply: Reply) {
        lock(&self.script).reply = reply;
    }

    /// Everything it has been sent.
    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.script).received.clone()
    }

    /// Forgets everything it has been sent.
    pub(crate) fn forget(&self) {
        lock(&self.script).received.clear();
    }

    /// Ends it: from now on its port refuses connections.
    pub(crate) async fn die(&mut self) {
        self.serving.abort();
        let ended = (&mut self.serving).await;
        assert!(ended.is_err(), "the stub was serving until now");
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Received {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the stub was sent JSON")
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut script = lock(&script);
        script.received.push(Received {
            method,
            path: uri.to_string(),
            headers,
            body,
        });
        script.reply.clone()
    };
    match reply {
        Reply::Json(status, body) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (to_status(status), json, body.to_string()).into_response()
        }
        Reply::Text(status, body) => (to_status(status), body).into_response(),
        Reply::Busy(retry_after) => {
            let headers = [(header::RETRY_AFTER, retry_after)];
            (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
        }
        Reply::Silence => std::future::pending().await,
        Reply::Trickle => {
            Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()).into_response()
        }
    }
}

fn to_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("the script names a real status")
}
