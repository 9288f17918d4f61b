//! A stub of a service that Gatehouse depends on: a real HTTP server with scripted responses that
//! records its requests.

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

/// The response of a stub.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A status and JSON.
    Json(u16, Value),
    /// A status and headers.
    Headers(u16, HeaderMap),
    /// A status and text.
    Text(u16, &'static str),
    /// A 200 with this text.
    List(String),
    /// A 429 with this `Retry-After`.
    Busy(&'static str),
    /// No response.
    Silence,
    /// A response whose body never ends.
    Trickle,
}

/// A request to a stub.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A stub that serves until it is dropped.
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
    /// Starts a stub that answers every request with `reply`.
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let received = Vec::new();
        let script = Arc::new(Mutex::new(Script { reply, received }));
        let router = Router::new().fallback(respond).with_state(script.clone());
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

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Changes the response to all further requests.
    pub(crate) fn reply_with(&self, reply: Reply) {
        lock(&self.script).reply = reply;
    }

    /// All requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.script).received.clone()
    }

    /// Clears the recorded requests.
    pub(crate) fn clear(&self) {
        lock(&self.script).received.clear();
    }

    /// Stops the stub, so that its port refuses connections.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let ended = (&mut self.serving).await;
        assert!(ended.is_err(), "the stub was already stopped");
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond(
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
        Reply::Headers(status, headers) => (to_status(status), headers).into_response(),
        Reply::Text(status, body) => (to_status(status), body).into_response(),
        Reply::List(text) => text.into_response(),
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
    StatusCode::from_u16(status).expect("a valid status")
}
